"""Stimuli from Brian2's TimedArrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from itertools import groupby
from typing import Any

import brian2
import numpy as np
from brian2.core.namespace import get_local_namespace
from brian2.groups.subgroup import Subgroup
from brian2.units.fundamentalunits import Dimension, Quantity
from numpy.typing import NDArray

from ...models.definition.language import units
from ...models.ground.errors import UserError, check_kind, check_mapping, quoted
from ...models.reading.from_brian2 import recording_of
from ...models.reading.group.timed_arrays import VALUE, TimedInput
from .base import Stimulus

#: The largest number of steps for which Brian2 is asked for values.
MOST_STEPS = 5_000_000


def stimulus_from_brian2(
    array: Any, duration: Any, index: int = 0, *, namespace: Mapping[str, Any] | None = None
) -> Stimulus:
    """Return the input that a TimedArray gives a neuron.

    Parameters
    ----------
    array : brian2.TimedArray, NeuronGroup or Subgroup
        A TimedArray with one or two dimensions, or the group whose equations contain TimedArrays. After its end the
        last value stays, as in Brian2. If the equations use something else than a TimedArray at the time t, such as
        ``table(t - delay)``, or if its values do not begin with steps of the group, the values are those that Brian2
        computes at the start of each step of the group, each held for a step. Spikes are then those of Brian2 with
        forward Euler. Brian2's rk4 and heun read an array at the end of a step, too, and its rk2 in the middle: in the
        step before a jump they compute with other values than here, and may spike at another time.
    duration : Quantity
        A time.
    index : int
        The neuron, if the array has one column per neuron.
    namespace : mapping, optional
        For a group: the namespace that Brian2's ``run`` would get; by default the names at the place of the call.

    Raises
    ------
    UserError
        If it is neither, has no such column, `duration` is not a positive time, or a group's input depends on more
        than the time.
    """
    check_kind(index, (int, np.integer), "index", "the number of a neuron or column, such as 0")
    check_mapping(namespace, "namespace", "{'tau': 20*ms}", optional=True)
    if isinstance(array, brian2.NeuronGroup | Subgroup):
        around = get_local_namespace(level=1) if namespace is None else namespace
        recording = recording_of(array, index, around)
        if recording is None:
            raise UserError(f"{array.name}: its equations contain no TimedArray; give one that is its input")
        if recording.driven.array is None or not _fits(recording):
            return _recorded(recording, units.in_ms(duration, "duration"), array.name)
        array, index = recording.driven.array, recording.driven.column
    if not isinstance(array, brian2.TimedArray):
        raise UserError(f"expected a Brian2 TimedArray, or a group whose equations contain one, got {quoted(array)}")
    columns = np.asarray(array.values).reshape(len(array.values), -1)
    if not 0 <= index < columns.shape[1]:
        raise UserError(
            f"the TimedArray {array.name} has {columns.shape[1]} columns; give an index below that, not {index}"
        )
    piece, horizon = units.in_ms(array.dt * brian2.second, "dt"), units.in_ms(duration, "duration")
    ends = [min((i + 1) * piece, horizon) for i in range(len(columns))]
    ends[-1] = horizon
    durations, values, now = [], [], Fraction(0)
    for end, value in zip(ends, columns[:, index], strict=True):
        if end > now:
            durations.append(end - now)
            values.append(_internal(value, array.dim))
            now = end
    return Stimulus(durations, values, array.dim)


def _fits(recording: TimedInput) -> bool:
    """Whether the values of a TimedArray begin with steps of the group."""
    held = units.in_ms(recording.driven.array.dt * brian2.second, "dt")
    return (held / units.in_ms(recording.dt, "dt")).denominator == 1


def _internal(value: float, dimension: Dimension) -> float:
    return float(units.internal(Quantity.with_dimensions(float(value), dimension)))


def _recorded(recording: TimedInput, horizon: Fraction, where: str) -> Stimulus:
    """Return the values that Brian2 computes, each held for a step; equal ones are one piece."""
    dt = units.in_ms(recording.dt, "dt")
    steps = math.ceil(horizon / dt)
    if steps > MOST_STEPS:
        raise UserError(f"{where}: {steps} steps are too many to compute the input; give a shorter duration")
    durations, values, now = [], [], Fraction(0)
    for value, same in groupby(_values(recording, steps, where).tolist()):
        end = min(now + sum(1 for _ in same) * dt, horizon)
        durations.append(end - now)
        values.append(_internal(value, recording.driven.dimension))
        now = end
    return Stimulus(durations, values, recording.driven.dimension)


def _values(recording: TimedInput, steps: int, where: str) -> NDArray[np.float64]:
    """Return the values at the start of each step."""
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    try:
        group = brian2.NeuronGroup(
            1,
            recording.equations,
            method=recording.method,
            dt=recording.dt,
            namespace=dict(recording.objects),
            name="spikecost_input*",
        )
        for name, value in recording.values.items():
            setattr(group, name, value)
        monitor = brian2.StateMonitor(group, VALUE, record=True, when="start")
        brian2.Network(group, monitor).run(steps * recording.dt, namespace={})
        return np.asarray(monitor.variables[VALUE].get_value()[:, 0], dtype=np.float64)
    except brian2.BrianObjectException as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise UserError(f"{where}: Brian2 cannot compute '{recording.driven.code}': {said}") from None
    finally:
        brian2.prefs.codegen.target = before
