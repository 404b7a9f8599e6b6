"""Other simulators on the stimuli of a run: which time step each needs, and how far its default is off.

A simulator runs at round time steps only, and all stimuli of a regime at each of them. Its spikes are compared with the
same references. Where its scheme is one of our methods, and our kernel finds the same spikes at the simulator's default
dt, the kernel computes the other time steps, because it is faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial

from ....harness.engines import Engine, EngineRun, named_engine
from ....harness.kernels.kernel import Kernel
from ....harness.kernels.kernels import run_together
from ....harness.measuring.calibration import calibrate
from ....harness.measuring.timing import NEURONS, Timing
from ....harness.stimuli import Stimulus, common_divisor
from ....harness.stimuli.parts.shape import Shape
from ....models.ground.errors import NoValue, UserError, attempt
from ...measures import MEASURES
from ...measures.spike_trains import Array, SpikeTrain, spike_time_error
from ...references.reference import reference
from ...regimes.regime import Regime
from ...search.criterion import Criterion, Run
from ...search.engines.errors import LONGEST
from ...search.engines.runs import Simulation
from ...search.judging import Trial
from ...search.status import Status
from ...search.sweep import ROUND
from ...search.tolerance import CALM_MARGIN, Coarsest, Own, describe
from ..study import Case, Curve, Peer, Point, Study
from ..suite import Suite
from .executing import in_threads
from .progress import Progress

#: Numbers of round time steps that a simulator runs in one process, from coarse to fine: one decade.
TOGETHER = len(ROUND)


def compare_all(study: Study, jobs: int, progress: Progress) -> None:
    """Run every simulator of the suite in every regime; its curves and cases are added to the study."""
    work = [(regime, name) for regime in study.regimes for name in study.suite.engines]
    progress.begin("running other simulators", len(work))
    pieces = [partial(curve_of, regime, name, study.suite) for regime, name in work]
    with in_threads(jobs, pieces) as curves:
        for curve in curves:
            study.other_curves.append(curve)
            study.other_cases += cases_of(curve, study.suite)
            progress.done()


def curve_of(regime: Regime, name: str, suite: Suite) -> Curve:
    """Return the curve of a simulator in a regime; without points, and the reason, if it cannot run or fails."""
    engine, method = named_engine(name)
    found = attempt(lambda: method or engine.method_of(regime.driven))
    scheme = method or ("" if isinstance(found, NoValue) else found)
    detection = engine.labels.detection or engine.name

    def without(reason: str, status: Status) -> Curve:
        return Curve(regime, scheme, detection, None, (), {}, {}, reason, status, engine=name, peer=_unknown(engine))

    if regime.reason:
        return without(regime.reason, Status.FAILED if regime.failed else Status.RATE_NOT_REACHABLE)
    stimulus = regime.trials[0].stimulus
    refused = attempt(partial(engine.why_not, regime.driven, scheme, stimulus))
    if isinstance(refused, NoValue):
        return without(refused.reason, Status.FAILED)
    if refused:
        missing = refused == engine.why_not_here()
        return without(refused, Status.NOT_HERE if missing else Status.NOT_APPLICABLE)
    swept = attempt(lambda: _Swept(engine, scheme, regime, suite).curve(name, detection))
    return without(swept.reason, Status.FAILED) if isinstance(swept, NoValue) else swept


def _unknown(engine: Engine) -> Peer:
    reason = NoValue("it did not run")
    return Peer(engine.title, "", "", engine.labels.said, "", engine.default_dt, (), reason)


def cases_of(curve: Curve, suite: Suite) -> list[Case]:
    """Return one case per criterion."""
    return [_case(curve, criterion) for criterion in suite.all_criteria]


def _case(curve: Curve, criterion: Criterion) -> Case:
    if curve.status is not None:
        return Case(curve, criterion, curve.status, curve.reason)
    regime = curve.regime
    error, margin = regime.reference_error_in(criterion.unit), regime.reference_margin
    if error > criterion.least_error(margin):
        reason = f"its error of {error:.1g} {criterion.unit} is not {margin} times below the tolerance"
        return Case(curve, criterion, Status.REFERENCE_TOO_COARSE, reason)
    found = curve.answers[criterion]
    return Case(curve, criterion, found.status, found.reason, found if found.setting is not None else None)


@dataclass
class _Swept:
    """The runs of a simulator in a regime."""

    engine: Engine
    method: str
    regime: Regime
    suite: Suite
    trials: tuple[Trial, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    """Those of the trials, each with as few pieces as it has: any dt that divides these can be run."""
    kernel: Kernel | None = None
    """Our kernel, if it is the same."""
    text: str = ""
    version: str = ""
    runs: dict[Fraction, tuple[Run, ...]] = field(default_factory=dict)

    def curve(self, name: str, detection: str) -> Curve:
        engine, regime, suite = self.engine, self.regime, self.suite
        self.trials = tuple(map(self._judged_trial, regime.trials))
        self.stimuli = tuple(_joined(trial.stimulus) for trial in regime.trials)
        at_default = self._run_first()
        for dt in self._settings():
            self.runs.setdefault(dt, ())
        self._descend()
        settings = [dt for dt in sorted(self.runs, reverse=True) if self.runs[dt]]
        scheme = engine.schemes[self.method]
        known = attempt(partial(engine.operations, regime.driven, self.method))
        inputs = f"; input: {engine.varying}" if self.stimuli[0].varies else ""
        peer = Peer(
            engine.title,
            self.version,
            scheme.said,
            engine.labels.said + inputs,
            self.text,
            engine.default_dt,
            at_default,
            known,
            f"{scheme.ours}, {engine.labels.detection}" if self.kernel else "",
        )
        return Curve(
            regime,
            self.method,
            detection,
            None,
            tuple(Point(dt, self.runs[dt]) for dt in settings),
            {each: self._coarsest(each, settings) for each in suite.all_criteria},
            {each: self._own(each, settings) for each in suite.all_criteria},
            "",
            engine=name,
            peer=peer,
        )

    def _judged_trial(self, trial: Trial) -> Trial:
        """Return the trial with the reference of what the simulator calls a spike."""
        model = self.engine.judged_as(trial.model, self.method, trial.stimulus)
        if model is trial.model:
            return trial
        return Trial(model, trial.stimulus, reference(model, trial.stimulus))

    def _settings(self) -> list[Fraction]:
        unit = common_divisor([stimulus.unit for stimulus in self.stimuli])
        finest = self.suite.finest * max(self.regime.horizon / 1000, 1)
        found = []
        for power in range(0, -7, -1):
            for digits in ROUND:
                dt = digits * Fraction(10) ** power
                if dt <= LONGEST and finest <= float(dt) <= self.suite.coarsest and (unit / dt).denominator == 1:
                    found.append(dt)
        if not found:
            raise UserError("no round time step divides the stimulus within the range of the sweep")
        return found

    def _run_first(self) -> tuple[Run, ...]:
        """Run at the simulator's default dt, and see whether our kernel finds the same spikes."""
        dt, simulation = self.engine.default_dt, self._simulation(self.stimuli[0])
        first = simulation.first_runs(dt, self._settings())
        self.text, self.version = first.run.text, first.run.version
        self.kernel = simulation.same_kernel(first.dt, first.run.times)
        if self.kernel is not None and first.dt == dt:
            return self._of_kernel(dt)
        found = [self._run(self.trials[0], first.at_default, dt)]
        for trial, other in zip(self.trials[1:], self.stimuli[1:], strict=True):
            found.append(self._run(trial, self._simulation(other).attempts([dt])[0], dt))
        return tuple(found)

    def _descend(self) -> None:
        """Run from coarse to fine, until all errors are far below their tolerances over a whole decade."""
        left = sorted(self.runs, reverse=True)
        while left:
            now, left = left[:TOGETHER], left[TOGETHER:]
            for dt, runs in zip(now, self._at(now), strict=True):
                self.runs[dt] = runs
            wanted = self.suite.all_criteria
            if all(each.all_hold(self.runs[dt], CALM_MARGIN) for dt in now for each in wanted):
                return

    def _at(self, dts: Sequence[Fraction]) -> list[tuple[Run, ...]]:
        if self.kernel is not None:
            return [self._of_kernel(dt) for dt in dts]
        of_trials = [self._runs(*each, dts) for each in zip(self.trials, self.stimuli, strict=True)]
        return list(zip(*of_trials, strict=True))

    def _of_kernel(self, dt: Fraction) -> tuple[Run, ...]:
        assert self.kernel is not None
        outcomes = run_together(self.kernel, self.stimuli, dt)
        return tuple(
            Run(None, outcome.failure, {}, 0) if outcome.failure else self._judged(trial, outcome.spike_times, dt)
            for trial, outcome in zip(self.trials, outcomes, strict=True)
        )

    def _simulation(self, stimulus: Stimulus) -> Simulation:
        return Simulation(self.engine, self.regime.driven, self.method, stimulus)

    def _runs(self, trial: Trial, stimulus: Stimulus, dts: Sequence[Fraction]) -> list[Run]:
        runs = self._simulation(stimulus).attempts(dts)
        return [self._run(trial, run, dt) for run, dt in zip(runs, dts, strict=True)]

    def _run(self, trial: Trial, run: EngineRun | NoValue, dt: Fraction) -> Run:
        return Run(None, run.reason, {}, 0) if isinstance(run, NoValue) else self._judged(trial, run.times, dt)

    def _judged(self, trial: Trial, times: Array, dt: Fraction) -> Run:
        expected = trial.compared
        train = SpikeTrain(times[times <= expected.stop], expected.stop)
        values = {name: MEASURES[name](train, expected) for name in self.suite.all_measures}
        steps = {"accepted": self.regime.horizon / float(dt)}
        return Run(spike_time_error(train, expected), "", values, len(times), steps)

    def _coarsest(self, criterion: Criterion, settings: Sequence[Fraction]) -> Coarsest:
        """Return the longest round time step at which, and at every shorter one that was run, a criterion holds."""
        held = [dt for dt in settings if criterion.all_hold(self.runs[dt])]
        fails = [dt for dt in settings if dt not in held]
        best = [dt for dt in held if not fails or dt < min(fails)]
        again = next((dt for dt in held if fails and dt > min(fails)), None)
        if not best:
            runs = self.runs[settings[-1]]
            failed = [run for run in runs if not criterion.holds(run)]
            reason = (
                f"by {len(failed)} of {len(runs)} stimuli: {describe(failed[0], criterion)} at "
                f"dt = {float(settings[-1]):.3g} ms"
            )
            return Coarsest(Status.NOT_REACHED, fails_at=settings[-1], holds_again_at=again, reason=reason)
        found = best[0]
        return Coarsest(
            Status.REACHED if fails else Status.AT_LEAST,
            found,
            self.runs[found],
            min(fails) if fails else None,
            again,
            found,
            self.runs[found],
            sum(found / 2 <= dt < found for dt in best),
        )

    def _own(self, criterion: Criterion, settings: Sequence[Fraction]) -> list[Own | None]:
        found: list[Own | None] = []
        for trial in range(len(self.trials)):
            best: Own | None = None
            for dt in reversed(settings):
                if not criterion.holds(self.runs[dt][trial]):
                    break
                best = Own(dt, self.runs[dt][trial])
            found.append(best)
        return found


