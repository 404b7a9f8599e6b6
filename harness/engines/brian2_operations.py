"""What Brian2 executes: operations per neuron and step of its generated code, for the same model and method.

Steps without a spike are counted: the state update and the threshold's test, which Brian2 runs in every step.

C++ standalone: Brian2 writes one project for all models, in a separate process, since this mode is global. It is
compiled with the flags of our scalar build, so that only the code differs, and again with Brian2's default flags. The
counter is callgrind, which counts the functions of one model at a time. Cython: the extension modules that Brian2
compiled are called in this process, under the counter that steps through native code.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import brian2

from ...flops.counters import Counts, Program, get_counter
from ...flops.counters.base import machine, require
from ...flops.counters.workload import python_call
from ...flops.toolchain import SCALAR, find_compiler
from ...models.definition.language import units
from ...models.definition.language.names import OF_TIME
from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.bounded import patience, run_bounded
from ...models.ground.code_version import code_version
from ...models.ground.errors import NoValue, UserError, attempt
from .brian2 import method_name, set_standalone

#: Number of neurons: what Brian2 computes once per step for all of them is then less than a hundredth of a step.
NEURONS = 256

_STEPS = 4
#: About the number of files compiled for a project; each may take up to the compiler's time limit.
_FILES = 5
#: Brian2's name of a group, and its names for the code that runs in every step: stateupdater, spike_thresholder,
#: spike_resetter.
_GROUP, _CODE = "spikecost_neuron_{}", "_run_spikecost_neuron_{}_s*"

#: The code that builds and counts; that of other simulators changes nothing.
_VERSIONED = ("flops/counters", "harness/engines/brian2.py", "harness/engines/brian2_operations.py")

#: A model and a method.
Way = tuple[NeuronModel, str]


@dataclass(frozen=True)
class Executed:
    """Operations of Brian2's code per neuron and step, without a spike."""

    target: str
    """``cpp_standalone`` or ``cython``."""
    flags: str
    """``ours`` (those of our scalar build) or ``brian2`` (its defaults; standalone without AVX-512, which valgrind does
    not support)."""
    own: Mapping[str, float]
    """By kind, in the generated code; a call of the mathematics library is of the kind of its function, as ``exp``."""
    libm: Mapping[str, float]
    """By kind, in the mathematics library."""
    instructions: float
    """Instructions of the generated code."""


def executed(ways: Sequence[Way], done: Callable[[], None] = lambda: None) -> list[list[Executed] | NoValue]:
    """Return what Brian2 executes for models and methods, standalone and Cython, or why it is not known.

    It is measured once per definition, machine and toolchain. `done` is called for each of them.
    """
    keys = [_key(*way) for way in ways]
    lacking = [i for i, key in enumerate(keys) if kept.read("brian2", key) is None]
    standalone = dict(zip(lacking, standalone_operations([ways[i] for i in lacking]), strict=True))

    def measured(i: int) -> list[dict[str, Any]]:
        found = standalone[i] if i in standalone else standalone_operations([ways[i]])[0]
        if isinstance(found, NoValue):
            raise UserError(found.reason)
        return [asdict(each) for each in (*found, cython_operations(*ways[i]))]

    found: list[list[Executed] | NoValue] = []
    for i, key in enumerate(keys):
        recalled = attempt(partial(kept.recall, "brian2", key, partial(measured, i)))
        found.append(recalled if isinstance(recalled, NoValue) else [Executed(**each) for each in recalled])
        done()
    return found


def _key(model: NeuronModel, method: str) -> str:
    # parameters are run-time arguments of the generated code, so their values do not matter
    given = model.refractory
    refractory = repr(given if given is None or isinstance(given, str) else model.refractory_ms)
    constants = {name: float(units.internal(value)) for name, value in sorted(model.constants.items())}
    definition = (model.equations, model.threshold, model.reset, refractory, repr(constants), method)
    toolchain = (find_compiler().version, *SCALAR.flags, brian2.__version__, *machine().values())
    return "\0".join([*definition, *toolchain, code_version(*_VERSIONED)])


def standalone_operations(ways: Sequence[Way]) -> list[list[Executed] | NoValue]:
    """Measure what Brian2's C++ standalone code executes for models and methods; or return why it cannot.

    One project contains all models, because most of its files take as long to compile as a model's own. If it cannot be
    built, each model gets its own project.
    """
    known = [attempt(partial(method_name, *way)) for way in ways]
    possible = [way for way, name in zip(ways, known, strict=True) if not isinstance(name, NoValue)]
    together = attempt(partial(_standalone, possible)) if len(possible) > 1 else NoValue("not tried")
    if isinstance(together, NoValue):
        alone = [attempt(partial(_standalone, [way])) for way in possible]
        found = iter([each if isinstance(each, NoValue) else each[0] for each in alone])
    else:
        found = iter(together)
    return [name if isinstance(name, NoValue) else next(found) for name in known]


