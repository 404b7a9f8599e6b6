"""``spikecost recommend``: the cheapest way to a rate and an accuracy, why, and a Brian2 program that runs it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from brian2 import second

from ...accuracy.features import FEATURES
from ...accuracy.features.shown.search import FOUND, search
from ...accuracy.search.status import Bound, Status
from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.suite import Suite
from ...models.catalogue import get_model
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError, check_list, short
from ...models.language import units
from ...models.methods import METHODS
from ..results.brian2_code import brian2_code
from ..results.recorded_model import recorded_model
from ..writing.notebook import Shown, frame_html
from ..writing.numbers import bounded_text, number, step
from ..writing.records import records
from ..writing.text import frame, prose
from .comparison import compare
from .run_folder import RunFolder
from .ways import as_choice, cheapest, in_words, others_said, others_than, ranked, times_as_much, ways_of

#: Dimension of a rate.
HERTZ = (1 / second).dim
#: Number of stimuli in the run that is made if none is given.
TRIALS = 3
_BUDGET = re.compile(r"\s*([\d.]+(?:[eE][-+]?\d+)?)\s*([kMGT]?)\s*(?:FLOPS?(?:/s)?)?\s*", re.IGNORECASE)
_PREFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


@dataclass(frozen=True, eq=False)
class Recommendation(Shown):
    """The cheapest way to run a model that meets the request, and the alternatives."""

    asked: Mapping[str, Any]
    """``rate_hz``, ``tolerance_ms``, ``features`` and ``budget_flops``."""
    choice: Mapping[str, Any]
    """``model``, ``method``, ``detection``, ``dt_ms`` (holds for all stimuli, as does every smaller dt that was run) or
    ``error_control``, ``status`` (``at least``: dt may be larger, the cost is at most this), ``flops_per_ms`` at this
    dt with its interval and ``flops_per_s`` (of model time), ``error_ms``, ``drive``; ``round_dt_ms``, a smaller dt
    that is a round number and was run, with its own ``round_flops_per_ms`` and ``round_error_ms``."""
    why: Sequence[str]
    others: pd.DataFrame
    """The cheapest way for each model that meets the request, and its cost divided by that of the choice."""
    brian2: Mapping[str, Any]
    """The cheapest way that Brian2 offers, in the form of `choice`; its spikes are at the end of a step."""
    code: str
    """A Brian2 program that runs it."""

    def to_json(self) -> dict[str, Any]:
        """Return dictionaries, lists, strings and numbers."""
        return {
            "asked": dict(self.asked),
            "choice": dict(self.choice),
            "why": list(self.why),
            "others": records(self.others),
            "brian2": dict(self.brian2),
            "code": self.code,
        }

    @property
    def text(self) -> str:
        """The text for a terminal."""
        return "\n".join(
            [
                prose(in_words(self.choice)),
                *(prose(f"- {reason}") for reason in self.why),
                "",
                frame("The cheapest way of each model", others_said(self.others)),
                self.code,
            ]
        )

    def _repr_html_(self) -> str:
        chosen = pd.DataFrame(list(self.choice.items()), columns=["", "recommended"])
        return (
            frame_html("Recommended", chosen)
            + frame_html("Why", pd.DataFrame({"why": list(self.why)}))
            + frame_html("The cheapest way of each model", others_said(self.others))
        )


def recommend(
    rate: Any,
    tolerance: Any,
    *,
    features: Iterable[str] = (),
    budget: str | float | None = None,
    run: RunFolder | None = None,
    models: Sequence[str | NeuronModel] | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Recommendation:
    """Recommend model, method, detection and dt.

    Parameters
    ----------
    rate : Quantity
        Firing rate, such as ``20*Hz``.
    tolerance : Quantity
        Largest spike-time error allowed, such as ``0.1*ms``.
    features : iterable of str
        Features that the model must show (`spikecost.accuracy.features`).
    budget : str or float, optional
        Most operations per second of model time, such as ``5e5 FLOP/s``.
    run : RunFolder, optional
        The run that gives the costs; by default `models` are run, with few stimuli.
    models : sequence of str or NeuronModel, optional
        By default those of the default suite. If features are requested, presets of the models are tried, too.
    jobs : int, optional
        Threads of that run; by default one per core.
    progress : Progress, optional
        By default a bar in terminals and notebooks, and nothing elsewhere.

    Raises
    ------
    UserError
        If a value cannot be read, the run has not this rate or tolerance, or nothing meets the request.
    """
    for name, given_list, example in (("features", features, "['tonic_bursting']"), ("models", models, "['lif']")):
        if given_list is not None:
            check_list(given_list, name, example)
    hertz, allowed, most = _hertz(rate), float(units.in_ms(tolerance, "tolerance")), read_budget(budget)
    wanted = [FEATURES[name].name for name in features]
    given = run is not None
    run = run or _made(models or Suite().models, hertz, allowed, jobs, progress)
    rows, why = ways_of(run, hertz, allowed)
    affordable = rows[1000 * rows["flops_per_ms"] <= most]
    if not len(affordable):
        raise UserError(
            f"nothing costs at most {most:g} FLOP/s: the cheapest is {in_words(as_choice(cheapest(rows)))}; "
            "allow more, or a larger tolerance"
        )
    if wanted:
        known = _of_run(run) if given else {model.label: model for model in map(get_model, models or Suite().models)}
        label, model, said = _showing(affordable, wanted, known, presets=not given)
        if label not in set(rows["model"]):
            run = _made([model], hertz, allowed, jobs, progress)
            rows, why = ways_of(run, hertz, allowed)
        affordable, why = rows[rows["model"] == label], [*said, *why]
    best = cheapest(affordable)
    choice = as_choice(best)
    in_brian2, remark = _in_brian2(run, rows, best)
    why = [*_reasons(rows, best, allowed, most), *why, remark]
    if in_brian2 and _definition(run, best["model"])["tables"]:
        why.append("the program evaluates rates that the kernel looks up in tables, so it needs more operations")
    asked = {
        "rate_hz": hertz,
        "tolerance_ms": allowed,
        "features": wanted,
        "budget_flops": most if math.isfinite(most) else None,
    }
    return Recommendation(asked, choice, why, others_than(rows, choice), in_brian2, _code(run, in_brian2))


def read_budget(budget: str | float | None) -> float:
    """Read ``5e5 FLOP/s`` as operations per second; no budget is infinite.

    Raises
    ------
    UserError
        If it cannot be read or is not positive.
    """
    if budget is None:
        return math.inf
    match = _BUDGET.fullmatch(str(budget))
    try:
        found = float(match[1]) * _PREFIX[match[2].lower()] if match else 0.0
    except ValueError:
        found = 0.0
    if not 0 < found < math.inf:
        raise UserError(f"cannot read the budget '{budget}': expected operations per second, such as '5e5 FLOP/s'")
    return found


def _hertz(rate: Any) -> float:
    if units.dimension_of(rate) is not HERTZ or units.internal(rate) <= 0:
        raise UserError(f"rate = {rate} is not a positive firing rate; give one such as 20*Hz")
    return 1000 * float(units.internal(rate))


def _made(
    models: Sequence[str | NeuronModel], rate: float, tolerance: float, jobs: int | None, progress: Progress | None
) -> RunFolder:
    suite = Suite(
        models=tuple(models),
        rates=(rate,),
        tolerances=(tolerance,),
        trials=TRIALS,
        witnessed=False,
        thorough=False,
        features=False,
    )
    return compare(models, suite=suite, jobs=jobs, progress=progress)


def _of_run(run: RunFolder) -> dict[str, NeuronModel]:
    """Return the models of a run, built from their definitions in it, not from the catalogue."""
    return {label: recorded_model(label, described) for label, described in run.about["models"].items()}


def _definition(run: RunFolder, label: str) -> Mapping[str, Any]:
    if label not in run.about["models"]:
        raise _undefined(label)
    found: Mapping[str, Any] = run.about["models"][label]
    return found


def _undefined(label: str) -> UserError:
    return UserError(f"the run has no definition of its model '{short(label)}'; run it again")


def _showing(
    rows: pd.DataFrame, features: Sequence[str], known: Mapping[str, NeuronModel], presets: bool
) -> tuple[str, NeuronModel, list[str]]:
    """Return the cheapest model that shows all features, its label before it, and a sentence on models that do not.

    More expensive models are not tested. With `presets`, any preset of a model may be chosen; its own comes first.
    """
    passed: list[str] = []
    for label in ranked(rows)["model"]:
        if label not in known:
            raise _undefined(label)
        model = known[label]
        for each in (model, *(model.with_preset(name) for name in model.presets if presets and name != model.preset)):
            lacking = next((found for found in search(each, features) if found.outcome != FOUND), None)
            if lacking is None:
                said = f"{each.label} shows {', '.join(features)}; more expensive models were not tested"
                found = label if each is model else each.label
                return found, each, [said, *([f"not shown by {'; '.join(passed)}"] if passed else [])]
            passed.append(f"{each.label} ({lacking.feature}: {lacking.outcome})")
    raise UserError(
        f"no model that is cheap enough shows {', '.join(features)}: not {'; '.join(passed)}; request "
        "fewer features, or give a run with other models or presets"
    )


def _reasons(rows: pd.DataFrame, best: pd.Series, tolerance: float, budget: float) -> list[str]:
    low, high = 1000 * best["flops_per_ms_low"], 1000 * best["flops_per_ms_high"]
    limit = Bound.of_cost(best["status"])
    cost = bounded_text(number(1000 * best["flops_per_ms"]), limit)
    said = [
        f"{cost} operations per second of model time (95 % interval {number(low)} to {number(high)}); largest "
        f"spike-time error {number(best['error_ms'])} ms of {tolerance:g} ms allowed",
        *(["the coarsest dt of the run holds: a larger one may hold, too, and would cost less"] if limit else []),
        *(
            [
                f"all {best['stimuli']:g} stimuli were run at it, at {best['checked_settings']:g} smaller ones down to "
                "half of it, and at finer ones"
            ]
            if best["checked_settings"]
            else []
        ),
        *(
            [
                f"dt = {number(best['round_dt_ms'])} ms, a round number, was run and holds, too: error at most "
                f"{number(best['round_error_ms'])} ms for {number(1000 * best['round_flops_per_ms'])} FLOP/s"
            ]
            if best["round_dt_ms"] < best["dt_ms"]
            else []
        ),
        f"the cheapest of {len(rows)} ways that meet the request, with {', '.join(dict.fromkeys(rows['model']))}",
    ]
    same = rows[rows["model"] == best["model"]]
    second = same[same.index != best.name].sort_values("flops_per_ms")
    if len(second):
        next_best = second.iloc[0]
        said.append(
            f"the model's next best way, {next_best['method']} with {next_best['detection']}, costs "
            f"{times_as_much(next_best, best)} as much"
        )
    if math.isfinite(budget):
        share = bounded_text(f"{100_000 * best['flops_per_ms'] / budget:.3g}", limit)
        said.append(f"{share} % of the budget of {budget:g} FLOP/s")
    return said


def _in_brian2(run: RunFolder, rows: pd.DataFrame, best: pd.Series) -> tuple[dict[str, Any], str]:
    """Return the cheapest way that Brian2 offers for the model, and the extra cost of spikes on the grid."""
    model = recorded_model(best["model"], _definition(run, best["model"]))
    if model.system.random or model.arrivals:
        drawn = "other random numbers" if model.system.random else "other spikes that arrive"
        return {}, f"there is no program: in Brian2 the model would get {drawn} than those of the run"
    own = rows[(rows["model"] == best["model"]) & (rows["detection"] == "grid") & rows["method"].map(_has)]
    if len(own):
        row = cheapest(own)
        dt = bounded_text(f"{step(row['dt_ms'])} ms", Bound.of_dt(row["status"]))
        return as_choice(row), (
            f"Brian2 only finds spikes at the end of a step: there, the same accuracy needs {row['method']} at dt = "
            f"{dt} and {times_as_much(row, best)} the operations; the program below does this"
        )
    points = run.points
    here = points[
        (points["model"] == best["model"])
        & (points["level"] == best["level"])
        & (points["detection"] == "grid")
        & points["method"].map(_has)
        & points["error_ms"].notna()
    ]
    if not len(here):
        return {}, "Brian2 has no method of this run for the model: there is no program"
    nearest = here.sort_values("error_ms", kind="stable").iloc[0]
    row = best.copy()
    for name in ("method", "detection", "flops_per_ms", "error_ms"):
        row[name] = nearest[name]
    row["dt_ms"], row["status"] = nearest["dt_ms"], Status.NOT_REACHED.value
    for name in (
        "error_control",
        "flops_per_ms_low",
        "flops_per_ms_high",
        "ns_per_ms",
        "round_dt_ms",
        "round_flops_per_ms",
        "round_error_ms",
    ):
        row[name] = math.nan
    return as_choice(row), (
        f"Brian2 only finds spikes at the end of a step, and none of its methods meets the request in this run: the "
        f"program below is the nearest, with errors of at most {number(nearest['error_ms'])} ms at "
        f"{times_as_much(row, best)} the operations"
    )


def _has(method: str) -> bool:
    return method in METHODS and bool(METHODS[method].brian2)


def _code(run: RunFolder, choice: Mapping[str, Any]) -> str:
    if not choice:
        return ""
    title = (
        f"{in_words(choice)}, errors of at most {number(choice['error_ms'])} ms over {choice['horizon_ms'] / 1000:g} s"
    )
    return brian2_code(
        _definition(run, choice["model"]),
        choice["method"],
        title=title,
        **{name: choice[name] for name in ("dt_ms", "drive", "drive_unit", "horizon_ms")},
    )
