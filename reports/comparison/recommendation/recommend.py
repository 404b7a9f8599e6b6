"""``spikecost recommend``: the cheapest way to a rate and an accuracy, why, and a Brian2 program that runs it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from brian2 import second

from ....accuracy.features import FEATURES
from ....accuracy.features.shown.known import known
from ....accuracy.features.shown.search import FOUND, Finding, search
from ....accuracy.search.status import Bound
from ....accuracy.study.phases.progress import Progress
from ....accuracy.study.runner import check_jobs
from ....accuracy.study.suite import Suite
from ....harness.engines import ENGINES as SIMULATORS
from ....harness.engines import named_engine
from ....models.catalogue import presets_of
from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError, check_kind, check_list, check_text, quoted, short
from ....models.ground.named_files import name_in
from ....models.ground.registry import known_are
from ....models.reading.by_name import get_model
from ...atlas.plan import check_drive
from ...results.recorded_model import recorded_model
from ...writing.notebook import Shown, frame_html
from ...writing.numbers import bounded
from ...writing.records import records
from ...writing.text import frame, prose
from ..comparison import compare
from ..run_folder import RunFolder
from . import ways_in_engines
from .budget import budget_said, read_budget
from .engines import ENGINES, engine_named
from .from_atlas import USUAL, is_of_atlas, run_of_atlas, why_not_from_atlas
from .program import program_of, undefined, way_in_brian2
from .reasons import reasons_for
from .ways import (
    UNKNOWN,
    WHY_UNKNOWN,
    as_choice,
    cheapest,
    in_words,
    judged_said,
    others_said,
    others_than,
    ranked,
    ways_asked_for,
)
from .ways_in_engines import has_rows

#: Dimension of a rate.
HERTZ = (1 / second).dim
#: Number of stimuli in the run that is made if none is given.
TRIALS = 3
#: Number of models whose reasons an error lists.
_NAMED = 3


@dataclass(frozen=True, eq=False)
class Recommendation(Shown):
    """The cheapest way to run a model that meets the request, and the alternatives."""

    asked: Mapping[str, Any]
    """``rate_hz``, ``tolerance_ms``, ``features``, ``budget_flops``, ``engine`` and ``drive``."""
    choice: Mapping[str, Any]
    """``model``, ``method``, ``detection``, ``dt_ms`` or ``error_control``, ``status`` (``at least``: dt may be larger,
    the cost is at most this), ``flops_per_ms`` at this dt and ``flops_per_s`` (of model time), ``error_ms``, ``drive``.
    All are of one regime, whose kind of drive is ``stimulus``. ``tolerance_ms`` is that at which the way was judged.
    ``dt_ms`` is a round number that was run and holds, if the run has one; ``largest_dt_ms`` is the largest that holds.
    ``flops_per_ms_low`` and ``flops_per_ms_high`` are None if the interval is not known at this dt, and so is
    ``ns_per_ms``; ``ns_per_ms_note`` says why that time cannot be trusted (empty if it can)."""
    why: Sequence[str]
    not_recommended: Mapping[str, str]
    """Why each other model of the run is not recommended, by label."""
    others: pd.DataFrame
    """The cheapest way for each model that meets the request, budget and features included, and its cost divided by
    that of the choice. A model that costs more than the choice, and whose features were not looked for, is left out."""
    brian2: Mapping[str, Any]
    """The cheapest way that Brian2 offers for the model, in the form of `choice`; empty if there is none."""
    code: str
    """A Brian2 program that runs the choice; empty if Brian2 cannot run it."""
    first: str = ""
    """The choice in words, if it is run by another simulator."""

    def to_json(self) -> dict[str, Any]:
        """Return dictionaries, lists, strings and numbers."""
        return {
            "asked": dict(self.asked),
            "choice": dict(self.choice),
            "why": list(self.why),
            "not_recommended": dict(self.not_recommended),
            "others": records(self.others),
            "brian2": dict(self.brian2),
            "code": self.code,
        }

    @property
    def text(self) -> str:
        """The text for a terminal."""
        return "\n".join(
            [
                prose(self.first or in_words(self.choice)),
                *(prose(f"- {reason}") for reason in self.why),
                *(
                    prose(f"- not {label}: {reason.removeprefix(label).lstrip()}")
                    for label, reason in self.not_recommended.items()
                ),
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
    engine: str | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    atlas: str | bool | None = None,
    seed: int | None = None,
    drive: str | None = None,
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
        The run that gives the costs; by default the atlas answers if it can, else `models` are run, with few stimuli.
    models : sequence of str or NeuronModel, optional
        By default those of the run or of the atlas, or of the default suite if they are run. A name without a preset is
        the model with any of its presets.
    engine : str, optional
        Only ways that this simulator has: a name in `spikecost.reports.comparison.recommendation.engines.ENGINES`.
    jobs : int, optional
        Threads of that run; by default one per core.
    progress : Progress, optional
        By default a bar in terminals and notebooks, and nothing elsewhere.
    atlas : str or False, optional
        A kind of drive, such as ``"constant"``: the costs are those of the atlas under it. They are of the lowest rate
        in the atlas that is not below `rate`, and of tolerances that are strict enough. Nothing is run except models
        that are not of the catalogue. By default the atlas answers under a fluctuating current
        (``"ornstein_uhlenbeck"``) if it can, else the models are run; False: they are run.
    seed : int, optional
        First seed of the stimuli and of the models' noise, 0 by default. If it is given, the models are run.
    drive : str, optional
        A kind of drive of `run`, if that has several at this rate. Of several horizons, the longest answers.

    Raises
    ------
    UserError
        If a value cannot be read, the run or the atlas has not this rate, tolerance or drive, or nothing meets the
        request.
    """
    check_list(features, "features", "['tonic_bursting']")
    models = _listed(models)
    check_text(engine, "engine", "brian2", optional=True)
    _check_kinds(run, jobs, progress)
    _check_drive(drive, run)
    hertz, allowed, most = _hertz(rate), float(units.in_ms(tolerance, "tolerance")), read_budget(budget)
    wanted = [FEATURES[name].name for name in features]
    looked_up = ""
    if atlas is True:
        atlas = USUAL
    _check_atlas(atlas, run)
    _check_seed(seed, run, atlas)
    if seed is not None:
        atlas, looked_up = False, f"the models were run with the stimuli of the seed {seed}"
    if atlas is None and run is None and (engine is None or _only_restricts(engine)):
        why_run = why_not_from_atlas(hertz, allowed, models, wanted)
        atlas, looked_up = (
            (None, f"the models were run, because the atlas cannot answer: {why_run}") if why_run else (USUAL, "")
        )
    if isinstance(atlas, str):
        run, hertz, looked_up = run_of_atlas(hertz, atlas, models=models, jobs=jobs or 1, progress=progress)
    itself = engine is not None and (has_rows(run, engine) if run is not None else not _only_restricts(engine))
    if itself and (budget is not None or wanted):
        raise UserError("--engine with a budget or features: no counter sees all of a simulator; leave them out")
    possible: dict[str, NeuronModel] | None = None
    lacking: dict[str, str] = {}
    if run is None:
        simulator = _simulator(engine) if itself and engine is not None else None
        possible, lacking = _to_run(models or Suite().models, wanted)
        chosen = list(possible.values())
        run, models = (
            _made(chosen, hertz, allowed, seed=seed or 0, jobs=jobs, progress=progress, engine=simulator),
            None,
        )
    if itself and engine is not None:
        return _in_simulator(run, engine, hertz, allowed, models, drive=drive)
    restriction = engine_named(engine) if engine is not None else None
    ways = ways_asked_for(run, hertz, allowed, models, restriction, drive=drive)
    rows, why, left_out = _affordable(ways.rows, most), ways.said, ways.left_out | lacking
    if wanted:
        rows, said, lacking = _showing(rows, wanted, possible or _of_run(run))
        why, left_out = [*said, *why], left_out | lacking
    best = cheapest(rows)
    choice = as_choice(best)
    in_brian2, remarks = way_in_brian2(run, ways.rows, best, most)
    why = [
        *([looked_up] if looked_up else []),
        *reasons_for(rows, best, allowed, most),
        *why,
        *judged_said(best, allowed, ways.held),
        *remarks,
    ]
    asked = {
        "rate_hz": _hertz(rate),
        "tolerance_ms": allowed,
        "features": wanted,
        "budget_flops": most if math.isfinite(most) else None,
        "engine": engine,
        "drive": drive,
    }
    costs = {row["model"]: _cost_said(row, most) for row in others_than(ways.rows, choice).to_dict("records")}
    reasons = {label: why for label, why in (costs | left_out).items() if label != choice["model"]}
    code = program_of(run, in_brian2) if in_brian2 and ENGINES["brian2"].runs(best) else ""
    return Recommendation(asked, choice, why, reasons, others_than(rows, choice), in_brian2, code)


