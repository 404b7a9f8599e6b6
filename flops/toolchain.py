"""The C compiler: which one, with which flags, and its output.

It is in the same folder as the counts because its flags decide which operations run.
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

from ..models.ground import cache as kept
from ..models.ground.bounded import brief, patience, run_bounded
from ..models.ground.errors import UserError
from ..models.ground.process_folder import place, scratch
from .products import why_cut_short, why_not_loaded

# -fno-plt: a call of exp is then in the kernel's own code, where counters in other processes find it
_COMMON = (
    "-std=gnu11",
    "-fPIC",
    "-fno-plt",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
)


@dataclass(frozen=True)
class Build:
    """A way to compile kernels."""

    name: str
    flags: tuple[str, ...]
    description: str
    lanes: bool = False
    """Whether neurons are in the lanes of vector registers; otherwise one neuron after the other."""

    def for_processor(self, architecture: str) -> Build:
        """Return this build for a named processor or level of x86-64 instead of the processor that compiles it."""
        flags = tuple(f"-march={architecture}" if flag.startswith("-march=") else flag for flag in self.flags)
        return replace(self, name=f"{self.name} for {architecture}", flags=flags)


#: gcc prefers narrower registers on some processors with AVX-512; the compilers of other machines do not know the flag.
_WHOLE_REGISTERS = ("-mprefer-vector-width=512",) if platform.machine() == "x86_64" else ()
# AVX-512 adds nothing to scalar code except registers that neither valgrind nor QBDI can follow
_NO_AVX512 = ("-mno-avx512f",) if platform.machine() == "x86_64" else ()

# with few registers, gcc would compute a product again instead of keeping it; clang does not know the flag
_NO_REMATERIALIZATION = "-fno-lra-remat"

#: One neuron after the other; the operations are those of the Step, in its order. (libm chooses its exp by processor,
#: so the last bits may differ on another machine.)
SCALAR = Build(
    "scalar",
    ("-O2", "-fno-tree-vectorize", _NO_REMATERIALIZATION, *_COMMON, *_NO_AVX512),
    "one neuron, scalar, no fused multiply-add",
)
#: Neurons in the lanes of vector registers. No operation is fused or reordered. Only exp differs in value, by the few
#: units in the last place between the vector library and libm. `as_built` reports what the compiler moves.
SIMD = Build(
    "simd",
    ("-O3", *_WHOLE_REGISTERS, "-fopenmp-simd", *_COMMON),
    "neurons in SIMD lanes, no fused multiply-add",
    lanes=True,
)
#: As in many users' builds: multiplications and additions fused, with one rounding.
FUSED = Build("fused", (*SIMD.flags, "-ffp-contract=fast"), "neurons in SIMD lanes, fused multiply-add", lanes=True)
#: Permission to reassociate, to replace divisions by reciprocals, and to assume that no number is infinite or NaN.
FAST_MATH = Build(
    "fast-math", (*SIMD.flags, "-ffp-contract=fast", "-ffast-math"), "neurons in SIMD lanes, -ffast-math", lanes=True
)

BUILDS = {build.name: build for build in (SCALAR, SIMD, FUSED, FAST_MATH)}

#: For the counter that runs code one instruction at a time.
STEPPER = Build("stepper", ("-O1", "-std=gnu11", "-fPIC"), "not for kernels")


@dataclass(frozen=True)
class Compiler:
    """A C compiler that was found and states its version."""

    path: str
    version: str
    """First line of ``--version``."""
    command: tuple[str, ...]
    """The start of its command line, including a launcher such as ccache, if there is one."""


@cache
def find_compiler() -> Compiler:
    """Return the compiler named by the variable CC, or cc, gcc or clang.

    Raises
    ------
    UserError
        If there is none, or it does not state its version.
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
    raise UserError(
        f"no C compiler: {'; '.join(reasons)}; install one (Debian: apt-get install gcc libc6-dev), or set CC"
    )


def _words(given: str) -> list[str]:
    """Return the words of a compiler's command line: a compiler, perhaps with a launcher, such as ``ccache gcc``.

    Raises
    ------
    UserError
        If it contains flags.
    """
    if shutil.which(given):  # a path may have spaces
        return [given]
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise UserError(f"CC={brief(given)} cannot be read: {error}; give a compiler's name, such as gcc") from error
    flags = [word for word in words if word.startswith("-")]
    if flags:
        raise UserError(
            f"CC={brief(given)}: it has flags ({' '.join(flags)}), which would change what is counted; "
            "give the compiler alone, such as CC=gcc; the flags are those of the builds"
        )
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
    return not is_clang()


