"""The same model, unchanged, inside Brian2."""

from __future__ import annotations

import base64
import os
import pickle
import re
import shutil
import sysconfig
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import brian2
import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.language import units
from ...models.language.names import OF_TIME
from ...models.language.noise import DIMENSIONS, named
from ...models.methods import METHODS
from ...models.step import why_not
from ..stimuli import Stimulus, steps_of
from ..stimuli.parts.train import check_arrivals
from ..stimuli.random_inputs import RandomInputs
from .base import ENGINES, Engine, EngineRun, Labels, Scheme
from .child import ask

#: Detections equivalent to Brian2's, and the number of steps from Brian2's label to theirs.
LABELS = {"grid_start": 0, "grid": 1}

#: The name that a parameter gets in Brian2 if each arrival has its own value of it.
VALUES = "spikecost_value"


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
        built = _Built(model, name, stimulus, dt)
        for count, value in zip(steps, stimulus.values, strict=True):
            built.set_input(value)
            built.network.run(count * built.clock.dt)
        starts = built.starts
    finally:
        brian2.prefs.codegen.target = before
    return np.asarray((starts + LABELS[detection]) * float(dt), dtype=np.float64)


class _Built:
    """A network of identical neurons; the spikes of the first one are recorded."""

    def __init__(self, model: NeuronModel, method: str, stimulus: Stimulus, dt: Fraction, neurons: int = 1) -> None:
        self._model, self._dt = model, dt
        self.clock = brian2.Clock(dt=float(dt) * brian2.ms)
        self._group = brian2.NeuronGroup(
            neurons,
            _with_inputs(model),
            threshold=model.threshold,
            reset=model.reset or None,
            refractory=0 * brian2.ms if model.refractory is None else model.refractory,
            method=method,
            clock=self.clock,
            namespace=dict(model.constants),
            name="spikecost_neuron*",
        )
        _set(self._group, model, {**model.parameter_values, **model.initial_values})
        if model.system.random:
            _give_random_inputs(self._group, model, stimulus, dt)
        self._monitor = brian2.SpikeMonitor(self._group if neurons == 1 else self._group[:1])
        self.network = brian2.Network(self._group, self._monitor, *_arriving(self._group, model, stimulus, self.clock))

    def set_input(self, value: float) -> None:
        """Set the input of all neurons, in internal units."""
        _set(self._group, self._model, {self._model.input: value} if self._model.input else {})

    @property
    def starts(self) -> NDArray[np.int64]:
        """The number of the step of each spike."""
        return np.round(np.asarray(self._monitor.t / brian2.ms) / float(self._dt)).astype(np.int64)


#: The beginning of the names that random inputs get in Brian2, where they are parameters.
_FROZEN = "spikecost_"


def _with_inputs(model: NeuronModel) -> str:
    """Return the equations with random inputs as parameters: Brian2's own random numbers depend on dt."""
    if not model.system.random:
        return model.equations
    text, _ = named(model.equations)
    for name in model.system.random:
        text = re.sub(rf"\b{name}\b", f"{_FROZEN}{name}", text)
    declared = (
        f"{_FROZEN}{name} : {units.dimension_text(DIMENSIONS[kind])}" for name, kind in model.system.random.items()
    )
    return "\n".join((text, *declared))


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


class Brian2(Engine):
    """Brian2 with one of its code generation targets; the model is run as it was written."""

    package = "brian2"
    default_dt = Fraction(1, 10)
    default_dt_source = "brian2/devices/device.py, RuntimeDevice: Clock(dt=0.1*ms, name='defaultclock')"
    labels = Labels(
        "a spike is found at the end of a step; the reset acts there; the label is the start of the step",
        "brian2/core/network.py, the schedule start, groups, thresholds, synapses, resets, end; t is advanced after it",
        "grid_start",
    )

    def __init__(self, target: str, title: str) -> None:
        self._target = target
        self.name = f"brian2:{target}"
        self.title = title

    @property
    def schemes(self) -> Mapping[str, Scheme]:
        """The methods that Brian2 and spikecost have; Brian2's own choice is the first of exact and euler."""
        own = [name for name in ("exact", "euler") if name in METHODS]
        return {
            name: Scheme(f"Brian2's {METHODS[name].brian2}", "brian2/stateupdaters", ours=name)
            for name in (*own, *(name for name in METHODS if name not in own))
            if METHODS[name].brian2
        }

    def why_not_model(self, model: NeuronModel, method: str) -> str:
        """Return why Brian2 cannot run it; empty if it can."""
        try:
            method_name(model, method)
        except UserError as error:
            return str(error)
        return why_not(model, method)

    def why_not_here(self) -> str:
        """Return what is missing to compile."""
        return "" if self._target == "numpy" else why_not_compiled()

    def text(self, model: NeuronModel, method: str) -> str:
        """Return the equations and the settings that a group of Brian2 gets."""
        settings = {
            "threshold": repr(model.threshold),
            "reset": repr(model.reset or None),
            "refractory": "0*ms" if model.refractory is None else repr(model.refractory),
            "method": repr(method_name(model, method)),
            **{f"namespace[{name!r}]": repr(value) for name, value in model.constants.items()},
        }
        equations = [line.strip() for line in _with_inputs(model).splitlines() if line.strip()]
        return "\n".join([*equations, "", *(f"{name} = {value}" for name, value in settings.items()), ""])

    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Run with each dt in one process; each is compiled anew, since Brian2 compiles per run."""
        given = pickle.dumps((self._target, model, method_name(model, method), list(dts), stimulus, neurons))
        answer = ask(self.title, "run_brian2.py", {"given": base64.b64encode(given).decode()})
        text = self.text(model, method)
        return [
            EngineRun(
                np.asarray(run["starts"], dtype=float) * float(dt),
                run["seconds"],
                run["built"],
                text,
                answer["version"],
            )
            for dt, run in zip(dts, answer["runs"], strict=True)
        ]


def answered(given: bytes, folder: str) -> dict[str, object]:
    """Run what `Brian2.run_each` asks for, in a process of its own: standalone mode is global."""
    target, model, method, dts, stimulus, neurons = pickle.loads(given)  # noqa: S301 - from the process that asks
    found = []
    for number, dt in enumerate(dts):
        started = time.perf_counter()
        if target == "standalone":
            if number:
                brian2.device.reinit()
                brian2.device.activate(build_on_run=False)
            else:
                brian2.set_device("cpp_standalone", build_on_run=False)
        else:
            brian2.prefs.codegen.target = target
        built, seconds = _Built(model, method, stimulus, dt, neurons), 0.0
        if target != "standalone":
            built.set_input(stimulus.values[0])
            built.network.run(0 * brian2.ms)  # compiles
        ready = time.perf_counter() - started
        for count, value in zip(steps_of(stimulus, dt), stimulus.values, strict=True):
            built.set_input(value)
            begun = time.perf_counter()
            built.network.run(count * built.clock.dt)
            seconds += time.perf_counter() - begun
        if target == "standalone":
            brian2.device.build(directory=f"{folder}/{number}", compile=True, run=False)
            ready = time.perf_counter() - started
            brian2.device.run()
            seconds = float(brian2.device._last_run_time)
        found.append({"starts": built.starts.tolist(), "seconds": seconds, "built": ready})
    return {"runs": found, "version": f"Brian2 {brian2.__version__}"}


ENGINES.register(Brian2("cython", "Brian2 (Cython)"))
ENGINES.register(Brian2("numpy", "Brian2 (NumPy)"))
ENGINES.register(Brian2("standalone", "Brian2 (C++ standalone)"))
