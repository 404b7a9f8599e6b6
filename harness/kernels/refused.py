"""Refuse calls of a kernel before anything is allocated."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.methods import METHODS
from ...models.number_formats import NUMBER_FORMATS
from ...models.step import Step
from ..stimuli import Stimulus
from ..stimuli.parts.train import check_arrivals
from .arriving import bytes_of_arrivals
from .c_source import MAX_SPIKES_PER_STEP, pieces_may_differ
from .outcome import MAX_SPIKES_PER_MS

#: More steps than this in one call are refused: they take at least twenty minutes, at 1 ns or more per step.
MOST_STEPS = 10**12


def check_stimuli(model: NeuronModel, stimuli: Sequence[Stimulus], step: Step) -> None:
    """Refuse stimuli that do not fit the model, each other, or the Step.

    Raises
    ------
    UserError
        If a stimulus drives a model without input, does not have the unit of the input, varies although the step needs
        a constant input, or if the pieces of the stimuli differ (their lengths, where the input may vary in the step).
    """
    for stimulus in {id(each): each for each in stimuli}.values():  # many neurons may share a few
        if stimulus.varies and not step.varying:
            raise UserError(
                f"the stimulus varies in time, but this step of {model.label} needs a constant input; "
                "make it with varying=True"
            )
        if not model.input and any(shape.offset or shape.terms for shape in stimulus.shapes):
            raise UserError(f"{model.label} has no input that a stimulus could drive; give sc.as_it_stands(duration)")
        if stimulus.dimension is not model.input_dimension:
            raise UserError(
                f"the stimulus is in {units.unit_name(stimulus.dimension)}, but the input '{model.input}' of "
                f"{model.label} is in {units.unit_name(model.input_dimension)}"
            )
        if pieces_may_differ(step):
            if stimulus.horizon != stimuli[0].horizon:
                raise UserError("stimuli that run together must have the same length")
        elif stimulus.whole_durations != stimuli[0].whole_durations:
            raise UserError("stimuli that run together must have the same pieces")
        check_arrivals(model, dict(stimulus.arrivals))


def check_models(stimuli: Sequence[Stimulus], models: Sequence[NeuronModel] | None) -> None:
    """Refuse models if their number does not divide the number of stimuli (they are assigned in turn, repeatedly).

    Raises
    ------
    UserError
        If there is no stimulus, or the models do not divide the stimuli.
    """
    if not stimuli:
        raise UserError("there is no stimulus: give one for each neuron")
    if models is not None and (not models or len(stimuli) % len(models)):
        raise UserError(
            f"{len(models)} models for {len(stimuli)} stimuli: give as many models as stimuli, or a number "
            "of models that divides the number of stimuli"
        )


def bytes_per_step(step: Step, stimulus: Stimulus, steps: Fraction | float) -> float:
    """Return the bytes that the inputs of a neuron need per step, if spikes arrive: all samples, and the arrivals."""
    if not step.model.arrivals:  # inputs are made for a part of the run
        return 0.0
    sampled = step.varying and METHODS[step.method].template.sampled_input
    arriving = bytes_of_arrivals(step, stimulus, float(steps)) / float(steps)
    return (24 if sampled else 0) + arriving + 8 * len(step.model.system.random)


def check_size(stimuli: Sequence[Stimulus], steps: Fraction | float, state: int, bytes_per_step: float = 0) -> None:
    """Refuse a call that needs too many steps or too much memory, before anything is allocated.

    Parameters
    ----------
    stimuli : sequence of Stimulus
    steps : number
        Number of steps of one neuron.
    state : int
        Number of state variables.
    bytes_per_step : float
        Bytes stored per step of a neuron.

    Raises
    ------
    UserError
        If the call needs more than the limit.
    """
    lanes, horizon = len(stimuli), stimuli[0].horizon
    asked = f"{lanes} x {float(horizon):.3g} ms" if lanes > 1 else f"{float(horizon):.3g} ms"
    if steps * lanes > MOST_STEPS:
        raise UserError(
            f"{asked} take {float(steps * lanes):.2g} time steps, but at most {MOST_STEPS:.0g} can be "
            "run at once; give a larger dt, or a shorter stimulus"
        )
    spikes = MAX_SPIKES_PER_MS * horizon + MAX_SPIKES_PER_STEP
    needed = lanes * (16 * spikes + 8 * state * len(stimuli[0].shapes) + bytes_per_step * float(steps))
    if needed > memory():
        raise UserError(
            f"{asked} need {float(needed) / 1e9:.2g} GB of memory, but there are {memory() / 1e9:.2g} GB; "
            "give a shorter stimulus, or a larger dt if it varies"
        )


def check_whole(step: Step, steps: int, dt: float) -> None:
    """Refuse a run with more steps than its number format can count, where a kernel counts steps in that format.

    It does so for the time ``t``, if the equations contain it, and while a neuron is refractory.

    Raises
    ------
    UserError
    """
    most = NUMBER_FORMATS[step.precision].largest_whole
    counted = steps if METHODS[step.method].counts_steps(step.model, step.detection) else 0
    if max(counted, step.model.refractory_ms / dt) > most:
        raise UserError(
            f"{step.model.label} counts more than {most} time steps, which {step.precision} precision cannot; give a "
            "larger dt, a shorter stimulus, or precision double"
        )


@cache
def memory() -> float:
    """Return the memory in bytes that this process may use: of the machine, or the limit of its control group."""
    found = float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # "max" is not a number
        found = min(found, float(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return found
