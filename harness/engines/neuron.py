"""NEURON, with models of ours as generated mechanisms."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from ...models.algebra.draft import NotApplicable
from ...models.definition.neuron import NeuronModel
from ..stimuli import Stimulus
from .base import ENGINES, Engine, EngineRun, Labels, Scheme, on_the_grid, why_not_plain
from .child import ask, compiled, script_of
from .nmodl import Mechanism, nmodl

_MECHANISM = "spikecost_model"
_SECOND_ORDER = {"backward_euler": 0, "crank_nicolson": 2}


class Neuron(Engine):
    """NEURON with a fixed step."""

    name = "neuron"
    title = "NEURON"
    package = "neuron"
    tools = ("make", "g++")
    default_dt = Fraction(1, 40)
    default_dt_source = "src/nrnoc/membdef.h, DEF_dt"
    labels = Labels(
        "a spike is found at the end of a step, where the voltage is above the threshold for the first time; the reset "
        "acts there; the label is the end of the step (plus 1e-10 ms where a NetCon watches the voltage)",
        "src/nrncvode/netcvode.cpp, NetCvode::check_thresh and ConditionEvent::check; src/nrnoc/fadvance.cpp, "
        "nrn_fixed_step_lastpart",
    )
    schemes = MappingProxyType(
        {
            "backward_euler": Scheme(
                "the voltage by backward Euler, linearised, with the other variables from the start of the step; then "
                "each other variable with the new voltage, exponentially if it is linear in itself (cnexp), otherwise "
                "by backward Euler (derivimplicit)",
                "src/nrnoc/fadvance.cpp, nrn_fixed_step_thread, secondorder = 0",
            ),
            "crank_nicolson": Scheme(
                "the same with the voltage by Crank and Nicolson, and the other variables half a step ahead: second "
                "order in the state, first order in the labels of spikes",
                "src/nrnoc/fadvance.cpp, secondorder = 2; Hines and Carnevale 1997, Neural Computation 9:1179",
            ),
        }
    )

    def why_not_model(self, model: NeuronModel, method: str) -> str:  # noqa: ARG002 - all schemes have the same limits
        """Return why it cannot be written in NMODL; empty if it can."""
        if reason := why_not_plain(model):
            return reason
        try:
            self._written(model)
        except NotApplicable as error:
            return str(error)
        return ""

    def text(self, model: NeuronModel, method: str) -> str:  # noqa: ARG002 - the scheme is a setting of the run
        """Return the mechanism."""
        return self._written(model).text

    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Compile the mechanism once per text, and run it with each dt."""
        written = self._written(model)
        started = time.perf_counter()
        library = _compiled(written.text)
        compiled = time.perf_counter() - started
        answer = ask(
            self.title,
            "run_neuron.py",
            {
                "library": str(library),
                "mechanism": _MECHANISM,
                "point": written.is_point,
                "threshold": written.level,
                "values": {},
                "globals": {},
                "clamp": False,
                "input": f"{model.input}_" if model.input else "",
                "v": model.initial_values[model.system.threshold.variable],
                "neurons": neurons,
                "pieces": [
                    (float(length), value) for length, value in zip(stimulus.durations, stimulus.values, strict=True)
                ],
                "runs": [{"dt": float(dt), "secondorder": _SECOND_ORDER[method], "tolerance": None} for dt in dts],
            },
        )
        return [
            EngineRun(
                on_the_grid(run["times"], dt),
                run["seconds"],
                compiled + answer["built"],
                written.text,
                answer["version"],
            )
            for dt, run in zip(dts, answer["runs"], strict=True)
        ]

    def _written(self, model: NeuronModel) -> Mechanism:
        return nmodl(model, _MECHANISM)


def _compiled(text: str) -> Path:
    """Compile a mechanism; return the library."""
    command = (sys.executable, script_of("neuron", "nrnivmodl"), ".")
    return compiled("NEURON", "neuron", {f"{_MECHANISM}.mod": text}, command, "*/libnrnmech.so")


ENGINES.register(Neuron())