def is_clang() -> bool:
    """Whether the compiler is clang, whose code for the same operations differs from gcc's."""
    return "clang" in find_compiler().version


@cache
def has_vector_version(function: str, bits: int = 64) -> bool:
    """Whether the vector library has a function of C's mathematics library: glibc has most of them since 2.35.

    `bits` is the size of its numbers.
    """
    return has_vector_exp() and hasattr(ctypes.CDLL("libmvec.so.1"), f"_ZGVbN{128 // bits}v_{function}")


def cpu_model() -> str:
    """Return the processor's name."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_identity() -> tuple[str, int, int]:
    """Return vendor, family and model of the processor; implementer, 0 and part number for Arm; -1 where unknown."""
    if part := _cpuinfo("CPU part"):
        return _cpuinfo("CPU implementer"), 0, int(part, 16)
    return _cpuinfo("vendor_id"), int(_cpuinfo("cpu family") or -1), int(_cpuinfo("model") or -1)


def simd_extensions() -> list[str]:
    """Return the vector instruction sets that the processor has."""
    return [name for name in ("sse2", "avx", "avx2", "fma", "avx512f", "asimd", "sve") if has_cpu_flag(name)]


def cpu_flags() -> list[str]:
    """Return the features of the processor that the kernel lists."""
    return (_cpuinfo("flags") or _cpuinfo("Features")).split()


def has_cpu_flag(name: str) -> bool:
    """Whether the kernel lists a feature of the processor."""
    return name in cpu_flags()


def compile_library(source: str, build: Build) -> Path:
    """Compile C source to a shared library, once for the same source, flags, compiler and processor.

    Returns
    -------
    Path
        Of a copy that only this process uses and no other user can write: the loaded bytes are the verified bytes.

    Raises
    ------
    UserError
        If there is no compiler, it refuses the source or fails, or other users can write to the cache.
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


def _compiled(
    kind: str, source: str, flags: tuple[str, ...], form: tuple[str, ...], libraries: tuple[str, ...]
) -> Path:
    compiler = find_compiler()
    if is_clang():
        flags = tuple(flag for flag in flags if flag != _NO_REMATERIALIZATION)
    # -march=native: the processor is part of the key
    command_line = [*compiler.command, compiler.version, *flags, *form, *libraries]
    key = "\0".join([*command_line, cpu_model(), _cpuinfo("flags"), source])
    product = kept.read(kind, key)
    if product is None:
        with kept.making_alone(kind, key, patience()):
            product = kept.read(kind, key)  # another process may have made it meanwhile
            if product is None:
                product = _made(compiler, source, flags, form, libraries)
                kept.write(kind, key, product)
    return place(kept.digest_of(kind, key)[:24] + kept.KINDS[kind], product)


def _made(
    compiler: Compiler, source: str, flags: tuple[str, ...], form: tuple[str, ...], libraries: tuple[str, ...]
) -> bytes:
    """Compile; the output of a compiler that failed in any way is not returned, so it is never kept."""
    with scratch() as folder:
        c_file, object_file, made = folder / "kernel.c", folder / "kernel.o", folder / "made"
        try:
            c_file.write_text(source, encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"cannot write the source of a kernel to {folder}: {error.strerror}; free some space, or "
                "set TMPDIR to another folder"
            ) from error
        # linked without the flags: -ffast-math at linking would make the whole process flush small numbers to zero
        for command in (
            [*flags, "-c", "-o", str(object_file), str(c_file)],
            [*form, "-o", str(made), str(object_file), *libraries],
        ):
            answer = run_bounded([*compiler.command, *command], patience())
            if answer.failure:
                raise UserError(
                    f"the compiler {' '.join(compiler.command)} refused a kernel or failed: it {answer.failure}"
                )
        try:
            product = made.read_bytes()
        except OSError:
            product = b""
        reason = why_cut_short(product) or (why_not_loaded(made, product, source) if "-shared" in form else "")
    if reason:
        raise UserError(
            f"the compiler {' '.join(compiler.command)} reported success, but {reason}; it is not used: "
            "check the compiler and the free space on the disk, or set CC to another compiler"
        )
    return product


@cache
def _cpuinfo(name: str) -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    match = re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE)
    return match[1] if match else ""
