"""Regimes: the constant drive at which each model fires at the same rate."""

from __future__ import annotations

from brian2 import ms

from ..harness.drive import Drive, find_drive
from ..harness.stimuli import Stimulus, constant
from ..models import units
from ..models.errors import UserError
from ..models.neuron import NeuronModel
from . import closed_form, taylor

#: The rates that are asked for are lowered by this factor, so that an interspike interval is no multiple of any time
#: step of a sweep: at a multiple, the errors of grid detection cancel and a coarse step looks right.
INCOMMENSURATE = 1 / 1.00618034


def constant_drive(model: NeuronModel, value: float, horizon: float) -> Stimulus:
    """Return a constant stimulus from a drive in internal units, over `horizon` ms."""
    return constant(units.quantity(value, model.system.dimensions[model.input]), horizon * ms)


def drive_for(model: NeuronModel, rate: float, horizon: float) -> Drive:
    """Find the drive at which a model fires at a rate, on the reference solution.

    Parameters
    ----------
    model : NeuronModel
    rate : float
        In Hz; what is aimed at is this times `INCOMMENSURATE`.
    horizon : float
        In ms.

    Raises
    ------
    UnreachableRate
        If no drive does.
    """
    return find_drive(lambda value: firing_rate(model, value, horizon), rate * INCOMMENSURATE, model.label)


def firing_rate(model: NeuronModel, drive: float, horizon: float) -> float:
    """Return the mean firing rate in Hz under a constant drive; 0 if the model does not keep firing.

    The rate is that of the intervals between spikes, so that the time to the first one does not matter. A model
    that diverges under the drive counts as silent.
    """
    solve = closed_form.solve if closed_form.applies(model) else taylor.solve
    try:
        times = solve(model, constant_drive(model, drive, horizon), taylor.FIRST).times
    except UserError:
        return 0.0
    if times.size < 2:
        return 0.0
    interval = float(times[-1] - times[0]) / (times.size - 1)
    if horizon - float(times[-1]) > 2 * interval:
        return 0.0
    return float(1000 / interval)
