"""What an engine is: another simulator that runs a model of ours, generated from the one definition."""

from __future__ import annotations

import importlib.util
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...models.definition.domain import check_domain
from ...models.definition.language.names import OF_TIME
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError, check_text
from ...models.ground.registry import Registry
from ...models.reading.by_name import get_model
from ..stimuli import Stimulus, steps_of


@dataclass(frozen=True)
class Scheme:
    """An integration scheme of a simulator."""

    said: str
    """What it does, as a sentence."""
    source: str
    """The file of the simulator's source, or the page of its documentation, that says so."""
    order: float = 1
    """Order of convergence of its spike times as the simulator labels them."""
    ours: str = ""
    """The method of ours that computes the same, with detection `grid`; empty if none does."""
    controlled: bool = False
    """Whether the simulator chooses its own steps, up to dt."""
    on_grid: bool = True
    """Whether the times of spikes are multiples of dt, if the simulator labels them with the ends of steps."""


@dataclass(frozen=True)
class Labels:
    """How a simulator finds and labels spikes."""

    said: str
    """Where in a step a spike is found, where the reset acts, and which time it gets."""
    source: str
    detection: str = "grid"
    """The detection of ours that labels spikes in the same way; empty if none does."""


@dataclass(frozen=True, eq=False)
class EngineRun:
    """What a simulator did."""

    times: NDArray[np.float64]
    """Spike times of the first neuron in ms, with the simulator's own label, freed of the rounding of summed steps."""
    seconds: float
    """Wall time of the simulation alone."""
    build_seconds: float
    """Wall time until the simulation could start: code generation, compilation and construction. Little if the compiled
    code was in the cache."""
    text: str
    """The model as the simulator read it."""
    version: str
    """The simulator and its version."""


