"""``spikecost recommend``: the cheapest way to a rate and an accuracy, why, and a Brian2 program that runs it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError, check_kind, check_list, check_text, quoted, short
from ....models.ground.registry import known_are
from ....models.reading.by_name import get_model
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
from .ways import UNKNOWN, WHY_UNKNOWN, as_choice, cheapest, in_words, others_said, others_than, ranked, ways_asked_for
from .ways_in_engines import has_rows

#: Dimension of a rate.
HERTZ = (1 / second).dim
#: Number of stimuli in the run that is made if none is given.
TRIALS = 3


@dataclass(frozen=True, eq=False)
class Recommendation(Shown):
    """The cheapest way to run a model that meets the request, and the alternatives."""

    asked: Mapping[str, Any]
    """``rate_hz``, ``tolerance_ms``, ``features``, ``budget_flops`` and ``engine``."""
    choice: Mapping[str, Any]
    """``model``, ``method``, ``detection``, ``dt_ms`` or ``error_control``, ``status`` (``at least``: dt may be larger,
    the cost is at most this), ``flops_per_ms`` at this dt and ``flops_per_s`` (of model time), ``error_ms``, ``drive``.
    ``dt_ms`` is a round number that was run and holds, if the run has one; ``largest_dt_ms`` is the largest that holds.
    ``flops_per_ms_low`` and ``flops_per_ms_high`` are None if the interval is not known at this dt, and so is
    ``ns_per_ms``; ``ns_per_ms_note`` says why that time cannot be trusted (empty if it can)."""
    why: Sequence[str]
    not_recommended: Mapping[str, str]
    """Why each other model of the run is not recommended, by label."""
    others: pd.DataFrame
    """The cheapest way for each model that meets the request, and its cost divided by that of the choice."""
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
        By default those of the run or of the atlas, or of the default suite if they are run. If features are requested
        and no run is given, presets of the models are tried, too.
    engine : str, optional
        Only ways that this simulator has: a name in `spikecost.reports.comparison.recommendation.engines.ENGINES`.
    jobs : int, optional
        Threads of that run; by default one per core.
    progress : Progress, optional
        By default a bar in terminals and notebooks, and nothing elsewhere.
    atlas : str or False, optional
        A kind of drive, such as ``"constant"``: the costs are those of the atlas under it. They are of the lowest rate
        in the atlas that is not below `rate`, and of the loosest tolerance that is strict enough. Nothing is run except
        models that are not of the catalogue. By default the atlas answers under a fluctuating current
        (``"ornstein_uhlenbeck"``) if it can, else the models are run; False: they are run.
    seed : int, optional
        First seed of the stimuli and of the models' noise, 0 by default. If it is given, the models are run.

    Raises
    ------
    UserError
        If a value cannot be read, the run or the atlas has not this rate or tolerance, or nothing meets the request.
    """
    check_list(features, "features", "['tonic_bursting']")
    if models is not None:
        check_list(models, "models", "['lif']")
        models = _own_parameters(models) if run is None and not features else list(models)
    check_text(engine, "engine", "brian2", optional=True)
    _check_kinds(run, jobs, progress)
    hertz, allowed, most = _hertz(rate), float(units.in_ms(tolerance, "tolerance")), read_budget(budget)
    wanted = [FEATURES[name].name for name in features]
    looked_up = ""
    if atlas and run is not None:
        raise UserError("a run and the atlas were given: give one of them")
    _check_seed(seed, run, atlas)
    if seed is not None:
        atlas, looked_up = False, f"the models were run with the stimuli of the seed {seed}"
    if atlas is True:
        atlas = USUAL
    if atlas is None and run is None and (engine is None or _only_restricts(engine)):
        why_run = why_not_from_atlas(hertz, allowed, models, wanted)
        atlas, looked_up = (
            (None, f"the models were run, because the atlas cannot answer: {why_run}") if why_run else (USUAL, "")
        )
    if atlas:
        check_text(atlas, "atlas", USUAL)
        run, hertz, looked_up = run_of_atlas(hertz, atlas, models=models, jobs=jobs or 1, progress=progress)
    given = run is not None
    made = partial(_made, rate=hertz, tolerance=allowed, seed=seed or 0, jobs=jobs, progress=progress)
    run, itself = _run_with(run, engine, models or Suite().models, made)
    if engine is not None and itself:
        if budget is not None or wanted:
            raise UserError("--engine with a budget or features: no counter sees all of a simulator; leave them out")
        return _in_simulator(run, engine, hertz, allowed, models if given else None)
    simulator = engine_named(engine) if engine is not None else None
    rows, why, left_out = ways_asked_for(run, hertz, allowed, models if given else None, simulator)
    affordable = _affordable(rows, most)
    if wanted:
        possible = _of_run(run) if given else {model.label: model for model in map(get_model, models or Suite().models)}
        label, model, said, lacking = _showing(affordable, wanted, possible, presets=not given)
        left_out |= lacking
        if label not in set(rows["model"]):
            run = made([model])
            rows, why, _ = ways_asked_for(run, hertz, allowed, None, simulator)
            affordable = _affordable(rows, most)
        affordable, why = affordable[affordable["model"] == label], [*said, *why]
    best = cheapest(affordable)
    choice = as_choice(best)
    in_brian2, remarks = way_in_brian2(run, rows, best, most)
    why = [*([looked_up] if looked_up else []), *reasons_for(rows, best, allowed, most), *why, *remarks]
    asked = {
        "rate_hz": _hertz(rate),
        "tolerance_ms": allowed,
        "features": wanted,
        "budget_flops": most if math.isfinite(most) else None,
        "engine": engine,
    }
    others = others_than(rows, choice)
    costs = {row["model"]: _cost_said(row, most) for row in others.to_dict("records")}
    reasons = {label: why for label, why in (costs | left_out).items() if label != choice["model"]}
    code = program_of(run, in_brian2) if in_brian2 and ENGINES["brian2"].runs(best) else ""
    return Recommendation(asked, choice, why, reasons, others, in_brian2, code)


