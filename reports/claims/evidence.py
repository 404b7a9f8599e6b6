"""Runs that claims are tested on: each suite is run once, whichever claims need it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from ...accuracy.search.status import Bound
from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.suite import STANDARD, Suite
from ...models.ground.errors import UserError
from ...models.ground.named_files import name_in
from ..comparison.comparison import compare
from ..comparison.run_folder import RunFolder
from ..results.headline import CALLED, drive_text
from ..tables.ratios import ANY, GRID
from ..writing.numbers import bounded_text, short
from .finding import ClaimFinding

#: What claims about equal accuracy are tested on: two of the drives of the default suite, so that its results are used
#: again, and Hodgkin-Huxley with tabulated rates.
COMPARISON = replace(
    STANDARD,
    models=(*STANDARD.models, "hodgkin_huxley_tables"),
    rates=(20.0,),
    thorough=False,
    features=False,
    witnessed=False,
)
#: Detections that claims about methods compare, in words.
DETECTED = {"grid": "at the end of a step", "hermite": "located by a cubic"}


@dataclass
class Evidence:
    """Runs of suites, each made when it is first asked for."""

    jobs: int | None = None
    progress: Progress | None = None
    store: str | Path | None = None
    seed: int = 0
    """Seed of the first stimulus: a verdict should not depend on it."""
    runs: dict[Suite, RunFolder] = field(default_factory=dict)
    """Runs that are known already, by suite."""

    def __post_init__(self) -> None:
        replace(COMPARISON, seed=self.seed)  # it refuses a seed that is not one

    @property
    def suites(self) -> list[Suite]:
        """What was run, with the seed."""
        return [replace(suite, seed=self.seed) for suite in self.runs]

    def run(self, suite: Suite) -> RunFolder:
        """Return the run of a suite.

        Raises
        ------
        UserError
            If it was interrupted: a part of the numbers decides nothing.
        """
        if suite not in self.runs:
            seeded = replace(suite, seed=self.seed)
            made = compare(suite.models, suite=seeded, jobs=self.jobs, progress=self.progress, store=self.store)
            if made.study.interrupted:
                raise UserError("interrupted; give the same command again: finished results are kept")
            self.runs[suite] = made
        return self.runs[suite]


def at_steps(models: tuple[str, ...], dt: float, methods: tuple[str, ...], **more: object) -> Suite:
    """Return a suite that runs models at one time step, with spikes at the end of a step, under both drives.

    Parameters
    ----------
    models, methods : tuple of str
    dt : float
        In ms.
    **more
        Other fields of the suite.
    """
    only = {"coarsest": dt, "finest": dt, "finest_varying": dt, "per_decade": 1, "time_lanes": False}
    return replace(COMPARISON, models=models, methods=methods, detections=("grid",), **only, **more)  # type: ignore[arg-type]


def drive(row: pd.Series) -> str:
    """Return the kind of stimulus and the rate of a row, in words."""
    return drive_text(str(row["stimulus"]), [str(row["level"])])


def of_models(rows: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Return the rows of models, whatever their presets."""
    return rows[rows["model"].map(name_in).isin(names)]


@dataclass(frozen=True)
class Side:
    """Models that are compared at the same accuracy: a drive, a view and a tolerance."""

    conditions: dict[str, str]
    ratio: dict[str, float]
    """Cost divided by that of Izhikevich's model, by model; a model that is not accurate enough is left out."""
    bound: dict[str, str]
    """Whether a ratio is only a bound."""
    view: str = ""


def sides(run: RunFolder) -> Iterator[Side]:
    """Yield the ratios of a run at the tolerances of its suite, on the grid and with any detection."""
    ratios = run.ratios
    asked = [each["tolerance"] for each in run.about["criteria"] if each["measure"] == "maximum"]
    regimes = run.regimes[["stimulus", "level", "horizon_ms"]].drop_duplicates()
    for _, regime in regimes.iterrows():
        own = ratios[(ratios[list(regime.index)] == regime).all(axis=1)]
        for view in (GRID, ANY):
            for tolerance in asked:
                rows = own[(own["view"] == view) & (own["tolerance"] == tolerance)]
                yield Side(
                    {"drive": drive(regime), "spikes": CALLED[view], "error allowed": f"{tolerance:g} ms"},
                    dict(zip(rows["model"], rows["ratio"], strict=True)),
                    dict(zip(rows["model"], rows["bound"], strict=True)),
                    view,
                )


def compared(given: Iterable[Side], agrees: Callable[[Known, Known], bool | None]) -> Iterator[ClaimFinding]:
    """Yield one finding per drive, view and tolerance; a model that is not accurate enough leaves it open.

    Parameters
    ----------
    given : iterable of Side
    agrees : callable
        Whether the costs of LIF and Hodgkin-Huxley, divided by that of Izhikevich's model, agree with the claim.
    """
    for side in given:
        if not {"lif", "hodgkin_huxley"} <= set(side.ratio):
            yield ClaimFinding(side.conditions, "a model does not reach it", None)
            continue
        lif, axon = (Known(side.ratio[name], side.bound[name]) for name in ("lif", "hodgkin_huxley"))
        number = f"LIF {lif}, Hodgkin-Huxley {axon} times Izhikevich's cost"
        yield ClaimFinding(side.conditions, number, agrees(lif, axon))


@dataclass(frozen=True)
class Known:
    """A number, or a bound of it."""

    value: float
    bound: str = Bound.NONE

    def __str__(self) -> str:
        return bounded_text(short(self.value), self.bound)

    def at_least(self, limit: float) -> bool | None:
        """Whether it is at least a limit; None if it is only a bound that leaves this open."""
        if self.bound == Bound.NOT_KNOWN or math.isnan(self.value):
            return None
        if self.value >= limit:
            return None if self.bound == Bound.AT_MOST else True
        return None if self.bound == Bound.AT_LEAST else False

    def at_most(self, limit: float) -> bool | None:
        """Whether it is at most a limit; None if it is only a bound that leaves this open."""
        if self.bound == Bound.NOT_KNOWN or math.isnan(self.value):
            return None
        if self.value <= limit:
            return None if self.bound == Bound.AT_LEAST else True
        return None if self.bound == Bound.AT_MOST else False


def both(*answers: bool | None) -> bool | None:
    """Return False if one is False, else None if one is not known, else True."""
    if False in answers:
        return False
    return None if None in answers else True


def no_more(one: Known, other: Known) -> bool | None:
    """Whether a number is at most another one; None if a bound leaves this open."""
    if other.bound == Bound.AT_LEAST and one.at_most(other.value):
        return True
    if other.bound == Bound.AT_MOST and one.at_most(other.value) is False:
        return False
    return None if other.bound else one.at_most(other.value)
