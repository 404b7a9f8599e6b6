"""What Brian2 executes for the same model and method."""

from __future__ import annotations

import pytest

from spikecost.flops import count
from spikecost.harness.engines import brian2_operations
from spikecost.harness.engines.brian2_operations import cython_operations, standalone_operations
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS


@pytest.mark.slow
@pytest.mark.usefixtures("callgrind", "compiled_brian2")
def test_standalone_lif_is_our_step() -> None:
    ours, default = standalone_operations(MODELS["lif"], "euler")
    assert ours.own == count("lif", "euler").as_run.present
    assert ours.libm == {}
    # Brian2's default flags fuse: the same as the fused count
    assert default.own == count("lif", "euler").as_fused
    assert default.instructions < ours.instructions


@pytest.mark.product
@pytest.mark.usefixtures("callgrind", "compiled_brian2")
def test_standalone_exponential_euler_of_hodgkin_huxley_takes_powers() -> None:
    # sympy writes exp(-v/(18 mV)) as exp(v/mV)**(1/18) and so on
    ours, _ = standalone_operations(MODELS["hodgkin_huxley"], "exponential_euler")
    counted = count("hodgkin_huxley", "exponential_euler").as_run
    assert counted["pow"] == 0
    assert ours.own["pow"] >= 1
    assert ours.own["exp"] + ours.own["pow"] > counted["exp"]


@pytest.mark.slow
@pytest.mark.usefixtures("compiled_brian2")
def test_cython_lif_is_the_fused_step() -> None:
    executed = cython_operations(MODELS["lif"], "euler")
    fused = count("lif", "euler").as_fused
    assert executed.own["fma"] == fused["fma"] == 2
    assert executed.own["add"] == fused["add"] == 1
    # in addition to the threshold's comparison, one per step for all neurons
    assert 1 <= executed.own["compare"] <= 1 + 2 / brian2_operations.NEURONS


def test_a_method_that_brian2_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METHODS["rk4"], "brian2", "")
    for measure in (standalone_operations, cython_operations):
        with pytest.raises(UserError, match="Brian2 has no method like 'rk4'"):
            measure(MODELS["lif"], "rk4")


@pytest.mark.usefixtures("callgrind")
def test_what_brian2_refuses_is_said() -> None:
    with pytest.raises(UserError, match="could not build its standalone code of izhikevich:RS with exponential_euler"):
        standalone_operations(MODELS["izhikevich"], "exponential_euler")
