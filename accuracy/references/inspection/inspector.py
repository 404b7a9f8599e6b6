"""Check whether the polynomials of a Taylor solution can be trusted.

The length of a Taylor step is chosen from the last coefficients of its series. They do not show a term that is flat
where the step begins and steep later, and they fail where every other coefficient vanishes. Two computations that make
the same long step then agree, and both are wrong. So each step is judged by the equation that it should solve: by the
defect x' - f(x) of its polynomial at `POINTS` inside it (Enright 2000, "Continuous numerical methods for ODEs with
defect control"), and by the ranges of the parts of f over the step, which must exclude narrow features between these
points.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....harness.stimuli.parts.shape import shape_value
from ....models.algebra.expression import Expr
from .ranges import Array, Range, Tape

#: Number of points at which each step is checked.
POINTS = 5
#: Largest defect times the length of the step, relative to the state, as a multiple of the error allowed per step.
DEFECT = 32.0
#: The defect includes the rounding of the right-hand side: this multiple of the rounding of each of its parts.
ROUNDING = 8.0
#: A larger fraction of a variable than this is never taken as rounding, unless nothing but the derivatives uses it and
#: they do not feel it. (From rest, an adaptation current begins at 0: its change is the difference of two voltages that
#: are almost the same.)
MOST_ROUNDING = 1e-9
#: Relative changes of the state below this do not matter.
NEGLIGIBLE = 2.0**-54
#: A step that fails is shortened to one of these fractions ...
CUTS = 0.5 ** np.arange(1, 41)
#: ... The fractions after this many need no check for narrow features between the points: they are narrow themselves.
RESOLVED = 20

_INSIDE = (np.arange(POINTS) + 0.5) / POINTS
_WHERE = np.concatenate([[0.0], _INSIDE, [1.0]])
#: Matrices from the coefficients of a series over a step, up to this order, to its values and to its slopes inside.
_ORDERS = np.arange(64)
_VALUES = _WHERE[:, None] ** _ORDERS
_SLOPES = _ORDERS * _INSIDE[:, None] ** np.maximum(_ORDERS - 1, 0)


@dataclass(frozen=True)
class Steps:
    """Some steps of a solution."""

    series: Array
    """Taylor coefficients at the start of each step: an array (steps, state variables, order + 1)."""
    lengths: Array
    """In ms."""
    starts: Array
    """Start time of each step, in ms."""
    numbers: Array
    """The parameters of the flow during each step: an array (numbers, steps)."""

    def cut(self, i: int) -> Steps:
        """Return the i-th step, shortened to each of `CUTS`."""
        count = len(CUTS)
        return Steps(
            np.repeat(self.series[i : i + 1], count, axis=0),
            self.lengths[i] * CUTS,
            np.repeat(self.starts[i : i + 1], count),
            np.repeat(self.numbers[:, i : i + 1], count, axis=1),
        )


class Inspector:
    """Checks steps of one flow.

    Parameters
    ----------
    derivatives : mapping
        The right-hand sides as in the flow, without conditions: by state variable, in order.
    conditions : mapping
        For each name that stands for a condition: an expression that is positive where the condition holds.
    names : sequence of str
        Names of the flow's numbers, in order, including parameters and conditions.
    shape : sequence of str
        Names of the numbers of the input's `Shape`, and then of its start.
    terms : frozenset of str
        The terms of the input's `Shape` that occur.
    input_name : str
    written : sequence of Expr, optional
        The right-hand sides as written, if they may have no value.
    signs : mapping of str to str, optional
        For each condition whose value is the sign of its distance: the name of a number that is added to the distance.
    wholes : collection of str
        The conditions whose value is a whole number, and whose distance stays positive.
    internal : collection of str
        The state variables that only derivatives use: no threshold, no condition, and no statement for another one.
    """

    def __init__(
        self,
        derivatives: Mapping[str, Expr],
        conditions: Mapping[str, Expr],
        names: Sequence[str],
        *,
        shape: Sequence[str],
        terms: frozenset[str],
        input_name: str,
        written: Sequence[Expr] = (),
        signs: Mapping[str, str] | None = None,
        wholes: Collection[str] = (),
        internal: Collection[str] = (),
    ) -> None:
        self._internal = frozenset(internal)
        self._signs, self._wholes = dict(signs or {}), frozenset(wholes)
        self._written = Tape(written) if written else None
        self._state = tuple(derivatives)
        self._tape = Tape(list(derivatives.values()))
        self._conditions = tuple(conditions)
        self._surfaces = Tape(list(conditions.values())) if conditions else None
        self._names = tuple(names)
        self._shape = tuple(shape)
        self._terms = terms
        self._input = input_name
        self._largest: Array | None = None

    def forget(self) -> None:
        """Begin a new solution."""
        self._largest = None

    def first_bad(self, steps: Steps, error: float) -> int | None:
        """Return the first step that may exceed the relative error allowed per step."""
        scale = np.maximum.accumulate(self._sizes(steps), axis=0)
        good = self._good(steps, scale, error, resolved=np.ones(len(steps.lengths), dtype=bool))
        return None if good.all() else int(np.argmin(good))

    def longest(self, steps: Steps, i: int, error: float) -> float | None:
        """Return the length of the longest part of a step that can be trusted, in ms; None if there is none."""
        cuts = steps.cut(i)
        scale = np.repeat(self._sizes(steps)[: i + 1].max(axis=0)[None, :], len(CUTS), axis=0)
        good = self._good(cuts, scale, error, resolved=np.arange(len(CUTS)) < RESOLVED)
        return float(steps.lengths[i] * CUTS[np.argmax(good)]) if good.any() else None

    def first_without_value(self, steps: Steps) -> int | None:
        """Return the first step in which a right-hand side, as written, has no value; None if there is none."""
        if self._written is None:
            return None
        with np.errstate(all="ignore"):
            series = _scaled(steps)
            inside = (_VALUES[1:-1, : series.shape[1]] @ series.T).reshape(POINTS, len(steps.lengths), -1)
            values = self._written.values(self._points(steps, inside))
            lost = np.zeros((POINTS, len(steps.lengths)), dtype=bool)
            for lacks in self._written.without_value(values):
                lost |= lacks
        in_step = lost.any(axis=0)
        return int(np.argmax(in_step)) if in_step.any() else None

    def _points(self, steps: Steps, inside: Array) -> dict[str, Any]:
        """Return the values of the names at points of steps: arrays (points, steps), or (steps,)."""
        points: dict[str, Any] = dict(zip(self._names, steps.numbers, strict=True))
        points |= {name: inside[:, :, k] for k, name in enumerate(self._state)}
        times = steps.starts - points[self._shape[-1]] + _INSIDE[:, None] * steps.lengths
        points[self._input] = shape_value(self._terms, (points[name] for name in self._shape[:-1]), times)
        return points

    def _good(self, steps: Steps, scale: Array, error: float, resolved: NDArray[np.bool_]) -> NDArray[np.bool_]:
        with np.errstate(all="ignore"):
            count, size, terms = steps.series.shape
            rising = np.arange(terms)
            series = _scaled(steps)
            # arrays (points, steps, state variables)
            at = (_VALUES[:, :terms] @ series.T).reshape(-1, count, size)
            inside = at[1:-1]
            slopes = (_SLOPES[:, :terms] @ series.T).reshape(-1, count, size)
            # largest distance between a curve and the line through two neighbouring points
            bend = (np.abs(series) @ (rising * (rising - 1) / (8.0 * POINTS**2))).reshape(count, size)
            low, high = at.min(axis=0) - bend, at.max(axis=0) + bend

            numbers = dict(zip(self._names, steps.numbers, strict=True))
            over: dict[str, Range] = {name: (value, value) for name, value in numbers.items()}
            over |= {name: (low[:, k], high[:, k]) for k, name in enumerate(self._state)}
            over[self._input] = self._input_range(numbers, steps)
            points = self._points(steps, inside)
            values = self._tape.values(points)
            moved = np.empty_like(inside)
            for k, root in enumerate(self._tape.roots):
                moved[:, :, k] = values[root]
            moved *= steps.lengths[:, None]
            scale = np.maximum(scale, np.maximum(np.maximum(high, -low), _furthest(moved)))
            defects = _furthest(slopes - moved) / scale
            defect = defects.max(axis=1)
            allowed = DEFECT * error
            good = np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
            ranges = self._tape.ranges(over)
            if not (good & (defect <= allowed) & (self._tape.slow(ranges) | ~resolved)).all():
                effects = self._tape.effects(ranges, [steps.lengths / scale[:, k] for k in range(size)])
                rounding = ROUNDING * 2.0**-52 * self._tape.rounding(ranges, effects)
                most = np.maximum(self._unfelt(ranges, steps.lengths, scale), MOST_ROUNDING)
                good &= (defects <= allowed + np.minimum(rounding[:, None], most)).all(axis=1)
                good &= self._tape.resolved(ranges, effects, NEGLIGIBLE) | ~resolved
            if self._surfaces is not None:
                good &= self._sides(points, over, resolved)
        return np.asarray(good, dtype=bool)

    def _unfelt(self, ranges: Sequence[Range], lengths: Array, scale: Array) -> Array:
        """Return the relative error of each variable that its own change and the others do not feel over steps."""
        found = np.zeros_like(scale)
        for k, name in enumerate(self._state):
            place = self._tape.place_of(name)
            if name in self._internal and place is not None:
                itself, others = (
                    lengths * scale[:, k] * self._tape.effects(ranges, weights)[place]
                    for weights in (
                        [float(j == k) / scale[:, j] for j in range(len(self._state))],
                        [float(j != k) / scale[:, j] for j in range(len(self._state))],
                    )
                )
                found[:, k] = np.where(itself <= 1, NEGLIGIBLE / others, 0.0)
        return found

    def noise(self, steps: Steps) -> Array:
        """Return how much rounding moves the only variable in each step, over the relative rounding of a number.

        This is the variable's own rounding, and that of its change over the step.
        """
        at = steps.series[:, 0, 0]
        points: dict[str, Any] = {**dict(zip(self._names, steps.numbers, strict=True)), self._state[0]: at}
        times = steps.starts - points[self._shape[-1]]
        points[self._input] = shape_value(self._terms, (points[name] for name in self._shape[:-1]), times)
        ranges = self._tape.ranges({name: (value, value) for name, value in points.items()})
        return np.asarray(np.abs(at) + self._tape.rounding(ranges, self._tape.effects(ranges, [steps.lengths])))

    def speeds(self, state: Mapping[str, Any], numbers: Sequence[Any], now: Any) -> dict[str, Any]:
        """Return the change of each variable per ms."""
        with np.errstate(all="ignore"):
            values = self._tape.values(self.names_at(state, numbers, now))
        return {name: values[root] for name, root in zip(self._state, self._tape.roots, strict=True)}

    def resolved(
        self, over: Mapping[str, Any], numbers: Sequence[Any], now: float, weights: Callable[[dict[str, Range]], Any]
    ) -> Any:
        """Return where no narrow feature of the equations matters.

        Parameters
        ----------
        over : mapping
            For each variable, its value or its lower and upper bounds.
        numbers : sequence
            The parameters of the flow.
        now : float
            In ms.
        weights : callable
            Receives the bounds of the changes per ms by variable; returns for each variable, in order, by how much an
            error of 1 in its change is too large.
        """
        names = self.names_at(over, numbers, now).items()
        with np.errstate(all="ignore"):
            ranges = self._tape.ranges(
                {name: at if isinstance(at, tuple) else (np.float64(at), np.float64(at)) for name, at in names}
            )
            roots = {name: ranges[root] for name, root in zip(self._state, self._tape.roots, strict=True)}
            return self._tape.resolved(ranges, self._tape.effects(ranges, weights(roots)), 1.0)

    def distances(self, state: Mapping[str, Any], numbers: Sequence[Any], now: Any) -> Array:
        """Return the distance of each condition: an array (conditions, points of the state)."""
        count = max(np.size(value) for value in state.values())
        if self._surfaces is None:
            return np.empty((0, count))
        with np.errstate(all="ignore"):
            values = self._surfaces.values(self.names_at(state, numbers, now))
        return np.array([np.broadcast_to(values[root], (count,)) for root in self._surfaces.roots])

    def names_at(self, state: Mapping[str, Any], numbers: Sequence[Any], now: Any) -> dict[str, Any]:
        """Return the values of all names, including the input, at a state and a time in ms (or several times)."""
        at = {**dict(zip(self._names, map(float, numbers), strict=True)), **state}
        shape = (at[name] for name in self._shape[:-1])
        at[self._input] = shape_value(self._terms, shape, np.float64(now - at[self._shape[-1]]))
        return at

    def _sizes(self, steps: Steps) -> Array:
        """Return the size of each state variable at the starts of steps, at least its size in accepted steps."""
        sizes = np.abs(steps.series[:, :, 0])
        return np.asarray(np.maximum(sizes, 1e-300 if self._largest is None else self._largest))

    def remember(self, steps: Steps) -> None:
        """Remember the sizes of the state in accepted steps."""
        if len(steps.lengths):
            self._largest = self._sizes(steps).max(axis=0)

    def _sides(self, points: Mapping[str, Any], over: Mapping[str, Range], resolved: NDArray[np.bool_]) -> Any:
        """Return whether every condition stays, throughout each step, as the flow assumes."""
        assert self._surfaces is not None
        values = self._surfaces.values(points)
        ranges = self._surfaces.ranges(over)
        good: Any = True
        for name, root in zip(self._conditions, self._surfaces.roots, strict=True):
            value = values[root]
            fits = (value > 0) == ((points[name] > 0) | (name in self._wholes))
            if name in self._signs:
                value = value - points[self._signs[name]]
                fits = np.sign(value) == points[name]
            # within rounding of the change, both values are right
            weights = [np.ones_like(over[name][0]) if other == root else 0.0 for other in self._surfaces.roots]
            effects = self._surfaces.effects(ranges, weights)
            slack = np.minimum(ROUNDING * 2.0**-52 * self._surfaces.rounding(ranges, effects), MOST_ROUNDING)
            good = good & (fits | (np.abs(value) <= slack)).all(axis=0)
            least = np.abs(value).min(axis=0)
            good = good & (self._surfaces.resolved(ranges, effects, 0.1 * least) | ~resolved)
        return good

    def _input_range(self, numbers: Mapping[str, Any], steps: Steps) -> Range:
        offset, slope, decay, tau, amplitude, *_ = (numbers[name] for name in self._shape[:-1])
        first = steps.starts - numbers[self._shape[-1]]
        last = first + steps.lengths
        ends = [slope * at + decay * np.exp(-at / tau) for at in (first, last)]
        # a line and an opposite decay may have an extremum inside
        turn = np.where(slope * decay > 0, np.abs(decay) * (np.exp(-first / tau) - np.exp(-last / tau)), 0.0)
        size = np.abs(amplitude)
        return offset + np.minimum(*ends) - turn - size, offset + np.maximum(*ends) + turn + size


def end_slopes(steps: Steps) -> Array:
    """Return the changes per ms at the ends of steps: an array (steps, state variables)."""
    terms = steps.series.shape[2]
    rising = _scaled(steps).reshape(steps.series.shape) @ np.arange(terms)
    return np.asarray(rising / steps.lengths[:, None])


def _scaled(steps: Steps) -> Array:
    """Return the coefficients of series over steps of length 1: an array (steps times state variables, order + 1)."""
    count, size, terms = steps.series.shape
    powers = np.ones((count, terms))
    powers[:, 1:] = steps.lengths[:, None]
    return np.asarray(steps.series * np.multiply.accumulate(powers, axis=1)[:, None, :]).reshape(count * size, terms)


def _furthest(values: Array) -> Array:
    """Return the largest absolute value along the first axis; faster than computing absolute values."""
    return np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))