def _to_run(
    models: Iterable[str | NeuronModel], features: Sequence[str]
) -> tuple[dict[str, NeuronModel], dict[str, str]]:
    """Return the models to run, by label, and why others are not run: they are known not to show a feature.

    A name of the catalogue without a preset is the model with any of its presets.
    """
    several: list[NeuronModel] = []
    for model in models:
        own = get_model(model)
        any_preset = isinstance(model, str) and is_of_atlas(model) and model == name_in(model)
        several += presets_of(own) if any_preset else [own]
    every = {model.label: model for model in several}
    lacking = {
        label: said
        for label, model in every.items()
        if known(model) is not None and (said := _lacking(model, features))
    }
    if len(lacking) == len(every):
        raise _none_shows(features, lacking)
    return {label: model for label, model in every.items() if label not in lacking}, lacking


def _check_drive(drive: str | None, run: RunFolder | None) -> None:
    check_text(drive, "drive", "constant", optional=True)
    if drive is not None and run is None:
        raise UserError(
            f"drive = {quoted(drive)} chooses among the drives of a run: give a run, or from the atlas --atlas "
            f"{short(drive) or USUAL}"
        )


def _listed(models: Sequence[str | NeuronModel] | None) -> list[str | NeuronModel] | None:
    if models is None:
        return None
    check_list(models, "models", "['lif']")
    if not (found := list(models)):
        raise UserError("there are no models: give at least one, or leave models out")
    return found


