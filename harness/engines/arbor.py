"""Arbor, with models of ours as generated mechanisms."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from ...models.definition.neuron import NeuronModel
from .base import ENGINES, Labels, Scheme
from .child import compiled, script_of
from .hodgkin import HH, own_hh
from .mechanisms import MechanismEngine
from .nmodl import MECHANISM, Mechanism, nmodl_of_arbor


class Arbor(MechanismEngine):
    """Arbor's cable cells."""

    name = "arbor"
    title = "Arbor"
    package = "arbor"
    tools = ("cmake", "make", "c++")
    program, counted = "run_arbor.py", "_arbor"
    default_dt = Fraction(1, 40)
    default_dt_source = "python/simulation.cpp, run: dt = 0.025 ms"
    varying = (
        "the envelope of an i_clamp gives it as straight lines, of which each step takes the value at its start (an "
        "input of other shapes is given as lines over the steps; arbor/backends/multicore/stimulus.hpp)"
    )
    labels = Labels(
        "a spike is found at the end of a step; its label is where the straight line between the voltages at the ends "
        "of the step crosses the threshold; nothing is reset",
        "arbor/backends/multicore/threshold_watcher.hpp, test",
        "linear",
    )
    schemes = MappingProxyType(
        {
            "backward_euler": Scheme(
                "the voltage by backward Euler, linearised, with the other variables from the start of the step; then "
                "each other variable with the new voltage, and the others from the start, exponentially (cnexp), with "
                "(2 + x)/(2 - x) for exp(x)",
                "arbor/fvm_lowered_cell_impl.hpp, integrate; modcc/solvers.cpp",
            ),
            HH: Scheme(
                "Arbor's own mechanism hh, for models with its equations: as backward_euler",
                "mechanisms/default/hh.mod",
            ),
        }
    )

    def written(self, model: NeuronModel, method: str) -> Mechanism:
        """Write a model in Arbor's dialect, or name the mechanism hh."""
        return own_hh(model) if method == HH else nmodl_of_arbor(model)

    def compiled(self, text: str) -> Path:
        """Compile a mechanism; return the catalogue."""
        # the console script starts this one with the first Python of PATH
        script = script_of("arbor", "arbor/bin/arbor-build-catalogue")
        command = (sys.executable, script, "spikecost", "mechanisms")
        return compiled("Arbor", "arbor", {f"mechanisms/{MECHANISM}.mod": text}, command, "spikecost-catalogue.so")


ENGINES.register(Arbor())
