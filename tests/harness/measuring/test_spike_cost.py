"""The costs of a step and of a spike on the processor equal the Step's list, for every way to run three models."""

import pytest
from brian2 import ms

from spikecost.flops.toolchain import SCALAR
from spikecost.harness.kernels.kernels import compile_kernels
from spikecost.harness.measuring import spike_cost as module
from spikecost.harness.measuring.spike_cost import count_step_and_spike
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step, why_not

from ...archetypes import TWO_DETECTIONS, methods_of


@pytest.mark.parametrize("name", ["lif", "izhikevich", "hodgkin_huxley", "adex"])
def test_the_processor_executes_what_the_step_lists(name, kernel_of):
    drive = float(units.internal(MODELS[name].drive))
    ways = [
        (method, detection)
        for method in methods_of(name)
        # the other detections of the grid and within a step have the same blocks
        for detection in (DETECTIONS if name == "lif" else TWO_DETECTIONS)
        if not why_not(MODELS[name], method, detection)
    ]
    assert len(ways) >= 4
    for way in ways:
        found = count_step_and_spike(kernel_of(name, *way), drive)
        assert found.step == found.counted_step, way
        assert found.spike == found.counted_spike, way


@pytest.mark.parametrize("refractory", [None, 2 * ms], ids=str)
@pytest.mark.parametrize(("name", "method"), [("lif", "rk4"), ("izhikevich", "euler"), ("adex", "heun")])
def test_where_the_input_varies_each_block_runs_all_that_it_lists(name, method, refractory):
    # after a spike, and where refractoriness ends, the rest of the step needs the input of the whole step again
    model = MODELS[name].replace(refractory=refractory)
    steps = [make_step(model, method, detection, varying=True) for detection in ("grid", "linear", "hermite")]
    for kernel in compile_kernels(steps, SCALAR):
        found = count_step_and_spike(kernel, float(units.internal(model.drive)))
        assert found.step == found.counted_step
        assert found.spike == found.counted_spike


def test_by_hand(kernel_of):
    # u += d and the choice of the new values
    found = count_step_and_spike(kernel_of("izhikevich", "euler"), 10.0)
    assert {kind: n for kind, n in found.spike.items() if kind != "select"} == {"add": 1}
    assert found.step == {"add": 5, "sub": 2, "mul": 7, "compare": 1}
    assert found.step_in_libm == {}
    # the rest of the step has another length: one exponential of it, of 22 operations in glibc
    found = count_step_and_spike(kernel_of("lif", "exponential_euler", "linear"), 2.0)
    assert found.spike["exp"] == 1
    assert found.step_in_libm == {}
    assert sum(found.spike_in_libm.values()) > 10


def test_what_cannot_be_counted_says_why(kernel_of, monkeypatch):
    kernel = kernel_of("lif", "euler")
    with pytest.raises(UserError, match=r"lif with euler has no first spike.* 0$"):
        count_step_and_spike(kernel, 0.0)
    with pytest.raises(UserError, match="has no first spike"):
        count_step_and_spike(kernel, 1e6)  # in the first step
    monkeypatch.setattr(module.auto, "best", lambda exact=None: None)
    with pytest.raises(UserError, match="no exact counter"):
        count_step_and_spike(kernel, 2.0)
