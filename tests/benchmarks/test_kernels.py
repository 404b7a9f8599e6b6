"""Kernels: wall time per second of model time, together with its operations."""

import pytest

from spikecost.flops.operations import count_step
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.calibration import calibrate
from spikecost.models.step import make_step

from .conftest import DT


@pytest.mark.parametrize("build", [SCALAR, SIMD], ids=lambda build: build.name)
@pytest.mark.parametrize(("method", "detection"), [("euler", "grid"), ("rk4", "hermite")])
def test_kernel(benchmark, driven, method, detection, build):
    model, stimulus = driven
    step = make_step(model, method, detection)
    kernel = compile_kernels([step], build)[0]
    neurons = 64 if build.lanes else 1
    outcomes = benchmark.pedantic(kernel.run, ([stimulus] * neurons, DT), rounds=3, warmup_rounds=1)
    count = count_step(step)
    steps, spikes = int(stimulus.horizon / DT), len(outcomes[0].spike_times)
    assert spikes > 0
    benchmark.extra_info |= {
        "neurons": neurons,
        "steps": steps,
        "spikes per neuron": spikes,
        "operations per step": dict(count.as_run.present),
        "operations per spike": dict(count.as_run_spike.present),
        "operations": neurons
        * (
            steps * count.flops_per_step() + spikes * sum(n for kind, n in count.as_run_spike.items() if kind != "sign")
        ),
    }
    if benchmark.stats:  # none under --benchmark-disable
        nanoseconds = 1e9 * benchmark.stats.stats.median
        benchmark.extra_info["ns per step and neuron"] = nanoseconds / steps / neurons
        benchmark.extra_info["operations a ns"] = benchmark.extra_info["operations"] / nanoseconds


def test_calibration(benchmark):
    assert benchmark.pedantic(calibrate, rounds=20, warmup_rounds=1) > 0
