"""The main job: cost at equal spike-time accuracy, for every model, method, detection, rate and tolerance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from joblib import Parallel, delayed

from ..flops.operations import Count, count_step
from ..flops.toolchain import SCALAR, SIMD
from ..harness.as_built import AsBuilt, as_built
from ..harness.drive import Drive
from ..harness.engines.brian2_operations import Executed, executed
from ..harness.kernel import Kernel, compile_kernels
from ..harness.measure import Measurement
from ..harness.measure import measure as count_on_processor
from ..harness.stimuli import Stimulus
from ..harness.sweep import time_steps
from ..harness.timing import Timing, many_neurons, measure, one_neuron
from ..models.catalogue import get_model
from ..models.detection import DETECTIONS
from ..models.errors import UserError
from ..models.methods import METHODS
from ..models.neuron import NeuronModel
from ..models.step import applies, make_step
from .reference import Reference, reference
from .regime import constant_drive, drive_for
from .tolerance import REFERENCE_MARGIN, ErrorCurve, LargestStep, Point, largest_step

Found = TypeVar("Found")


@dataclass(frozen=True)
class Suite:
    """What is run. Times in ms, rates in Hz."""

    models: tuple[str | NeuronModel, ...] = ("lif", "izhikevich", "hodgkin_huxley")
    methods: tuple[str, ...] = ("euler", "rk4", "exponential_euler")
    detections: tuple[str, ...] = ("grid", "linear", "hermite")
    rates: tuple[float, ...] = (10.0, 50.0, 100.0)
    tolerances: tuple[float, ...] = (1.0, 0.1, 0.01)
    horizon: float = 1000.0
    coarsest: float = 5.0
    finest: float = 1e-3
    per_decade: int = 12
    repeats: int = 5
    """Timed runs of each cell."""
    thorough: bool = True
    """Whether to count, too, what Brian2 executes and what the builds for speed change."""

    def __post_init__(self) -> None:
        for name, values in (("tolerance", self.tolerances), ("rate", self.rates), ("horizon", (self.horizon,))):
            for value in values:
                if not value > 0:
                    raise UserError(f"{name} = {value:g} is not positive")
        for registry, names in ((METHODS, self.methods), (DETECTIONS, self.detections)):
            for name in names:
                registry[name]
        for model in self.models:
            get_model(model)
        if not (self.models and self.methods and self.detections and self.rates and self.tolerances):
            raise UserError("a suite needs at least one model, method, detection, rate and tolerance")


#: What ``--quick`` runs: the faster rates, the looser tolerances, fewer timed runs, no look at Brian2's code.
QUICK = Suite(rates=(50.0, 100.0), tolerances=(1.0, 0.1), repeats=3, thorough=False)


@dataclass(frozen=True)
class Regime:
    """A model at a firing rate."""

    model: NeuronModel
    rate: float
    """The rate that was asked for."""
    drive: Drive | None
    stimulus: Stimulus | None
    reference: Reference | None
    reason: str
    """Why there is no drive; empty if there is."""


@dataclass(frozen=True)
class Curve:
    """A model, method and detection at a rate, over all dt that were run."""

    regime: Regime
    method: str
    detection: str
    count: Count | None
    """None if the method does not apply."""
    points: tuple[Point, ...]
    answers: dict[float, LargestStep]
    """By tolerance."""
    reason: str
    """Why there are no points; empty if there are."""


@dataclass
class Cell:
    """One row: a curve at a tolerance."""

    curve: Curve
    tolerance: float
    answer: LargestStep | None
    status: str
    """``reached``, ``at least`` or ``not reached`` (see `LargestStep`), ``not applicable``, ``rate not reachable`` or
    ``reference too coarse``."""
    reason: str
    one_neuron: Timing | None = None
    many_neurons: Timing | None = None


@dataclass(frozen=True)
class Unmeasured:
    """A model and method whose step no counter could be put to."""

    model: str
    method: str
    reason: str


@dataclass
class Study:
    """What a suite gave."""

    suite: Suite
    regimes: list[Regime] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    measurements: list[Measurement | Unmeasured] = field(default_factory=list)
    """One a model and method: the counters' view of a step without a spike."""
    builds: dict[tuple[str, str], list[AsBuilt] | str] = field(default_factory=dict)
    """By model and method: what the builds for speed change, or why that is not known."""
    brian2: dict[tuple[str, str], list[Executed] | str] = field(default_factory=dict)
    """By model and method: what Brian2's own code executes, or why that is not known."""
    interrupted: bool = False


@dataclass(frozen=True)
class Progress:
    """Callbacks: a phase begins with a number of pieces of work; one is done."""

    begin: Callable[[str, int], None] = lambda _phase, _pieces: None
    done: Callable[[], None] = lambda: None


def run_suite(suite: Suite, jobs: int = 2, progress: Progress | None = None) -> Study:
    """Run a suite.

    The kernels run in `jobs` threads (compiled code does not hold Python's lock); timing comes last, alone.
    Interrupting it keeps what is finished, marked as interrupted.

    Raises
    ------
    UserError
        If there is no C compiler.
    """
    progress = progress or Progress()
    study = Study(suite)
    try:
        _run(study, jobs, progress)
    except KeyboardInterrupt:
        if not study.curves:
            raise
        study.interrupted = True
        study.cells = study.cells or [cell for curve in study.curves for cell in _cells(curve, suite)]
    return study


