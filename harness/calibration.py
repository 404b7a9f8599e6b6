"""Kernels' times over that of a fixed piece of work, taken in turn on the same machine.

An absolute time says more about the machine and its other users than about a kernel. The ratio to work that is the same
in every version, run right before and after, says how much slower the kernel has become.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from ..flops.toolchain import SCALAR, compile_library
from .timing import Job

#: Turns of the calibrating loop, about half a millisecond: as long as the shorter of the timed runs.
TURNS = 50_000


def relative(jobs: Sequence[Job], repeats: int, progress: Callable[[], None] = lambda: None
             ) -> list[tuple[float, ...]]:
    """Time all jobs in turn, each between two runs of the calibrating work.

    Parameters
    ----------
    jobs : sequence of Job
    repeats : int
        Samples of each job; it runs once before, untimed.
    progress : callable
        Called after every run.

    Returns
    -------
    list of tuple of float
        For each job its samples: the time of 1 ms of model time of one neuron over that of the calibrating work.
    """
    calibrate()
    samples: list[list[float]] = [[] for _ in jobs]
    for repeat in range(repeats + 1):
        for job, ratios in zip(jobs, samples, strict=True):
            before = calibrate()
            seconds = job.kernel.seconds(job.stimuli, job.setting)
            around = min(before, calibrate())  # one of them may have waited for another process
            if repeat:
                ratios.append(seconds / float(job.stimuli[0].horizon) / len(job.stimuli) / around)
            progress()
    return [tuple(ratios) for ratios in samples]


def calibrate() -> float:
    """Run the calibrating work and return its wall time in s."""
    work, state = _work(), np.array([0.1, 0.2])
    address = ctypes.c_void_p(state.ctypes.data)
    start = time.perf_counter()
    work(TURNS, address)
    return time.perf_counter() - start


@cache
def _work() -> ctypes._CFuncPtr:  # type: ignore[name-defined]  # the type of loaded functions has no public name
    library = ctypes.CDLL(str(compile_library(Path(__file__).with_name("calibration.c").read_text(), SCALAR)))
    work = library.calibration
    work.restype = None
    work.argtypes = (ctypes.c_long, ctypes.c_void_p)
    return work
