"""Inputs that vary in time, sampled in blocks of steps for kernels that do not evaluate their input.

A kernel reads the input at the start, the middle and the end of each step. All samples of a fine time step would fill
hundreds of megabytes, so compiled code makes them for a block of steps at a time, which stays in the processor's cache,
and calls the kernel for one block after the other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...flops.toolchain import SIMD, compile_library, has_vector_exp, load_library
from ..stimuli import Stimulus

Array = NDArray[np.float64]

#: Size of the samples of a block in bytes, and the least number of steps of a block. Blocks are smaller where compiled
#: code calls the kernel: a further call takes it little time.
BLOCK_BYTES, LEAST_BLOCK = 1 << 20, 64
COMPILED_BYTES = 1 << 17
#: Where in a step the input is sampled, as fractions of the step.
PLACES = (0.0, 0.5, 1.0)
#: How many of the numbers of `Shape` inputs need that are lines, that also decay, and that also have a sine.
_LINES, _DECAYS, _SINES = 2, 4, 8
_TAU = 3

_VECTOR = """
#pragma omp declare simd notinbranch
double exp(double);
#pragma omp declare simd notinbranch
double sin(double);
"""
_SOURCE = """
#include <math.h>

struct spikes { long capacity, count, stuck; long *step; double *at; };

/* The inputs of neurons. A piece begins where one of any neuron does: at the steps `starts`. */
struct inputs {
    long lanes, rows;            /* rows: how many of the numbers of their shapes they need */
    const long *starts;          /* one more than there are pieces */
    const double *numbers;       /* [pieces][rows][lanes]; instead of tau, -1/tau */
    const double *begun;         /* [pieces][lanes]: for how many steps the neuron's own piece has run; or none */
    double dt;
};

/* The signature of kernels whose input varies, without random inputs and without arrivals. */
typedef void kernel(
    long, long, const long *, const double *, double, double, const double *, double *, double *, long, long *,
    double *, long, struct spikes *);

enum { WIDTH = 8 };
#define EACH(lane) _Pragma("omp simd") for (long lane = 0; lane < width; lane++)
#define INLINE static inline __attribute__((always_inline))

/* The term of the inputs in addition to the line, for `width` neurons, `steps` after the start of a piece. */
INLINE void more(
    const double (*n)[WIDTH], const double *begun, double steps, double dt, long rows, long width, double *restrict to)
{
    EACH(lane) {
        const double s = (begun[lane] + steps) * dt;
        double value = n[2][lane] * exp(s * n[3][lane]);
        if (rows > 4) value += n[4][lane] * sin(n[5][lane] + (n[6][lane] + n[7][lane] * s) * s);
        to[lane] = value;
    }
}

/* Samples the inputs of `width` neurons from the neuron `of` on. */
INLINE void sample_some(
    const struct inputs *in, long first, long end, long piece, long rows, long width, long of, double *out)
{
    const long lanes = in->lanes;
    const double dt = in->dt;
    double n[8][WIDTH] = {0}, begun[WIDTH] = {0}, start[WIDTH] = {0}, middle[WIDTH] = {0}, last[WIDTH] = {0};
    out += of;
    for (long k = first; k < end; piece++) {
        const long begin = in->starts[piece], until = in->starts[piece + 1] < end ? in->starts[piece + 1] : end;
        for (long row = 0; row < rows; row++)
            EACH(lane) n[row][lane] = in->numbers[(piece * rows + row) * lanes + of + lane];
        if (in->begun) EACH(lane) begun[lane] = in->begun[piece * lanes + of + lane];
        if (rows > 2) more(n, begun, (double)(k - begin), dt, rows, width, last);
        for (; k < until; k++, out += 3 * lanes) {
            const double steps = (double)(k - begin);
            if (rows > 2) {
                EACH(lane) start[lane] = last[lane]; /* the end of the step before */
                more(n, begun, steps + 0.5, dt, rows, width, middle);
                more(n, begun, steps + 1.0, dt, rows, width, last);
            }
            EACH(lane) {
                const double at = begun[lane] + steps;
                out[lane] = n[0][lane] + n[1][lane] * (at * dt) + start[lane];
                out[lanes + lane] = n[0][lane] + n[1][lane] * ((at + 0.5) * dt) + middle[lane];
                out[2 * lanes + lane] = n[0][lane] + n[1][lane] * ((at + 1.0) * dt) + last[lane];
            }
        }
    }
}

INLINE void sample_all(const struct inputs *in, long first, long end, long piece, long rows, double *out)
{
    const long left = in->lanes % WIDTH;
    for (long of = 0; of + WIDTH <= in->lanes; of += WIDTH) sample_some(in, first, end, piece, rows, WIDTH, of, out);
    if (left) sample_some(in, first, end, piece, rows, left, in->lanes - left, out);
}

/* Samples all inputs at the start, the middle and the end of `count` steps: [count][3][lanes]. */
void sample(const struct inputs *in, long first, long count, long piece, double *out)
{
    if (in->rows == 2) sample_all(in, first, first + count, piece, 2, out);
    else if (in->rows == 4) sample_all(in, first, first + count, piece, 4, out);
    else sample_all(in, first, first + count, piece, 8, out);
}