class Engine(ABC):
    """Another simulator."""

    name: str
    """The name that users type."""
    title: str
    """The name that tables print."""
    package: str = ""
    """The Python package that must be installed."""
    tools: tuple[str, ...] = ()
    """The programs with which it compiles a model."""
    default_dt: Fraction
    """The time step in ms if the user sets none."""
    default_dt_source: str
    labels: Labels
    varying: str = ""
    """What the simulator makes of an input that varies within a piece; empty if it is given no such input."""

    @property
    @abstractmethod
    def schemes(self) -> Mapping[str, Scheme]:
        """By name. The simulator's default is the first one that a model can use."""

    @abstractmethod
    def why_not_model(self, model: NeuronModel, method: str) -> str:
        """Return why a model cannot run with a scheme; empty if it can."""

    @abstractmethod
    def text(self, model: NeuronModel, method: str) -> str:
        """Return the model as the simulator reads it."""

    @abstractmethod
    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Run with each dt; everything has been checked."""

    def operations(self, model: NeuronModel, method: str) -> float:
        """Return the floating-point operations per neuron and step without a spike that an exact counter sees retire.

        They are weighed as in the convention ``unit``: a function of the mathematics library is one operation.

        Raises
        ------
        UserError
            If no counter sees them; one line says why.
        """
        if self.schemes[method].controlled:
            raise UserError(
                f"{self.title} chooses its own steps with {method}, so that no step has a number of operations"
            )
        raise UserError(f"no counter sees what {self.title} executes for {model.label} with {method}")

    def judged_as(self, model: NeuronModel, method: str, stimulus: Stimulus) -> NeuronModel:  # noqa: ARG002 - by default
        """Return the model whose reference solution has the spikes that the simulator means.

        It is another model if the simulator defines a spike in another way, such as by the maximum of the voltage.

        Raises
        ------
        UserError
            If its spikes cannot be compared under this stimulus.
        """
        return model

    def why_not_here(self) -> str:
        """Return what is missing on this machine, and how to install it; empty if nothing is."""
        if self.package and importlib.util.find_spec(self.package) is None:
            return f"{self.title} is not installed; install it with pip install 'spikecost[peers]'"
        missing = [tool for tool in self.tools if shutil.which(tool) is None]
        if missing:
            said = " and no ".join(missing)
            return f"{self.title} compiles models, and there is no {said}; install them (Debian: g++, make and cmake)"
        return ""

    def why_not(self, model: str | NeuronModel, method: str = "", stimulus: Stimulus | None = None) -> str:
        """Return why the engine cannot run a model, with a scheme, under a stimulus; empty if it can.

        Parameters
        ----------
        model : str or NeuronModel
        method : str
            A name in `schemes`; by default any of them.
        stimulus : Stimulus, optional
        """
        model = get_model(model)
        check_domain(model)
        if method and method not in self.schemes:
            return f"{self.title} has no method '{method}'; give {' or '.join(self.schemes)}"
        reasons = [self.why_not_model(model, each) for each in ([method] if method else self.schemes)]
        if all(reasons):
            return reasons[0]
        if stimulus is not None and stimulus.arrivals:
            return f"{self.title} is given no arriving spikes"
        if stimulus is not None and stimulus.varies and not self.varying:
            return f"{self.title} is given constant and piecewise-constant inputs only"
        return self.why_not_here()

    def method_of(self, model: str | NeuronModel) -> str:
        """Return the simulator's own choice of a scheme for a model.

        Raises
        ------
        UserError
            If it cannot run the model.
        """
        model = get_model(model)
        found = next((name for name in self.schemes if not self.why_not_model(model, name)), None)
        if found is None:
            raise UserError(f"{self.title} cannot run {model.label}: {self.why_not(model)}")
        return found

    def run(
        self, model: str | NeuronModel, method: str, dt: Fraction, stimulus: Stimulus, neurons: int = 1
    ) -> EngineRun:
        """Run a model.

        Parameters
        ----------
        model : str or NeuronModel
        method : str
            A name in `schemes`; if empty, the simulator's own choice.
        dt : Fraction
            In ms.
        stimulus : Stimulus
        neurons : int
            Number of identical neurons, to time the simulation of many.

        Raises
        ------
        UserError
            If the engine is not installed, cannot run the model, or fails.
        """
        return self.runs(model, method, [dt], stimulus, neurons)[0]

    def runs(
        self, model: str | NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int = 1
    ) -> list[EngineRun]:
        """Run a model with several time steps: the simulator starts, and the model is built, only once.

        Raises
        ------
        UserError
            As `run`.
        """
        model = get_model(model)
        method = method or self.method_of(model)
        if reason := self.why_not(model, method, stimulus):
            raise UserError(f"{self.title} cannot run {model.label}: {reason}")
        for dt in dts:
            steps_of(stimulus, dt)
        return self.run_each(model, method, list(dts), stimulus, neurons)


#: Every engine by the name that users type.
ENGINES: Registry[Engine] = Registry("engine", "spikecost.engines")


def named_engine(name: str) -> tuple[Engine, str]:
    """Return an engine, and the scheme after its name, if any: ``neuron:crank_nicolson``.

    Raises
    ------
    UserError
        If there is no such engine, or it has no such scheme.
    """
    check_text(name, "engine", "nest")
    engine, method = name, ""
    if name not in ENGINES and ":" in name:
        engine, _, method = name.rpartition(":")
    found = ENGINES[engine]
    if method and method not in found.schemes:
        raise UserError(f"{engine} has no method '{method}'; give {', '.join(found.schemes)}")
    return found, method


def why_not_plain(model: NeuronModel) -> str:
    """Return why a model cannot be written in the language of another simulator; empty if it can."""
    system = model.system
    if model.tables:
        return "it looks rates up in tables; take the model without tables"
    if system.random:
        return f"its equations have random inputs ({', '.join(system.random)})"
    if model.arrivals:
        return f"spikes arrive at it ({', '.join(model.arrivals)})"
    if set(system.state) & set(OF_TIME):
        return "its equations use the time"
    if system.threshold.condition is not None:
        return f"its threshold, {model.threshold}, is not a state variable above a level"
    if model.is_refractory_at_times:
        return "it is refractory for a time after a spike"
    if not model.steps_start_below:
        return "it starts above its threshold"
    return ""


def inputs_of(
    stimulus: Stimulus, dts: Sequence[Fraction], of_step: Callable[[Stimulus, Fraction], NDArray[np.float64]]
) -> tuple[list[tuple[float, float]], dict[str, NDArray[np.float64]]]:
    """Return pieces with their durations and values, and for each time step an input that varies within them.

    If it varies, there is one piece, and `of_step` makes the input for a time step; the arrays are named ``input0``,
    ``input1``, ... If not, there are no arrays.
    """
    if not stimulus.varies:
        return [(float(length), value) for length, value in zip(stimulus.durations, stimulus.values, strict=True)], {}
    arrays = {f"input{place}": of_step(stimulus, dt) for place, dt in enumerate(dts)}
    return [(float(stimulus.horizon), float(stimulus.at(0.0)))], arrays


def on_the_grid(times: Any, dt: Fraction) -> NDArray[np.float64]:
    """Return times that a simulator found by adding up steps, as multiples of dt.

    Raises
    ------
    UserError
        If a time is not near a multiple of dt.
    """
    steps = np.asarray(times, dtype=float) / float(dt)
    whole = np.round(steps)
    if (np.abs(steps - whole) > 1e-3).any():
        raise UserError("the simulator labelled a spike with a time that is no multiple of dt")
    found: NDArray[np.float64] = whole * float(dt)
    return found
