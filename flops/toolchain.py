"""The C compiler: which one, with which flags, and what it made.

It lives beside the counts because its flags decide which operations run.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shlex
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ..models.errors import UserError
from . import cache as kept
from .bounded import brief, patience, run_bounded
from .process_folder import place, scratch
from .products import why_cut_short, why_not_loaded

# -fno-plt: a call of exp stands in the kernel's own code, where counters in other processes find it
_COMMON = ("-std=gnu11", "-fPIC", "-fno-plt", "-march=native", "-ffp-contract=off", "-fno-math-errno",
           "-fno-trapping-math")


@dataclass(frozen=True)
class Build:
    """A way to compile kernels."""

    name: str
    flags: tuple[str, ...]
    description: str
    lanes: bool = False
    """Whether neurons are in the lanes of vector registers; otherwise one neuron after the other."""


    def for_processor(self, architecture: str) -> Build:
        """Return this build for a named processor or level of x86-64 instead of the one that compiles it."""
        flags = tuple(f"-march={architecture}" if flag.startswith("-march=") else flag for flag in self.flags)
        return replace(self, name=f"{self.name} for {architecture}", flags=flags)


# AVX-512 gives scalar code nothing but registers that neither valgrind nor QBDI can follow
_NO_AVX512 = ("-mno-avx512f",) if platform.machine() == "x86_64" else ()

# where registers are short, gcc would compute a product once more rather than keep it; clang does not know the flag
_NO_REMATERIALIZATION = "-fno-lra-remat"

#: One neuron after the other; the operations are those of the Step, in its order. (libm takes its exp by processor, so
#: another machine may differ in the last bits.)
SCALAR = Build("scalar", ("-O2", "-fno-tree-vectorize", _NO_REMATERIALIZATION, *_COMMON, *_NO_AVX512),
               "one neuron, scalar, no fused multiply-add")
#: Neurons in the lanes of vector registers. No operation is fused or reordered; only exp differs in value, by the few
#: units in the last place that separate the vector library from libm. What the compiler moves is told by `as_built`.
SIMD = Build("simd", ("-O3", "-mprefer-vector-width=512", "-fopenmp-simd", *_COMMON),
             "neurons in SIMD lanes, no fused multiply-add", lanes=True)
#: What users' builds often have: multiplications and additions fused into one rounding.
FUSED = Build("fused", (*SIMD.flags, "-ffp-contract=fast"), "neurons in SIMD lanes, fused multiply-add", lanes=True)
#: Leave to reassociate, to replace divisions by reciprocals, and to assume that no number is infinite or not one.
FAST_MATH = Build("fast-math", (*SIMD.flags, "-ffp-contract=fast", "-ffast-math"),
                  "neurons in SIMD lanes, -ffast-math", lanes=True)

BUILDS = {build.name: build for build in (SCALAR, SIMD, FUSED, FAST_MATH)}

#: For the counter that runs code one instruction at a time.
STEPPER = Build("stepper", ("-O1", "-std=gnu11", "-fPIC"), "not for kernels")


@dataclass(frozen=True)
class Compiler:
    """A C compiler that was found and answers."""

    path: str
    version: str
    """First line of ``--version``."""
    command: tuple[str, ...]
    """How its command line begins: with what starts it, such as ccache, if there is such a thing."""


@cache
def find_compiler() -> Compiler:
    """Return the compiler named by the variable CC, or cc, gcc or clang.

    Raises
    ------
    UserError
        If there is none, or it does not say its version.
    """
    asked = os.environ.get("CC")
    reasons = []
    for name in [asked] if asked else ["cc", "gcc", "clang"]:
        asked_for = f"{'CC=' if asked else ''}{brief(name)}"
        first, *more = _words(name)
        path = shutil.which(first)
        if not path:
            reasons.append(f"{asked_for} not found")
            continue
        answer = run_bounded([path, *more, "--version"], min(patience(), 20.0))
        if answer.failure or not answer.text.strip():
            reasons.append(f"{asked_for} was run with --version and {answer.failure or 'printed nothing'}")
            continue
        own = shutil.which(more[-1]) or more[-1] if more else path
        return Compiler(own, answer.text.strip().splitlines()[0].strip(), (path, *more))
    raise UserError(f"no C compiler: {'; '.join(reasons)}; install one (Debian: apt-get install gcc libc6-dev), or set "
                    "CC")


def _words(given: str) -> list[str]:
    """Return the words of a compiler's command line: a compiler, and perhaps what starts it, such as ``ccache gcc``.

    Raises
    ------
    UserError
        If there are flags among them.
    """
    if shutil.which(given):  # a path may have spaces
        return [given]
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise UserError(f"CC={brief(given)} cannot be read: {error}; give a compiler's name, such as gcc") from error
    flags = [word for word in words if word.startswith("-")]
    if flags:
        raise UserError(f"CC={brief(given)}: it has flags ({' '.join(flags)}), which would change what is counted; "
                        "give the compiler alone, such as CC=gcc; the flags are those of the builds")
    return words or [given]


@cache
def has_vector_exp() -> bool:
    """Whether exp can be computed in SIMD lanes (glibc's libmvec on this processor, gcc)."""
    if platform.machine() != "x86_64":
        return False
    try:
        ctypes.CDLL("libmvec.so.1")
    except OSError:
        return False
    return "clang" not in find_compiler().version


def cpu_model() -> str:
    """Return the processor's name."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_identity() -> tuple[str, int, int]:
    """Return vendor, family and model of the processor; implementer, 0 and part number for Arm; -1 where unknown."""
    if part := _cpuinfo("CPU part"):
        return _cpuinfo("CPU implementer"), 0, int(part, 16)
    return _cpuinfo("vendor_id"), int(_cpuinfo("cpu family") or -1), int(_cpuinfo("model") or -1)


def simd_extensions() -> list[str]:
    """Return which of the vector instruction sets the processor has."""
    return [name for name in ("sse2", "avx", "avx2", "fma", "avx512f", "asimd", "sve") if has_cpu_flag(name)]


def cpu_flags() -> list[str]:
    """Return the features of the processor that the kernel lists."""
    return (_cpuinfo("flags") or _cpuinfo("Features")).split()


def has_cpu_flag(name: str) -> bool:
    """Whether the kernel lists a feature of the processor."""
    return name in cpu_flags()


def compile_library(source: str, build: Build) -> Path:
    """Compile C source to a shared library; the same source, flags, compiler and processor are compiled once.

    Returns
    -------
    Path
        Of a copy that only this process uses and that no other user can write: what is loaded is what was verified.

    Raises
    ------
    UserError
        If there is no compiler, it refuses or fails, or other users can write to the cache.
    """
    libraries = ("-lmvec", "-lm") if build.lanes and has_vector_exp() else ("-lm",)
    return _compiled("kernels", source, build.flags, ("-shared",), libraries)


def compile_program(source: str) -> Path:
    """Compile C source to a program, as `compile_library` does."""
    return _compiled("programs", source, ("-std=gnu11", "-O1"), (), ("-ldl",))


def load_library(path: Path) -> ctypes.CDLL:
    """Load a library that `compile_library` made.

    Raises
    ------
    UserError
        If it cannot be loaded.
    """
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise UserError(f"the compiled library {path} cannot be loaded: {error}") from error


def _compiled(kind: str, source: str, flags: tuple[str, ...], form: tuple[str, ...], libraries: tuple[str, ...]
              ) -> Path:
    compiler = find_compiler()
    if "clang" in compiler.version:
        flags = tuple(flag for flag in flags if flag != _NO_REMATERIALIZATION)
    # -march=native: the processor is part of the key
    command_line = [*compiler.command, compiler.version, *flags, *form, *libraries]
    key = "\0".join([*command_line, cpu_model(), _cpuinfo("flags"), source])
    product = kept.read(kind, key)
    if product is None:
        product = _made(compiler, source, flags, form, libraries)
        kept.write(kind, key, product)
    return place(kept.digest_of(kind, key)[:24] + kept.KINDS[kind], product)


def _made(compiler: Compiler, source: str, flags: tuple[str, ...], form: tuple[str, ...], libraries: tuple[str, ...]
          ) -> bytes:
    """Compile; what a compiler made that failed in any way is not returned, so that it is never kept."""
    with scratch() as folder:
        c_file, object_file, made = folder / "kernel.c", folder / "kernel.o", folder / "made"
        try:
            c_file.write_text(source, encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write the source of a kernel to {folder}: {error.strerror}; make room, or set "
                            "TMPDIR to another folder") from error
        # linked without the flags: -ffast-math there would make the whole process flush small numbers to zero
        for command in ([*flags, "-c", "-o", str(object_file), str(c_file)],
                        [*form, "-o", str(made), str(object_file), *libraries]):
            answer = run_bounded([*compiler.command, *command], patience())
            if answer.failure:
                raise UserError(f"the compiler {' '.join(compiler.command)} refused a kernel or failed: it "
                                f"{answer.failure}")
        try:
            product = made.read_bytes()
        except OSError:
            product = b""
        reason = why_cut_short(product) or (why_not_loaded(made, source) if "-shared" in form else "")
    if reason:
        raise UserError(f"the compiler {' '.join(compiler.command)} reported success, but {reason}; it is not used: "
                        "look at the compiler, and at the room on the disk, or set CC to another one")
    return product


@cache
def _cpuinfo(name: str) -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    match = re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE)
    return match[1] if match else ""