def _own_parameters(models: Iterable[str | NeuronModel]) -> list[str | NeuronModel]:
    """Return models; a name without a preset is the model with its own parameters."""
    return [get_model(model).label if is_of_atlas(model) else model for model in models]


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


def _run_with(
    run: RunFolder | None, engine: str | None, models: Sequence[str | NeuronModel], made: Callable[..., RunFolder]
) -> tuple[RunFolder, bool]:
    """Return the run, or a new one that is `made`, and whether it has runs of the simulator itself."""
    if run is not None:
        return run, engine is not None and has_rows(run, engine)
    if engine is None or _only_restricts(engine):
        return made(models), False
    if engine not in SIMULATORS and ":" not in engine:
        raise UserError(f"unknown engine '{short(engine)}': {known_are(engine, [*ENGINES, *SIMULATORS])}")
    named_engine(engine)
    return made(models, engine=engine), True


def _only_restricts(engine: str) -> bool:
    """Whether only the ways that a simulator has are asked for, not runs of the simulator itself."""
    return engine.lower() in ENGINES and engine not in SIMULATORS


def _in_simulator(
    run: RunFolder, engine: str, rate: float, tolerance: float, models: Sequence[str | NeuronModel] | None
) -> Recommendation:
    """Recommend the dt that a simulator needs, from its own runs."""
    ways, unit, why, lacking = ways_in_engines.ways_in(run, rate, tolerance, engine, models)
    title = run.about["engines"][engine]["title"]
    asked = {"rate_hz": rate, "tolerance_ms": tolerance, "features": [], "budget_flops": None, "engine": engine}
    choice = ways_in_engines.as_choice(ways.iloc[0], engine)
    first = ways_in_engines.in_words(ways.iloc[0].to_dict(), title, unit)
    return Recommendation(asked, choice, why, lacking, ways_in_engines.others(ways), {}, "", first)


def _made(
    models: Sequence[str | NeuronModel],
    *,
    rate: float,
    tolerance: float,
    seed: int,
    jobs: int | None,
    progress: Progress | None,
    engine: str | None = None,
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
    rows: pd.DataFrame, features: Sequence[str], possible: Mapping[str, NeuronModel], presets: bool
) -> tuple[str, NeuronModel, list[str], dict[str, str]]:
    """Return the cheapest model that shows all features, its label before it, a sentence, and why others do not.

    More expensive models are not tested. With `presets`, any preset of a model may be chosen; its own comes first.
    """
    passed: list[str] = []
    why: dict[str, str] = {}
    for label in ranked(rows)["model"]:
        if label not in possible:
            raise undefined(label)
        model = possible[label]
        for each in (model, *(model.with_preset(name) for name in model.presets if presets and name != model.preset)):
            lacking = next((found for found in _searched(each, features) if found.outcome != FOUND), None)
            if lacking is None:
                said = f"{each.label} shows {', '.join(features)}; more expensive models were not tested"
                found = label if each is model else each.label
                return found, each, [said, *([f"not shown by {'; '.join(passed)}"] if passed else [])], why
            passed.append(f"{each.label} ({lacking.feature}: {lacking.outcome})")
            why[each.label] = f"it does not show {lacking.feature} ({lacking.outcome})"
    raise UserError(
        f"no model that is cheap enough shows {', '.join(features)}: not {'; '.join(passed)}; request "
        "fewer features, or give a run with other models or presets"
    )


def _searched(model: NeuronModel, features: Sequence[str]) -> list[Finding]:
    """Return what is known of a model of the catalogue, or else what a search finds."""
    outcomes = known(model)
    if outcomes is None:
        return search(model, features)
    return [Finding(name, outcomes[name], "", 0) for name in features]