/* Runs a kernel for blocks of steps; a piece has `values` samples of the state. */
void run_in_blocks(
    kernel *run, const struct inputs *in, long total, long block, double *inputs, long *steps, long lanes,
    double refractory, const double *parameters, double *state, double *samples, long values, long most_attempts,
    long *tallies, double *carried, struct spikes *out)
{
    long piece = 0;
    for (long first = 0; first < total; first += block) {
        const long end = total - first < block ? total : first + block;
        while (first >= in->starts[piece + 1]) piece++;
        sample(in, first, end - first, piece, inputs);
        long pieces = 0;
        for (long k = first; k < end; k += steps[pieces++]) {
            const long until = in->starts[piece + pieces + 1];
            steps[pieces] = (until < end ? until : end) - k;
        }
        run(lanes, pieces, steps, inputs, in->dt, refractory, parameters, state, samples + piece * values,
            most_attempts, tallies, carried, first, out);
        if (*(volatile long *)&out->stuck < 0) return;
    }
}
"""


class _Inputs(ctypes.Structure):
    """``struct inputs``."""

    _fields_ = (
        ("lanes", ctypes.c_long),
        ("rows", ctypes.c_long),
        ("starts", ctypes.c_void_p),
        ("numbers", ctypes.c_void_p),
        ("begun", ctypes.c_void_p),
        ("dt", ctypes.c_double),
    )


class SampledInputs:
    """The inputs of several neurons at the start, the middle and the end of each step.

    Parameters
    ----------
    stimuli : sequence of Stimulus
        One per neuron.
    edges : sequence of array of int
        For each, the number of steps until the start of each piece, and until its end.
    dt : float
        In ms.
    """

    def __init__(self, stimuli: Sequence[Stimulus], edges: Sequence[NDArray[np.int64]], dt: float) -> None:
        self._lanes = len(stimuli)
        self._starts = all_edges(edges)
        # many neurons may share a few stimuli
        places: dict[int, int] = {}
        which = [places.setdefault(id(stimulus), len(places)) for stimulus in stimuli]
        distinct = list({id(stimulus): (stimulus, own) for stimulus, own in zip(stimuli, edges, strict=True)}.values())
        terms = frozenset().union(*(stimulus.terms for stimulus, _ in distinct))
        rows = _SINES if "sine" in terms else _DECAYS if "decay" in terms else _LINES
        alike = all(len(own) == len(self._starts) for own in edges)
        pieces = [slice(None) if alike else own.searchsorted(self._starts[:-1], "right") - 1 for _, own in distinct]
        numbers = [stimulus.numbers[:rows, piece] for (stimulus, _), piece in zip(distinct, pieces, strict=True)]
        self._numbers = np.ascontiguousarray(np.array(numbers).transpose(2, 1, 0)[:, :, which] + 0.0)
        if rows > _LINES:
            self._numbers[:, _TAU] = -1 / self._numbers[:, _TAU]
        self._begun: Array | None = None
        if not alike:
            begun = [self._starts[:-1] - own[piece] for (_, own), piece in zip(distinct, pieces, strict=True)]
            self._begun = np.ascontiguousarray(np.array(begun, dtype=float).T[:, which])
        arrays = (self._starts, self._numbers, self._begun)
        self._inputs = _Inputs(self._lanes, rows, *(None if each is None else each.ctypes.data for each in arrays), dt)
        self._block = np.empty((0, len(PLACES), self._lanes))

    @property
    def block(self) -> int:
        """The number of steps that are sampled at once."""
        return self._block_of(BLOCK_BYTES)

    def _block_of(self, size: int) -> int:
        return max(size // (8 * len(PLACES) * self._lanes), LEAST_BLOCK)

    def run(
        self,
        function: Any,
        lanes: int,
        refractory: float,
        arrays: tuple[Array, Array, Array],
        most_attempts: int,
        *more: NDArray[Any],
    ) -> None:
        """Run a compiled kernel with these inputs.

        Parameters
        ----------
        function : ctypes function
            A kernel whose input varies, without random inputs and arrivals, in double precision.
        lanes : int
            Number of neurons; the further inputs only fill vectors.
        refractory, most_attempts, arrays, more
            The kernel's arguments: `arrays` are parameters, state and samples; `more` tallies, ``carried`` and the
            records of spikes.
        """
        block = self._block_of(min(COMPILED_BYTES, BLOCK_BYTES))
        inputs = np.empty((block, len(PLACES), self._lanes))
        steps = np.empty(len(self._starts), dtype=np.int64)
        parameters, state, samples = arrays
        _compiled().run_in_blocks(
            ctypes.cast(function, ctypes.c_void_p),
            ctypes.byref(self._inputs),
            *(ctypes.c_long(number) for number in (int(self._starts[-1]), block)),
            *map(_address, (inputs, steps)),
            ctypes.c_long(lanes),
            ctypes.c_double(refractory),
            *map(_address, (parameters, state, samples)),
            ctypes.c_long(samples[0].size),
            ctypes.c_long(most_attempts),
            *map(_address, more),
        )

    def values(self, first: int, count: int) -> Array:
        """Return the inputs of `count` steps from step `first` on: an array (steps, 3, neurons).

        At a jump of the input, the end of a step has the value before the jump, and the start of the next step has the
        value after it. A block is overwritten by the next one.
        """
        if count > len(self._block):
            self._block = np.empty((count, len(PLACES), self._lanes))
        found = self._block[:count]
        start = int(np.searchsorted(self._starts, first, "right")) - 1
        _compiled().sample(ctypes.byref(self._inputs), first, count, start, found.ctypes.data)
        return found


def all_edges(edges: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the number of steps until the start of each piece of any stimulus, and until the end.

    Parameters
    ----------
    edges : sequence of array of int
        The same of each stimulus.
    """
    distinct = list({id(each): each for each in edges}.values())
    return distinct[0] if len(distinct) == 1 else np.unique(np.concatenate(distinct))


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@cache
def _compiled() -> Any:
    """Return the compiled library."""
    library = load_library(compile_library((_VECTOR if has_vector_exp() else "") + _SOURCE, SIMD))
    whole, pointer = ctypes.c_long, ctypes.c_void_p
    library.run_in_blocks.restype = library.sample.restype = None
    library.sample.argtypes = [pointer, whole, whole, whole, pointer]
    return library
