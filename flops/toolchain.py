"""The C compiler: which one, with which flags, and the cache of what it made.

It lives beside the counts because its flags decide which operations run.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from platformdirs import user_cache_dir

from ..models.errors import UserError

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


@cache
def find_compiler() -> Compiler:
    """Return the compiler named by the variable CC, or cc, gcc or clang.

    Raises
    ------
    UserError
        If there is none.
    """
    asked = os.environ.get("CC")
    for name in [asked] if asked else ["cc", "gcc", "clang"]:
        path = shutil.which(name)
        if path:
            answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                return Compiler(path, answer.stdout.splitlines()[0])
    tried = f"CC={asked}" if asked else "cc, gcc and clang"
    raise UserError(f"no C compiler: {tried} not found; install one (Debian: apt-get install gcc libc6-dev), or set CC")


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

    Raises
    ------
    UserError
        If there is no compiler, it refuses, or the cache cannot be written.
    """
    libraries = ("-lmvec", "-lm") if build.lanes and has_vector_exp() else ("-lm",)
    return _compile(source, build.flags, ("-shared",), libraries)


def compile_program(source: str) -> Path:
    """Compile C source to a program, as `compile_library` does."""
    return _compile(source, ("-std=gnu11", "-O1"), (), ("-ldl",))


def _compile(source: str, flags: tuple[str, ...], kind: tuple[str, ...], libraries: tuple[str, ...]) -> Path:
    compiler = find_compiler()
    if "clang" in compiler.version:
        flags = tuple(flag for flag in flags if flag != _NO_REMATERIALIZATION)
    # -march=native: the processor is part of the key
    command_line = [compiler.path, compiler.version, *flags, *kind, *libraries]
    key = "\0".join([*command_line, cpu_model(), _cpuinfo("flags"), source])
    folder = cache_folder() / "kernels"
    product = folder / (hashlib.sha256(key.encode()).hexdigest()[:24] + (".so" if kind else ""))
    if product.exists():
        return product
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            c_file, object_file, made = Path(scratch, "kernel.c"), Path(scratch, "kernel.o"), Path(scratch, "made")
            c_file.write_text(source, encoding="utf-8")
            # linked without the flags: -ffast-math there would make the whole process flush small numbers to zero
            for command in ([*flags, "-c", "-o", str(object_file), str(c_file)],
                            [*kind, "-o", str(made), str(object_file), *libraries]):
                result = subprocess.run([compiler.path, *command], capture_output=True, text=True, check=False)
                if result.returncode != 0:
                    lines = result.stderr.splitlines() or ["?"]
                    reason = next((line for line in lines if "error" in line), lines[0])
                    raise UserError(f"{compiler.path} refused a kernel: {reason.split('error: ')[-1]}")
            # atomic, and another process that has compiled the same may have loaded its file: that one stays
            with contextlib.suppress(FileExistsError):
                os.link(made, product)
    except OSError as error:
        raise UserError(f"cannot write the kernel cache {folder}: {error.strerror}; set SPIKECOST_CACHE") from error
    return product


def cache_folder() -> Path:
    """Return where compiled kernels and references are kept: SPIKECOST_CACHE, or the user's cache folder."""
    return Path(os.environ.get("SPIKECOST_CACHE") or user_cache_dir("spikecost"))


@cache
def _cpuinfo(name: str) -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    match = re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE)
    return match[1] if match else ""