def _check_atlas(atlas: str | bool | None, run: RunFolder | None) -> None:
    if atlas is None or atlas is False:
        return
    if run is not None:
        raise UserError("a run and the atlas were given: give one of them")
    check_drive(atlas, "atlas")


def _check_seed(seed: int | None, run: RunFolder | None, atlas: str | bool | None) -> None:
    if seed is not None and (run is not None or atlas):
        raise UserError("a seed chooses the stimuli of models that are run: leave out the run and the atlas")


def _check_kinds(run: RunFolder | None, jobs: int | None, progress: Progress | None) -> None:
    if jobs is not None:
        check_jobs(jobs)
    if progress is not None:
        check_kind(progress, Progress, "progress", "a Progress, such as Progress() for none")
    if run is not None and not isinstance(run, RunFolder):
        raise UserError(f"run = {quoted(run)}: give a run, such as sc.RunFolder.read('spikecost-report')")


def _affordable(rows: pd.DataFrame, budget: float) -> pd.DataFrame:
    """Return the ways that the budget allows.

    Raises
    ------
    UserError
        If there is none.
    """
    found = rows[1000 * rows["flops_per_ms"] <= budget]
    if not len(found):
        raise UserError(
            f"nothing costs at most {budget_said(budget)}: the cheapest is {in_words(as_choice(cheapest(rows)))}; "
            "allow more, or a larger tolerance"
        )
    return found


def _cost_said(row: Mapping[Any, Any], budget: float) -> str:
    """Say what a way costs relative to the choice, as the reason why it is not recommended."""
    if row["bound"] == Bound.NOT_KNOWN:
        cost = f"{UNKNOWN} the operations{WHY_UNKNOWN}"
    else:
        cost = f"{bounded(row['times'], row['bound'])} times the operations"
    return f"{cost}, more than the budget" if 1000 * row["flops_per_ms"] > budget else cost


def _hertz(rate: Any) -> float:
    units.one_given(rate, "rate")
    if units.dimension_of(rate) is not HERTZ or units.internal(rate) <= 0:
        raise UserError(f"rate = {quoted(rate)} is not a positive firing rate; give one such as 20*Hz")
    return 1000 * float(units.internal(rate))


def _simulator(engine: str) -> str:
    """Return the name of a simulator that is to be run.

    Raises
    ------
    UserError
        If there is none.
    """
    if engine not in SIMULATORS and ":" not in engine:
        raise UserError(f"unknown engine '{short(engine)}': {known_are(engine, [*ENGINES, *SIMULATORS])}")
    named_engine(engine)
    return engine


