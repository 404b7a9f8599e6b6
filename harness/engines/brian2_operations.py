"""What Brian2 executes: operations a neuron-step of the code that it generates, for the same model and method.

Brian2 writes a C++ project of its own ("standalone" mode), in a process of its own, since that mode is global. It is
compiled with the flags of our scalar build, so that the two differ in the code alone, and with Brian2's own default
flags. The counter is callgrind; steps without a spike are counted: the state update and the threshold's test, which is
what Brian2 runs at every step.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import brian2

from ...flops.counters import Program, get_counter
from ...flops.toolchain import SCALAR
from ...models import units
from ...models.errors import UserError
from ...models.methods import METHODS
from ...models.neuron import NeuronModel

#: Brian2 computes what all neurons share once a step; with so many neurons that is less than a hundredth of a step.
NEURONS = 256

_STEPS = 4
#: Brian2's names for the code that runs at every step: stateupdater, spike_thresholder, spike_resetter.
_CODE = "_run_spikecost_neuron_s*"


@dataclass(frozen=True)
class Executed:
    """Operations a neuron-step of Brian2's standalone code, without a spike."""

    flags: str
    """``ours`` (our scalar build's) or ``brian2`` (its defaults, without AVX-512, which valgrind does not know)."""
    own: Mapping[str, float]
    """By kind, in the generated code; ``exp`` and ``pow`` are calls of the mathematics library."""
    libm: Mapping[str, float]
    """By kind, in the mathematics library."""
    instructions: float
    """Instructions of the generated code."""


def standalone_operations(model: NeuronModel, method: str) -> list[Executed]:
    """Measure what Brian2's C++ standalone code executes.

    Raises
    ------
    UserError
        If Brian2 has no such method, it cannot build the project, or callgrind cannot count here.
    """
    if not METHODS[method].brian2:
        raise UserError(f"Brian2 has no method like '{method}'")
    portable = [flag for flag in SCALAR.flags if flag.startswith("-mno")]
    default = [flag for flag in brian2.prefs["codegen.cpp.extra_compile_args_gcc"] if not flag.startswith("-std")]
    ours = [flag for flag in SCALAR.flags if not flag.startswith("-std")]
    return [
        _measure("ours", model, method, [*ours, "-std=c++11", "-w"]),
        _measure("brian2", model, method, [*default, "-std=c++11", "-fno-plt", *portable]),
    ]


def _measure(name: str, model: NeuronModel, method: str, flags: list[str]) -> Executed:
    with tempfile.TemporaryDirectory() as folder, get_counter("callgrind").measure() as counts:
        _build(folder, model, method, flags)
        counts.call(Program(["./main"], "/main", _CODE, Path(folder)))
    assert counts.libm is not None
    parts = _STEPS * NEURONS
    return Executed(
        flags=name,
        own={kind: n / parts for kind, n in counts.own.by_kind.items()},
        libm={kind: n / parts for kind, n in counts.libm.by_kind.items()},
        instructions=(counts.own.instructions or 0) / parts,
    )


def _build(folder: str, model: NeuronModel, method: str, flags: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__, folder],
        input=pickle.dumps((model, METHODS[method].brian2, flags)), capture_output=True, check=False,
    )
    if result.returncode != 0 or not Path(folder, "main").exists():
        reason = (result.stderr.decode(errors="replace").strip() or "no program was made").splitlines()[-1]
        raise UserError(f"Brian2 could not build its standalone code of {model.label} with {method}: {reason}")


def _write_project(folder: str, model: NeuronModel, method: str, flags: list[str]) -> None:
    """Let Brian2 write and compile the project in `folder`; changes Brian2's global mode."""
    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.prefs["codegen.cpp.extra_compile_args_gcc"] = flags
    brian2.defaultclock.dt = 0.01 * brian2.ms
    group = brian2.NeuronGroup(
        NEURONS, model.equations, threshold=model.threshold, reset=model.reset or None,
        refractory=False if model.refractory is None else model.refractory,
        method=method, namespace=dict(model.constants), name="spikecost_neuron",
    )
    for name, value in {**model.parameter_values, **model.initial_values}.items():
        setattr(group, name, units.quantity(value, model.system.dimensions[name]))
    network = brian2.Network(group)
    network.run(_STEPS * brian2.defaultclock.dt)
    brian2.device.build(directory=folder, compile=True, run=False, clean=False)


if __name__ == "__main__":
    _write_project(sys.argv[1], *pickle.load(sys.stdin.buffer))  # noqa: S301 - from the process above
