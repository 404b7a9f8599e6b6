"""What an integration method is.

A method turns a model into blocks of assignments and defines how a kernel runs them. Counts, kernels and costs use
nothing else of a method. There are two ways to write a method.

- `FixedStep` (`fixed_step`): the method is a formula, ``advance``, the same for every step.
- `InBlocks`: the method makes its own blocks and has its own template in C. How often the template runs a block may
  depend on the error of a step, or on how fast a series converges.

Code outside this folder never checks which of the two a method is, only what the method can do.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Protocol

from ...algebra.simplify import Assign, Block
from ...definition.neuron import NeuronModel
from ...definition.step_names import for_blocks
from ...detection import DETECTIONS
from .events import why_not_between, why_not_located, why_not_located_end

#: The number format that is taken if none is named.
DOUBLE = "double"


@dataclass(frozen=True)
class Template:
    """The control flow of a kernel in C, as a Jinja template; the operations are printed from the blocks.

    The variables that a template can use, and the macros that templates share, are in ``harness/kernels/shared.c.j2``.
    """

    package: str
    """The package that holds the file, such as ``my_package.methods``."""
    file: str
    functions: bool = True
    """Whether each block is a function in C that tallies its calls; otherwise the template inserts blocks where it
    needs them."""
    in_lanes: bool = False
    """Whether the template can also advance several neurons at once, in the lanes of vector registers."""
    sampled_input: bool = False
    """Whether the kernel reads the values of the input at the start, the middle and the end of each step; otherwise it
    reads the numbers that describe each piece of the stimulus (`Shape`)."""
    any_format: bool = False
    """Whether the template can compute in every number format; otherwise in double precision only."""
    refills: bool = False
    """Whether the kernel asks for further arrivals where it stops at each of them (`refilled`)."""

    @property
    def text(self) -> str:
        """The text of the template."""
        return files(self.package).joinpath(self.file).read_text(encoding="utf-8")


@dataclass(frozen=True, repr=False)
class Step:
    """The blocks of a model's step, after common-subexpression elimination."""

    model: NeuronModel
    method: str
    detection: str
    varying: bool
    """Whether the input may vary within a step."""
    blocks: Mapping[str, Block]
    """Blocks by name, in the order in which a step runs them; the module of the method explains each block."""
    written: tuple[Assign, ...]
    """A step without a spike as published, without simplification; empty if steps differ from each other."""
    precision: str = DOUBLE
    """The number format in which it is computed."""

    def __repr__(self) -> str:
        more = f"{', varying input' * self.varying}{'' if self.precision == DOUBLE else f', {self.precision}'}"
        return f"<Step {self.model.label}, {self.method}, {self.detection} detection{more}>"

    @property
    def in_own_names(self) -> Step:
        """The same step; its model has the names that the blocks use."""
        return replace(self, model=for_blocks(self.model))

    @property
    def state(self) -> tuple[str, ...]:
        """State variables."""
        return self.model.system.state

    @property
    def parameters(self) -> tuple[str, ...]:
        """Per-neuron parameters."""
        return self.model.system.parameters

    @property
    def restarts(self) -> bool:
        """Whether the rest of a step is integrated after a spike."""
        return DETECTIONS[self.detection].restarts and self.model.spike_interrupts

    @property
    def cuts(self) -> bool:
        """Whether a step is cut where a spike arrives; otherwise the spike arrives at the end of its step, on the grid.

        Detections that locate spikes within a step cut it at arrivals, too.
        """
        return bool(self.model.arrivals) and DETECTIONS[self.detection].restarts


