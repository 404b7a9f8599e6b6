"""What an integration method is.

A method turns a model into blocks of assignments, and says how a kernel runs them: that is all that counts, kernels and
costs know of it. There are two ways to write one.

- `FixedStep` (`fixed_step`): the method is mathematics, ``advance``, the same for every step.
- `InBlocks`: the method makes its own blocks and has its own template in C, which runs some of them, some several
  times: by the error of a step, or by how fast a series converges.

Nothing outside this folder asks which of the two a method is; it asks only what the method can do.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol

from ..algebra.simplify import Assign, Block
from ..definition.neuron import NeuronModel
from ..detection import DETECTIONS


@dataclass(frozen=True)
class Template:
    """The control flow of a kernel in C, as a Jinja template; the operations are printed from the blocks.

    What a template is given, and the macros that it shares with others, stand in ``harness/kernels/shared.c.j2``.
    """

    package: str
    """The package that holds the file, such as ``my_package.methods``."""
    file: str
    functions: bool = True
    """Whether each block is a function in C, which keeps a tally of its calls; otherwise the template prints blocks
    where it needs them."""
    in_lanes: bool = False
    """Whether the template can advance neurons in the lanes of vector registers, too."""
    sampled_input: bool = False
    """Whether the kernel reads the input as its values at the start, the middle and the end of each step; otherwise it
    reads the numbers of each piece of the stimulus (`Shape`)."""

    @property
    def text(self) -> str:
        """The template itself."""
        return files(self.package).joinpath(self.file).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Step:
    """The blocks of a model's step, after common-subexpression elimination."""

    model: NeuronModel
    method: str
    detection: str
    varying: bool
    """Whether the input may vary within a step."""
    blocks: Mapping[str, Block]
    """By name, in the order in which a step runs them; the module of the method says what each does."""
    written: tuple[Assign, ...]
    """A step without a spike as published, nothing simplified; empty where not all steps are alike."""

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


class Method(Hashable, Protocol):
    """What the rest of the program knows about a method: all that counts, kernels and costs need."""

    name: str
    brian2: str
    """The name of the same method in Brian2; empty if it has none."""
    knob: str
    """What a user sets: ``dt`` (in ms) or ``tolerance`` (relative error of a step)."""
    exact_alone: bool
    """Whether it solves ``dx/dt = a + b x`` exactly, all other variables frozen: where there are none, it is exact.
    `order.order_on` gives the order on a model."""
    steps_alike: bool
    """Whether all steps without a spike cost the same, so that it can be said what a step costs."""
    template: Template
    """The control flow of its kernels."""
    extras: tuple[str, ...]
    """What kernels tally in addition to the blocks: first ``accepted`` steps, then how many steps were made smaller."""
    at_spikes: Collection[str]
    """Of what is tallied, the parts that run only at spikes: their cost is what a spike adds."""

    @property
    def dense_output(self) -> bool:
        """Whether it gives the solution between the ends of its step: detection `dense`."""
        ...

    @property
    def order(self) -> float:
        """Order of convergence of the state at a fixed time, for a smooth right-hand side.

        Infinite without error, or where the order adapts to the step.
        """
        ...

    def why_not(self, model: NeuronModel, detection: str, varying: bool) -> str:
        """Return why the method cannot be used with a model, a detection and such an input; empty if it can."""
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
        """Return a step without a spike as the published equations write it; nothing if it cannot be written so."""
        ...

    def parts(self, step: Step) -> Mapping[str, tuple[str, ...]]:
        """Return the blocks that run together and are tallied as one, by the name of the tally."""
        ...

    def tallies(self, step: Step, kept: Mapping[str, int], steps: float, spikes: int, horizon: float
                ) -> Mapping[str, float]:
        """Return the tallies of a run, by `parts` and `extras`.

        Parameters
        ----------
        step : Step
        kept : mapping
            What the kernel tallied, if blocks are functions: how often it called each, and the extras.
        steps : float
            Number of steps of dt; if a tolerance sets the method, only a rough guess.
        spikes : int
        horizon : float
            Its length in ms.
        """
        ...

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return what the template needs of a step in addition to what all need."""
        ...


class InBlocks:
    """A method that makes its own blocks, for a template of its own, in which each block is a function.

    A class gives `name`, `knob`, `order`, `template`, `extras`, `at_spikes`, `detections` and `blocks`; it may replace
    the rest.
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
    brian2 = ""
    exact_alone = False
    steps_alike = False

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
            return "it takes the input as constant over a step"
        if detection not in self.detections:
            return f"it takes detection {' or '.join(self.detections)} alone"
        return self.why_not_model(model)

    def written(self, model: NeuronModel) -> tuple[Assign, ...]:
        """Return nothing: what is repeated until an error is small enough has no written form."""
        del model
        return ()

    def parts(self, step: Step) -> Mapping[str, tuple[str, ...]]:
        """Return each block by itself."""
        return {name: (name,) for name in step.blocks}

    def tallies(self, step: Step, kept: Mapping[str, int], steps: float, spikes: int, horizon: float
                ) -> Mapping[str, float]:
        """Return what the kernel kept."""
        del step, steps, spikes, horizon
        return kept

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return nothing more."""
        del step
        return {}
