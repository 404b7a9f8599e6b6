"""Workloads: what a counter can run."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..toolchain import load_library

#: Its items have eight or four bytes.
Buffer = NDArray[np.float64] | NDArray[np.float32] | NDArray[np.int64] | NDArray[np.int32]


@dataclass(frozen=True)
class Records:
    """An array of C structures. All fields have eight bytes: a long, a double or a pointer to a buffer."""

    rows: tuple[tuple[int | float | Buffer, ...], ...]


#: An argument of a C function: long, double, pointer to a buffer, pointer to structures.
Argument = int | float | Buffer | Records


@dataclass(frozen=True, eq=False)
class CFunction:
    """A call of an exported C function that returns nothing.

    Counters in this process call it, and it changes the buffers; counters in another process call it with copies.
    """

    library: Path
    """The shared library: the operations of this image are counted as the kernel's own."""
    name: str
    arguments: tuple[Argument, ...]
    _records: dict[int, NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for i, argument in enumerate(self.arguments):
            if isinstance(argument, Records):
                self._records[i] = np.array([[_word(item) for item in row] for row in argument.rows], dtype=np.int64)

    @property
    def address(self) -> int:
        """Address of the function in this process; loads the library."""
        function = getattr(load_library(self.library), self.name)
        return int(ctypes.cast(function, ctypes.c_void_p).value or 0)

    @property
    def parameter_types(self) -> list[type[ctypes.c_long | ctypes.c_double | ctypes.c_void_p]]:
        """C types of the arguments."""
        return [
            ctypes.c_long if isinstance(a, int) else ctypes.c_double if isinstance(a, float) else ctypes.c_void_p
            for a in self.arguments
        ]

    def call(self) -> None:
        """Call the function natively."""
        ctypes.CFUNCTYPE(None, *self.parameter_types)(self.address)(*self.values())

    def values(self) -> list[int | float]:
        """Return the arguments as they are passed in a call: numbers, and addresses of the buffers in this process."""
        return [
            argument
            if isinstance(argument, (int, float))
            else int((self.records(i) if isinstance(argument, Records) else argument).ctypes.data)
            for i, argument in enumerate(self.arguments)
        ]

    def records(self, i: int) -> NDArray[np.int64]:
        """Return the words of the structures that argument `i` points to; a call may change them."""
        return self._records[i]


@dataclass(frozen=True)
class Program:
    """A command line; only counters that start processes can run it."""

    command: Sequence[str]
    image: str
    """End of the path of the file that is the kernel's own image."""
    function: str = "*"
    """Only code that runs within this function is counted; ``*`` counts everything. A pattern in valgrind's form."""
    folder: Path | None = None
    """Working folder."""


Workload = CFunction | Program


def _word(item: int | float | Buffer) -> int:
    if isinstance(item, int):
        return item
    if isinstance(item, float):
        return int(np.float64(item).view(np.int64))
    return int(item.ctypes.data)


class _PythonCall(CFunction):
    """A call through Python's own interface for C."""

    @property
    def address(self) -> int:
        """Address of Python's function for such calls."""
        return int(ctypes.cast(getattr(ctypes.pythonapi, self.name), ctypes.c_void_p).value or 0)


def python_call(library: Path, function: Callable[[Any], object], argument: Any) -> CFunction:
    """Return a call of a Python function with one argument; `library` is the extension module to be counted.

    The caller keeps the function and the argument until the call has been made.
    """
    return _PythonCall(library, "PyObject_CallOneArg", (id(function), id(argument)))
