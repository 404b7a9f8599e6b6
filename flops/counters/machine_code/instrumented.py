"""Exact counting by dynamic binary instrumentation, in this process."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import struct
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....models.ground.errors import UserError
from ..base import COUNTERS, Counts, machine, require, require_retired
from ..workload import CFunction, Workload
from .image import Code, Loaded, add_images, image_at, is_libc, loaded_images, why_not_readable

#: How often each basic block ran; a block is (first address, address after its end).
Blocks = Tally[tuple[int, int]]
_ARGUMENT_REGISTERS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")


class Instrumented:
    """PyQBDI runs the function and reports each basic block; capstone decodes each block once.

    Exact and repeatable to the instruction, without privileges. The function runs in this process on its own
    buffers. Execution is a hundred times slower, so nothing can be concluded about time.

    PyQBDI does not keep the AVX-512 registers from one block to the next. Kernels (built as `SCALAR`) and libm do
    not use them, but the C library copies memory with them if the processor has them. So the C library runs natively
    and is not counted. A workload is refused if a function of the C library does arithmetic or calls the kernel back.
    """

    name = "instrumented"
    exact = True
    tells_kinds = True
    tells_images = True
    counts_any_code = False

    def why_not(self) -> str:
        """Return why this counter cannot count here; empty if it can."""
        if importlib.util.find_spec("pyqbdi") is None:
            return "the package PyQBDI is not installed; pip install PyQBDI"
        return why_not_readable()

    @contextmanager
    def measure(self) -> Iterator[Counts]:
        """Count the workloads that are passed to `Counts.call`."""
        require(self)
        runs: list[_Ran] = []
        counts = Counts(lambda workload: runs.append(_run(workload)))
        yield counts
        for ran in runs:
            _check_left(ran)
            add_images(counts, ran.own, _decoded(ran))
        require_retired(self, counts)

    def provenance(self) -> dict[str, str]:
        """Return the versions."""
        return machine() | {name: importlib.metadata.version(name) for name in ("PyQBDI", "capstone")}


@dataclass(frozen=True)
class _Ran:
    name: str
    own: Path
    images: Sequence[Loaded]
    """What was instrumented."""
    blocks: Blocks
    left: set[tuple[int, int]]
    """Where instrumented code called the C library: the function's address, and 1 if a function was passed to it."""


def _run(workload: Workload) -> _Ran:
    import pyqbdi  # noqa: PLC0415 - the suite runs without it

    if not isinstance(workload, CFunction):
        raise UserError("the counter 'instrumented' runs C functions in this process; for a program use 'callgrind'")
    address = workload.address  # this loads the library: code that is loaded later would not be counted
    vm = pyqbdi.VM()
    stack = pyqbdi.allocateVirtualStack(vm.getGPRState(), 1 << 20)
    images = loaded_images()
    for loaded in images:
        if not is_libc(loaded.path):
            vm.addInstrumentedRange(loaded.first, loaded.last)
    ran = _Ran(workload.name, workload.library.resolve(), images, Tally(), set())
    blocks, left = ran.blocks, ran.left

    def entered(_vm: Any, state: Any, _general: Any, _floating: Any, _data: Any) -> Any:
        blocks[state.basicBlockStart, state.basicBlockEnd] += 1
        return pyqbdi.CONTINUE

    def leaves(_vm: Any, _state: Any, general: Any, _floating: Any, _data: Any) -> Any:
        handed = (getattr(general, name) for name in _ARGUMENT_REGISTERS)
        left.add((general.rip, int(any(image_at(images, word) for word in handed))))
        return pyqbdi.CONTINUE

    vm.addVMEventCB(pyqbdi.VMEvent.BASIC_BLOCK_ENTRY, entered, None)
    vm.addVMEventCB(pyqbdi.VMEvent.EXEC_TRANSFER_CALL, leaves, None)
    values = workload.values()
    registers = vm.getFPRState()
    for i, value in enumerate(value for value in values if isinstance(value, float)):
        setattr(registers, f"xmm{i}", struct.pack("<dd", value, 0.0))
    vm.setFPRState(registers)
    # native code can be entered only if it returns to instrumented code. A function that ends in a jump to the C
    # library also does so if it returns to the start of its own image, which is never executed
    returns_to = next(loaded.first for loaded in images if loaded.first < address < loaded.last)
    pyqbdi.simulateCall(vm.getGPRState(), returns_to, [value for value in values if isinstance(value, int)])
    ended = vm.run(address, returns_to)
    pyqbdi.alignedFree(stack)
    if not ended:
        raise UserError(f"the counter 'instrumented' could not run {workload.name} of {workload.library.name}")
    return ran


def _check_left(ran: _Ran) -> None:
    """Raise an error if the C library did arithmetic, or called back, where it was not counted."""
    for address, handed in ran.left:
        loaded = image_at(ran.images, address)
        computes = loaded is None or loaded.image.computes(loaded.in_image(address))
        if handed or computes:
            where = f"a function of {loaded.path.name}" if loaded else "code that is in no file"
            what = (
                "may do arithmetic" if loaded is None else "does arithmetic" if computes else "takes a function to call"
            )
            raise UserError(
                f"{ran.name} calls {where} that {what}, which the counter 'instrumented' does not follow; use 'stepped'"
            )


def _decoded(ran: _Ran) -> Iterator[tuple[Path, Code, int]]:
    """Yield the file of each block, what the block executes, and how often."""
    for (start, end), n in ran.blocks.items():
        loaded = image_at(ran.images, start)
        assert loaded is not None  # only the images are instrumented
        code = loaded.image.code_between(loaded.in_image(start), loaded.in_image(start) + end - start)
        if code.wide:
            raise UserError(f"{loaded.path.name} uses registers of AVX-512, which PyQBDI does not keep; use 'stepped'")
        yield loaded.path, code, n


COUNTERS.register(Instrumented())
