"""What Brian2 executes: operations per neuron and step of its generated code, for the same model and method.

Steps without a spike are counted: the state update and the threshold's test, which Brian2 runs in every step.

C++ standalone: Brian2 writes a separate project, in a separate process, since this mode is global. It is compiled with
the flags of our scalar build, so that only the code differs, and again with Brian2's default flags. The counter is
callgrind. Cython: the extension modules that Brian2 compiled are called in this process, under the counter that
steps through native code.
"""

from __future__ import annotations

import ctypes
import pickle
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import brian2

from ...flops.counters import CFunction, Counts, Program, get_counter
from ...flops.counters.base import machine
from ...flops.toolchain import SCALAR, find_compiler
from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.bounded import patience, run_bounded
from ...models.ground.code_version import code_version
from ...models.ground.errors import UserError
from ...models.language import units
from .brian2 import method_name

#: Number of neurons: what Brian2 computes once per step for all of them is then less than a hundredth of a step.
NEURONS = 256

_STEPS = 4
#: About the number of files compiled for a project; each may take up to the compiler's time limit.
_FILES = 5
#: Brian2's names for the code that runs in every step: stateupdater, spike_thresholder, spike_resetter.
_CODE = "_run_spikecost_neuron_s*"


@dataclass(frozen=True)
class Executed:
    """Operations of Brian2's code per neuron and step, without a spike."""

    target: str
    """``cpp_standalone`` or ``cython``."""
    flags: str
    """``ours`` (those of our scalar build) or ``brian2`` (its defaults; standalone without AVX-512, which valgrind does
    not support)."""
    own: Mapping[str, float]
    """By kind, in the generated code; ``exp`` and ``pow`` are calls of the mathematics library."""
    libm: Mapping[str, float]
    """By kind, in the mathematics library."""
    instructions: float
    """Instructions of the generated code."""


def executed(model: NeuronModel, method: str) -> list[Executed]:
    """Return what Brian2 executes, standalone and Cython; measured once per definition, machine and toolchain.

    Raises
    ------
    UserError
        As `standalone_operations` and `cython_operations` do.
    """
    # parameters are run-time arguments of the generated code, so their values do not matter
    definition = (model.equations, model.threshold, model.reset, repr(model.refractory), repr(model.constants), method)
    toolchain = (find_compiler().version, *SCALAR.flags, brian2.__version__, *machine().values())
    key = "\0".join([*definition, *toolchain, code_version("flops/counters", "harness/engines")])
    return [
        Executed(**found)
        for found in kept.recall(
            "brian2",
            key,
            lambda: [
                asdict(each) for each in (*standalone_operations(model, method), cython_operations(model, method))
            ],
        )
    ]


def standalone_operations(model: NeuronModel, method: str) -> list[Executed]:
    """Measure what Brian2's C++ standalone code executes.

    Raises
    ------
    UserError
        If Brian2 has no such method, it cannot build the project, or callgrind cannot count here.
    """
    method_name(model, method)
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
    return _executed("cpp_standalone", name, counts, _STEPS * NEURONS)


def cython_operations(model: NeuronModel, method: str) -> Executed:
    """Measure what the extension modules that Brian2 compiles with Cython execute.

    Raises
    ------
    UserError
        If Brian2 has no such method, or the stepping counter cannot count here.
    """
    before = brian2.prefs["codegen.target"]
    brian2.prefs["codegen.target"] = "cython"
    try:
        group = _group(model, method)
        brian2.Network(group).run(group.dt, namespace={})
        objects = [group.state_updater.codeobj, group.thresholder["spike"].codeobj]
    finally:
        brian2.prefs["codegen.target"] = before
    with get_counter("stepped").measure() as counts:
        for code in objects:
            module, namespace = code.compiled_code["run"], code.namespace
            counts.call(_PythonCall(Path(module.__file__), "PyObject_CallOneArg", (id(module.main), id(namespace))))
    return _executed("cython", "brian2", counts, NEURONS)


class _PythonCall(CFunction):
    """A call of a Python function with one argument; `library` is the extension module to be counted."""

    @property
    def address(self) -> int:
        """Address of Python's function for such calls."""
        return int(ctypes.cast(getattr(ctypes.pythonapi, self.name), ctypes.c_void_p).value or 0)


def _executed(target: str, flags: str, counts: Counts, parts: int) -> Executed:
    assert counts.libm is not None
    return Executed(
        target=target,
        flags=flags,
        own={kind: n / parts for kind, n in counts.own.by_kind.items()},
        libm={kind: n / parts for kind, n in counts.libm.by_kind.items()},
        instructions=(counts.own.instructions or 0) / parts,
    )


def _build(folder: str, model: NeuronModel, method: str, flags: list[str]) -> None:
    # through our own pipe: no pickle is read from disk
    answer = run_bounded(
        [sys.executable, "-W", "ignore", "-m", __name__, folder],
        _FILES * patience(),
        pickle.dumps((model, method, flags)),
    )
    if answer.failure or not Path(folder, "main").exists():
        reason = (answer.text.strip() or answer.failure or "it made no program").splitlines()[-1]
        raise UserError(f"Brian2 could not build its standalone code of {model.label} with {method}: {reason}")


def _write_project(folder: str, model: NeuronModel, method: str, flags: list[str]) -> None:
    """Let Brian2 write and compile the project in `folder`; changes Brian2's global mode."""
    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.prefs["codegen.cpp.extra_compile_args_gcc"] = flags
    group = _group(model, method)
    brian2.Network(group).run(_STEPS * group.dt, namespace={})
    brian2.device.build(directory=folder, compile=True, run=False, clean=False)


def _group(model: NeuronModel, method: str) -> brian2.NeuronGroup:
    refractory = model.refractory is not None
    group = brian2.NeuronGroup(
        # the flag has no meaning without refractoriness, and Brian2 warns about it
        NEURONS,
        model.equations if refractory else model.equations.replace("(unless refractory)", ""),
        threshold=model.threshold,
        reset=model.reset or None,
        refractory=model.refractory if refractory else False,
        method=method_name(model, method),
        dt=0.01 * brian2.ms,
        namespace=dict(model.constants),
        name="spikecost_neuron",
    )
    for name, value in {**model.parameter_values, **model.initial_values}.items():
        setattr(group, name, units.quantity(value, model.system.dimensions[name]))
    return group


if __name__ == "__main__":
    _write_project(sys.argv[1], *pickle.load(sys.stdin.buffer))  # noqa: S301 - from the process above
