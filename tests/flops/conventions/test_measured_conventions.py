"""Conventions with published or measured weights, checked by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spikecost.flops import CONVENTIONS, Convention, count, get_convention
from spikecost.flops.conventions import libm
from spikecost.flops.counters import Counter
from spikecost.flops.counters.base import Retired
from spikecost.flops.counters.selftest import workload
from spikecost.models.algebra.expression import KINDS
from spikecost.models.ground.errors import UserError


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_weighs_every_kind_and_says_where_it_is_from(name: str) -> None:
    convention = get_convention(name)
    assert set(KINDS) <= set(convention.weights)
    assert all(convention.weights[kind] >= 0 for kind in KINDS)
    assert convention.source
    assert convention.unit


def test_energy_of_lif_forward_euler() -> None:
    # 2 additions, a subtraction and a comparison at 0.9 pJ, 2 multiplications at 3.7 pJ
    assert count("lif", "euler").flops_per_step("energy45nm") == pytest.approx(4 * 0.9 + 2 * 3.7)


def test_functions_of_single_precision_have_their_own_costs() -> None:
    """The exponential of glibc in single precision has 6 additions and 6 multiplications; 7 if they are fused."""
    double, single = (count("hodgkin_huxley", "euler", precision=each) for each in ("double", "single"))
    assert dict(single.as_run) == dict(double.as_run)
    assert single.flops_per_step("unit") == double.flops_per_step("unit")
    exponential = libm.measured("exp", "single")
    muls, adds = (exponential.by_kind.get(kind, 0) + exponential.by_kind.get("fma", 0) for kind in ("mul", "add"))
    adds += exponential.by_kind.get("sub", 0) + exponential.by_kind.get("compare", 0)
    products = 7 if exponential.by_kind.get("fma") else 6
    assert (muls, adds) == (products * libm._CALLS, 6 * libm._CALLS)
    saved = double.flops_per_step("energy45nm") - single.flops_per_step("energy45nm")
    assert saved == pytest.approx(6 * (3 * 3.7 + 6 * 0.9))  # six exponentials; exp has 10 and 12
    assert get_convention("libm").weigh({"exp": 1}, "single") == products + 6


def test_energy_says_what_is_published_and_what_is_derived() -> None:
    source = get_convention("energy45nm").source
    assert "no 64-bit entries" in source
    assert "Derived, not published" in source


def test_a_fused_multiply_add_is_one() -> None:
    # v + dt*((I + a) - b*v): one addition, two fused, one comparison
    assert count("lif", "euler").as_fused == {"add": 1, "fma": 2, "compare": 1}
    assert count("lif", "euler").flops_per_step("fma1") == 4
    # elsewhere it is a multiplication and an addition
    assert get_convention("unit").weigh({"fma": 3}) == 6
    assert get_convention("energy45nm").weigh({"fma": 1}) == pytest.approx(0.9 + 3.7)


def test_fusing_keeps_the_sum_under_unit() -> None:
    unit = get_convention("unit")
    for model, method in (("lif", "euler"), ("izhikevich", "rk4"), ("hodgkin_huxley", "rk4")):
        counted = count(model, method)
        assert unit.weigh(counted.as_fused) == unit.weigh(counted.as_run)


def test_libm_is_what_this_machine_executes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, callgrind: Counter
) -> None:
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    libm._measured.cache_clear()
    try:
        weight = get_convention("libm").weights["exp"]
    finally:
        libm._measured.cache_clear()
    assert len(list((tmp_path / "libm").iterdir())) == 1
    # another counter, another program: exp of the self-test
    with callgrind.measure() as counts:
        counts.call(workload("functions", 10))
    assert counts.libm is not None
    assert counts.libm.flops() == 10 * weight
    assert count("hodgkin_huxley", "euler").flops_per_step("libm") == 66 + 6 * weight


def test_libm_is_measured_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    libm._measured.cache_clear()
    first = libm._measured("exp", "double")
    libm._measured.cache_clear()
    monkeypatch.setattr(libm, "measured", lambda *_: pytest.fail("measured again"))
    try:
        assert libm._measured("exp", "double") == first
    finally:
        libm._measured.cache_clear()


def test_functions_that_are_measured_at_the_same_time_are_both_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another process measures and writes `log` after this one has looked for `exp`, and before it writes it."""
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))

    def measured(kind: str, _precision: str) -> Retired:
        if kind == "exp":
            libm._measured("log", "double")
        return Retired({("add", 1): {"exp": 30, "log": 20}[kind] * libm._CALLS})

    try:
        libm._measured.cache_clear()
        monkeypatch.setattr(libm, "measured", measured)
        assert libm._measured("exp", "double") == 30
        libm._measured.cache_clear()
        monkeypatch.setattr(libm, "measured", lambda *_: pytest.fail("measured again"))
        assert (libm._measured("exp", "double"), libm._measured("log", "double")) == (30, 20)
    finally:
        libm._measured.cache_clear()


def test_no_counter_no_libm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libm, "why_not_trusted", lambda counter: "no such luck")
    with pytest.raises(UserError, match="needs a counter that reads machine code; instrumented: no such luck"):
        libm.measured("exp", "double")


@pytest.mark.parametrize(
    ("weights", "counts", "message"),
    [
        (dict.fromkeys(KINDS[1:], 1), "as run", "give a weight for each of"),
        ({**dict.fromkeys(KINDS, 1), "hops": 1}, "as run", "give a weight for each of"),
        (dict.fromkeys(KINDS, 1), "as guessed", "counts = 'as guessed', expected one of"),
    ],
)
def test_bad_tables_are_refused(weights: dict[str, float], counts: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Convention("own", counts, weights, "operations", "me")


def test_nothing_is_measured_before_it_is_asked_for(tmp_path: Path) -> None:
    """Commands that compile nothing need neither a compiler nor a cache: neither is used when modules are loaded."""
    cache = tmp_path / "cache"
    environment = {**os.environ, "CC": "false", "SPIKECOST_CACHE": str(cache)}
    run = [sys.executable, "-m", "spikecost", "show", "lif"]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not cache.exists()
