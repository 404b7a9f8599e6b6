"""Arbor, with models of ours as generated mechanisms."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ...models.algebra.draft import NotApplicable
from ...models.definition.neuron import NeuronModel
from ..stimuli import Stimulus
from .base import ENGINES, Engine, EngineRun, Labels, Scheme, why_not_plain
from .child import ask, compiled, script_of
from .nmodl import input_current, nmodl_of_arbor

_MECHANISM = "spikecost_model"


class Arbor(Engine):
    """Arbor's cable cells."""

    name = "arbor"
    title = "Arbor"
    package = "arbor"
    tools = ("cmake", "make", "c++")
    default_dt = Fraction(1, 40)
    default_dt_source = "python/simulation.cpp, run: dt = 0.025 ms"
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
                "each other variable with the new voltage, exponentially (cnexp), with (2 + x)/(2 - x) for exp(x)",
                "arbor/fvm_lowered_cell_impl.hpp, integrate; modcc/solvers.cpp",
            )
        }
    )

    def why_not_model(self, model: NeuronModel, method: str) -> str:  # noqa: ARG002 - there is one scheme
        """Return why it cannot be a mechanism of Arbor; empty if it can."""
        if reason := why_not_plain(model):
            return reason
        try:
            input_current(model)
            nmodl_of_arbor(model, _MECHANISM)
        except NotApplicable as error:
            return str(error)
        return ""

    def text(self, model: NeuronModel, method: str) -> str:  # noqa: ARG002 - there is one scheme
        """Return the mechanism."""
        return nmodl_of_arbor(model, _MECHANISM).text

    def run_each(
        self,
        model: NeuronModel,
        method: str,  # noqa: ARG002 - there is one scheme
        dts: Sequence[Fraction],
        stimulus: Stimulus,
        neurons: int,
    ) -> list[EngineRun]:
        """Compile the mechanism once per text, and run it with each dt."""
        mechanism, scale = nmodl_of_arbor(model, _MECHANISM), input_current(model)
        started = time.perf_counter()
        library = _compiled(mechanism.text)
        seconds = time.perf_counter() - started
        answer = ask(
            self.title,
            "run_arbor.py",
            {
                "library": str(library),
                "mechanism": _MECHANISM,
                "threshold": mechanism.level,
                "v": model.initial_values[model.system.threshold.variable],
                "neurons": neurons,
                "pieces": [
                    (float(length), scale * value)
                    for length, value in zip(stimulus.durations, stimulus.values, strict=True)
                ],
                "dts": list(map(float, dts)),
            },
        )
        return [
            EngineRun(
                np.asarray(run["times"], dtype=float),
                run["seconds"],
                seconds + run["built"],
                mechanism.text,
                answer["version"],
            )
            for run in answer["runs"]
        ]


def _compiled(text: str) -> Path:
    """Compile a mechanism; return the catalogue."""
    # the console script starts this one with the first Python of PATH
    script = script_of("arbor", "arbor/bin/arbor-build-catalogue")
    command = (sys.executable, script, "spikecost", "mechanisms")
    return compiled("Arbor", "arbor", {f"mechanisms/{_MECHANISM}.mod": text}, command, "spikecost-catalogue.so")


ENGINES.register(Arbor())
