"""Counting in another process, under valgrind: a check that shares only the decoding with `instrumented`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ....models.ground.errors import UserError
from ...toolchain import compile_program
from ..base import COUNTERS, Counts, machine, require, require_retired
from ..workload import Argument, Buffer, CFunction, Program, Records, Workload
from .image import Code, add_images, image_of, why_not_readable

_POSITION = re.compile(r"(0x[0-9a-f]+) \d+ (\d+)")


class Callgrind:
    """Valgrind's callgrind counts the executions of every instruction; capstone decodes its operations.

    Exact and repeatable to the instruction. A C function is called by a small program with copies of its buffers;
    whole programs can be run too. Valgrind does not support AVX-512.
    """

    name = "callgrind"
    exact = True
    tells_kinds = True
    tells_images = True
    counts_any_code = False

    def why_not(self) -> str:
        """Return why this counter cannot count here; empty if it can."""
        if not _valgrind():
            return "valgrind is not installed; install it (Debian: apt-get install valgrind)"
        return why_not_readable()

    @contextmanager
    def measure(self) -> Iterator[Counts]:
        """Count the workloads that are passed to `Counts.call`."""
        require(self)
        counts = Counts(lambda workload: _run(workload, counts))
        yield counts
        require_retired(self, counts)

    def provenance(self) -> dict[str, str]:
        """Return the versions."""
        version = subprocess.run([_valgrind(), "--version"], capture_output=True, text=True, check=False).stdout
        return machine() | {"valgrind": version.strip()}


def _run(workload: Workload, counts: Counts) -> None:
    if isinstance(workload, CFunction):
        library = workload.library.resolve()
        program = Program([str(compile_program(_driver(workload))), str(library)], str(library), workload.name)
    else:
        program = workload
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "callgrind.out")
        options = [
            "--tool=callgrind",
            "--dump-instr=yes",
            "--compress-strings=no",
            "--compress-pos=no",
            f"--callgrind-out-file={out}",
        ]
        if program.function != "*":
            options.append(f"--toggle-collect={program.function}")
        result = subprocess.run(
            [_valgrind(), *options, *program.command],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=program.folder,
            # functions are bound before the start, as in this process, not while they are counted
            env={**os.environ, "LD_BIND_NOW": "1"},
        )
        if result.returncode != 0 or not out.exists():
            hint = "; valgrind does not support AVX-512" if "unhandled instruction" in result.stderr else ""
            raise UserError(
                f"the counter 'callgrind': {program.command[0]} ended with {result.returncode} under valgrind{hint}"
            )
        executed = list(_instructions(out))
    own = next((path for path, _, _ in executed if str(path).endswith(program.image)), Path(program.image))
    add_images(counts, own, executed)


def _valgrind() -> str:
    return shutil.which("valgrind") or ""


def _instructions(out: Path) -> Iterator[tuple[Path, Code, int]]:
    """Read callgrind's file: each executed instruction, and how often it ran."""
    executed: Tally[tuple[str, int]] = Tally()
    image, called = "", False
    for line in out.read_text("utf-8", "surrogateescape").splitlines():
        if line.startswith("ob="):
            image = line[3:]
        elif line.startswith("calls="):
            called = True  # the next line is the cost of the called function
        elif position := _POSITION.fullmatch(line):
            if not called:
                executed[image, int(position[1], 16)] += int(position[2])
            called = False
    for (name, address), n in executed.items():
        path = Path(name)
        if path.is_file():  # otherwise these are pages of the Linux kernel
            yield path, image_of(path).code_at(address), n


def _driver(function: CFunction) -> str:
    """Return the source of a program that calls the function in a given library, on copies of the buffers."""
    lines = ["#include <dlfcn.h>", "#include <string.h>"]
    setup, arguments, types = [], [], []
    for i, argument in enumerate(function.arguments):
        types.append(_c_type(argument))
        if isinstance(argument, (int, float)):
            lines.append(f"static {types[-1]} a{i};")
            setup.append(f"memcpy(&a{i}, {_words(f'w{i}', argument, lines)}, sizeof a{i});")
        elif isinstance(argument, Records):
            words = sum(len(row) for row in argument.rows)
            lines.append(f"static long a{i}[{max(words, 1)}];")
            fields = [field for row in argument.rows for field in row]
            for j, field in enumerate(fields):
                name = _words(f"w{i}_{j}", field, lines)
                setup.append(f"a{i}[{j}] = {f'{name}[0]' if isinstance(field, (int, float)) else f'(long){name}'};")
        else:
            setup.append(f"void *a{i} = {_words(f'w{i}', argument, lines)};")
        arguments.append(f"a{i}")
    lines += [
        "int main(int count, char **given)",
        "{",
        *(f"    {line}" for line in setup),
        "    void *library = dlopen(given[count - 1], RTLD_NOW);",
        "    if (!library) return 1;",
        f'    void (*function)({", ".join(types)}) = dlsym(library, "{function.name}");',
        "    if (!function) return 2;",
        f"    function({', '.join(arguments)});",
        "    return 0;",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _c_type(argument: Argument) -> str:
    return "long" if isinstance(argument, int) else "double" if isinstance(argument, float) else "void *"


def _words(name: str, value: int | float | Buffer, lines: list[str]) -> str:
    """Declare the words of a number or a buffer; return the name of the declared array."""
    array = np.ascontiguousarray(np.asarray([value] if isinstance(value, (int, float)) else value))
    content = array.tobytes()
    words = np.frombuffer(content + b"\0" * (-len(content) % 8), dtype=np.int64)
    given = np.trim_zeros(words, "b")
    text = ", ".join(hex(int(word) % 2**64) for word in given)
    lines.append(f"static unsigned long {name}[{max(len(words), 1)}] = {{{text or 0}}};")
    return name


COUNTERS.register(Callgrind())
