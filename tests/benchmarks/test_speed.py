"""Speed and memory, as ratios to the requirements; no test fails because of time."""

import resource
import subprocess
import sys
import time
from fractions import Fraction

import pytest
from brian2 import cm, ms, mV, second, uA

from spikecost.accuracy.references.reference import reference
from spikecost.flops.counters import COUNTERS
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.timing import many_neurons, measure, one_neuron
from spikecost.harness.stimuli import Stimulus, constant
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step


def test_reference_of_one_second_of_hodgkin_huxley(benchmark):
    model, stimulus = get_model("hodgkin_huxley"), constant(10 * uA / cm**2, 1 * second)
    reference(model, stimulus)  # compiles
    benchmark.pedantic(reference, (model, stimulus), rounds=7)
    if benchmark.stats:  # none under --benchmark-disable
        benchmark.extra_info["median over the 0.1 s asked for"] = benchmark.stats.stats.median / 0.1


def test_the_instrumented_counter_over_a_thousand_hodgkin_huxley_steps(benchmark):
    step, dt = make_step("hodgkin_huxley", "euler"), Fraction(1, 64)
    kernel = compile_kernels([step])[0]
    stimulus = Stimulus((1000 * dt,), (10.0,), step.model.system.dimensions["I"])

    def count():
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(kernel.workload([stimulus], dt))
        return counts

    counts = benchmark.pedantic(count, rounds=5, warmup_rounds=1)
    assert counts.own.by_kind["exp"] == 6000
    if benchmark.stats:
        benchmark.extra_info["median over the 0.2 s asked for"] = benchmark.stats.stats.median / 0.2


@pytest.mark.parametrize(
    ("model", "drive"), [("lif", 2 * mV / ms), ("izhikevich", 10), ("hodgkin_huxley", 10 * uA / cm**2)]
)
def test_simd_lanes_over_one_neuron(benchmark, model, drive):
    step, stimulus, dt = make_step(model, "rk4", "hermite"), constant(drive, 1 * second), Fraction(1, 50)
    scalar, simd = (compile_kernels([step], build)[0] for build in (SCALAR, SIMD))
    one, many = measure([one_neuron(scalar, stimulus, dt), many_neurons(simd, stimulus, dt)], 5)
    benchmark.extra_info["speed-up of a neuron in SIMD lanes"] = one.median / many.median
    benchmark.pedantic(scalar.run, ([stimulus], dt), rounds=3)
    assert one.median > 0
    assert many.median > 0


@pytest.mark.slow
def test_the_quick_suite(benchmark, tmp_path):
    def run():
        subprocess.run(
            [sys.executable, "-m", "spikecost.cli", "run", "--quick", "--out", str(tmp_path)],
            check=True,
            capture_output=True,
        )

    run()  # compiles
    start = time.perf_counter()
    benchmark.pedantic(run, rounds=1)
    benchmark.extra_info["wall time over the 60 s asked for"] = (time.perf_counter() - start) / 60
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2  # GiB
    benchmark.extra_info["peak memory over the 1 GiB asked for"] = peak
    assert peak < 1
