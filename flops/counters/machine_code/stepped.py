"""Counting one instruction at a time, by the processor's trap flag."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ....models.ground.errors import UserError
from ...toolchain import STEPPER, compile_library, find_compiler
from ..base import COUNTERS, Counts, machine, require, require_retired
from ..workload import CFunction, Workload
from .image import Code, add_images, image_at, loaded_images, why_not_readable

_SLOTS = 1 << 16
_INTEGERS, _DOUBLES = 12, 8


class Stepped:
    """The processor stops after every instruction and a signal handler counts the address; capstone decodes it.

    Exact and repeatable to the instruction. The code runs natively, including AVX-512, which `instrumented` and
    `callgrind` cannot follow. About 100 000 instructions per second.
    """

    name = "stepped"
    exact = True
    tells_kinds = True
    tells_images = True
    counts_any_code = False

    def why_not(self) -> str:
        """Return why this counter cannot count here; empty if it can."""
        if platform.system() != "Linux":
            return f"it needs Linux's signals, and this is {platform.system()}"
        try:
            find_compiler()
        except UserError as error:
            return str(error)
        return why_not_readable()

    @contextmanager
    def measure(self) -> Iterator[Counts]:
        """Count the workloads that are passed to `Counts.call`."""
        require(self)
        runs: list[tuple[Path, dict[int, int]]] = []
        counts = Counts(lambda workload: runs.append(_run(workload)))
        yield counts
        for own, executed in runs:
            add_images(counts, own, _decoded(executed))
        require_retired(self, counts)

    def provenance(self) -> dict[str, str]:
        """Return the versions."""
        return machine() | {"compiler": find_compiler().version}


def _run(workload: Workload) -> tuple[Path, dict[int, int]]:
    if not isinstance(workload, CFunction):
        raise UserError("the counter 'stepped' runs C functions in this process; for a program use 'callgrind'")
    values = workload.values()
    integers = [value for value in values if isinstance(value, int)]
    doubles = [value for value in values if isinstance(value, float)]
    if len(integers) > _INTEGERS or len(doubles) > _DOUBLES:
        raise UserError(
            f"{workload.name}: the counter 'stepped' passes up to {_INTEGERS} integers and pointers and "
            f"{_DOUBLES} doubles"
        )
    # PyDLL keeps the interpreter locked: the function may belong to Python itself
    stepper = ctypes.PyDLL(str(compile_library(Path(__file__).with_name("stepped.c").read_text("utf-8"), STEPPER)))
    slots = np.zeros((_SLOTS, 2), dtype=np.uint64)
    failed = stepper.run_stepped(
        ctypes.c_void_p(workload.address),
        (ctypes.c_long * _INTEGERS)(*integers),
        (ctypes.c_double * _DOUBLES)(*doubles),
        ctypes.c_void_p(slots.ctypes.data),
    )
    if failed:
        reason = "the signal SIGTRAP cannot be caught" if failed == 2 else f"it executes more than {_SLOTS} addresses"
        raise UserError(f"the counter 'stepped' cannot count {workload.name}: {reason}")
    used = slots[slots[:, 1] > 0]
    return workload.library.resolve(), dict(zip(used[:, 0].tolist(), used[:, 1].tolist(), strict=True))


def _decoded(executed: dict[int, int]) -> Iterator[tuple[Path, Code, int]]:
    images = loaded_images()
    for address, n in executed.items():
        loaded = image_at(images, address)
        if loaded is None:
            raise UserError(
                "the counter 'stepped' cannot count: code was executed that is in no file, so it is not known"
            )
        yield loaded.path, loaded.image.code_at(loaded.in_image(address)), n


COUNTERS.register(Stepped())
