"""Inputs that vary in time, sampled in blocks of steps for kernels that do not evaluate their input.

A kernel reads the input at the start, the middle and the end of each step. All samples of a fine time step would fill
hundreds of megabytes, so they are made for a block of steps at a time, which stays in the processor's cache. Lines, the
pieces of most inputs, are sampled by compiled code; the other terms by numpy, once for all neurons that share them.
Where there are only lines, compiled code also calls the kernel for one block after the other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...flops.toolchain import SIMD, compile_library, load_library
from ..stimuli import Stimulus

Array = NDArray[np.float64]

#: Size of the samples of a block in bytes, and the least number of steps of a block. Blocks are smaller where compiled
#: code makes them: a further call takes it little time.
BLOCK_BYTES, LEAST_BLOCK = 1 << 20, 64
COMPILED_BYTES = 1 << 17
#: Where in a step the input is sampled, as fractions of the step.
PLACES = (0.0, 0.5, 1.0)

_SOURCE = """
struct spikes { long capacity, count, stuck; long *step; double *at; };

/* The signature of kernels whose input varies, without random inputs and without arrivals. */
typedef void kernel(
    long, long, const long *, const double *, double, double, const double *, double *, double *, long, long *,
    double *, long, struct spikes *);

void sample_lines(
    long first, long count, const long *restrict starts, long piece, long lanes, const double *restrict offset,
    const double *restrict slope, double dt, double *restrict out)
{
    for (long k = first; k < first + count; k++, out += 3 * lanes) {
        while (k >= starts[piece + 1]) piece++;
        const double steps = (double)(k - starts[piece]);
        const double start = steps * dt, middle = (steps + 0.5) * dt, end = (steps + 1.0) * dt;
        const double *restrict a = offset + piece * lanes, *restrict b = slope + piece * lanes;
        #pragma omp simd
        for (long lane = 0; lane < lanes; lane++) {
            out[lane] = a[lane] + b[lane] * start;
            out[lanes + lane] = a[lane] + b[lane] * middle;
            out[2 * lanes + lane] = a[lane] + b[lane] * end;
        }
    }
}

