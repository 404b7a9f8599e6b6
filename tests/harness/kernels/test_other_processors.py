"""Kernels for other processors find the same spikes: without AVX-512, and on Arm.

For Arm they are compiled with the flags that they get there, and run by an emulator.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.arguments import refractory_steps
from spikecost.harness.kernels.c_source import function_name
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ..measuring.levels import require_level

pytestmark = pytest.mark.slow

STEPS, NEURONS, DT = 4000, 11, Fraction(1, 40)
WAYS = [
    ("lif", "euler", "grid"),
    ("izhikevich", "rk4", "hermite"),
    ("adex", "heun", "linear"),
    ("hodgkin_huxley", "exponential_euler", "linear"),
]
#: What a process on Arm would print: the flags of both builds, and the source of each kernel.
SCRIPT = """
import json, platform, sys
platform.machine = lambda: "aarch64"
from spikecost.flops.toolchain import SCALAR, SIMD, has_vector_exp
from spikecost.harness.kernels.c_source import c_source
from spikecost.models.step import make_step
ways = json.loads(sys.argv[1])
print(json.dumps({
    build.name: [build.flags, [c_source([make_step(*way)], build, has_vector_exp()) for way in ways]]
    for build in (SCALAR, SIMD)
}))
"""
#: Reads the neurons' numbers, calls a kernel, and prints where each neuron's spikes are.
MAIN = """
#include <stdio.h>
#include <stdlib.h>
static double *read(int count)
{
    double *found = malloc(sizeof(double) * (count ? count : 1));
    for (int i = 0; i < count; i++) if (scanf("%la", found + i) != 1) exit(1);
    return found;
}
int main(void)
{
    double *inputs = read(NEURONS), *parameters = read(VALUES * NEURONS), *state = read(VARIABLES * NEURONS);
    double samples[VARIABLES * NEURONS];
    long tallies[8 * NEURONS] = {0}, steps = STEPS;
    struct spikes out[NEURONS];
    for (int i = 0; i < NEURONS; i++)
        out[i] = (struct spikes){1000, 0, 0, malloc(1000 * sizeof(long)), malloc(1000 * sizeof(double))};
    FUNCTION(NEURONS, 1, &steps, inputs, DT, REFRACTORY, parameters, state, samples, 1000000, tallies, out);
    for (int i = 0; i < NEURONS; i++) {
        for (int k = 0; k < out[i].count; k++) printf("%.17g ", (double)out[i].step[k] + out[i].at[k]);
        printf("\\n");
    }
}
"""


def stimuli(model):
    """Constant inputs at which each neuron spikes at another rate."""
    return [constant(model.drive * (1 + 0.02 * i), float(STEPS * DT) * ms) for i in range(NEURONS)]


@pytest.fixture(scope="module")
def printed():
    """The flags and sources of a process that believes to be on Arm."""
    given = [sys.executable, "-c", SCRIPT, json.dumps(WAYS)]
    return json.loads(subprocess.run(given, capture_output=True, text=True, check=True).stdout)


def test_flags(printed):
    """No flag is one that only compilers for x86 know; for this machine, there are such flags."""
    for build in (SCALAR, SIMD):
        flags, _ = printed[build.name]
        assert "-march=native" in flags
        assert not [flag for flag in flags if flag.startswith("-m") and flag != "-march=native"]
    assert "-mprefer-vector-width=512" in SIMD.flags


def test_exp_is_that_of_one_number(printed):
    """The mathematics library has vector functions for x86 only, so none is asked for."""
    assert not any("simd(" in source for _, sources in printed.values() for source in sources)


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v3"])
def test_without_avx512(level):
    require_level(level)
    steps = [make_step(*way) for way in WAYS]
    kernels = compile_kernels(steps, SIMD.for_processor(level))
    for step, kernel, own in zip(steps, kernels, compile_kernels(steps, SCALAR), strict=True):
        given = stimuli(step.model)
        for outcome, expected in zip(kernel.run(given, DT), own.run(given, DT), strict=True):
            np.testing.assert_allclose(outcome.spike_times, expected.spike_times, atol=1e-7)


@pytest.mark.parametrize("build", [SCALAR, SIMD], ids=lambda build: build.name)
@pytest.mark.parametrize("place", range(len(WAYS)), ids=["-".join(way) for way in WAYS])
def test_spikes(printed, build, place, tmp_path):
    compiler = shutil.which("aarch64-linux-gnu-gcc") or shutil.which("aarch64-linux-gnu-gcc-12")
    emulator = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if not (compiler and emulator):
        pytest.skip("no compiler for Arm, or no emulator: install gcc-aarch64-linux-gnu and qemu-user")
    step = make_step(*WAYS[place])
    flags, sources = printed[build.name]
    model = get_model(WAYS[place][0])
    numbers = {
        "NEURONS": NEURONS,
        "STEPS": STEPS,
        "VARIABLES": len(step.state),
        "VALUES": len(step.parameters),
        "DT": float(DT).hex(),
        "REFRACTORY": refractory_steps(model, float(DT), step.restarts),
        "FUNCTION": function_name(step),
    }
    program = tmp_path / "program"
    (tmp_path / "program.c").write_text(sources[place] + MAIN)
    own = [flag.replace("-march=native", "-march=armv8-a") for flag in flags]
    defined = [f"-D{name}={value}" for name, value in numbers.items()]
    command = [compiler, *own, *defined, "-static", str(tmp_path / "program.c"), "-o", str(program), "-lm"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    driven = stimuli(model)
    given = [stimulus.values[0] for stimulus in driven]
    for values in (model.parameter_values[name] for name in step.parameters):
        given += [values] * NEURONS
    for name in step.state:
        given += [model.initial_values[name]] * NEURONS
    text = "\n".join(float(value).hex() for value in given)
    done = subprocess.run([emulator, str(program)], input=text, check=True, capture_output=True, text=True)
    found = [np.array(line.split(), dtype=float) * float(DT) for line in done.stdout.splitlines()]
    expected = [outcome.spike_times for outcome in compile_kernels([step], SCALAR)[0].run(driven, DT)]
    assert sum(map(len, expected)) > NEURONS
    for own_times, times in zip(found, expected, strict=True):
        # exp is another one: the last bits of the state differ, and on the grid a spike may be a step away
        np.testing.assert_allclose(own_times, times, atol=1e-7)