class Method(Hashable, Protocol):
    """The part of a method that the rest of the program uses: everything that counts, kernels and costs need."""

    name: str
    brian2: str
    """The name of the same method in Brian2; empty if Brian2 does not have it."""
    source: str
    """The works that it is from, as "Surname and Surname 2003"; empty if it cites none."""
    knob: str
    """The setting that a user chooses: ``dt`` (in ms) or ``tolerance`` (relative error of a step)."""
    order_alone: float
    """The order on models in which no variable depends on another; 0 if it is not a higher one. It is infinite for
    methods that solve ``dx/dt = a + b x`` exactly with all other variables frozen. `order.order_on` gives the order on
    a model."""
    usual: bool
    """Whether suites that name no methods contain it."""
    steps_alike: bool
    """Whether all steps without a spike have the same cost, so that the cost per step is defined."""
    template: Template
    """The control flow of its kernels."""
    extras: tuple[str, ...]
    """What kernels tally in addition to the blocks: first ``accepted`` steps, then the number of steps made smaller."""
    at_spikes: Collection[str]
    """The tallied parts that run only at spikes: their cost is the cost that a spike adds."""

    @property
    def dense_output(self) -> bool:
        """Whether it gives the solution between the ends of its step, as detection `dense` needs."""
        ...

    @property
    def order(self) -> float:
        """Order of convergence of the state at a fixed time, for a smooth right-hand side.

        Infinite if the method has no error, or if its order adapts to the step.
        """
        ...

    def why_not(self, model: NeuronModel, detection: str, varying: bool) -> str:
        """Return why the method cannot be used with a model, a detection and such an input; empty if it can."""
        ...

    def counts_steps(self, model: NeuronModel, detection: str) -> bool:
        """Whether the kernel's variable for the time, if the model has one, is a number of steps; otherwise in ms."""
        ...

    def blocks(self, model: NeuronModel, detection: str, varying: bool) -> Mapping[str, Block]:
        """Return the blocks of a step, by name, in the order in which a step runs them.

        Parameters
        ----------
        model : NeuronModel
        detection : str
        varying : bool
            Whether the input may change within a step.
        """
        ...

    def written(self, model: NeuronModel) -> tuple[Assign, ...]:
        """Return a step without a spike in the form of the published equations; empty if there is no such form."""
        ...

    def parts(self, step: Step) -> Mapping[str, tuple[str, ...]]:
        """Return the blocks that run together and are tallied as one, by the name of the tally."""
        ...

    def tallied(self, step: Step) -> tuple[str, ...]:
        """Return the names of what its kernels tally."""
        ...

    def tallies(
        self, step: Step, kept: Mapping[str, int], steps: float, spikes: int, horizon: float
    ) -> Mapping[str, float]:
        """Return the tallies of a run, by `parts` and `extras`.

        Parameters
        ----------
        step : Step
        kept : mapping
            The kernel's tallies, by `tallied`.
        steps : float
            Number of steps of dt; only a rough estimate if the method is set by a tolerance.
        spikes : int
        horizon : float
            Length of the run in ms.
        """
        ...

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return the variables that only this method's template needs."""
        ...


class InBlocks:
    """A method that makes its own blocks, with its own template, in which each block is a function.

    A subclass defines `name`, `knob`, `order`, `template`, `extras`, `at_spikes`, `detections` and `blocks`; it may
    override the rest.
    """

    name: str
    knob: str
    template: Template
    extras: tuple[str, ...]
    at_spikes: Collection[str]
    detections: tuple[str, ...] = ("dense",)
    """The spike detections that it can be used with."""
    varying = True
    """Whether it can follow an input that varies within a step."""
    arrivals = False
    """Whether spikes can arrive at its kernels."""
    brian2 = ""
    source = ""
    order_alone: float = 0
    usual = True
    steps_alike = False

    def __repr__(self) -> str:
        return f"<method {self.name}>"

    @property
    def dense_output(self) -> bool:
        """Whether it gives the solution between the ends of its step."""
        return "dense" in self.detections

    def why_not_model(self, model: NeuronModel) -> str:
        """Return why the method cannot integrate a model; empty if it can."""
        del model
        return ""

    def why_not(self, model: NeuronModel, detection: str, varying: bool) -> str:
        """Return why the method cannot be used with a model, a detection and such an input; empty if it can."""
        if varying and not self.varying:
            return "it needs an input that is constant within each step"
        if model.system.random:
            return "it chooses its own steps, and random inputs have one value per step of dt"
        if model.arrivals and not self.arrivals:
            return "it has no steps that end where a spike arrives"
        if detection not in self.detections:
            return f"it can only be used with detection {' or '.join(self.detections)}"
        if DETECTIONS[detection].restarts and (why := why_not_between(model)):
            return why
        if why := why_not_located_end(model):
            return why
        if detection == "dense" and (why := why_not_located(model)):
            return why
        return self.why_not_model(model)

    def counts_steps(self, model: NeuronModel, detection: str) -> bool:
        """Return False: the time is in ms."""
        del model, detection
        return False

    def written(self, model: NeuronModel) -> tuple[Assign, ...]:
        """Return nothing: the number of operations depends on the error, so there is no written form."""
        del model
        return ()

    def parts(self, step: Step) -> Mapping[str, tuple[str, ...]]:
        """Return each block as a separate part."""
        return {name: (name,) for name in step.blocks}

    def tallied(self, step: Step) -> tuple[str, ...]:
        """Return the names of its blocks, and the extras."""
        return (*step.blocks, *self.extras)

    def tallies(
        self, step: Step, kept: Mapping[str, int], steps: float, spikes: int, horizon: float
    ) -> Mapping[str, float]:
        """Return the tallies of the kernel."""
        del step, steps, spikes, horizon
        return kept

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return nothing: the template needs no further variables."""
        del step
        return {}
