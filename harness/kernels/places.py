"""To which step, or piece of the stimulus, a spike that arrives belongs, and where in it; by compiled code.

One place decides it, for how many arrive before a step as for each of them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...flops.toolchain import SIMD, compile_library, load_library
from .c_blocks import LATER

Array = NDArray[np.float64]

#: A spike that arrives within this fraction of a step before the next step arrives in the next step (as in Brian2,
#: which so allows for the rounding of times). Only on the grid.
ROUNDED_UP = 1e-3

_SOURCE = f"""
#include <math.h>

enum {{ LATER = {LATER} }};

struct places {{ long size, within; double dt, early; const double *starts; }};
struct train {{ long kind; const double *times, *values; }};
struct last {{ long index; double place; }};

/* The number of the step (or of the piece, if they have `starts`) of a time in ms. */
static long index_of(const struct places *in, double time)
{{
    if (in->starts) {{
        long piece = 0, end = in->size;
        while (end - piece > 1) {{
            const long middle = piece + (end - piece) / 2;
            if (in->starts[middle] <= time) piece = middle;
            else end = middle;
        }}
        return piece;
    }}
    const double steps = floor((time + in->early) / in->dt);
    return in->within && steps > (double)(in->size - 1) ? in->size - 1 : (long)steps;
}}

/* How many of some sorted times are in a step before `step`. */
long before(const struct places *in, long step, const double *times, long count)
{{
    long low = 0;
    while (low < count) {{
        const long middle = low + (count - low) / 2;
        if (index_of(in, times[middle]) < step) low = middle + 1;
        else count = middle;
    }}
    return low;
}}

/* Counts the arrivals of some trains, each from `begin` on and before `end`, in each step; and writes them in the order
   of their times, or on the grid (without `at`) of their steps; if these are equal, in the order of the trains. */
