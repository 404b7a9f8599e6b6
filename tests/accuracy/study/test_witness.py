"""Kernels that agree with each other and contradict a reference cause it to be refused."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import mV
from hypothesis import given
from hypothesis import strategies as st

import spikecost as sc
from spikecost.accuracy.measures.spike_trains import SpikeTrain
from spikecost.accuracy.references.reference import Reference
from spikecost.accuracy.regimes import regime
from spikecost.accuracy.search.status import WITH_COST
from spikecost.accuracy.study import runner, witness
from spikecost.accuracy.study.suite import Suite

SMALL = Suite(
    models=("izhikevich",),
    methods=("euler", "rk4"),
    detections=("grid", "hermite"),
    stimuli=("constant",),
    rates=(40,),
    horizons=(300,),
    tolerances=(1, 0.1),
    trials=2,
    repeats=1,
    witnessed=False,
    thorough=False,
    features=False,
)


def missing_half(train):
    return train.times[::2]


def late(train):
    return train.times + 0.7


def cases_of(monkeypatch, wrong=None, suite=SMALL):
    right = regime.reference

    def reference(model, stimulus):
        found = right(model, stimulus)
        if wrong is None:
            return found
        times = np.array(wrong(found.train))
        return Reference(
            SpikeTrain(times[times <= found.train.stop], found.train.stop),
            2e-13,
            found.method,
            found.samples,
            found.samples_error,
        )

    monkeypatch.setattr(regime, "reference", reference)
    monkeypatch.setattr(regime, "recall", lambda _kind, _model, _request, compute, **_: compute())
    return runner.run_suite(suite, jobs=1)


@pytest.mark.parametrize("wrong", [missing_half, late])
def test_a_wrong_reference_is_contradicted(monkeypatch, wrong):
    study = cases_of(monkeypatch, wrong)
    assert {case.status for case in study.cases} == {"reference contradicted"}
    assert all("agree with each other" in case.reason for case in study.cases)
    assert any("izhikevich" in said for said in study.failures)


def test_a_right_reference_is_not(monkeypatch):
    study = cases_of(monkeypatch)
    assert {case.status for case in study.cases} <= {"reached", "at least"}
    assert not study.failures


def test_tables_that_are_off_are_no_doubt_about_the_reference(monkeypatch):
    # tables in steps of 1 mV are off by 0.078 ms over 1 s at 100 Hz, whatever the method
    coarse = sc.get_model("hodgkin_huxley").tabulated(1 * mV)
    suite = replace(
        SMALL, models=(coarse,), methods=("heun", "rk4"), detections=("hermite",), rates=(100,), tolerances=(1, 0.003)
    )
    study = cases_of(monkeypatch, suite=suite)
    assert [case.status for case in study.cases] == 2 * ["reached", "not reached"]
    assert not study.failures


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [missing_half, late])
def test_a_wrong_reference_of_a_model_with_tables_is_contradicted(monkeypatch, wrong):
    suite = replace(
        SMALL, models=("hodgkin_huxley_tables",), methods=("heun", "rk4"), detections=("hermite",), rates=(100,)
    )
    study = cases_of(monkeypatch, wrong, suite)
    assert {case.status for case in study.cases} == {"reference contradicted"}


def test_kernels_that_are_too_coarse_contradict_nothing(monkeypatch):
    # on the grid these methods have the same delay, far from the tolerance at this finest dt
    coarse = replace(SMALL, methods=("heun", "rk4"), detections=("grid",), finest=0.05, tolerances=(1e-4,))
    study = cases_of(monkeypatch, suite=coarse)
    assert {case.status for case in study.cases} == {"not reached"}


def test_methods_of_one_order_contradict_nothing_and_a_silent_reference_is_no_doubt(monkeypatch):
    # one stimulus almost makes it fire: euler and exponential_euler fire twice down to 1.25 and 1.7 us, and not below
    suite = replace(
        SMALL,
        models=("mihalas_niebur:hyperpolarization_bursting",),
        methods=("euler", "exponential_euler"),
        detections=("hermite",),
        stimuli=("poisson_conductance",),
        rates=(5,),
        horizons=(1000,),
        trials=8,
    )
    study = cases_of(monkeypatch, suite=suite)
    assert {case.status for case in study.cases} == {"not reached"}
    study = cases_of(monkeypatch, suite=replace(suite, methods=("euler", "exponential_euler", "heun")))
    assert study.cases[-2].status in WITH_COST
    assert not study.failures


@dataclass(frozen=True)
class Made:
    """A witness whose spikes are given, at its finest dt and at the coarser one; None if it fails."""

    method: str
    trains: tuple[tuple[float, ...] | None, tuple[float, ...] | None]
    finest = 0
    coarser = 1

    def times(self, _trial, dt):
        return None if self.trains[dt] is None else np.array(self.trains[dt])

    def may_confirm(self, _other):
        return True


SPIKES = st.lists(st.floats(0, 999), max_size=6, unique=True).map(sorted).map(tuple)


def said(right, trains, allowed=0.01):
    trial = SimpleNamespace(compared=SimpleNamespace(times=np.array(right), stop=1000.0))
    return witness._contradicted(trial, [Made(f"method {i}", each) for i, each in enumerate(trains)], allowed)


@given(SPIKES, st.lists(st.tuples(SPIKES, SPIKES), max_size=5))
def test_kernels_that_disagree_contradict_nothing(right, trains):
    numbers = [len(finest) for finest, _ in trains]
    if len({*numbers}) == len(numbers):
        assert not said(right, trains)  # no two have the same number of spikes
    assert not said(right, [*trains, (right, right)])  # one confirms the reference
    assert not said(right, [(finest, (*finest, 999.5)) for finest, _ in trains for _ in "ab"])  # they still change
    failed = [(None, coarser) for _, coarser in trains] + [(finest, None) for finest, _ in trains]
    assert not said(right, failed)


@given(SPIKES, SPIKES, st.lists(st.tuples(SPIKES, SPIKES), max_size=3))
def test_two_that_agree_contradict_what_is_elsewhere(right, found, trains):
    apart = len(right) != len(found) or any(abs(a - b) > 0.01 for a, b in zip(right, found, strict=True))
    others = [each for each in trains if each[0] != right and len(each[0]) != len(right)]
    assert bool(said(right, [(found, found), *others, (found, found)])) == (bool(found) and apart)


@pytest.mark.parametrize(("missing", "distance"), [(0, 0.0), (1, np.inf)])
def test_silence_where_the_reference_is_silent_is_no_distance(missing, distance):
    error = SimpleNamespace(missing=missing, extra=0, matched=0, maximum=np.nan)
    curve = SimpleNamespace(points=[SimpleNamespace(runs=[SimpleNamespace(error=error)])])
    assert witness._distance(curve, 0) == distance


def test_methods_of_one_order_confirm_each_other_only_with_noise():
    def confirms(one, other, random):
        step = SimpleNamespace(model=SimpleNamespace(system=SimpleNamespace(random=random)))
        kernel = SimpleNamespace(count=SimpleNamespace(step=step))
        first, second = (witness._Witness(method, kernel, 1, 2) for method in (one, other))
        return first.may_confirm(second)

    assert not confirms("euler", "exponential_euler", ())
    assert confirms("euler", "heun", ())
    assert confirms("euler", "milstein", ("xi",))
