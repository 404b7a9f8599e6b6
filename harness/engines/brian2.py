"""The same model, unchanged, inside Brian2."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import brian2
import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from ...models.definition.language import units
from ...models.definition.language.names import OF_TIME
from ...models.definition.language.noise import DIMENSIONS, named
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.methods import METHODS
from ..stimuli import Stimulus, at_steps, steps_of
from ..stimuli.parts.train import check_arrivals
from ..stimuli.random_inputs import RandomInputs

#: Detections equivalent to Brian2's, and the number of steps from Brian2's label to theirs.
LABELS = {"grid_start": 0, "grid": 1}

#: The name that a parameter gets in Brian2 if each arrival has its own value of it.
VALUES = "spikecost_value"


def set_standalone() -> None:
    """Let Brian2 write C++ programs, in this whole process, and compile them with one compiler per core.

    By default, Brian2 starts a compiler for every file at once: many models would need gigabytes.
    """
    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.prefs["devices.cpp_standalone.extra_make_args_unix"] = [f"-j{os.cpu_count() or 1}"]


def run(
    model: NeuronModel,
    method: str,
    stimulus: Stimulus,
    dt: Fraction,
    target: str = "cython",
    *,
    detection: str = "grid",
) -> NDArray[np.float64]:
    """Return the spike times in ms that Brian2 finds.

    Parameters
    ----------
    model : NeuronModel
    method : str
        A method that both spikecost and Brian2 have.
    stimulus : Stimulus
    dt : Fraction
        In ms.
    target : str
        Brian2's code generation target, ``cython`` or ``numpy``.
    detection : str
        How spikes are labelled: ``grid_start`` as in Brian2, ``grid`` with the end of the same step.

    Raises
    ------
    UserError
        If Brian2 has no such method or detection, cannot run the model or cannot compile it here, or dt does not divide
        the stimulus.
    """
    name = method_name(model, method)
    if detection not in LABELS:
        raise UserError(f"Brian2 has no detection like '{detection}'; give {' or '.join(LABELS)}")
    steps = steps_of(stimulus, dt)
    if target == "cython" and (reason := why_not_compiled()):
        raise UserError(f"Brian2 cannot run {model.label} with the target cython: {reason}; or give the target numpy")
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = target
    try:
        built = Built(model, name, stimulus, dt)
        for count, value in runs_of(stimulus, steps):
            built.set_input(value)
            built.network.run(count * built.clock.dt)
        starts = built.starts
    finally:
        brian2.prefs.codegen.target = before
    return np.asarray((starts + LABELS[detection]) * float(dt), dtype=np.float64)


class Built:
    """A network of identical neurons; the spikes of the first one are recorded."""

    def __init__(self, model: NeuronModel, method: str, stimulus: Stimulus, dt: Fraction, neurons: int = 1) -> None:
        self._model, self._dt = model, dt
        self.clock = brian2.Clock(dt=float(dt) * brian2.ms)
        self._group = brian2.NeuronGroup(
            neurons,
            with_inputs(model, varying=stimulus.varies),
            threshold=model.threshold,
            reset=model.reset or None,
            refractory=0 * brian2.ms if model.refractory is None else model.refractory,
            method=method,
            clock=self.clock,
            namespace={**model.constants, **_samples(model, stimulus, dt)},
            name="spikecost_neuron*",
        )
        self._set_by_value = bool(model.input) and not stimulus.varies
        _set(self._group, model, {**model.parameter_values, **model.initial_values})
        if model.system.random:
            _give_random_inputs(self._group, model, stimulus, dt)
        self._monitor = brian2.SpikeMonitor(self._group if neurons == 1 else self._group[:1])
        self.network = brian2.Network(self._group, self._monitor, *_arriving(self._group, model, stimulus, self.clock))

    def set_input(self, value: float) -> None:
        """Set the input of all neurons, in internal units, if it is a parameter."""
        _set(self._group, self._model, {self._model.input: value} if self._set_by_value else {})

    @property
    def starts(self) -> NDArray[np.int64]:
        """The number of the step of each spike."""
        return np.round(np.asarray(self._monitor.t / brian2.ms) / float(self._dt)).astype(np.int64)


#: The beginning of the names that random inputs get in Brian2, where they are parameters.
_FROZEN = "spikecost_"


#: The function of time that an input is which varies.
_SAMPLED = f"{_FROZEN}input"


def runs_of(stimulus: Stimulus, steps: Sequence[int]) -> list[tuple[int, float]]:
    """Return the number of steps of each run, and the value of the input in it, if it is a parameter."""
    if stimulus.varies:
        return [(sum(steps), 0.0)]
    return list(zip(steps, stimulus.values, strict=True))


def _samples(model: NeuronModel, stimulus: Stimulus, dt: Fraction) -> dict[str, brian2.TimedArray]:
    """Return an input that varies as an array with a value per step, that at its start."""
    if not stimulus.varies or not model.input:
        return {}
    values = at_steps(stimulus, dt)[0] * float(units.scale(model.input_dimension))
    return {
        _SAMPLED: brian2.TimedArray(
            Quantity.with_dimensions(values, model.input_dimension), dt=float(dt) * brian2.ms, name="spikecost_input*"
        )
    }


def with_inputs(model: NeuronModel, *, varying: bool = False) -> str:
    """Return the equations with an input that varies as a function of time, and random inputs as parameters.

    Brian2's own random numbers depend on dt.
    """
    equations = model.equations
    if varying and model.input:
        declared = rf"(?m)^(\s*{model.input}\s*):([^#(\n]*)(\([^)\n]*\))?"
        equations = re.sub(declared, rf"\1= {_SAMPLED}(t) :\2", equations)
    if not model.system.random:
        return equations
    text, _ = named(equations)
    for name in model.system.random:
        text = re.sub(rf"\b{name}\b", f"{_FROZEN}{name}", text)
    parameters = (
        f"{_FROZEN}{name} : {units.dimension_text(DIMENSIONS[kind])}" for name, kind in model.system.random.items()
    )
    return "\n".join((text, *parameters))


def _give_random_inputs(group: brian2.NeuronGroup, model: NeuronModel, stimulus: Stimulus, dt: Fraction) -> None:
    """Set the random inputs at the start of each step to the values that the kernels get."""
    steps = int(stimulus.horizon / dt)
    values = RandomInputs(model, [stimulus], dt).values(0, steps)[:, :, 0]
    for (name, kind), own in zip(model.system.random.items(), values.T, strict=True):
        numbers = own * float(units.scale(DIMENSIONS[kind]))
        array = brian2.TimedArray(Quantity.with_dimensions(numbers, DIMENSIONS[kind]), dt=group.clock.dt)
        group.namespace[f"{_FROZEN}{name}_of"] = array
        group.run_regularly(f"{_FROZEN}{name} = {_FROZEN}{name}_of(t)", clock=group.clock, when="start")


def _arriving(group: brian2.NeuronGroup, model: NeuronModel, stimulus: Stimulus, clock: brian2.Clock) -> list[object]:
    """Return generators of the arriving spikes, and synapses that run their statements.

    Each arrival is a neuron of its own: a generator's neuron can spike only once per step.
    """
    check_arrivals(model, dict(stimulus.arrivals))
    found: list[object] = []
    for order, name in enumerate(model.arrivals):
        train = dict(stimulus.arrivals).get(name)
        if train is None:
            continue
        each = np.arange(len(train))
        source = brian2.SpikeGeneratorGroup(len(train), each, train.times * brian2.ms, clock=clock, sorted=True)
        statements, declared = model.arrivals[name], ""
        if train.dimension is not None:
            # Brian2 allows no variable of synapses that has the name of a variable of the group
            statements = re.sub(rf"\b{train.parameter}\b", VALUES, statements)
            declared = f"{VALUES} : {units.dimension_text(train.dimension)}"
        synapses = brian2.Synapses(
            source, group, declared, on_pre=statements, namespace=dict(model.constants), clock=clock
        )
        synapses.connect(i=each, j=0)
        synapses.pre.order = order
        if train.dimension is not None and train.values is not None:
            scale = 10.0 ** units.exponent(train.dimension)
            setattr(synapses, VALUES, Quantity.with_dimensions(train.values * scale, train.dimension))
        found += [source, synapses]
    return found


def why_not_compiled() -> str:
    """Return what is missing here for Brian2 to compile with Cython, and how to install it; empty if nothing is."""
    compiler = (os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C++ compiler {compiler}; install one (Debian: apt-get install g++), or set CXX"
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if not headers.exists():
        return f"there are no headers of Python ({headers}); install them (Debian: apt-get install python3-dev)"
    return ""


def method_name(model: NeuronModel, method: str) -> str:
    """Return Brian2's name of a method.

    Raises
    ------
    UserError
        If Brian2 has no such method, or cannot run the model.
    """
    if model.tables:
        raise UserError(f"Brian2 has no tables of rates: it cannot run {model.label}; use the model without tables")
    if set(model.initial) & set(OF_TIME):
        raise UserError(f"Brian2 starts at t = 0: it cannot run {model.label} from another time")
    name = METHODS[method].brian2
    if not name:
        raise UserError(f"Brian2 has no method like '{method}'")
    return name


def _set(group: brian2.NeuronGroup, model: NeuronModel, values: dict[str, float]) -> None:
    for name, value in values.items():
        if name in OF_TIME:
            continue  # Brian2 has its own
        setattr(group, name, units.quantity(value, model.system.dimensions[name]))
