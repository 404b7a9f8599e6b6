from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.regimes.drive import UnreachableRate
from spikecost.accuracy.regimes.drives import INCOMMENSURATE, constant_drive, drive_for, firing_rate
from spikecost.accuracy.search.criterion import Criterion
from spikecost.accuracy.study import runner
from spikecost.accuracy.study.phases import measuring
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.suite import Suite
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model

from ...archetypes import choose
from ...messages import mentions

SMALL = Suite(
    models=("lif",),
    methods=("euler", "rk4"),
    detections=("grid", "hermite"),
    rates=(50.0,),
    tolerances=(1.0,),
    horizons=(400.0,),
    trials=3,
    coarsest=2.0,
    finest=0.01,
    repeats=1,
    thorough=False,
    features=False,
)


@pytest.mark.parametrize("name", ["lif", "izhikevich", "hodgkin_huxley"])
def test_every_model_fires_at_the_rate(name):
    model = get_model(name)
    drive = drive_for(model, 100, 1000)
    assert drive.rate == pytest.approx(100 * INCOMMENSURATE, rel=0.005)
    assert firing_rate(model, drive.value, 1000) == drive.rate


def test_the_squid_axon_does_not_fire_slowly():
    # Hodgkin-Huxley is of class 2: it starts at about 50 Hz (Rinzel and Miller 1980)
    with pytest.raises(UnreachableRate, match="starts to fire at 50"):
        drive_for(get_model("hodgkin_huxley"), 10, 1000)


def test_a_model_that_stops_firing_counts_as_silent():
    # phasic: a few spikes at the onset, then none
    assert firing_rate(get_model("hodgkin_huxley"), 5.0, 1000) == 0


def test_a_drive_is_a_constant_stimulus():
    stimulus = constant_drive(get_model("lif"), 2.0, 100.0)
    assert stimulus.values == (2.0,)
    assert stimulus.horizon == 100


def test_every_combination_is_a_case_with_a_status():
    phases = []
    study = run_suite(
        SMALL,
        2,
        Progress(
            begin=lambda phase, pieces: phases.append([phase, pieces, 0]),
            done=lambda: phases[-1].__setitem__(2, phases[-1][2] + 1),
        ),
    )
    assert [case.status for case in study.cases] == ["reached", "reached", "reached", "at least"]
    assert all(case.one_neuron.median > 0 and case.many_neurons.median > 0 for case in study.cases)
    assert all(pieces == done for _, pieces, done in phases)
    for case in study.cases:
        assert len(case.runs) == 3
        assert all(run.error.within(1.0) for run in case.runs)
        costs = [cost.per_ms for cost in case.costs()]
        found = case.cost()
        ends = np.array([found.low, found.mean, found.high])
        assert (np.diff([min(costs), *ends, max(costs)]) >= -1e-12 * max(costs)).all()
    # hermite allows RK4 a step at least ten times as long as the grid does
    grid, hermite = (float(case.setting) for case in study.cases if case.curve.method == "rk4")
    assert hermite > 10 * grid


def test_cases_that_fail_are_in_the_study_with_their_reason():
    suite = replace(
        SMALL,
        models=("izhikevich", "hodgkin_huxley"),
        methods=("exponential_euler",),
        detections=("grid",),
        rates=(10.0, 100.0),
        tolerances=(1e-12, 1.0),
    )
    found = run_suite(suite).cases
    cases = {(c.curve.regime.model.name, c.curve.regime.level, c.criterion.tolerance): c for c in found}
    assert cases["izhikevich", "100 Hz", 1.0].status == "not applicable"
    assert "not linear in v" in cases["izhikevich", "100 Hz", 1.0].reason
    assert cases["hodgkin_huxley", "10 Hz", 1.0].status == "rate not reachable"
    assert cases["hodgkin_huxley", "100 Hz", 1e-12].status == "reference too coarse"
    assert cases["hodgkin_huxley", "100 Hz", 1.0].status == "not reached"
    assert cases["hodgkin_huxley", "100 Hz", 1.0].reason.startswith("by 3 of 3 stimuli: ")


def test_a_tolerance_below_a_references_error_is_marked_in_any_unit():
    asked = {"maximum": 1e-10, "lag": 1e-10, "drift": 1e-10, "voltage_rms": 1e-12}
    criteria = (*(Criterion(name, tolerance) for name, tolerance in asked.items()), Criterion("voltage_rms", 1.0))
    study = run_suite(
        replace(SMALL, methods=("exact",), detections=("linear",), tolerances=(), criteria=criteria, witnessed=False)
    )
    (regime,) = study.regimes
    found = {(case.criterion.measure, case.criterion.tolerance): case for case in study.cases}
    for name, tolerance in asked.items():
        case = found[name, tolerance]
        assert case.status == "reference too coarse"
        assert case.reason.endswith(f" {case.criterion.unit} is not 1000 times below the tolerance")
    assert found["voltage_rms", 1.0].status in ("reached", "at least")
    assert regime.reference_error_in("ms/s") == pytest.approx(3 * regime.reference_error / 0.4)
    assert 0 < regime.reference_error_in("mV") < 1e-12
    assert regime.reference_error_in("1") == 0


