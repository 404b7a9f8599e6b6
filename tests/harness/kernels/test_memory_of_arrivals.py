"""A thousand arrivals per ms for 10 s fit into 300 MB."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = """
import resource, sys
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
kernel = compile_kernels([make_step(model, "euler", sys.argv[1])])[0]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
trains = {
    name: sc.poisson_train(1000 * Hz, 10_000 * ms, inputs=inputs, seed=inputs)
    for name, inputs in (("exc", 800), ("inh", 200))
}
found = kernel.run([sc.constant(1.5, 10_000 * ms).with_arrivals(**trains)], Fraction(1, 10))[0]
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sum(found.tallies[f"arrival {n}"] for n in trains))
"""


@pytest.mark.parametrize("detection", ["grid", "linear"])
def test_ten_million_arrivals(detection):
    done = subprocess.run([sys.executable, "-c", RUN, detection], capture_output=True, text=True, check=True)
    before, after, arrivals = map(int, done.stdout.split())
    assert abs(arrivals - 10_000_000) < 20_000
    # in KB: what the run needs, and the whole process with the libraries that it imports
    assert after - before < 300_000
