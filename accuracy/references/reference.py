"""Reference solutions, each computed twice; their difference gives the stated error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...harness.stimuli import Stimulus
from ...models.definition.domain import check_domain
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError, check_kind
from ...models.ground.html import raster_html, table_html
from ...models.reading.by_name import get_model
from ..measures.spike_trains import SpikeTrain
from . import closed_form, noisy, taylor
from .spikes.statements import errors_grow

#: Smallest stated error, in units in the last place of the last spike time: two computations in double precision share
#: the rounding of the model's constants, which their difference does not show. Compared with extended precision,
#: including constants, the Izhikevich presets and Hodgkin-Huxley are off by up to 24 units over 1 s.
SHARED_ROUNDING = 32
#: A spike that is earlier than this, in ms, has the rounding of this time: it consists of that of the state divided by
#: the speed of the state, which is not smaller early on.
SOON = 8.0
#: If the second computation differs by more than this, in ms, it is repeated with every step inspected.
AGREEMENT = 1e-9
#: Double precision is enough if the error that rounding is estimated to cause, times this, is stated. (Of 331 random
#: models, none was off by more than 4 times the estimate.)
SURE = 8.0
#: Rounding in extended precision, over that in double precision.
FINER = 2.0**-11
#: A spike nearer than this to the horizon, in ms, counts if both computations have it before the horizon.
EDGE = 1e-9


class Solver(StrEnum):
    """How a reference was computed, and how its two computations differ."""

    CLOSED_FORM = "closed form, double against extended precision"
    GRIDS = "the finest of four grids of the same path, error from the measured strong order"
    TAYLOR = "Taylor series with inspected steps, two tolerances, orders and roundings"


@dataclass(frozen=True, repr=False)
class Reference:
    """The spike times with which others are compared."""

    train: SpikeTrain
    error: float
    """Stated error of any spike time in ms: twice the largest difference between the two computations (neither is
    exact), and at least `SHARED_ROUNDING`. Where the rounding of one equation may be larger, its spike times are those
    of a third computation, in extended precision."""
    method: Solver
    samples: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    """State at the end of every piece of the stimulus: an array (pieces, state variables)."""
    samples_error: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    """Twice the difference between the two computations' samples."""

    def __repr__(self) -> str:
        spikes, until = len(self.train), self.train.stop
        return f"<Reference: {spikes} spikes until {until:g} ms, stated error {self.error:.2g} ms, {self.method}>"

    def _repr_html_(self) -> str:
        facts = {
            "spikes": len(self.train),
            "until": f"{self.train.stop:g} ms",
            "stated error": f"{self.error:.2g} ms",
            "method": self.method,
        }
        return table_html("Reference", facts, [facts.values()]) + raster_html(self.train.times, self.train.stop)


def reference(model: str | NeuronModel, stimulus: Stimulus) -> Reference:
    """Solve a model by its closed form if one is known, otherwise by Taylor series; with random inputs, on fine grids.

    Parameters
    ----------
    model : str or NeuronModel
    stimulus : Stimulus

    Raises
    ------
    UserError
        If the equations have no value (`domain`), the solution diverges or spikes without end, or the two computations
        disagree on the number of spikes, or by more than half an interval.
    """
    model = get_model(model)
    check_kind(stimulus, Stimulus, "stimulus", "a stimulus, such as sc.constant(10*mV/ms, 1*second)")
    check_domain(model)
    if model.system.random:
        grids = noisy.solve(model, stimulus)
        return Reference(
            SpikeTrain(grids.times, float(stimulus.horizon)),
            max(grids.error, shared_rounding(grids.times)),
            Solver.GRIDS,
            grids.samples,
            grids.samples_error,
        )
    if closed_form.applies(model, stimulus):
        method = Solver.CLOSED_FORM
        first = closed_form.solve(model, stimulus, taylor.EXTENDED)
        second = closed_form.solve(model, stimulus, taylor.FIRST)
    else:
        method = Solver.TAYLOR
        first = taylor.solve(model, stimulus, taylor.FIRST)
        second = _second(model, stimulus, first)
    found, error = _compared(model, stimulus, first, second)
    if method is Solver.TAYLOR and errors_grow(model):
        found, more = _compared(model, stimulus, first, taylor.solve(model, stimulus, taylor.OTHERWISE))
        error = max(error, more)
    sure = replace(first, times=found)
    if method is Solver.TAYLOR:
        sure, error = _without_rounding(model, stimulus, sure, error)
    times = sure.times.astype(float)
    return Reference(
        SpikeTrain(times, float(stimulus.horizon)),
        error,
        method,
        sure.samples.astype(float),
        2 * np.abs(first.samples - second.samples).astype(float),
    )


def _compared(
    model: NeuronModel, stimulus: Stimulus, first: taylor.Solution, second: taylor.Solution
) -> tuple[NDArray[Any], float]:
    """Return the spike times of the first solution, and the error that the second one shows."""
    found, other = _common(model, stimulus, first, second)
    return found, max(2 * float(np.abs(found - other).max(initial=0)), shared_rounding(found))


def _common(
    model: NeuronModel, stimulus: Stimulus, first: taylor.Solution, second: taylor.Solution
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the spike times of both solutions; those at the horizon that only one has are left out."""
    found, other = first.times, second.times
    both = min(found.size, other.size)
    if all(late >= float(stimulus.horizon) - EDGE for late in (*found[both:], *other[both:])):
        found, other = found[:both], other[:both]
    if found.size != other.size:
        raise UserError(
            f"the two reference solutions of {model.label} have {found.size} and "
            f"{other.size} spikes: "
            "the model is too sensitive for this horizon; shorten it"
        )
    off = float(np.abs(found - other).max(initial=0))
    if off > max(float(np.diff(found).min(initial=np.inf)) / 2, EDGE):
        raise UserError(
            f"the two reference solutions of {model.label} differ by {off:.2g} ms, so that the number of spikes is not "
            "certain: the model is too sensitive for this horizon; shorten it"
        )
    return found, other


def _without_rounding(
    model: NeuronModel, stimulus: Stimulus, first: taylor.Solution, error: float
) -> tuple[taylor.Solution, float]:
    """Return a solution, and its stated error in ms; in extended precision if rounding may exceed this error."""
    if first.rounding is None or not first.times.size or SURE * first.rounding <= error:
        return first, error
    rounded = SURE * first.rounding
    try:
        if np.finfo(np.longdouble).nmant <= np.finfo(float).nmant:
            return first, max(error, rounded)
        extended = taylor.solve(model, stimulus, taylor.EXTENDED)
    except UserError:
        return first, max(error, rounded)
    found, other = _common(model, stimulus, extended, first)
    off = float(np.abs(found - other).max(initial=0))
    stated = max(error, rounded * FINER, 0.0 if off <= rounded else 2 * off)
    return replace(extended, times=found), stated


def shared_rounding(times: NDArray[np.float64]) -> float:
    """Return the smallest error of any spike time that is stated, in ms."""
    return SHARED_ROUNDING * float(np.spacing(max(times[-1], SOON))) if times.size else 0.0


def _second(model: NeuronModel, stimulus: Stimulus, first: taylor.Solution) -> taylor.Solution:
    """Compute a second solution; its steps are inspected if it does not agree with the first."""
    try:
        second = taylor.solve(model, stimulus, taylor.QUICK)
    except UserError:
        return taylor.solve(model, stimulus, taylor.SECOND)
    found, other = first.times, second.times
    agree = found.size == other.size and (np.abs(found - other) <= AGREEMENT).all()
    return second if agree else taylor.solve(model, stimulus, taylor.SECOND)
