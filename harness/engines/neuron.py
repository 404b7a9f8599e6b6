"""NEURON, with models of ours as generated mechanisms."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from ...models.definition.neuron import NeuronModel
from .base import ENGINES, Labels, Scheme
from .child import compiled, script_of
from .hodgkin import HH, own_hh
from .mechanisms import MechanismEngine
from .nmodl import MECHANISM, Mechanism, nmodl

_SECOND_ORDER = {"backward_euler": 0, "crank_nicolson": 2}
#: The scheme that chooses its steps.
VARIABLE = "cvode"


class Neuron(MechanismEngine):
    """NEURON with a fixed step."""

    name = "neuron"
    title = "NEURON"
    package = "neuron"
    tools = ("make", "g++")
    program, counted = "run_neuron.py", "libnrniv.so"
    default_dt = Fraction(1, 40)
    default_dt_source = "src/nrnoc/membdef.h, DEF_dt"
    varying = (
        "Vector.play gives it as straight lines, which steps of fixed length take in their middle (an input of other "
        "shapes is given as lines over the steps; src/nrncvode/vrecord.cpp, VecPlayContinuous; src/nrnoc/fadvance.cpp)"
    )
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
                "the other variables with the new voltage: if all are linear in themselves, each exponentially, with "
                "the others from the start (cnexp), otherwise together by backward Euler (derivimplicit)",
                "src/nrnoc/fadvance.cpp, nrn_fixed_step_thread, secondorder = 0",
            ),
            "crank_nicolson": Scheme(
                "the same with the voltage by Crank and Nicolson, and the other variables half a step ahead: second "
                "order in the state, first order in the labels of spikes",
                "src/nrnoc/fadvance.cpp, secondorder = 2; Hines and Carnevale 1997, Neural Computation 9:1179",
            ),
            VARIABLE: Scheme(
                "CVODE: backward differentiation formulas of varying order and step, up to dt, with an absolute "
                "tolerance of 1e-3 in every variable",
                "src/nrncvode/cvodeobj.cpp, abstol_ = 1e-3; Cohen and Hindmarsh 1996, Computers in Physics 10:138",
                controlled=True,
                on_grid=False,
            ),
            HH: Scheme(
                "NEURON's own mechanism hh, for models with its equations: as backward_euler, with rates from tables "
                "with steps of 1 mV and straight lines between them",
                "src/nrnoc/hh.mod: TABLE minf, mtau, ... FROM -100 TO 100 WITH 200",
            ),
        }
    )

    def written(self, model: NeuronModel, method: str) -> Mechanism:
        """Write a model in NMODL, or name the mechanism hh."""
        return own_hh(model) if method == HH else nmodl(model)

    def compiled(self, text: str) -> Path:
        """Compile a mechanism; return the library."""
        command = (sys.executable, script_of("neuron", "nrnivmodl"), ".")
        return compiled("NEURON", "neuron", {f"{MECHANISM}.mod": text}, command, "*/libnrnmech.so")

    def settings(self, method: str) -> Mapping[str, object]:
        """Return the value of NEURON's variable that chooses the scheme."""
        return {"secondorder": _SECOND_ORDER.get(method, 0), "variable": method == VARIABLE}


ENGINES.register(Neuron())
