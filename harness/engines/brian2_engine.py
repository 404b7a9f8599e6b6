"""Brian2 as an engine: its code generation targets, and what its generated code executes."""

from __future__ import annotations

import base64
import pickle
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction

import brian2
import numpy as np

from ...flops.conventions import get_convention
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError
from ...models.methods import METHODS
from ...models.step import why_not
from ..stimuli import Stimulus, steps_of
from .base import ENGINES, Engine, EngineRun, Labels, Scheme
from .brian2 import Built, method_name, runs_of, set_standalone, why_not_compiled, with_inputs
from .brian2_operations import executed
from .child import ask

#: The target and flags in `Executed` of the targets whose operations can be counted.
_EXECUTED = {"cython": ("cython", "brian2"), "standalone": ("cpp_standalone", "brian2")}


class Brian2(Engine):
    """Brian2 with one of its code generation targets; the model is run as it was written."""

    package = "brian2"
    default_dt = Fraction(1, 10)
    default_dt_source = "brian2/devices/device.py, RuntimeDevice: Clock(dt=0.1*ms, name='defaultclock')"
    varying = "a TimedArray gives each step the value at its start"
    labels = Labels(
        "a spike is found at the end of a step; the reset acts there; the label is the start of the step",
        "brian2/core/network.py, the schedule start, groups, thresholds, synapses, resets, end; t is advanced after it",
        "grid_start",
    )

    def __init__(self, target: str, title: str) -> None:
        self._target = target
        self._executed = _EXECUTED.get(target)
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

    def operations(self, model: NeuronModel, method: str) -> float:
        """Return what the generated C++ or Cython code executes; a function such as exp counts as one operation."""
        if self._executed is None:
            return super().operations(model, method)
        (found,) = executed([(model, method)])
        if isinstance(found, NoValue):
            raise UserError(found.reason)
        (own,) = (each for each in found if (each.target, each.flags) == self._executed)
        return get_convention("unit").weigh(own.own)

    def text(self, model: NeuronModel, method: str) -> str:
        """Return the equations and the settings that a group of Brian2 gets."""
        settings = {
            "threshold": repr(model.threshold),
            "reset": repr(model.reset or None),
            "refractory": "0*ms" if model.refractory is None else repr(model.refractory),
            "method": repr(method_name(model, method)),
            **{f"namespace[{name!r}]": repr(value) for name, value in model.constants.items()},
        }
        return "\n".join([*_lines(model), "", *(f"{name} = {value}" for name, value in settings.items()), ""])

    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Run with each dt in one process; each is compiled again, because Brian2 compiles per run."""
        given = pickle.dumps((self._target, model, method_name(model, method), list(dts), stimulus, neurons))
        answer = ask(self.title, "run_brian2.py", {"given": base64.b64encode(given).decode()})
        text = self.text(model, method)
        if stimulus.varies:
            text = text.replace("\n".join(_lines(model)), "\n".join(_lines(model, varying=True)))
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


def _lines(model: NeuronModel, *, varying: bool = False) -> list[str]:
    return [line.strip() for line in with_inputs(model, varying=varying).splitlines() if line.strip()]


def answered(given: bytes, folder: str) -> dict[str, object]:
    """Run what `Brian2.run_each` asks for, in a process of its own: standalone mode is global."""
    target, model, method, dts, stimulus, neurons = pickle.loads(given)  # noqa: S301 - from the process that asks
    found = []
    for number, dt in enumerate(dts):
        started = time.perf_counter()
        runs = runs_of(stimulus, steps_of(stimulus, dt))
        if target == "standalone":
            if number:
                brian2.device.reinit()
                brian2.device.activate(build_on_run=False)
            else:
                set_standalone()
        else:
            brian2.prefs.codegen.target = target
        built, seconds = Built(model, method, stimulus, dt, neurons), 0.0
        if target != "standalone":
            built.set_input(runs[0][1])
            built.network.run(0 * brian2.ms)  # compiles
        ready = time.perf_counter() - started
        for count, value in runs:
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
