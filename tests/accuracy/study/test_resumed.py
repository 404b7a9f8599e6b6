"""Runs that go on where an earlier one ended: the same tables, and nothing computed twice."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from brian2 import mV
from hypothesis import given, settings
from hypothesis import strategies as st

import spikecost as sc
from spikecost.accuracy.measures.spike_trains import SpikeTimeError
from spikecost.accuracy.search import kept_runs, runs_as_bytes, shared_runs
from spikecost.accuracy.search.criterion import Criterion, Run, RunColumns
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.runner import run_suite
from spikecost.harness.kernels import kernels
from spikecost.harness.store import Store

from ...messages import mentions
from .faults import SUITE, tables


def assert_same(one, other):
    assert set(one[0]["reason"]) == set(other[0]["reason"])
    for a, b in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(a, b, check_exact=True)


@pytest.fixture(scope="module")
def undisturbed():
    return tables(run_suite(SUITE, jobs=2))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spikecost.db"


@pytest.fixture
def computed(monkeypatch):
    """Return a list that gets an entry for every call of kernels in a sweep."""
    calls = []

    def counting(run):
        def counted(*arguments):
            calls.append(arguments)
            return run(*arguments)

        return counted

    for name in ("run_together", "run_all_together"):
        monkeypatch.setattr(shared_runs, name, counting(getattr(kernels, name)))
    return calls


def test_the_second_run_computes_nothing_and_has_the_same_tables(undisturbed, path, computed):
    said = []
    first = run_suite(SUITE, store=path)
    assert computed
    assert first.reused == ""
    assert_same(tables(first), undisturbed)
    computed.clear()
    second = run_suite(SUITE, jobs=1, progress=Progress(say=said.append), store=path)
    assert not computed
    assert_same(tables(second), undisturbed)
    swept = sum(bool(curve.points) for curve in second.curves)
    assert mentions(said[-1], f"{swept} of {swept}", "store", str(path))
    run_suite(SUITE, store="off")
    assert computed


def test_other_suites_share_results(path, computed):
    run_suite(SUITE, store=path)
    computed.clear()
    other = replace(SUITE, models=("izhikevich",), methods=("rk4",), tolerances=(1.0,), detections=("hermite",))
    found = run_suite(other, store=path)
    assert not computed
    assert_same(tables(found), tables(run_suite(other)))
    computed.clear()
    # a stricter tolerance needs finer steps, and only these
    stricter = replace(other, tolerances=(1.0, 0.05))
    found = run_suite(stricter, store=path)
    some = len(computed)
    computed.clear()
    assert_same(tables(found), tables(run_suite(stricter)))
    assert 0 < some < len(computed) / 2


def _lif(reset):
    return sc.NeuronModel(
        name="mine",
        equations="dv/dt = (I - v)/(10*ms) : volt\nI : volt",
        initial={"v": 0 * mV},
        threshold="v > 15*mV",
        reset=f"v = {reset}*mV",
    )


ONE = replace(SUITE, models=("lif",), methods=("euler",), detections=("grid",))


@pytest.mark.parametrize(
    "change",
    [
        {"models": ("izhikevich",)},
        {"methods": ("rk4",)},
        {"detections": ("hermite",)},
        {"rates": (51.0,)},
        {"stimuli": ("ornstein_uhlenbeck",)},
        {"horizons": (210.0,)},
        {"trials": 2},
        {"criteria": (Criterion("gamma_2ms", 0.05),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_results_depend_on_is_a_part_of_their_identity(path, change):
    run_suite(ONE, store=path)
    assert not run_suite(replace(ONE, **change), store=path).reused


@pytest.mark.parametrize(
    ("owner", "name"),
    [("numpy", "__version__"), ("cpu_model", ""), ("cpu_flags", ""), ("code_version", ""), ("find_compiler", "")],
    ids=lambda each: each or "of it",
)
def test_another_machine_or_version_has_its_own_results(path, monkeypatch, owner, name):
    run_suite(ONE, store=path)
    kept_runs.version.cache_clear()
    if name:
        monkeypatch.setattr(f"{owner}.{name}", "0.0")
    elif owner == "find_compiler":
        compiler = replace(kept_runs.find_compiler(), version="other 1.0")
        monkeypatch.setattr(kept_runs, owner, lambda: compiler)
    else:
        other = ["other"] if owner == "cpu_flags" else "other"
        monkeypatch.setattr(kept_runs, owner, lambda *_: other)
    try:
        assert not run_suite(ONE, store=path).reused
    finally:
        kept_runs.version.cache_clear()


def test_models_that_differ_in_a_number_have_their_own_results(path):
    suite = replace(ONE, models=(_lif(0),))
    run_suite(suite, store=path)
    assert run_suite(replace(ONE, models=(_lif(0),)), store=path).reused
    assert not run_suite(replace(ONE, models=(_lif(1),)), store=path).reused


def test_a_result_that_cannot_be_read_is_computed_again(undisturbed, path, caplog):
    run_suite(SUITE, store=path)
    with Store(path) as made:
        for row in list(made.rows("result"))[::3]:
            made.set_aside(row, "a test")
            made.keep(row.identity, b"no runs" + row.content[7:], row.about, row.code)
    assert_same(tables(run_suite(SUITE, store=path)), undisturbed)
    assert "it cannot be read" in caplog.text
    caplog.clear()
    found = run_suite(SUITE, store=path)
    assert len(found.reused.split(" of ")) == 2
    assert found.reused.split(" of ")[0] == found.reused.split(" of ")[1].split()[0]


# --- the form of runs in the store -----------------------------------------------------------------------------------

NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**53), 2**53)
COUNTS = st.integers(0, 2**40)


@st.composite
def runs_at_settings(draw):
    trials = draw(st.integers(1, 4))
    tallies = draw(st.lists(st.text(max_size=5), max_size=3, unique=True))
    measures = draw(st.lists(st.text(max_size=5) | st.just("gamma_2ms"), max_size=2, unique=True))
    times = st.floats()

    def run():
        counts = {name: draw(NUMBERS) for name in tallies}
        if draw(st.booleans()):
            return Run(None, draw(st.text(min_size=1, max_size=9)), {}, draw(COUNTS), counts)
        error = SpikeTimeError(*(draw(times) for _ in range(4)), *(draw(COUNTS) for _ in range(3)))
        return Run(error, "", {name: draw(times) for name in measures}, draw(COUNTS), counts, draw(times))

    steps = draw(st.lists(st.fractions(min_value=Fraction(1, 10**9), max_value=9), min_size=1, unique=True))
    return {setting: tuple(run() for _ in range(trials)) for setting in steps}


@settings(max_examples=50)
@given(runs_at_settings())
def test_runs_are_read_as_they_were_written(runs):
    found = runs_as_bytes.ReadRuns(runs_as_bytes.encoded(runs))
    assert list(found) == list(runs)
    assert repr(list(found.values())) == repr(list(runs.values()))  # every digit, kind of number and nan


@given(runs_at_settings(), st.data())
@settings(max_examples=50)
def test_runs_that_are_read_are_judged_as_those_that_were_written(runs, data):
    criterion = Criterion(data.draw(st.sampled_from(["maximum", "mean", "gamma_2ms", "voltage_rms"])), 1.0)
    found = runs_as_bytes.ReadRuns(runs_as_bytes.encoded(runs)).times_over(criterion)
    for setting, each in runs.items():
        np.testing.assert_array_equal(found[setting], criterion.times_over(RunColumns.of(each, criterion.measure)))


@given(st.binary(max_size=300))
def test_no_bytes_are_read_as_runs_that_were_not_written(garbage):
    with pytest.raises(runs_as_bytes.UNREADABLE):
        runs_as_bytes.ReadRuns(garbage)


@given(runs_at_settings(), st.data())
@settings(max_examples=30)
def test_a_changed_description_is_refused_or_read(runs, data):
    written = runs_as_bytes.encoded(runs)
    unpacked = zlib.decompress(written)
    (size,) = struct.unpack_from("<I", unpacked)
    head = json.loads(unpacked[4 : 4 + size])
    name = data.draw(st.sampled_from(sorted(head)))
    values = st.none() | st.integers(-1, 9) | st.text(max_size=3) | st.lists(st.text(max_size=3) | st.booleans())
    said = json.dumps(head | {name: data.draw(values)}).encode()
    changed = zlib.compress(struct.pack("<I", len(said)) + said + unpacked[4 + size :])
    try:
        found = runs_as_bytes.ReadRuns(changed)
    except runs_as_bytes.UNREADABLE:
        return
    assert all(isinstance(setting, Fraction) and isinstance(each, tuple) for setting, each in found.items())
