"""A thousand arrivals per ms for 10 s fit into 300 MB."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

import spikecost as sc
from spikecost.harness.kernels.arguments import Arguments
from spikecost.harness.kernels.arriving import AT_ONCE
from spikecost.harness.stimuli import Train
from spikecost.models.step import make_step

RUN = """
import re, sys
from fractions import Fraction
from brian2 import Hz, ms
import spikecost as sc
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.models.step import make_step

model = sc.NeuronModel(
    name="fed",
    equations="dv/dt = (I - v)/(10*ms) : 1\\ndg/dt = -g/(5*ms) : 1\\nI : 1",
    threshold="v > 1", reset="v = 0", arrivals={"exc": "g += 0.001", "inh": "v -= 0.00001"}, initial={"v": 0, "g": 0},
)
kernel = compile_kernels([make_step(model, *sys.argv[1:])])[0]
def peak():  # of this process alone, in KB; getrusage includes that of the process that started it
    return re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]
before = peak()
trains = {
    name: sc.poisson_train(1000 * Hz, 10_000 * ms, inputs=inputs, seed=inputs)
    for name, inputs in (("exc", 800), ("inh", 200))
}
found = kernel.run([sc.constant(1.5, 10_000 * ms).with_arrivals(**trains)], Fraction(1, 10))[0]
print(before, peak(), sum(found.tallies[f"arrival {n}"] for n in trains))
"""


def test_the_memory_of_an_arrival():
    model = sc.NeuronModel(
        name="fed",
        equations="dv/dt = (I - v)/(10*ms) : 1\nI : 1",
        threshold="v > 1",
        reset="v = 0",
        arrivals={"exc": "v += 0.001", "inh": "v -= 0.001"},
        initial={"v": 0},
    )
    step = make_step(model, "euler", "linear")
    count = 1_000_000
    times = {name: np.linspace(0, 999, count // 2) for name in model.arrivals}
    stimulus = sc.constant(0, 1000 * ms).with_arrivals(**{name: Train(each) for name, each in times.items()})
    tracemalloc.start()
    arguments = Arguments(step, [stimulus], Fraction(1, 10), None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert arguments.work == 10_000
    # nothing is made for all arrivals before the run
    assert peak < 10 * AT_ONCE
    tracemalloc.start()
    blocks = sum(1 for _ in arguments.calls())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert blocks == count // AT_ONCE
    assert peak < 100 * AT_ONCE


@pytest.mark.deep
@pytest.mark.parametrize(
    ("method", "detection"), [("euler", "grid"), ("euler", "linear"), ("parker_sochacki", "dense")]
)
def test_ten_million_arrivals(method, detection):
    done = subprocess.run([sys.executable, "-c", RUN, method, detection], capture_output=True, text=True, check=True)
    before, after, arrivals = map(int, done.stdout.split())
    assert abs(arrivals - 10_000_000) < 20_000
    # in KB: what the run needs, and, with fixed steps, the whole process with the libraries that it imports
    assert after - (before if method == "parker_sochacki" else 0) < 300_000