/* Runs a kernel for blocks of steps. `width` inputs are sampled for `lanes` neurons; a piece has `values` samples. */
void run_in_blocks(
    kernel *run, long total, long block, const long *starts, long width, const double *offset, const double *slope,
    double *inputs, long *steps, long lanes, double dt, double refractory, const double *parameters, double *state,
    double *samples, long values, long most_attempts, long *tallies, double *carried, struct spikes *out)
{
    long piece = 0;
    for (long first = 0; first < total; first += block) {
        const long end = total - first < block ? total : first + block;
        while (first >= starts[piece + 1]) piece++;
        sample_lines(first, end - first, starts, piece, width, offset, slope, dt, inputs);
        long pieces = 0;
        for (long k = first; k < end; k += steps[pieces++]) {
            const long until = starts[piece + pieces + 1];
            steps[pieces] = (until < end ? until : end) - k;
        }
        run(lanes, pieces, steps, inputs, dt, refractory, parameters, state, samples + piece * values, most_attempts,
            tallies, carried, first, out);
        if (*(volatile long *)&out->stuck < 0) return;
    }
}
"""


class SampledInputs:
    """The inputs of several neurons at the start, the middle and the end of each step.

    Parameters
    ----------
    stimuli : sequence of Stimulus
        One per neuron; they have the same pieces.
    steps : array of int
        Number of steps of each piece.
    dt : float
        In ms.
    """

    def __init__(self, stimuli: Sequence[Stimulus], steps: NDArray[np.int64], dt: float) -> None:
        self._dt, self._lanes = dt, len(stimuli)
        self._starts = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
        # many neurons may share a few stimuli
        places: dict[int, int] = {}
        which = [places.setdefault(id(stimulus), len(places)) for stimulus in stimuli]
        distinct = list({id(stimulus): stimulus for stimulus in stimuli}.values())

        def numbers(row: int, lanes: Sequence[int]) -> Array:
            """Return a row of the numbers of shapes: an array (pieces, lanes)."""
            return np.array([each.numbers[row] for each in distinct]).T[:, [which[lane] for lane in lanes]]

        self._offset, self._slope = (np.ascontiguousarray(numbers(row, range(self._lanes)) + 0.0) for row in range(2))
        self._block = np.empty((0, len(PLACES), self._lanes))
        self._terms = []
        for name, factor, others, of_time in (("decay", 2, [3], _decayed), ("sine", 4, [5, 6, 7], _sine)):
            if lanes := [lane for lane, i in enumerate(which) if name in distinct[i].terms]:
                shared = np.array([numbers(row, lanes) for row in others])
                self._terms.append(_Term(lanes, numbers(factor, lanes), shared, of_time))

    @property
    def block(self) -> int:
        """The number of steps that are sampled at once."""
        return self._block_of(BLOCK_BYTES)

    def _block_of(self, size: int) -> int:
        return max(size // (8 * len(PLACES) * self._lanes), LEAST_BLOCK)

    @property
    def only_lines(self) -> bool:
        """Whether compiled code can sample all of the inputs."""
        return not self._terms

    def run(
        self,
        function: Any,
        lanes: int,
        refractory: float,
        arrays: tuple[Array, Array, Array],
        most_attempts: int,
        *more: NDArray[Any],
    ) -> None:
        """Run a compiled kernel with these inputs, if there are `only_lines`.

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
            *(ctypes.c_long(number) for number in (int(self._starts[-1]), block)),
            _address(self._starts),
            ctypes.c_long(self._lanes),
            *map(_address, (self._offset, self._slope, inputs, steps)),
            ctypes.c_long(lanes),
            ctypes.c_double(self._dt),
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
        _compiled().sample_lines(
            first,
            count,
            self._starts.ctypes.data,
            start,
            self._lanes,
            self._offset.ctypes.data,
            self._slope.ctypes.data,
            self._dt,
            found.ctypes.data,
        )
        if self._terms:
            piece = np.searchsorted(self._starts, np.arange(first, first + count), "right") - 1
            s = (np.arange(first, first + count) - self._starts[piece])[:, None] + np.array(PLACES)
            for term in self._terms:
                term.add_to(found, piece if piece[0] < piece[-1] else piece[:1], s * self._dt)
        return found


class _Term:
    """A term of the inputs in addition to the line: a factor of each neuron, times a function that several may share.

    Parameters
    ----------
    lanes : list of int
        The neurons whose inputs have it.
    factors : array (pieces, neurons)
    numbers : array (numbers, pieces, neurons)
        What the function needs in addition to the time.
    of_time : callable
        From the time since the start of the piece (an array) and the numbers.
    """

    def __init__(self, lanes: list[int], factors: Array, numbers: Array, of_time: Callable[..., Array]) -> None:
        _, firsts, self._of_lane = np.unique(
            numbers.reshape(-1, len(lanes)), axis=1, return_index=True, return_inverse=True
        )
        self._lanes: Any = lanes
        self._factors, self._numbers, self._of_time = factors, numbers[..., firsts], of_time

    def add_to(self, inputs: Array, piece: NDArray[np.int64], s: Array) -> None:
        """Add the term to inputs (steps, 3, neurons); `s` (steps, 3) is the time in ms since the start of a piece."""
        shared = self._of_time(s[:, :, None], *self._numbers[:, piece, None])
        inputs[:, :, self._lanes] += self._factors[piece, None] * shared[:, :, self._of_lane.ravel()]


def _decayed(s: Array, tau: Array) -> Array:
    return np.asarray(np.exp(-s / tau))


def _sine(s: Array, phase: Array, omega: Array, sweep: Array) -> Array:
    return np.asarray(np.sin(phase + (omega + sweep * s) * s))


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@cache
def _compiled() -> Any:
    """Return the compiled library."""
    library = load_library(compile_library(_SOURCE, SIMD))
    library.run_in_blocks.restype = None
    whole, pointer = ctypes.c_long, ctypes.c_void_p
    library.sample_lines.restype = None
    library.sample_lines.argtypes = [whole, whole, pointer, whole, whole, pointer, pointer, ctypes.c_double, pointer]
    return library
