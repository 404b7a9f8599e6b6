"""A fixed piece of work; the times of kernels are divided by its time.

An absolute time depends more on the machine and its other users than on the kernel. The ratio to work that is the same
in every version, run directly before and after on the same machine, shows how much slower the kernel has become.
"""

from __future__ import annotations

import ctypes
import time
from functools import cache
from pathlib import Path

import numpy as np

from ...flops.toolchain import SCALAR, compile_library, load_library

#: Iterations of the loop in calibration.c, about half a millisecond: as long as the shorter timed runs.
TURNS = 50_000


def calibrate() -> float:
    """Run the calibration work and return its wall time in s.

    Raises
    ------
    UserError
        If there is no C compiler.
    """
    work, state = _work(), np.array([0.1, 0.2])
    address = ctypes.c_void_p(state.ctypes.data)
    start = time.perf_counter()
    work(TURNS, address)
    return time.perf_counter() - start


@cache
def _work() -> ctypes._CFuncPtr:  # type: ignore[name-defined]  # the type of loaded functions has no public name
    source = Path(__file__).with_name("calibration.c").read_text("utf-8")
    library = load_library(compile_library(source, SCALAR))
    work = library.calibration
    work.restype = None
    work.argtypes = (ctypes.c_long, ctypes.c_void_p)
    work(TURNS, ctypes.c_void_p(np.array([0.1, 0.2]).ctypes.data))  # the first run is slower
    return work