void put(
    const struct places *in, long trains, const struct train *train, const long *begin, const long *end,
    struct last *last, int *counts, unsigned char *kinds, double *at, double *values)
{{
    const double most = nextafter(1.0, 0.0);
    long now[LATER], step[LATER], total = 0; /* of each train: its next arrival, and the step of that */
    double key[LATER];
#define LOOK_AT(i) \
    if (now[i] == end[i]) key[i] = INFINITY; \
    else {{ \
        step[i] = index_of(in, train[i].times[now[i]]); \
        key[i] = at ? train[i].times[now[i]] : (double)step[i]; \
    }}
    for (long i = 0; i < trains; i++) {{
        now[i] = begin[i], total += end[i] - begin[i];
        LOOK_AT(i)
    }}
    for (long n = 0; n < total; n++) {{
        long i = 0;
        for (long other = 1; other < trains; other++) if (key[other] < key[i]) i = other;
        const long index = step[i], which = now[i]++;
        if (counts) counts[index]++;
        if (kinds) kinds[n] = (unsigned char)train[i].kind;
        if (values) values[n] = train[i].values ? train[i].values[which] : 0.0;
        if (at) {{
            const double place = in->starts ? key[i] - in->starts[index] : fmin(key[i] / in->dt - (double)index, most);
            if (place > (index == last->index ? last->place : 0.0)) kinds[n] |= LATER;
            at[n] = place;
            last->index = index, last->place = place;
        }}
        LOOK_AT(i)
    }}
}}
"""


class _Places(ctypes.Structure):
    """``struct places``."""

    _fields_ = (
        ("size", ctypes.c_long),
        ("within", ctypes.c_long),
        ("dt", ctypes.c_double),
        ("early", ctypes.c_double),
        ("starts", ctypes.c_void_p),
    )


class _Train(ctypes.Structure):
    """``struct train``."""

    _fields_ = (("kind", ctypes.c_long), ("times", ctypes.c_void_p), ("values", ctypes.c_void_p))


class _Last(ctypes.Structure):
    """``struct last``."""

    _fields_ = (("index", ctypes.c_long), ("place", ctypes.c_double))


@dataclass(frozen=True)
class Last:
    """Where an arrival is, after which others are put in order."""

    index: int = -1
    place: float = 0.0


class Trains:
    """Trains of arrivals, in the order of those that arrive at once.

    Parameters
    ----------
    trains : sequence of (int, array, array or None)
        The kind of the arrivals, their times in ms, and the value that each has.
    """

    def __init__(self, trains: Iterable[tuple[int, Array, Array | None]]) -> None:
        self._kept = [(kind, _in_a_row(times), _in_a_row(values)) for kind, times, values in trains]
        as_c = [_Train(kind, _address(times), _address(values)) for kind, times, values in self._kept]
        self.as_c = (_Train * len(as_c))(*as_c)
        self.times = [times for _, times, _ in self._kept if times is not None]
        """Of each train, in ms."""

    def __len__(self) -> int:
        return len(self._kept)


def _in_a_row(array: Array | None) -> Array | None:
    return None if array is None else np.ascontiguousarray(array, dtype=float)


def _address(array: NDArray[Any] | None) -> int | None:
    return None if array is None else array.ctypes.data


class Places:
    """The steps, or the pieces of a stimulus, to which arrivals belong.

    Parameters
    ----------
    size : int
        Their number.
    dt : float
        In ms; of no meaning for pieces.
    within : bool
        Whether arrivals keep their time in the step, or are at the grid.
    starts : array, optional
        The start of each piece in ms; None for steps.
    """

    def __init__(self, size: int, dt: float, *, within: bool, starts: Array | None = None) -> None:
        self.size, self._starts = size, starts
        early = 0.0 if within else ROUNDED_UP * dt
        self._as_c = _Places(size, within, dt, early, _address(starts))

    @classmethod
    def of_pieces(cls, starts: Array) -> Places:
        """Return the pieces of a stimulus, from their starts in ms; places in them are in ms."""
        return cls(len(starts), 0.0, within=True, starts=starts)

    def before(self, step: int, trains: Trains) -> list[int]:
        """Return how many arrivals of each train are in a step or piece before `step`."""
        count = _compiled().before
        return [count(ctypes.byref(self._as_c), step, times.ctypes.data, len(times)) for times in trains.times]

    def put(
        self,
        trains: Trains,
        begin: Sequence[int],
        end: Sequence[int],
        *,
        counts: NDArray[np.int32] | None = None,
        kinds: NDArray[np.uint8] | None = None,
        places: Array | None = None,
        values: Array | None = None,
        last: Last = Last(),
    ) -> Last:
        """Add arrivals to `counts`, and write them in order; return where the last one is.

        Parameters
        ----------
        trains : Trains
        begin, end : sequence of int
            Of each train, the first arrival and the one after the last.
        counts : array, optional
            The number of arrivals in each step or piece, to which these are added.
        kinds, places, values : array, optional
            To be written. With `places`, fractions of a step or ms since the start of the piece, arrivals are in the
            order of their times, and the kind has the bit ``LATER`` if its place is not that of the arrival before;
            else they are in the order of their steps.
        last : Last
            Where the arrival before them is.
        """
        found = _Last(last.index, last.place)
        edges = np.array([begin, end], dtype=np.int64)
        written = map(_address, (counts, kinds, places, values))
        where = (ctypes.byref(self._as_c), len(trains), trains.as_c)
        _compiled().put(*where, edges[0].ctypes.data, edges[1].ctypes.data, ctypes.byref(found), *written)
        return Last(found.index, found.place)


@cache
def _compiled() -> Any:
    """Return the compiled library."""
    library = load_library(compile_library(_SOURCE, SIMD))
    whole, pointer = ctypes.c_long, ctypes.c_void_p
    library.before.argtypes, library.before.restype = [pointer, whole, pointer, whole], whole
    library.put.argtypes, library.put.restype = [pointer, whole, *[pointer] * 8], None
    return library
