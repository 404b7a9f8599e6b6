"""The machine code of an executable file or shared library, read from the file."""

from __future__ import annotations

import bisect
import ctypes
import importlib.util
import io
import platform
import re
from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from ....models.algebra.functions import CALLS, FUNCTIONS
from ..base import Counts, Retired
from .instruction import in_single, operations_of, whole_operations_of

#: Functions of the mathematics library that count as operations of a Step.
_CALLED = {
    "pow": "pow",
    **{row.library: row.kind for row in FUNCTIONS.values() if row.kind in (*CALLS, "sqrt", "round")},
}
#: The same functions for 32-bit numbers, by their names.
_CALLED_IN_SINGLE = {f"{name}f": kind for name, kind in _CALLED.items()}
_VECTOR_NAME = re.compile(r"_ZGV[a-z]M?N?(?P<width>\d+)v+_(?P<function>\w+)")
_THROUGH_SLOT = re.compile(r"qword ptr \[rip (?P<sign>[+-]) (?P<offset>0x[0-9a-f]+|\d+)\]")
_DIRECT = re.compile(r"0x[0-9a-f]+")
#: Functions that do arithmetic do it early: ``ldexp`` and similar functions are short. Memory allocation is very long.
_MOST_FOLLOWED = 4096
#: Code of the operating system's kernel that every process has (it tells the time): an image without a file.
_KERNELS_OWN = Path("[vdso]")
_WIDE = re.compile(r"zmm|[xy]mm(1[6-9]|2\d|3[01])|\{k|\bk[0-7]\b")


@dataclass(frozen=True)
class Code:
    """What straight-line code executes in one pass."""

    instructions: int
    operations: Tally[tuple[str, int]]
    """By (kind, vector width)."""
    single: Tally[tuple[str, int]]
    """Those on 32-bit numbers."""
    whole: Tally[str]
    """Operations of fixed point, on 32-bit integers, by kind."""
    wide: bool
    """Whether it uses registers that came with AVX-512."""


