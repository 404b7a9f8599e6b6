"""How much memory a run needs at which very many spikes arrive: the peak of a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: 1000 arrivals per ms for 10 s: the times alone take 80 MB, and the imports 140 MB.
LIMIT = 300
PROGRAM = """
import json, sys
from fractions import Fraction
import spikecost as sc
from brian2 import kHz, ms, second
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.models.methods import METHODS
from spikecost.models.step import make_step

method, detection = sys.argv[1:]
model = sc.NeuronModel(
    name="driven",
    equations="dv/dt = (ge - v + I)/(20*ms) : 1\\ndge/dt = -ge/(5*ms) : 1\\nI : 1",
    threshold="v > 1",
    reset="v = 0",
    refractory=2 * ms,
    arrivals={"exc": "ge += 0.0003"},
    initial={"v": 0, "ge": 0},
)
train = sc.poisson_train(1000 * kHz, 10 * second, seed=1)
stimulus = sc.constant(0, 10 * second).with_arrivals(exc=train)
(kernel,) = compile_kernels([make_step(model, method, detection)])
outcome = kernel.run([stimulus], Fraction(1, 10) if METHODS[method].knob == "dt" else 1e-6)[0]
# `ru_maxrss` would contain what the tests' process had when it started this one
(used,) = (int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([used, len(train), len(outcome.spike_times), outcome.tallies["arrival exc"]]))
"""


@pytest.mark.parametrize(
    ("method", "detection"),
    [
        ("euler", "grid"),
        ("rk4", "hermite"),
        ("exact", "linear"),
        ("parker_sochacki", "grid"),
        ("parker_sochacki", "dense"),
        ("dormand_prince", "dense"),
    ],
)
def test_a_thousand_arrivals_per_ms_for_ten_seconds(method, detection):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, method, detection], capture_output=True, text=True, check=True, timeout=600
    )
    used, arrivals, spikes, tally = json.loads(done.stdout.splitlines()[-1])
    assert arrivals == pytest.approx(1e7, rel=1e-3)
    assert tally == arrivals
    assert 440 < spikes < 470
    assert used < LIMIT
