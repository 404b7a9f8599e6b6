"""Exact solutions of models with one state variable: leaky and quadratic integrate-and-fire.

Leaky, ``v' = a + b v``, with an input that is constant or changes linearly over each piece; quadratic,
``v' = a + b v + c v**2``, with a constant input over each piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...harness.stimuli import Stimulus
from ...models.algebra.expression import FLOATS, Expr, evaluate, names
from ...models.algebra.polynomial import ZERO, coefficients, linear_parts
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from .flow.precision import Precision
from .spikes.endless import endless, too_many
from .spikes.statements import reset_at
from .taylor import Solution


def applies(model: NeuronModel, stimulus: Stimulus) -> bool:
    """Whether the model has one state variable and a solution in closed form with this stimulus."""
    system = model.system
    constant = system.refractory is None and system.waiting is None and not system.random
    found = _polynomial(model) if constant else None
    if found is None or stimulus.arrivals:
        return False
    quadratic = evaluate(found.c, model.parameter_values, FLOATS) != 0
    return not stimulus.varies if quadratic else stimulus.terms <= {"slope"}


def solve(model: NeuronModel, stimulus: Stimulus, precision: Precision) -> Solution:
    """Return the spike times, and the state at the end of every piece of the stimulus.

    Raises
    ------
    UserError
        If the model spikes without end, or its solution leaves the finite numbers.
    """
    number = precision.number
    system = model.system
    name = system.state[0]
    values: dict[str, Any] = {key: number(value) for key, value in model.parameter_values.items()}
    polynomial = _polynomial(model)
    assert polynomial is not None
    level = evaluate(system.threshold.level, values, FLOATS, number)
    v = number(model.initial_values[name])
    refractory = number(model.refractory_ms)
    held = name in system.held
    spikes: list[Any] = []
    samples: list[list[Any]] = []

    def passing(flow: _ClosedForm, v: Any, now: Any, t: Any) -> Any:
        last = flow.lasts(v)
        if t >= last:
            raise UserError(
                f"it leaves the finite numbers at {float(now + last):.4g} ms; give another drive or other parameters",
                about=model.label,
            )
        return flow.after(v, t)

    now = free_from = start = number(0)
    for boundary, shape in stimulus.pieces:
        end, slope = number(boundary), number(shape.slope)
        flow: _ClosedForm | None = None
        while now < end:
            if slope or flow is None:  # a constant piece has one flow
                values[model.input] = number(shape.offset) + slope * (now - start)
                flow = polynomial.flow(values, slope, number)
            if now < free_from:
                until = min(free_from, end)
                v = v if held else passing(flow, v, now, until - now)
                now = until
                continue
            wait = flow.time_to(level, v, end - now)
            if not now + wait <= end:
                v, now = passing(flow, v, now, end - now), end
                continue
            now, v = now + wait, level if wait > 0 else v  # immediately if it is above
            spikes.append(now)
            if too_many(spikes, float(stimulus.horizon)):
                raise UserError(endless(spikes), about=model.label)
            state = {name: v}
            reset_at(now, model, state, values, number)
            v = state[name]
            free_from = now + refractory
        samples.append([v])
        start = end
    return Solution(np.array(spikes, dtype=precision.type), np.array(samples, dtype=precision.type))


class _ClosedForm(Protocol):
    """The solution from a state on, for one shape of the input."""

    def after(self, v: Any, t: Any) -> Any:
        """Return the state t ms later."""

    def lasts(self, v: Any) -> Any:
        """Return the time until the solution is infinite; infinity if it stays finite."""

    def time_to(self, level: Any, v: Any, longest: Any) -> Any:
        """Return the time until v reaches the level from below; infinity if not within `longest`."""


@dataclass(frozen=True)
class _LinearFlow:
    """``v' = a + b v``."""

    a: Any
    b: Any

    def after(self, v: Any, t: Any) -> Any:
        if self.b == 0:
            return v + self.a * t
        return v + (v + self.a / self.b) * np.expm1(self.b * t)

    def lasts(self, v: Any) -> Any:
        return v * 0 + np.inf

    def time_to(self, level: Any, v: Any, longest: Any) -> Any:
        # log((level + a/b)/(v + a/b))/b, or (level - v)/a where b is 0
        del longest
        if v >= level:
            return v * 0
        if self.a + self.b * level <= 0 or self.a + self.b * v <= 0:  # it falls at the level, or at the start
            return v * 0 + np.inf
        if self.b == 0:
            return (level - v) / self.a
        return np.log1p(self.b * (level - v) / (self.a + self.b * v)) / self.b