def _run(study: Study, jobs: int, progress: Progress) -> None:
    suite = study.suite
    models = [get_model(model) for model in suite.models]
    progress.begin("compiling kernels", 2 * len(models))
    kernels = {model: _kernels(model, suite, progress) for model in models}
    progress.begin("finding drives and references", len(models) * len(suite.rates))
    for model in models:
        for rate in suite.rates:
            study.regimes.append(_regime(model, rate, suite.horizon))
            progress.done()
    work = [(regime, method, detection) for regime in study.regimes for method in suite.methods
            for detection in suite.detections]
    progress.begin("sweeping dt", len(work))
    run = Parallel(n_jobs=jobs, backend="threading", return_as="generator")
    for curve in run(delayed(_curve)(*item, kernels[item[0].model], suite) for item in work):
        study.curves.append(curve)
        progress.done()
    study.cells = [cell for curve in study.curves for cell in _cells(curve, suite)]
    if not any(curve.points for curve in study.curves):
        return
    _time(study, kernels, progress)
    pairs = [(model, method) for model in models for method in suite.methods if not kernels[model].reasons[method]]
    progress.begin("counting on the processor", len(pairs))
    for model, method in pairs:
        study.measurements.append(_measured(model, method, suite.detections[0]))
        progress.done()
    if suite.thorough:
        _look_closer(study, pairs, progress)


@dataclass(frozen=True)
class _Kernels:
    scalar: dict[tuple[str, str], Kernel]
    simd: dict[tuple[str, str], Kernel]
    reasons: dict[str, str]
    """Why a method does not apply, by method; empty if it does."""


def _kernels(model: NeuronModel, suite: Suite, progress: Progress) -> _Kernels:
    steps = {}
    reasons = {}
    for method in suite.methods:
        for detection in suite.detections:
            reasons[method] = applies(model, method)
            if not reasons[method]:
                steps[method, detection] = make_step(model, method, detection)
    scalar = dict(zip(steps, compile_kernels(steps.values(), SCALAR), strict=True))
    progress.done()
    simd = dict(zip(steps, compile_kernels(steps.values(), SIMD), strict=True))
    progress.done()
    return _Kernels(scalar, simd, reasons)


def _measured(model: NeuronModel, method: str, detection: str) -> Measurement | Unmeasured:
    try:
        return count_on_processor(model, method, detection)
    except UserError as error:
        return Unmeasured(model.label, method, str(error))


def _look_closer(study: Study, pairs: Sequence[tuple[NeuronModel, str]], progress: Progress) -> None:
    progress.begin("counting other builds and Brian2's code", 2 * len(pairs))
    for model, method in pairs:
        key = model.label, method
        study.builds[key] = _or_reason(partial(as_built, make_step(model, method)))
        progress.done()
        study.brian2[key] = _or_reason(partial(executed, model, method))
        progress.done()


def _or_reason(look: Callable[[], list[Found]]) -> list[Found] | str:
    try:
        return look()
    except UserError as error:
        return str(error)


def _regime(model: NeuronModel, rate: float, horizon: float) -> Regime:
    try:
        drive = drive_for(model, rate, horizon)
        stimulus = constant_drive(model, drive.value, horizon)
        return Regime(model, rate, drive, stimulus, reference(model, stimulus), "")
    except UserError as error:
        return Regime(model, rate, None, None, None, str(error))


def _curve(regime: Regime, method: str, detection: str, kernels: _Kernels, suite: Suite) -> Curve:
    if kernels.reasons[method]:
        return Curve(regime, method, detection, None, (), {}, kernels.reasons[method])
    kernel = kernels.scalar[method, detection]
    count = count_step(kernel.step)
    if regime.stimulus is None or regime.reference is None:
        return Curve(regime, method, detection, count, (), {}, regime.reason)
    sweep = time_steps(regime.stimulus.unit, suite.coarsest, suite.finest, suite.per_decade)
    curve = ErrorCurve(kernel, regime.stimulus, regime.reference)
    for dt in sweep:
        curve(dt)
    answers = {tolerance: largest_step(curve, sweep, tolerance) for tolerance in suite.tolerances}
    return Curve(regime, method, detection, count, curve.points, answers, "")


def _cells(curve: Curve, suite: Suite) -> list[Cell]:
    return [_cell(curve, tolerance) for tolerance in suite.tolerances]


def _cell(curve: Curve, tolerance: float) -> Cell:
    if curve.count is None:
        return Cell(curve, tolerance, None, "not applicable", curve.reason)
    reference = curve.regime.reference
    if reference is None:
        return Cell(curve, tolerance, None, "rate not reachable", curve.reason)
    if tolerance < REFERENCE_MARGIN * reference.error:
        return Cell(curve, tolerance, None, "reference too coarse",
                    f"its error of {reference.error:.1g} ms is not {REFERENCE_MARGIN} times below the tolerance")
    answer = curve.answers[tolerance]
    return Cell(curve, tolerance, answer, answer.status, answer.reason)


def _time(study: Study, kernels: dict[NeuronModel, _Kernels], progress: Progress) -> None:
    timed = [cell for cell in study.cells if cell.answer is not None and cell.answer.point is not None]
    jobs = []
    for cell in timed:
        assert cell.answer is not None
        assert cell.answer.point is not None
        assert cell.curve.regime.stimulus is not None
        of_model, key = kernels[cell.curve.regime.model], (cell.curve.method, cell.curve.detection)
        stimulus, dt = cell.curve.regime.stimulus, cell.answer.point.dt
        jobs += [one_neuron(of_model.scalar[key], stimulus, dt), many_neurons(of_model.simd[key], stimulus, dt)]
    progress.begin("timing", len(jobs) * (study.suite.repeats + 1))
    timings = measure(jobs, study.suite.repeats, progress.done)
    for cell, one, many in zip(timed, timings[::2], timings[1::2], strict=True):
        cell.one_neuron, cell.many_neurons = one, many
