"""Measure what was found: record spikes and voltages, time kernels, count on the processor, look for features."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

from ....harness.engines.brian2_operations import executed
from ....harness.kernels.kernel import Kernel
from ....harness.kernels.kernels import Kernels
from ....harness.measuring.as_built import AsBuilt
from ....harness.measuring.kept import kept_builds, kept_measurement, kept_run, kept_step_and_spike
from ....harness.measuring.measure import Measurement
from ....harness.measuring.roofline import bound, peaks
from ....harness.measuring.spike_cost import StepAndSpike, WholeRun
from ....harness.measuring.timing import Job, Timing, many_neurons, measure, one_neuron
from ....harness.store import Store
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import NoValue, attempt
from ....models.methods import METHODS, with_steps_alike
from ....models.step import make_step
from ...features.shown.demo_runs import run_demo
from ...features.shown.demos import demos_of
from ...features.shown.search import not_tried, search
from ...regimes.regime import Regime, RegimeKey
from ..kept_study import recorded
from ..recording import Share, Trace, record, record_reference
from ..study import Case, Study
from ..suite import Suite
from .executing import in_threads
from .progress import Progress

#: Methods for which other builds and Brian2's code are counted, too: those of published comparisons. Each takes a few
#: seconds to compile.
LOOKED_AT = ("euler", "rk4", "exponential_euler")
#: The kernels of each number format, by the name that curves have as their engine; see `Kernels`.
Formats = Mapping[str, Mapping[tuple[NeuronModel, str], Kernels]]


def record_all(
    study: Study, kernels: Mapping[tuple[NeuronModel, str], Kernels], jobs: int, progress: Progress, store: Store
) -> None:
    """Record the spikes and the voltage of every case that has a cost, and of every regime's reference.

    Recordings of cases are taken from the store, and kept there.
    """
    cases = [case for case in study.cases if case.coarsest]
    regimes = [regime for regime in study.regimes if regime.trials]
    share = Share.of(len(cases) + len(regimes))
    progress.begin("recording spikes and voltages", len(cases) + len(regimes))
    for regime in regimes:
        trace = attempt(partial(record_reference, regime.trials[0], share))
        if isinstance(trace, NoValue):
            study.failures.append(f"reference of {regime.model.label} at {regime.level}, not recorded: {trace}")
        else:
            study.recorded_references.append((regime, trace))
        progress.done()

    def record_case(case: Case) -> Trace:
        curve = case.curve
        compiled = kernels[curve.regime.model, curve.regime.stimulus].compiled[curve.method, curve.detection]
        return record(compiled.lanes, curve.regime.trials[0], case.setting, curve.by_dt, share)

    def kept(case: Case) -> Trace:
        return recorded(store, case, share, partial(record_case, case))

    with in_threads(jobs, [partial(attempt, partial(kept, case)) for case in cases]) as traces:
        for case, trace in zip(cases, traces, strict=True):
            if isinstance(trace, NoValue):
                study.failures.append(f"{_named(case)}, not recorded: {trace}")
            else:
                case.recording = trace
            progress.done()


def time_all(study: Study, formats: Formats, progress: Progress) -> None:
    """Time the kernel of every case at its setting, while no other thread runs.

    Parameters
    ----------
    study : Study
    formats : mapping
        The kernels of each number format, by the name that curves have as their engine.
    progress : Progress
    """
    # the time per step does not depend on the kind of stimulus: one kind is enough
    first = study.suite.stimuli[0], study.suite.horizons[0]
    timed: dict[RegimeKey, dict[tuple[int, Fraction, str], list[Case]]] = {}
    """By regime, and by kernel, setting and name of the timing: the cases that it is for."""
    for case in (*study.cases, *study.other_cases):
        regime = case.curve.regime
        if case.coarsest and (regime.stimulus, regime.horizon) == first and case.curve.engine in formats:
            for which in ("one_neuron", "many_neurons")[: 1 + _in_lanes(case, study.suite)]:
                job = id(_kernel(case, which, formats)), case.setting, which
                timed.setdefault(regime.key, {}).setdefault(job, []).append(case)
    progress.begin("timing", sum(map(len, timed.values())) * (study.suite.repeats + 1))
    # costs are compared within a regime; the jobs of all regimes together would need much memory
    for together in timed.values():
        _time(study, [(cases, which) for (*_, which), cases in together.items()], formats, progress)
    _compare_with_peaks(study)


def _time(study: Study, timed: Sequence[tuple[list[Case], str]], formats: Formats, progress: Progress) -> None:
    """Time kernels in turn, each for the cases of which it is the kernel at the same setting."""
    made: dict[Hashable, Job] = {}
    jobs = [_job(cases[0], which, formats, made) for cases, which in timed]
    timings: Sequence[Timing | None]
    together = attempt(partial(measure, jobs, study.suite.repeats, progress.done))
    if isinstance(together, NoValue):
        # interleaved jobs fail together; run one after the other, only those fail that cannot be timed
        timings = [_timed_alone(study, cases, job) for (cases, _), job in zip(timed, jobs, strict=True)]
    else:
        timings = together
    for (cases, which), timing in zip(timed, timings, strict=True):
        for case in cases:
            setattr(case, which, timing)


def _kernel(case: Case, which: str, formats: Formats) -> Kernel:
    curve = case.curve
    compiled = formats[curve.engine][curve.regime.model, curve.regime.stimulus].compiled[curve.method, curve.detection]
    return compiled.alone if which == "one_neuron" else compiled.lanes


def _job(case: Case, which: str, formats: Formats, made: dict[Hashable, Job]) -> Job:
    """Return what is timed for a case; `made` has the jobs before it, with which it shares stimuli."""
    kernel, curve, setting = _kernel(case, which, formats), case.curve, case.setting
    stimulus = curve.regime.trials[0].stimulus
    key = id(stimulus), setting, curve.by_dt, which
    if key not in made:
        alone = which == "one_neuron"
        made[key] = (
            one_neuron(kernel, stimulus, setting, curve.by_dt) if alone else many_neurons(kernel, stimulus, setting)
        )
    return replace(made[key], kernel=kernel)


def _compare_with_peaks(study: Study) -> None:
    in_lanes = [case for case in study.cases if case.many_neurons is not None]
    found = attempt(peaks) if in_lanes else {}
    if isinstance(found, NoValue):
        study.failures.append(f"the peaks of this processor are not known: {found}")
        return
    for case in in_lanes:
        assert case.many_neurons is not None
        assert case.curve.count is not None
        case.peak_share = bound(case.curve.count.as_run, found) / float(case.setting) / case.many_neurons.median


def _timed_alone(study: Study, cases: Iterable[Case], job: Job) -> Timing | None:
    timings = attempt(partial(measure, [job], study.suite.repeats))
    if isinstance(timings, NoValue):
        study.failures += [f"{_named(case)}, not timed: {timings}" for case in cases]
        return None
    return timings[0]


def _named(case: Case) -> str:
    curve = case.curve
    return f"{curve.regime.model.label} at {curve.regime.level}, {curve.method} with {curve.detection}"


def _in_lanes(case: Case, suite: Suite) -> bool:
    return suite.time_lanes and METHODS[case.curve.method].template.in_lanes


def _measured(model: NeuronModel, method: str, detection: str) -> Measurement | NoValue:
    return attempt(partial(kept_measurement, model, method, detection))


def count_all(
    study: Study,
    models: Sequence[NeuronModel],
    kernels: Mapping[tuple[NeuronModel, str], Kernels],
    kinds: Mapping[tuple[NeuronModel, str], Regime],
    progress: Progress,
) -> None:
    """Count steps, spikes and whole runs on the processor.

    Parameters
    ----------
    study : Study
        What is counted is stored here.
    models : sequence of NeuronModel
    kernels, kinds : mapping
        Kernels, and one regime, by model and kind of stimulus.
    progress : Progress
    """
    pairs = _counted(study, models, kernels)
    progress.begin("counting on the processor", len(pairs))
    for model, method in pairs:
        way = method, study.suite.detections[0]
        study.measurements[model.label, *way] = _measured(model, *way)
        progress.done()
    _count_spikes(study, kernels, kinds, progress)


def _counted(
    study: Study, models: Sequence[NeuronModel], kernels: Mapping[tuple[NeuronModel, str], Kernels]
) -> list[tuple[NeuronModel, str]]:
    """Return the models and methods that have a kernel whose steps all cost the same."""
    suite = study.suite
    return [
        (model, method)
        for model in models
        for method in suite.methods
        if method in with_steps_alike() and (method, suite.detections[0]) in kernels[model, suite.stimuli[0]].compiled
    ]


def _count_spikes(
    study: Study,
    kernels: Mapping[tuple[NeuronModel, str], Kernels],
    kinds: Mapping[tuple[NeuronModel, str], Regime],
    progress: Progress,
) -> None:
    work = [
        (model, stimulus, regime.drive, way)
        for (model, stimulus), regime in kinds.items()
        for way in kernels[model, stimulus].compiled
    ]
    progress.begin("counting steps and spikes on the processor", len(work))
    measured = {way for way, each in study.measurements.items() if isinstance(each, Measurement)}
    for model, stimulus, drive, way in work:
        kernel = kernels[model, stimulus].compiled[way].alone
        key = model.label, *way, stimulus
        value = drive.value if drive else 0.0
        steps_alike = METHODS[way[0]].steps_alike
        count: Callable[[Kernel, float], StepAndSpike | WholeRun] = kept_step_and_spike if steps_alike else kept_run
        retired = attempt(partial(count, kernel, value))
        study.retired[key] = retired
        if isinstance(retired, NoValue) and steps_alike and key[:3] not in measured:
            measured.add(key[:3])
            study.quiet_steps[key[:3]] = _measured(model, *way)
        progress.done()


def look_closer(
    study: Study, models: Sequence[NeuronModel], kernels: Mapping[tuple[NeuronModel, str], Kernels], progress: Progress
) -> None:
    """Count what other builds and Brian2's code execute, for the methods in `LOOKED_AT`."""
    pairs = [pair for pair in _counted(study, models, kernels) if pair[1] in LOOKED_AT]
    progress.begin("counting other builds and Brian2's code", 2 * len(pairs))
    keys = [(model.label, method) for model, method in pairs]
    for key, (model, method) in zip(keys, pairs, strict=True):
        study.builds[key] = attempt(partial(_builds, model, method))
        progress.done()
    executions = attempt(partial(executed, pairs, progress.done))
    each = [executions] * len(keys) if isinstance(executions, NoValue) else executions
    study.brian2 |= zip(keys, each, strict=True)


def _builds(model: NeuronModel, method: str) -> list[AsBuilt]:
    return kept_builds(make_step(model, method))


def look_for_features(study: Study, models: Sequence[NeuronModel], progress: Progress) -> None:
    """Look for the twenty features in every model, and run the demos of 2004 if his model is in the suite."""
    own = demos_of(models)
    progress.begin("looking for features", len(models) + len(own))
    for model in models:
        findings = attempt(partial(search, model))
        study.features.append((model, not_tried(findings.reason) if isinstance(findings, NoValue) else findings))
        progress.done()
    for demo in own:
        ran = attempt(partial(run_demo, demo))
        if isinstance(ran, NoValue):
            study.failures.append(f"demo {demo.letter}: {ran}")
        else:
            study.demos.append(ran)
        progress.done()