@dataclass(frozen=True)
class _Ramped:
    """``v' = a + k t + b v``."""

    a: Any
    k: Any
    b: Any

    def after(self, v: Any, t: Any) -> Any:
        if self.b == 0:
            return v + (self.a + self.k * t / 2) * t
        x = self.b * t
        # the homogeneous solution from v + a/b + k/b**2, and the line that v finally follows, without their sum
        return v + ((self.a + self.b * v) * np.expm1(x) + self.k / self.b * (np.expm1(x) - x)) / self.b

    def lasts(self, v: Any) -> Any:
        return v * 0 + np.inf

    def time_to(self, level: Any, v: Any, longest: Any) -> Any:
        # v - level is convex or concave, so it crosses from below at most once before or after its extremum
        if v >= level:
            return v * 0
        rise = self._rise_at(v, v * 0)
        bend = self.b * rise + self.k
        end = longest
        if rise > 0 and bend < 0:  # concave: not after the maximum
            top = -rise / self.k if self.b == 0 else np.log(self.k / bend) / self.b if self.k / bend > 0 else end
            end = top if 0 < top < end else end
        if not self.after(v, end) >= level:
            return v * 0 + np.inf
        return _root(lambda t: self.after(v, t) - level, lambda t: self._rise_at(v, t), end)

    def _rise_at(self, v: Any, t: Any) -> Any:
        return self.a + self.k * t + self.b * self.after(v, t)


@dataclass(frozen=True)
class _Quadratic:
    """``v' = a + b v + c v**2``; with w = b + 2 c v it is ``w' = (w**2 + d)/2``."""

    a: Any
    b: Any
    c: Any

    @property
    def _d(self) -> Any:
        return 4 * self.a * self.c - self.b * self.b

    def after(self, v: Any, t: Any) -> Any:
        w, d = self.b + 2 * self.c * v, self._d
        root = np.sqrt(abs(d))
        if d > 0:
            part = np.tan(root * t / 2)
            w = root * (w + root * part) / (root - w * part)
        elif d < 0:
            part = np.tanh(root * t / 2)
            w = root * (w - root * part) / (root - w * part)
        else:
            w = w / (1 - w * t / 2)
        return (w - self.b) / (2 * self.c)

    def lasts(self, v: Any) -> Any:
        # w only grows where w**2 + d > 0, and reaches infinity in a finite time
        w, d = self.b + 2 * self.c * v, self._d
        root = np.sqrt(abs(d))
        if d > 0:
            return 2 * np.arctan2(root, w) / root
        if not w > root:
            return v * 0 + np.inf
        return 2 / w if d == 0 else np.log1p(2 * root / (w - root)) / root

    def time_to(self, level: Any, v: Any, longest: Any) -> Any:
        del longest
        never = v * 0 + np.inf
        if v >= level:
            return v * 0
        w, w_level, d = self.b + 2 * self.c * v, self.b + 2 * self.c * level, self._d
        if (w * w + d) / self.c <= 0 or (w_level * w_level + d) / self.c <= 0:
            return never  # it falls at the start, or at the level
        root = np.sqrt(abs(d))
        if d > 0:
            return 2 / root * np.arctan2(root * (w_level - w), d + w * w_level)
        if self.c > 0 and w * w_level <= 0:
            return never  # the fixed points are between
        if d == 0:
            return 2 / w - 2 / w_level
        return 2 / root * np.arctanh(root * (w_level - w) / (w * w_level + d))


@dataclass(frozen=True)
class _Polynomial:
    """``v' = a + b v + c v**2``; the input is only in a, linearly, with the factor `gain`."""

    a: Expr
    b: Expr
    c: Expr
    gain: Expr

    def flow(self, values: Mapping[str, Any], slope: Any, number: Callable[[Any], Any]) -> _ClosedForm:
        """Return the solution for an input that starts as in `values` and changes by `slope` per ms."""
        a, b, c, gain = (evaluate(part, values, FLOATS, number) for part in (self.a, self.b, self.c, self.gain))
        if c != 0:
            return _Quadratic(a, b, c)
        return _Ramped(a, gain * slope, b) if slope else _LinearFlow(a, b)


def _polynomial(model: NeuronModel) -> _Polynomial | None:
    """Return the derivative; None if the model has no closed form."""
    system = model.system
    test = system.threshold
    if len(system.state) != 1 or system.subexpressions or not system.reset or test.slopes or test.condition is not None:
        return None
    found = coefficients(system.derivatives[system.state[0]], system.state[0])
    if found is None or len(found) > 3:
        return None
    a, b, c = (*found, ZERO, ZERO)[:3]
    parts = linear_parts(a, model.input)
    if parts is None or model.input in names(b, c):
        return None
    return _Polynomial(a, b, c, gain=parts[1])


def _root(value: Callable[[Any], Any], slope: Callable[[Any], Any], end: Any) -> Any:
    """Return the zero of a function that is below zero at 0 but not at `end`: Newton's method with bisection."""
    low, high = end * 0, end
    t = end
    while True:
        found = value(t)
        low, high = (t, high) if found < 0 else (low, t)
        after = t - found / slope(t) if slope(t) > 0 else low
        if not low < after < high:
            after = (low + high) / 2
        if abs(after - t) <= 2 * np.spacing(t) or not low < after < high:
            return after
        t = after
