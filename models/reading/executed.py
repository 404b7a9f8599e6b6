"""Execute a Python file as if Python had started it, and keep what it defines.

Undone are its changes of what acts on other models and results: the folder, environment variables, filters of warnings,
numpy's errors, matplotlib's style, Brian2's preferences, default time step and device.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import brian2
import matplotlib
import numpy as np
from brian2.groups.subgroup import Subgroup

#: The time step with which Brian2 starts.
_DEFAULT_DT = 0.1 * brian2.ms


@dataclass(frozen=True)
class Around:
    """What is around a run of Brian2."""

    names: Mapping[str, Any]
    dt: Any
    """The time step of the default clock."""

    @contextlib.contextmanager
    def default_dt(self) -> Iterator[None]:
        """Let the default clock, which all scripts share, have this time step for a while."""
        before = brian2.defaultclock.dt
        brian2.defaultclock.dt = self.dt
        try:
            yield
        finally:
            brian2.defaultclock.dt = before


@dataclass(frozen=True)
class ExecutedFile:
    """What a Python file has left."""

    defined: dict[str, Any]
    end: Around
    """What there was at the end of the file."""
    runs: Sequence[tuple[brian2.NeuronGroup, Around]]
    """The groups that it ran, and what was around the first run of each."""

    def around(self, group: brian2.NeuronGroup | Subgroup) -> Around:
        """Return what was around the first run of a group; if it did not run, what there was at the end."""
        whole = group.source if isinstance(group, Subgroup) else group
        return next((around for each, around in self.runs if each.variables is whole.variables), self.end)


def execute(path: Path, source: str) -> ExecutedFile:
    """Execute a Python file."""
    brian2.BrianLogger.suppress_name("unused_brian_object")  # the file may define objects that Brian2 does not run
    module = ModuleType(f"{path.stem}_model_file")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and similar code search for their module there
    defined = module.__dict__
    quiet = contextlib.redirect_stdout(sys.stderr)
    with _without_traces(), _beside(path), _in_runtime_mode(), _as_before_runs() as runs, quiet:
        exec(compile(source, str(path), "exec"), defined)  # noqa: S102 - the user's own file, given by name
        end = Around(defined, brian2.defaultclock.dt)
    named = [each for each in defined.values() if isinstance(each, brian2.NeuronGroup | Subgroup)]
    own = {id(each.source.variables if isinstance(each, Subgroup) else each.variables) for each in named}
    # the names of other runs would keep their objects alive
    return ExecutedFile(defined, end, [(group, around) for group, around in runs if id(group.variables) in own])


@contextlib.contextmanager
def _without_traces() -> Iterator[None]:
    """Undo what a file changes for the whole process, so that it does not act on other models and on results."""
    folder, environment = Path.cwd(), dict(os.environ)
    preferences = {name: brian2.prefs[name] for name in brian2.prefs}
    try:
        with np.errstate(), warnings.catch_warnings(), matplotlib.rc_context(), Around({}, _DEFAULT_DT).default_dt():
            yield
    finally:
        os.chdir(folder)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        for name, value in preferences.items():
            brian2.prefs[name] = value


@contextlib.contextmanager
def _in_runtime_mode() -> Iterator[None]:
    """Let a file choose a device of Brian2 without effect.

    Standalone mode evaluates texts such as ``group.v = "El + rand()*mV"`` only in a compiled program, so that a group
    would have no values here. It would also stay the device of whatever runs later.
    """
    modules = brian2, brian2.devices, sys.modules["brian2.devices.device"]  # its attribute of that name is the device
    places: list[tuple[Any, Any]] = [(module, module.set_device) for module in modules]
    for module, _ in places:
        module.set_device = _ignored
    try:
        yield
    finally:
        for module, own in places:
            module.set_device = own


@contextlib.contextmanager
def _as_before_runs() -> Iterator[list[tuple[brian2.NeuronGroup, Around]]]:
    """Leave groups and synapses in the state in which a file ran them first; yield the groups and what was around them.

    A model starts at the time 0 as a neuron that is not refractory. Where a script ends is chance. The names are those
    around the run: they may be local to a function, or stand for something else at the end of the file.
    """
    before: dict[int, tuple[Any, Any, Any]] = {}
    first: list[tuple[brian2.NeuronGroup, Around]] = []
    times: dict[int, tuple[brian2.Network, float]] = {}
    own = brian2.Network.before_run

    def before_run(network: brian2.Network, run_namespace: Any) -> Any:
        groups = [each for each in network.objects if isinstance(each, brian2.NeuronGroup | brian2.Synapses)]
        for each in groups:
            if id(each) in before:
                continue
            own_names = None if each.namespace is None else dict(each.namespace)
            before[id(each)] = each, each._full_state(), own_names
            if isinstance(each, brian2.NeuronGroup):
                first.append((each, Around(dict(run_namespace), brian2.defaultclock.dt)))
        times.setdefault(id(network), (network, network.t_))
        return own(network, run_namespace)

    brian2.Network.before_run = before_run
    try:
        yield first
    finally:
        brian2.Network.before_run = own
        for each, state, own_names in before.values():
            each._restore_from_full_state(state)
            each.namespace = own_names
        for network, now in times.values():
            network.t_ = now


def _ignored(*_given: Any, **_named: Any) -> None:
    """Do nothing, in place of a function of Brian2."""


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Let a file import modules from its own folder and see only its name as argument, as if Python had started it."""
    folder, arguments = str(path.resolve().parent), sys.argv
    sys.path.insert(0, folder)
    sys.argv = [str(path)]
    try:
        yield
    finally:
        sys.argv = arguments
        if folder in sys.path:
            sys.path.remove(folder)