def test_what_has_no_value_is_said():
    # one spike has no drift
    suite = replace(
        SMALL,
        methods=("rk4",),
        detections=("hermite",),
        tolerances=(),
        horizons=(50.0,),
        criteria=(Criterion("drift", 1.0),),
        witnessed=False,
    )
    (case,) = run_suite(suite).cases
    assert case.status == "not reached"
    assert mentions(case.reason, "3 of 3", "drift has no value", "0.01 ms")


def test_a_run_that_is_interrupted_keeps_what_is_finished(monkeypatch):
    def stop(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "measure", stop)
    study = run_suite(SMALL)
    assert study.interrupted
    assert [case.status for case in study.cases] == ["reached", "reached", "reached", "at least"]
    assert all(case.one_neuron is None for case in study.cases)


def test_ways_that_do_not_apply_are_nothing_that_is_finished(monkeypatch):
    def stop(study, *rest, run=runner._run):
        run(study, *rest)
        study.curves = [curve for curve in study.curves if not curve.points]
        assert study.curves
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "_run", stop)
    with pytest.raises(KeyboardInterrupt):
        run_suite(replace(SMALL, methods=("euler", "dormand_prince"), detections=("grid", "dense"), witnessed=False))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tolerances": (-1.0,)}, "tolerance = -1 is not positive"),
        ({"tolerances": (float("nan"),)}, "tolerance = nan is not positive"),
        ({"rates": (0.0,)}, "rate = 0 is not positive"),
        ({"horizons": (-1.0,)}, "horizon = -1 is not positive"),
        ({"trials": 0}, "trials = 0: give 1 or more"),
        ({"models": ()}, "there are no models: give at least one"),
        ({"models": ("liff",)}, "unknown model 'liff': did you mean 'lif'"),
        ({"methods": ("rk5",)}, "unknown method 'rk5'"),
        ({"detections": ("spline",)}, "unknown detection 'spline'"),
    ],
)
def test_bad_suites_are_named(changes, message):
    with pytest.raises(UserError, match=message):
        replace(SMALL, **changes)


def test_a_model_that_diverges_is_marked_and_the_run_goes_on():
    broken = get_model("lif").replace(
        name="broken",
        equations=get_model("lif").equations.replace("b*v", "b*v*v/mV*1e6"),
        initial={"v": -49 * mV},
        refractory=1 * ms,
    )
    cases = run_suite(replace(SMALL, models=(broken, "lif"))).cases
    assert {case.status for case in cases if case.curve.regime.model is broken} == {"rate not reachable"}
    assert {case.status for case in cases if case.curve.regime.model is not broken} == {"reached", "at least"}


def test_lanes_are_timed_if_they_are_asked_for():
    small = replace(SMALL, methods=("euler",), detections=("grid",))
    for asked in (True, False):
        case = run_suite(replace(small, time_lanes=asked), 1).cases[0]
        assert case.one_neuron is not None
        assert (case.many_neurons is not None) == asked


def test_a_kernel_is_timed_once_at_each_setting():
    # rk4 holds at the sweep's coarsest dt for all of these; euler has another dt for each
    pieces = []
    study = run_suite(
        replace(SMALL, detections=("hermite",), tolerances=(8.0, 4.0, 2.0), repeats=2),
        1,
        Progress(begin=lambda phase, count: pieces.append((phase, count))),
    )
    times = {(case.curve.method, case.setting): case.one_neuron for case in study.cases}
    assert 2 <= len(times) < len(study.cases) == 6
    assert all(case.one_neuron is times[case.curve.method, case.setting] for case in study.cases)
    # one and many neurons, two times and once before
    assert dict(pieces)["timing"] == len(times) * 2 * 3
    assert len({timing.samples for timing in times.values()}) == len(times)


@pytest.mark.parametrize("seconds", choose([3, 10], lambda seconds: seconds == 3))
def test_seconds_of_noise_are_run_to_their_end(seconds):
    """Thousands of pieces: the reference, the drive and the kernels each take seconds, not minutes."""
    study = run_suite(
        Suite(
            models=("lif",),
            methods=("rk4",),
            detections=("hermite",),
            rates=(50.0,),
            stimuli=("ornstein_uhlenbeck",),
            horizons=(1000.0 * seconds,),
            trials=1,
            tolerances=(0.1,),
            repeats=1,
            thorough=False,
            features=False,
            time_lanes=False,
        )
    )
    # over three seconds, a step of 1 ms is enough
    assert [case.status for case in study.cases] == ["at least" if seconds == 3 else "reached"]
    trial = study.regimes[0].trials[0]
    assert len(trial.stimulus.durations) == 1000 * seconds
    assert trial.spikes == pytest.approx(50 * seconds, rel=0.04)
    assert study.regimes[0].reference_error < 1e-9
