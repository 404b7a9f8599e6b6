"""Frozen noise: random inputs that are functions of a seed and of time, and do not depend on any time step.

A Brownian path is built by Levy's construction: independent normal numbers give its increments over whole ms, and
within each ms the middle between two known points is their mean plus a normal number, again and again, down to `DEPTH`
halvings; from there on the path is a straight line. Each number comes from a hash of the seed, the name of the source
and its place in the tree, so that any point of the path can be computed alone. A method with a finer time step sees the
same path at more points. Levy 1948, Processus stochastiques et mouvement brownien; Gaines and Lyons 1997, SIAM J. Appl.
Math. 57:1455.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ....models.ground.errors import UserError

#: Number of halvings of a ms: a path has corners every 1/262144 ms.
DEPTH = 18
#: Points that are computed at once, so that they stay in the processor's cache.
_AT_ONCE = 1 << 14
#: The largest number of a step, times numerators, with which places are computed exactly.
_MOST = 2**62
#: The constants of splitmix64 (Steele, Lea and Flood 2014, OOPSLA:453).
_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))

Array = NDArray[np.float64]
Bits = NDArray[np.uint64]


@dataclass(frozen=True)
class BrownianPath:
    """A Brownian path: the integral of white noise; its variance grows by 1 per ms.

    Parameters
    ----------
    seed : int
    source : str
        Name of the source of noise: paths with different names are independent.
    """

    seed: int
    source: str

    def at(self, first: int, count: int, dt: Fraction) -> Array:
        """Return the path at the times ``first*dt``, ``(first + 1)*dt``, ... (dt in ms), in ms**0.5."""
        if (first + count) * dt.numerator >= _MOST or dt.denominator >= _MOST >> DEPTH:
            raise UserError(f"dt = {float(dt):g} ms has too many digits for the path of the noise; use a rounder one")
        found = np.empty(count)
        for start in range(0, count, _AT_ONCE):
            part = slice(start, min(start + _AT_ONCE, count))
            found[part] = self._points(np.arange(first + part.start, first + part.stop), dt)
        return found

    def over_steps(self, first: int, count: int, dt: Fraction) -> Array:
        """Return the mean of the noise over steps of dt (ms) from step `first` on, in 1/ms**0.5."""
        points = self.at(first, count + 1, dt)
        return np.diff(points) / float(dt)

    @cached_property
    def _key(self) -> np.uint64:
        return _key(self.seed, self.source)

    def _points(self, steps: NDArray[np.int64], dt: Fraction) -> Array:
        whole, inside = np.divmod(steps * dt.numerator, dt.denominator)
        first, last = int(whole[0]), int(whole[-1])
        keys = _mixed(self._key + np.arange(last + 1, dtype=np.uint64) * _GOLDEN)
        steps_of_ms = _normal(keys)
        starts = np.concatenate([[0.0], np.cumsum(steps_of_ms)])[whole]
        keys = keys[first:]
        # all nodes of the upper levels: there are at most as many as points
        levels = min(max(int(1 / dt), 1).bit_length() - 1, DEPTH)
        tree = np.stack([np.zeros(len(keys)), steps_of_ms[first:]], axis=1)
        for level in range(levels):
            nodes = np.arange(1 << level, 2 << level, dtype=np.uint64)
            finer = np.empty((len(keys), (2 << level) + 1))
            finer[:, ::2] = tree
            finer[:, 1::2] = _middle(tree[:, :-1], tree[:, 1:], level, keys[:, None], nodes)
            tree = finer
        # the lower levels only where points are
        cell, rest = np.divmod(inside << DEPTH, dt.denominator)
        upper, row = cell >> (DEPTH - levels), whole - first
        left = tree[row, upper]
        if not rest.any() and not (cell & ((1 << (DEPTH - levels)) - 1)).any():
            return np.asarray(starts + left)
        right, key = tree[row, upper + 1], keys[row]
        for level in range(levels, DEPTH):
            nodes = ((cell >> (DEPTH - level)) + (1 << level)).astype(np.uint64)
            middle = _middle(left, right, level, key, nodes)
            goes_right = (cell >> (DEPTH - 1 - level)) & 1 == 1
            left, right = np.where(goes_right, middle, left), np.where(goes_right, right, middle)
        return np.asarray(starts + left + (right - left) * (rest / dt.denominator))


@dataclass(frozen=True)
class Held:
    """Random numbers, each held for a sampling step.

    Parameters
    ----------
    seed : int
    source : str
        Numbers of sources with different names are independent.
    kind : str
        ``randn``: normal with mean 0 and variance 1; ``rand``: uniform between 0 and 1.
    sampling : Fraction
        In ms.
    """

    seed: int
    source: str
    kind: str
    sampling: Fraction

    def over_steps(self, first: int, count: int, dt: Fraction) -> Array:
        """Return the number of each step of dt (ms) from step `first` on; dt divides the sampling step."""
        place = np.arange(first, first + count) // int(self.sampling / dt)
        key = _key(self.seed, self.source)
        bits = _mixed(key + np.arange(int(place[0]), int(place[-1]) + 1, dtype=np.uint64) * _GOLDEN)
        drawn = _uniform(bits)
        found: Array = ndtri(drawn) if self.kind == "randn" else drawn
        return np.asarray(found[place - place[0]])


def _key(seed: int, source: str) -> np.uint64:
    return np.uint64(np.random.SeedSequence([seed, *source.encode()]).generate_state(1, np.uint64)[0])


def _middle(left: Array, right: Array, level: int, keys: Bits, nodes: Bits) -> Array:
    """Return the middle of an interval of 2**-level ms, from its ends."""
    return (left + right) / 2 + math.sqrt(0.5**level) / 2 * _normal(keys + nodes * _GOLDEN)


def _normal(bits: Bits) -> Array:
    return np.asarray(ndtri(_uniform(_mixed(bits))))


def _uniform(bits: Bits) -> Array:
    return np.asarray((bits >> np.uint64(11)) + 0.5, dtype=float) * 2.0**-53


def _mixed(bits: Bits) -> Bits:
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