def _standalone(ways: Sequence[Way]) -> list[list[Executed]]:
    measured = [_measure(name, ways, flags) for name, flags in _flags().items()]
    return [list(each) for each in zip(*measured, strict=True)]


def _flags() -> dict[str, list[str]]:
    """Return the compiler's flags by the name of `Executed.flags`."""
    portable = [flag for flag in SCALAR.flags if flag.startswith("-mno")]
    default = [flag for flag in brian2.prefs["codegen.cpp.extra_compile_args_gcc"] if not flag.startswith("-std")]
    ours = [flag for flag in SCALAR.flags if not flag.startswith("-std")]
    return {"ours": [*ours, "-std=c++11", "-w"], "brian2": [*default, "-std=c++11", "-fno-plt", *portable]}


def _measure(name: str, ways: Sequence[Way], flags: list[str]) -> list[Executed]:
    require(get_counter("callgrind"))
    with tempfile.TemporaryDirectory() as folder:
        _build(folder, ways, flags)
        counted = [_count(folder, place) for place in range(len(ways))]
    return [_executed("cpp_standalone", name, counts, _STEPS * NEURONS) for counts in counted]


def _count(folder: str, place: int) -> Counts:
    with get_counter("callgrind").measure() as counts:
        counts.call(Program(["./main"], "/main", _CODE.format(place), Path(folder)))
    return counts


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
        group = _group(model, method, reset=False)  # its code would take as long to compile, and is not looked at
        brian2.Network(group).run(group.dt, namespace={})
        objects = [group.state_updater.codeobj, group.thresholder["spike"].codeobj]
    finally:
        brian2.prefs["codegen.target"] = before
    with get_counter("stepped").measure() as counts:
        for code in objects:
            module, namespace = code.compiled_code["run"], code.namespace
            counts.call(python_call(Path(module.__file__), module.main, namespace))
    return _executed("cython", "brian2", counts, NEURONS)


def _executed(target: str, flags: str, counts: Counts, parts: int) -> Executed:
    assert counts.libm is not None
    return Executed(
        target=target,
        flags=flags,
        own={kind: n / parts for kind, n in counts.own.by_kind.items()},
        libm={kind: n / parts for kind, n in counts.libm.by_kind.items()},
        instructions=(counts.own.instructions or 0) / parts,
    )


def _build(folder: str, ways: Sequence[Way], flags: list[str]) -> None:
    # through our own pipe: no pickle is read from disk
    answer = run_bounded(
        [sys.executable, "-W", "ignore", "-m", __name__, folder],
        _FILES * len(ways) * patience(),
        pickle.dumps((ways, flags)),
    )
    if answer.failure or not Path(folder, "main").exists():
        reason = (answer.text.strip() or answer.failure or "it made no program").splitlines()[-1]
        named = ", ".join(f"{model.label} with {method}" for model, method in ways)
        raise UserError(f"Brian2 could not build its standalone code of {named}: {reason}")


def _write_project(folder: str, ways: Sequence[Way], flags: list[str]) -> None:
    """Let Brian2 write and compile the project in `folder`; changes Brian2's global mode."""
    set_standalone()
    brian2.prefs["codegen.cpp.extra_compile_args_gcc"] = flags
    groups = [_group(*way, place=i) for i, way in enumerate(ways)]
    brian2.Network(groups).run(_STEPS * groups[0].dt, namespace={})
    brian2.device.build(directory=folder, compile=True, run=False, clean=False)


def _group(model: NeuronModel, method: str, place: int = 0, *, reset: bool = True) -> brian2.NeuronGroup:
    refractory = model.refractory is not None
    group = brian2.NeuronGroup(
        # the flag has no meaning without refractoriness, and Brian2 warns about it
        NEURONS,
        model.equations if refractory else model.equations.replace("(unless refractory)", ""),
        threshold=model.threshold,
        reset=(model.reset if reset else None) or None,
        refractory=model.refractory if refractory else False,
        method=method_name(model, method),
        dt=0.01 * brian2.ms,
        namespace=dict(model.constants),
        name=_GROUP.format(place),
    )
    for name, value in {**model.parameter_values, **model.initial_values}.items():
        if name not in OF_TIME:  # Brian2 has its own
            setattr(group, name, units.quantity(value, model.system.dimensions[name]))
    return group


if __name__ == "__main__":
    _write_project(sys.argv[1], *pickle.load(sys.stdin.buffer))  # noqa: S301 - from the process above