def _joined(stimulus: Stimulus) -> Stimulus:
    """Return a stimulus whose neighbouring pieces with the same constant value are one piece."""
    durations: list[Fraction] = []
    shapes: list[Shape] = []
    for duration, shape in zip(stimulus.durations, stimulus.shapes, strict=True):
        if shapes and shape == shapes[-1] and not shape.terms:
            durations[-1] += duration
        else:
            durations.append(duration)
            shapes.append(shape)
    return replace(stimulus, durations=tuple(durations), shapes=tuple(shapes))


def time_all(study: Study, progress: Progress) -> None:
    """Time each simulator at the time steps of its cases, one neuron and many, while nothing else runs."""
    first = study.suite.stimuli[0], study.suite.horizons[0]
    several: dict[tuple[str, str, Fraction], list[Case]] = {}
    for case in study.other_cases:
        curve = case.curve
        if curve.peer is not None and case.coarsest and (curve.regime.stimulus, curve.regime.horizon) == first:
            several.setdefault((curve.engine, curve.regime.model.label, case.setting), []).append(case)
    if not several:
        return
    progress.begin("timing other simulators", 2 * len(several))
    for (name, label, dt), cases in several.items():
        for which, count in (("one_neuron", 1), ("many_neurons", NEURONS)):
            if count == 1 or study.suite.time_lanes:
                found = attempt(partial(_timed, cases[0], dt, count, study.suite.repeats))
                if isinstance(found, NoValue):
                    study.failures.append(f"{label} in {name} at dt = {float(dt):g} ms, not timed: {found}")
                else:
                    for case in cases:
                        setattr(case, which, found)
            progress.done()


def _timed(case: Case, dt: Fraction, neurons: int, repeats: int) -> Timing:
    regime = case.curve.regime
    engine, _ = named_engine(case.curve.engine)
    before = calibrate()
    simulation = Simulation(engine, regime.driven, case.curve.method, regime.trials[0].stimulus)
    samples = simulation.nanoseconds(dt, neurons, repeats)
    work = min(before, calibrate())
    return Timing(tuple(samples), tuple(1e-9 * each / work for each in samples))
