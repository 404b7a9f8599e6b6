"""Counting by dynamic binary instrumentation, in this process, to the operation."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import struct
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...models.errors import UserError
from .base import COUNTERS, Counts, machine, require, require_retired
from .image import Code, add_images, cannot_read_code, loaded_images
from .workload import CFunction, Workload

#: How often each basic block, from one address to before another, was run.
Blocks = Tally[tuple[int, int]]


class Instrumented:
    """PyQBDI runs the function and reports each basic block; capstone tells once what a block executes.

    Exact and repeatable to the instruction, without privileges. The function runs in this process on its own
    buffers. It slows execution down a hundredfold, so it says nothing about time.
    """

    name = "instrumented"
    exact = True
    tells_kinds = True
    tells_images = True
    counts_any_code = False

    def available(self) -> str:
        """Return why this counter cannot count here; empty if it can."""
        if importlib.util.find_spec("pyqbdi") is None:
            return "the package PyQBDI is not installed; pip install PyQBDI"
        return cannot_read_code()

    @contextmanager
    def measure(self) -> Iterator[Counts]:
        """Count the workloads that are passed to `Counts.call`."""
        require(self)
        runs: list[tuple[Path, Blocks]] = []
        counts = Counts(lambda workload: runs.append(_run(workload)))
        yield counts
        for own, blocks in runs:
            add_images(counts, own, _decoded(blocks))
        require_retired(self, counts)

    def teardown(self) -> dict[str, str]:
        """Return the versions."""
        return machine() | {name: importlib.metadata.version(name) for name in ("PyQBDI", "capstone")}


def _run(workload: Workload) -> tuple[Path, Blocks]:
    """Run a function; return its library and its blocks."""
    import pyqbdi  # noqa: PLC0415 - the suite runs without it

    if not isinstance(workload, CFunction):
        raise UserError("the counter 'instrumented' runs C functions in this process; for a program use 'callgrind'")
    address = workload.address  # loads the library: code that is loaded later would run uncounted
    vm = pyqbdi.VM()
    stack = pyqbdi.allocateVirtualStack(vm.getGPRState(), 1 << 20)
    vm.instrumentAllExecutableMaps()
    blocks: Blocks = Tally()

    def entered(_vm: Any, state: Any, _general: Any, _floating: Any, _data: Any) -> Any:
        blocks[state.basicBlockStart, state.basicBlockEnd] += 1
        return pyqbdi.CONTINUE

    vm.addVMEventCB(pyqbdi.VMEvent.BASIC_BLOCK_ENTRY, entered, None)
    values = workload.values()
    registers = vm.getFPRState()
    for i, value in enumerate(value for value in values if isinstance(value, float)):
        setattr(registers, f"xmm{i}", struct.pack("<dd", value, 0.0))
    vm.setFPRState(registers)
    ran, _ = vm.call(address, [value for value in values if isinstance(value, int)])
    pyqbdi.alignedFree(stack)
    if not ran:
        raise UserError(f"the counter 'instrumented' could not run {workload.name} of {workload.library.name}")
    return workload.library.resolve(), blocks


def _decoded(blocks: Blocks) -> Iterator[tuple[Path, Code, int]]:
    """Yield the file of each block, what the block executes, and how often."""
    images = loaded_images()
    for (start, end), n in blocks.items():
        for loaded in images:
            if loaded.first <= start < loaded.last:
                code = loaded.image.code_between(loaded.in_image(start), loaded.in_image(start) + end - start)
                if code.wide:
                    raise UserError(f"{loaded.path.name} uses registers of AVX-512, which PyQBDI does not keep; "
                                    "use 'stepped'")
                yield loaded.path, code, n


COUNTERS.register(Instrumented())
