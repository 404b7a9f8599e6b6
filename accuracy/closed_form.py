"""Exact solutions of models with one linear state variable: leaky integrate-and-fire."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..harness.kernel import MAX_SPIKES_PER_MS
from ..harness.stimuli import Stimulus
from ..models.errors import UserError
from ..models.expression import FLOATS, evaluate, names
from ..models.neuron import NeuronModel
from ..models.polynomial import linear_parts
from .taylor import Precision, Solution


def applies(model: NeuronModel) -> bool:
    """Whether the model has one state variable, linear with a constant rate, and no subexpressions."""
    system = model.system
    if len(system.state) != 1 or system.subexpressions or not system.reset:
        return False
    parts = linear_parts(system.derivatives[system.state[0]], system.state[0])
    level_is_fixed = not system.threshold.slopes
    return parts is not None and level_is_fixed and model.input not in names(parts[1])


def solve(model: NeuronModel, stimulus: Stimulus, precision: Precision) -> Solution:
    """Return the spike times, and the state at the end of every piece of the stimulus.

    With ``v' = a + b v`` and a constant over a piece of the stimulus, the threshold is reached from v0 after
    ``log((level + a/b)/(v0 + a/b))/b``, or ``(level - v0)/a`` where b is 0.

    Raises
    ------
    UserError
        If the model spikes without end.
    """
    number = precision.number
    system = model.system
    name = system.state[0]
    parts = linear_parts(system.derivatives[name], name)
    assert parts is not None
    values: dict[str, Any] = {key: number(value) for key, value in model.parameter_values.items()}
    level = evaluate(system.threshold.level, values, FLOATS, number)
    v = number(model.initial_values[name])
    refractory = number(model.refractory_ms)
    held = name in system.held
    spikes: list[Any] = []
    samples: list[list[Any]] = []
    now = free_from = number(0)
    for (boundary, _), drive in zip(stimulus.pieces, stimulus.values, strict=True):
        end = number(boundary)
        values[model.input] = number(drive)
        a, b = (evaluate(part, values, FLOATS, number) for part in parts)
        while now < end:
            if now < free_from:
                until = min(free_from, end)
                v = v if held else _flow(v, a, b, until - now)
                now = until
                continue
            wait = _time_to(level, v, a, b)
            if not now + wait <= end:
                v, now = _flow(v, a, b, end - now), end
                continue
            now = now + wait
            spikes.append(now)
            if len(spikes) > MAX_SPIKES_PER_MS * float(stimulus.horizon) + 1:
                raise UserError(f"{model.label} spikes without end; does its reset leave the threshold?")
            for _, value in system.reset:
                v = evaluate(value, {**values, name: level}, FLOATS, number)
            free_from = now + refractory
        samples.append([v])
    return Solution(np.array(spikes, dtype=precision.type), np.array(samples, dtype=precision.type))


def _flow(v: Any, a: Any, b: Any, t: Any) -> Any:
    if b == 0:
        return v + a * t
    return v + (v + a / b) * np.expm1(b * t)


def _time_to(level: Any, v: Any, a: Any, b: Any) -> Any:
    """Time until v reaches the level from below; infinite if it does not."""
    if v >= level:
        return v * 0
    if a + b * level <= 0:  # the derivative at the threshold
        return v * 0 + np.inf
    if b == 0:
        return (level - v) / a
    return np.log1p(b * (level - v) / (a + b * v)) / b
