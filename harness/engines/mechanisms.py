"""What simulators have in common that run models of ours as generated mechanisms."""

from __future__ import annotations

import importlib.util
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ...models.algebra.draft import NotApplicable
from ...models.definition.neuron import NeuronModel
from ..stimuli import Stimulus, as_lines
from .base import Engine, EngineRun, inputs_of, on_the_grid, why_not_plain
from .child import ask
from .nmodl import Mechanism
from .seen import NEURONS, operations_of


class MechanismEngine(Engine):
    """A simulator whose neurons are compartments with a mechanism."""

    program: str
    """The file in `programs` that runs it."""
    counted: str
    """The name of the simulator's library whose code runs in a step."""

    @abstractmethod
    def written(self, model: NeuronModel, method: str) -> Mechanism:
        """Write a model as a mechanism, or name the simulator's own.

        Raises
        ------
        NotApplicable
            If the model cannot be written so.
        """

    @abstractmethod
    def compiled(self, text: str) -> Path:
        """Compile a mechanism, once per text, and return the library."""

    def why_not_here(self) -> str:
        """Return what is missing, or that the simulator's own commands cannot compile where it is installed."""
        if reason := super().why_not_here():
            return reason
        found = importlib.util.find_spec(self.package) if self.package else None
        if found and found.origin and len(found.origin.split()) > 1:
            return (
                f"{self.title} cannot compile models: there is a space in the name of the folder in which it is "
                f"installed, {Path(found.origin).parent}; install it in another"
            )
        return ""

    def settings(self, method: str) -> Mapping[str, object]:  # noqa: ARG002 - by default
        """Return what the program needs to know in addition, for a scheme."""
        return {}

    def why_not_model(self, model: NeuronModel, method: str) -> str:
        """Return why it cannot be a mechanism; empty if it can."""
        if reason := why_not_plain(model):
            return reason
        try:
            self.written(model, method)
        except NotApplicable as error:
            return str(error)
        return ""

    def text(self, model: NeuronModel, method: str) -> str:
        """Return the mechanism."""
        return self.written(model, method).text

    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Compile the mechanism, and run it with each dt in one process."""
        mechanism = self.written(model, method)
        started = time.perf_counter()
        library = self._library(mechanism)
        seconds = time.perf_counter() - started
        on_grid = self.labels.detection == "grid" and self.schemes[method].on_grid
        pieces, arrays = inputs_of(stimulus, dts, as_lines)
        question = {"pieces": pieces, "dts": list(map(float, dts)), "neurons": neurons}
        answer = ask(
            self.title, self.program, {**self._described(model, method, mechanism, library), **question}, arrays
        )
        return [
            EngineRun(
                on_the_grid(run["times"], dt) if on_grid else np.asarray(run["times"], float),
                run["seconds"],
                seconds + run["built"],
                mechanism.text,
                answer["version"],
            )
            for dt, run in zip(dts, answer["runs"], strict=True)
        ]

    def operations(self, model: NeuronModel, method: str) -> float:
        """Return what the mechanism and the simulator execute per neuron and step."""
        if self.schemes[method].controlled:
            return super().operations(model, method)
        mechanism, dt = self.written(model, method), float(self.default_dt)
        question = {"pieces": [(dt, 0.0)], "dts": [dt], "neurons": NEURONS, "count": self.counted}

        def ask_for() -> Mapping[str, Any]:
            described = self._described(model, method, mechanism, self._library(mechanism))
            return ask(self.title, self.program, {**described, **question})

        return operations_of(version(self.package), f"{method}\n{mechanism.text}", ask_for)

    def _library(self, mechanism: Mechanism) -> str:
        return "" if mechanism.settings else str(self.compiled(mechanism.text))

    def _described(self, model: NeuronModel, method: str, mechanism: Mechanism, library: str) -> dict[str, object]:
        """Return what the program needs to know in order to make neurons."""
        return {
            "library": library,
            "mechanism": mechanism.name,
            "settings": mechanism.settings,
            "reversals": mechanism.reversals,
            "capacitance": mechanism.capacitance,
            "point": mechanism.is_point,
            "threshold": mechanism.level,
            "input": mechanism.input,
            "scale": mechanism.scale,
            "v": model.initial_values[model.system.threshold.variable],
            **self.settings(method),
        }