class Image:
    """Code by address, as in the file's headers (the address in memory minus the load address)."""

    def __init__(self, path: Path) -> None:
        from capstone import CS_ARCH_X86, CS_MODE_64, Cs  # noqa: PLC0415 - the suite runs without these
        from elftools.elf.elffile import ELFFile  # noqa: PLC0415
        from elftools.elf.relocation import RelocationSection  # noqa: PLC0415

        self.path = path
        self._segments: list[tuple[int, bytes]] = []
        self._offsets: list[tuple[int, int, int]] = []
        self._slots: dict[int, str] = {}
        self._decoder = Cs(CS_ARCH_X86, CS_MODE_64)
        with io.BytesIO(_kernels_own()) if path == _KERNELS_OWN else path.open("rb") as file:
            elf = ELFFile(file)
            for segment in elf.iter_segments("PT_LOAD"):
                self._offsets.append((segment["p_offset"], segment["p_filesz"], segment["p_vaddr"]))
                if segment["p_flags"] & 1:
                    self._segments.append((segment["p_vaddr"], segment.data()))
            for section in elf.iter_sections():
                if not isinstance(section, RelocationSection):
                    continue
                symbols: Any = elf.get_section(section["sh_link"])
                for relocation in section.iter_relocations() if hasattr(symbols, "get_symbol") else ():
                    self._slots[relocation["r_offset"]] = symbols.get_symbol(relocation["r_info_sym"]).name
        self._segments.sort()
        self.code_between = cache(self._code_between)

    def address_of_offset(self, offset: int) -> int:
        """Return the address of a byte of the file, both relative to the image."""
        for start, size, address in self._offsets:
            if start <= offset < start + size:
                return address + offset - start
        raise ValueError(f"{self.path}: no code at offset {offset:#x}")

    def code_at(self, address: int) -> Code:
        """Return what the instruction at `address` executes."""
        decoded = self._decoder.disasm_lite(self._bytes(address, address + 15), address, 1)
        return self.code_between(address, address + next((size for _, size, _, _ in decoded), 1))

    def computes(self, address: int) -> bool:
        """Whether the function at `address`, or code that it calls or jumps to, does floating-point arithmetic.

        Its code is followed through direct jumps and calls, up to `_MOST_FOLLOWED` instructions.
        """
        ahead, seen = [address], set[int]()
        while ahead and len(seen) < _MOST_FOLLOWED:
            start = ahead.pop()
            for instruction in self._decoder.disasm(self._bytes(start, start + _MOST_FOLLOWED), start):
                if instruction.address in seen or len(seen) >= _MOST_FOLLOWED:
                    break
                seen.add(instruction.address)
                if operations_of(instruction):
                    return True
                mnemonic = instruction.mnemonic.removeprefix("bnd ")
                if (mnemonic[0] == "j" or mnemonic == "call") and _DIRECT.fullmatch(instruction.op_str):
                    ahead.append(int(instruction.op_str, 16))
                if mnemonic in ("jmp", "ret", "hlt", "ud2"):
                    break
        return False

    def _bytes(self, start: int, end: int) -> bytes:
        segment, code = self._segments[bisect.bisect_right(self._segments, start, key=lambda s: s[0]) - 1]
        return code[start - segment : end - segment]

    def _code_between(self, start: int, end: int) -> Code:
        tally: Tally[tuple[str, int]] = Tally()
        single: Tally[tuple[str, int]] = Tally()
        whole: Tally[str] = Tally()
        instructions, address, wide = 0, start, False
        for instruction in self._decoder.disasm(self._bytes(start, end), start):
            instructions += 1
            address = instruction.address + instruction.size
            operations = operations_of(instruction)
            tally.update(operations)
            whole.update(whole_operations_of(instruction))
            if operations and in_single(instruction):
                single.update(operations)
            wide = wide or _WIDE.search(instruction.op_str) is not None
            if instruction.mnemonic.removeprefix("bnd ") in ("jmp", "call"):
                self._add_called(instruction.op_str, address, tally, single)
        if address != end:
            raise ValueError(f"{self.path.name}: unknown x86-64 instruction at {address:#x}")
        return Code(instructions, tally, single, whole, wide)

    def _add_called(
        self, operand: str, following: int, tally: Tally[tuple[str, int]], single: Tally[tuple[str, int]]
    ) -> None:
        """Add the operation that a jump or call through a slot of the linker's table executes."""
        slot = _THROUGH_SLOT.fullmatch(operand)
        if slot is None:
            return
        offset = int(slot["offset"], 0)
        name = self._slots.get(following + (offset if slot["sign"] == "+" else -offset), "")
        vector = _VECTOR_NAME.fullmatch(name)
        function, width = (vector["function"], int(vector["width"])) if vector else (name, 1)
        if kind := _CALLED.get(function) or _CALLED_IN_SINGLE.get(function):
            tally[kind, width] += 1
            single[kind, width] += function in _CALLED_IN_SINGLE


def why_not_readable() -> str:
    """Return why machine code cannot be read here; empty if it can."""
    if platform.machine() != "x86_64":
        return f"it reads x86-64 code, and this processor is {platform.machine()}"
    for package, name in (("capstone", "capstone"), ("elftools", "pyelftools")):
        if importlib.util.find_spec(package) is None:
            return f"the package {name} is not installed; pip install {name}"
    return ""


@cache
def image_of(path: Path) -> Image:
    """Read an image; each file is read once."""
    return Image(path)


def _kernels_own() -> bytes:
    """Return the image that the kernel maps into this process."""
    own = next(each for each in loaded_images() if each.path == _KERNELS_OWN)
    return ctypes.string_at(own.first, own.last - own.first)


@dataclass(frozen=True)
class Loaded:
    """A file, or what the kernel itself provides, that is mapped as code in this process."""

    first: int
    last: int
    offset: int
    path: Path

    @property
    def image(self) -> Image:
        """Its machine code."""
        return image_of(self.path)

    def in_image(self, address: int) -> int:
        """Convert an address in memory to an address as in the file's headers."""
        return self.image.address_of_offset(address - self.first + self.offset)


