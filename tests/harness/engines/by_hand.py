"""The scheme that NEURON and Arbor have in common, written by hand: what their generated mechanisms must compute.

The voltage by backward Euler, linearised, with the other variables from the start of the step; then each other variable
with the new voltage, exponentially if all are linear in themselves, otherwise all together by backward Euler.
"""

from __future__ import annotations

import math

import numpy as np

from spikecost.models.algebra.draft import substitute
from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.algebra.polynomial import linear_parts


def backward_euler(model, stimulus, dt, decay=math.expm1, *, straight_line=False):
    """Return the spike times of a model.

    Parameters
    ----------
    model : NeuronModel
    stimulus : Stimulus
    dt : Fraction
    decay : callable
        ``exp(x) - 1`` for states that are linear in themselves, or what the simulator takes for it.
    straight_line : bool
        Whether the label is where the straight line between the voltages crosses the level; otherwise it is the end of
        the step.
    """
    system, h, held = model.system, float(dt), {**model.parameter_values, **model.initial_values}
    voltage = system.threshold.variable
    opened = {}
    for name, value in system.subexpressions.items():
        opened[name] = substitute(value, opened)
    sides = {name: substitute(value, opened) for name, value in system.derivatives.items()}
    parts = {name: linear_parts(sides[name], name) for name in system.state if name != voltage}
    linear = all(parts.values())

    def slope(state):
        return evaluate(sides[voltage], state, FLOATS)

    def jacobian(state, other):
        here = {name: evaluate(sides[name], state, FLOATS) for name in parts}
        there = {name: evaluate(sides[name], {**state, other: state[other] + 1e-7}, FLOATS) for name in parts}
        return [(there[name] - here[name]) / 1e-7 for name in parts]

    spikes, step, was_above = [], 0, False
    for length, value in zip(stimulus.durations, stimulus.values, strict=True):
        held[model.input] = value
        for _ in range(round(length / dt)):
            step += 1
            now = slope(held)
            rise = (slope({**held, voltage: held[voltage] + 1e-3}) - now) / 1e-3
            before_step = held[voltage]
            held[voltage] += now / (1 / h - rise)
            if linear:
                for name, (a, b) in parts.items():
                    x, rate = evaluate(a, held, FLOATS), evaluate(b, held, FLOATS)
                    held[name] += decay(h * rate) * (held[name] + x / rate)
            else:
                before = {name: held[name] for name in parts}
                for _ in range(5):
                    wrong = [held[name] - before[name] - h * evaluate(sides[name], held, FLOATS) for name in parts]
                    matrix = np.eye(len(parts)) - h * np.array([jacobian(held, name) for name in parts]).T
                    for name, move in zip(parts, np.linalg.solve(matrix, wrong), strict=True):
                        held[name] -= float(move)
            level = evaluate(system.threshold.level, held, FLOATS)
            above = held[voltage] > level
            if above and not was_above:
                late = (held[voltage] - level) / (held[voltage] - before_step) if straight_line else 0
                spikes.append((step - late) * h)
                for name, new in system.reset:
                    held[name] = evaluate(new, held, FLOATS)
            was_above = above
    return np.array(spikes)