def _only_restricts(engine: str) -> bool:
    """Whether only the ways that a simulator has are asked for, not runs of the simulator itself."""
    return engine.lower() in ENGINES and engine not in SIMULATORS


def _in_simulator(
    run: RunFolder,
    engine: str,
    rate: float,
    tolerance: float,
    models: Sequence[str | NeuronModel] | None,
    *,
    drive: str | None,
) -> Recommendation:
    """Recommend the dt that a simulator needs, from its own runs."""
    ways, unit, why, lacking = ways_in_engines.ways_in(run, rate, tolerance, engine, models, drive=drive)
    title = run.about["engines"][engine]["title"]
    asked = {
        "rate_hz": rate,
        "tolerance_ms": tolerance,
        "features": [],
        "budget_flops": None,
        "engine": engine,
        "drive": drive,
    }
    choice = ways_in_engines.as_choice(ways.iloc[0], engine)
    first = ways_in_engines.in_words(ways.iloc[0].to_dict(), title, unit)
    return Recommendation(asked, choice, why, lacking, ways_in_engines.others(ways), {}, "", first)


def _made(
    models: Sequence[NeuronModel],
    rate: float,
    tolerance: float,
    *,
    seed: int,
    jobs: int | None,
    progress: Progress | None,
    engine: str | None,
) -> RunFolder:
    suite = Suite(
        models=tuple(models),
        rates=(rate,),
        tolerances=(tolerance,),
        trials=TRIALS,
        seed=seed,
        witnessed=False,
        thorough=False,
        features=False,
    )
    if engine is not None:  # our own way is only a comparison
        suite = replace(suite, methods=("rk4",), engines=(engine,))
    return compare(models, suite=suite, jobs=jobs, progress=progress)


def _of_run(run: RunFolder) -> dict[str, NeuronModel]:
    """Return the models of a run, built from their definitions in it, not from the catalogue."""
    return {label: recorded_model(label, described) for label, described in run.about["models"].items()}


def _showing(
    rows: pd.DataFrame, features: Sequence[str], possible: Mapping[str, NeuronModel]
) -> tuple[pd.DataFrame, list[str], dict[str, str]]:
    """Return the ways of the models that show all features, what is said of them, and why the other models do not.

    What is known of a model of the catalogue is looked up; in other models, features are only searched for up to the
    first that shows them.
    """
    shown: list[str] = []
    passed: list[str] = []
    why: dict[str, str] = {}
    for label in ranked(rows)["model"]:
        if label not in possible:
            raise undefined(label)
        model = possible[label]
        if shown and known(model) is None:
            why[label] = "it costs more than the first that shows the features, and was not searched for them"
            continue
        lacking = _lacking(model, features)
        if not lacking:
            shown.append(label)
            continue
        why[label] = lacking
        passed += [] if shown else [label]
    if not shown:
        raise _none_shows(features, why)
    said = [f"{shown[0]} shows {', '.join(features)}"]
    if passed:
        said.append(f"not shown by {', '.join(passed)}, which cost less")
    return rows[rows["model"].isin(shown)], said, why


def _none_shows(features: Sequence[str], lacking: Mapping[str, str]) -> UserError:
    first = [f"{label}: {why}" for label, why in lacking.items()][:_NAMED]
    more = f"; and {len(lacking) - _NAMED} others" if len(lacking) > _NAMED else ""
    return UserError(
        f"no model that is cheap enough shows {', '.join(features)} ({'; '.join(first)}{more}); request "
        "fewer features, allow more, or name other models or presets"
    )


def _lacking(model: NeuronModel, features: Sequence[str]) -> str:
    """Return which feature a model does not show; empty if it shows all."""
    lacking = next((found for found in _searched(model, features) if found.outcome != FOUND), None)
    return f"it does not show {lacking.feature} ({lacking.outcome})" if lacking else ""


def _searched(model: NeuronModel, features: Sequence[str]) -> list[Finding]:
    """Return what is known of a model of the catalogue, or else what a search finds."""
    outcomes = known(model)
    if outcomes is None:
        return search(model, features)
    return [Finding(name, outcomes[name], "", 0) for name in features]
