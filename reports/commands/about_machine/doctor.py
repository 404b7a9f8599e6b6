"""What works on this machine, what does not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import brian2

from ....flops import toolchain
from ....flops.counters import COUNTERS
from ....flops.counters.selftest import why_not_trusted
from ....models.ground.cache import holdings
from ....models.ground.errors import UserError
from ....models.ground.private import cache_folder, why_not_written
from ...writing.text import how_many


@dataclass(frozen=True)
class Check:
    """One thing that spikecost uses."""

    what: str
    here: bool
    detail: str


def findings(out: str | Path) -> list[Check]:
    """Check everything that spikecost uses; `out` is where reports are written."""
    return [
        _compiler(),
        _simd(),
        _vector_exp(),
        _cache(),
        _reports(Path(out)),
        *_counters(),
        _brian2("cython"),
        _brian2("numpy"),
    ]


def _reports(folder: Path) -> Check:
    what = "folder of reports"
    reason = why_not_written(folder.absolute())
    if reason:
        return Check(what, False, f"{folder.absolute()}: {reason}; give another one with --out")
    return Check(what, True, f"{folder.absolute()} can be written (--out chooses another one)")


def _compiler() -> Check:
    try:
        compiler = toolchain.find_compiler()
        toolchain.compile_library("void works(void) {}\n", toolchain.SCALAR)
    except UserError as error:
        return Check("C compiler", False, str(error))
    return Check("C compiler", True, f"{compiler.version} ({compiler.path})")


def _simd() -> Check:
    found = toolchain.simd_extensions()
    return Check("SIMD", bool(found), f"{', '.join(found) or 'no extension known'} ({toolchain.cpu_model()})")


def _vector_exp() -> Check:
    try:
        here = toolchain.has_vector_exp()
    except UserError as error:
        return Check("exp in SIMD lanes", False, str(error))
    return Check(
        "exp in SIMD lanes",
        here,
        "glibc's libmvec" if here else "needs x86-64, glibc's libmvec and gcc; the SIMD build calls the scalar exp",
    )


def _cache() -> Check:
    what = "cache of compiled kernels"
    folder = cache_folder()
    try:
        held = holdings()
    except UserError as error:
        return Check(what, False, str(error))
    damaged = sum(len(each.damaged) for each in held)
    size = sum(each.size for each in held) / 1e6
    entries = f"{how_many(sum(each.entries for each in held), 'entry', 'entries')}, {size:.1f} MB"
    if damaged:
        return Check(
            what,
            False,
            f"{folder}: {entries}, {damaged} damaged, which are made again when they "
            "are needed; `spikecost cache verify` lists them",
        )
    reason = why_not_written(folder)
    if reason:
        return Check(what, False, f"{folder}: no new entry can be stored: {reason}; set SPIKECOST_CACHE to move it")
    return Check(what, True, f"{folder}: {entries}, every checksum is right (set SPIKECOST_CACHE to move it)")


def _counters() -> list[Check]:
    found = []
    for name, counter in COUNTERS.items():
        reason = why_not_trusted(counter)
        found.append(Check(f"counter {name}", not reason, reason or "passes its self-test"))
    return found


def _brian2(target: str) -> Check:
    what = f"engine Brian2, {target}"
    if target == "cython":
        try:
            cython = version("cython")
        except PackageNotFoundError:
            return Check(what, False, "Cython is not installed: pip install cython")
        return Check(what, True, f"Brian2 {brian2.__version__}, Cython {cython}")
    return Check(what, True, f"Brian2 {brian2.__version__}")