def loaded_images() -> Sequence[Loaded]:
    """Return every image that is mapped as code in this process, in the order of their addresses."""
    return _loaded_after(_changes())


def image_at(images: Sequence[Loaded], address: int) -> Loaded | None:
    """Return the one of `loaded_images` that has an address; None if there is none."""
    place = bisect.bisect_right(images, address, key=attrgetter("first")) - 1
    return images[place] if place >= 0 and address < images[place].last else None


class _Library(ctypes.Structure):
    """The start of ``struct dl_phdr_info`` of the system's ``link.h``."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("headers", ctypes.c_void_p),
        ("number_of_headers", ctypes.c_uint16),
        ("loaded", ctypes.c_ulonglong),
        ("unloaded", ctypes.c_ulonglong),
    )


_VISIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p)


def _changes() -> tuple[int, ...]:
    """Return how many libraries were loaded and unloaded since this process started."""
    found: list[int] = []

    def keep(library: Any, _size: int, _data: Any) -> int:
        found.extend((library.contents.loaded, library.contents.unloaded))
        return 1  # enough: every library has them

    ctypes.PyDLL(None).dl_iterate_phdr(_VISIT(keep), None)
    return tuple(found)


@lru_cache(maxsize=1)
def _loaded_after(_changes: tuple[int, ...]) -> Sequence[Loaded]:
    """Read the table of mapped memory, which is long."""
    lines = Path("/proc/self/maps").read_text("utf-8", "surrogateescape").splitlines()
    found = (_loaded(line) for line in lines if "x" in line.split(maxsplit=2)[1])
    return [each for each in found if each is not None]


@cache
def _loaded(line: str) -> Loaded | None:
    """Return the image of a line of the table of mapped memory; None if it has none, or its file no longer exists."""
    span, _, offset, _, _, *path = line.split(maxsplit=5)
    first, last = (int(address, 16) for address in span.split("-"))
    if not path or not (path[0].startswith("/") or path[0] == str(_KERNELS_OWN)) or path[0].endswith(" (deleted)"):
        return None
    return Loaded(first, last, int(offset, 16), Path(path[0]))


def is_libm(path: Path) -> bool:
    """Whether a file is a mathematics library."""
    return re.match(r"libm(vec)?[-.]", path.name) is not None


def is_libc(path: Path) -> bool:
    """Whether a file is GNU's C library (not its mathematics library, which is a separate file)."""
    return re.fullmatch(r"libc(\.so\.6|-2\.\d+\.so)", path.name) is not None


def add_images(counts: Counts, own: Path, executed: Iterable[tuple[Path, Code, int]]) -> None:
    """Add executed code, with how often it ran, to the image of `counts` to which it belongs.

    Parameters
    ----------
    counts : Counts
    own : Path
        The kernel's own image; libm and other files are counted separately.
    executed : iterable of (Path, Code, int)
        Of the C library only the operations are added: how it copies memory depends on the processor.
    """
    parts = {"own": _ImagePart(), "libm": _ImagePart(), "other": _ImagePart()}
    for path, code, n in executed:
        counted = replace(code, instructions=0) if is_libc(path) else code
        parts["own" if path == own else "libm" if is_libm(path) else "other"].add(counted, n)
    counts.own += parts["own"].retired
    counts.libm = parts["libm"].retired + (counts.libm or Retired(instructions=0))
    counts.other = parts["other"].retired + (counts.other or Retired(instructions=0))


class _ImagePart:
    def __init__(self) -> None:
        self._operations: Tally[tuple[str, int]] = Tally()
        self._single: Tally[str] = Tally()
        self._whole: Tally[str] = Tally()
        self._instructions = 0

    def add(self, code: Code, n: int) -> None:
        self._instructions += n * code.instructions
        for (kind, width), times in code.operations.items():
            self._operations[kind, width] += n * times * width
        for (kind, width), times in code.single.items():
            self._single[kind] += n * times * width
        for kind, times in code.whole.items():
            self._whole[kind] += n * times

    @property
    def retired(self) -> Retired:
        return Retired(dict(self._operations), self._instructions, single=self._single, whole=self._whole)
