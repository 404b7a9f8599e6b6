"""Stimuli in time steps: how many steps of dt each piece has."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...models.ground.errors import UserError
from .base import Stimulus

#: A quotient such as ``1*ms/3`` is rounded when it is given as dt. A dt that divides the pieces is taken instead if its
#: relative distance is below this.
NEAR = Fraction(1, 10**9)


def meant_dt(stimulus: Stimulus, dt: Fraction) -> Fraction:
    """Return the time step in ms that divides every piece, if the given dt equals it except for rounding."""
    quotient = stimulus.unit / dt
    count = round(quotient)
    return stimulus.unit / count if count and abs(quotient - count) <= NEAR * count else dt


def steps_of(stimulus: Stimulus, dt: Fraction) -> tuple[int, ...]:
    """Return the number of time steps of dt (ms) in each piece.

    Raises
    ------
    UserError
        If dt does not divide every piece.
    """
    if dt <= 0:
        raise UserError(f"dt = {float(dt):g} ms is not positive")
    unit = stimulus.unit
    if (unit / dt).denominator != 1:
        _refuse_last_piece(stimulus, dt)
        below = math.ceil(unit / dt)
        near = " or ".join(f"{float(unit / n):.10g} ms" for n in (below, below - 1) if n)
        raise UserError(f"dt = {float(dt):g} ms does not divide the stimulus's {float(unit):g} ms pieces; use {near}")
    *wholes, denominator = stimulus.whole_durations
    step = (dt * denominator).as_integer_ratio()
    counts = {whole: whole * step[1] // step[0] for whole in set(wholes)}  # most pieces are equal
    return tuple(map(counts.__getitem__, wholes))


def edges_of(stimulus: Stimulus, dt: Fraction) -> NDArray[np.int64]:
    """Return the number of time steps of dt (ms) until the start of each piece, and until its end.

    Raises
    ------
    UserError
        If dt does not divide every piece.
    """
    return np.cumsum([0, *steps_of(stimulus, dt)], dtype=np.int64)


def at_steps(stimulus: Stimulus, dt: Fraction) -> NDArray[np.float64]:
    """Return the value at the start of each time step of dt (ms) in row 0, and at its end, before any jump, in row 1.

    Raises
    ------
    UserError
        If dt does not divide every piece.
    """
    steps = np.array(steps_of(stimulus, dt))
    piece = np.repeat(np.arange(len(steps)), steps)
    inside = np.arange(len(piece)) - np.repeat(np.cumsum(steps) - steps, steps)
    return np.array([stimulus.within(piece, (inside + end) * float(dt)) for end in (0, 1)])


def as_lines(stimulus: Stimulus, dt: Fraction) -> NDArray[np.float64]:
    """Return times in ms and values of points with straight lines between them: two points at a jump.

    They are the stimulus itself if it is made of lines; other shapes become lines over time steps of dt (ms).

    Raises
    ------
    UserError
        If dt does not divide every piece.
    """
    if stimulus.terms <= {"slope"}:
        grid = np.array([0, *stimulus.ends], dtype=float)
        piece = np.arange(len(grid) - 1)
        values = np.array([stimulus.within(piece, np.zeros(len(piece))), stimulus.within(piece, np.diff(grid))])
    else:
        values = at_steps(stimulus, dt)
        grid = np.arange(values.shape[1] + 1) * float(dt)
    times, points = np.repeat(grid, 2)[1:-1], np.ravel(values, order="F")
    # where there is no jump, the end of a line is the start of the next
    repeats = np.r_[False, (np.diff(times) == 0) & (np.abs(np.diff(points)) <= 1e-12 * np.abs(points[1:]))]
    return np.array([times[~repeats], points[~repeats]])


def _refuse_last_piece(stimulus: Stimulus, dt: Fraction) -> None:
    """Refuse a recording that is cut within a sample: dt divides every piece except the last."""
    counts = [Fraction(end) / dt for end, _ in stimulus.pieces]
    if len(counts) > 1 and all(abs(count - round(count)) <= NEAR * count for count in counts[:-1]):
        last = math.floor(counts[-1])
        raise UserError(
            f"dt = {float(dt):g} ms divides every piece of the stimulus except the last, which ends at "
            f"{float(stimulus.horizon):g} ms; let it end after whole steps, such as {last}*dt or {last + 1}*dt"
        )


def shorten(stimulus: Stimulus, dt: Fraction, steps: int) -> Stimulus:
    """Return the first `steps` time steps of dt (ms) of a stimulus, or all of it if it is shorter."""
    left = steps
    durations = []
    for whole, count in zip(stimulus.durations, steps_of(stimulus, dt), strict=True):
        if not left:
            break
        durations.append(whole if count <= left else left * dt)
        left -= min(count, left)
    return replace(stimulus, durations=tuple(durations), shapes=stimulus.shapes[: len(durations)])
