"""A counter is trusted only if it counts known numbers of operations correctly."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from ...models.ground.errors import UserError
from ..toolchain import SCALAR, compile_library, is_clang, simd_extensions
from .base import COUNTERS, Counter
from .workload import CFunction

#: Operations of one iteration of the loops in selftest.c.
ARITHMETIC = {"add": 3, "sub": 2, "mul": 5, "div": 2, "fma": 4}
FUNCTIONS = {"sqrt": 1, "compare": 2, "exp": 1, "sign": 2}

#: A counter that is not exact may differ by this fraction: an interrupt adds some operations.
TOLERANCE = 1e-3

_CLANG = "clang calls functions through registers, and adds -2 for x - 2; to count, use gcc: set CC=gcc"
_TURNS_EXACT = 100
_TURNS_INEXACT = 1_000_000


def why_not_trusted(counter: Counter) -> str:
    """Run known numbers of operations under a counter.

    Returns
    -------
    str
        Empty if the counter may be trusted; otherwise one line: why it cannot count here, or what it counted wrongly.
    """
    reason = counter.why_not()
    if reason:
        return reason
    registered = counter.name in COUNTERS and COUNTERS[counter.name] is counter
    return _tested_once(counter.name) if registered else _tested(counter)


def trusted() -> dict[str, str]:
    """Return, for every registered counter, why it is not trusted; empty if it is."""
    return {name: why_not_trusted(counter) for name, counter in COUNTERS.items()}


@cache
def _tested_once(name: str) -> str:
    return _tested(COUNTERS[name])


def _tested(counter: Counter) -> str:
    try:
        if not counter.exact:
            return _inexact(counter)
        wrong = _exact(counter, "arithmetic", expected_arithmetic()) or _exact(counter, "functions", FUNCTIONS)
        return f"{wrong} ({_CLANG})" if wrong and is_clang() else wrong
    except UserError as error:
        return f"it failed its self-test: {error}"


def expected_arithmetic() -> dict[str, int]:
    """Return the operations per iteration of ``arithmetic``; fused ones only if the processor has them."""
    return ARITHMETIC if _is_fused() else {kind: n for kind, n in ARITHMETIC.items() if kind != "fma"}


def workload(function: str, turns: int) -> CFunction:
    """Return a call of one of the functions of selftest.c."""
    source = Path(__file__).with_name("selftest.c").read_text("utf-8")
    source = ("#define FUSED\n" if _is_fused() else "") + source
    return CFunction(compile_library(source, SCALAR), function, (turns, np.array([1.25, 0.75, 1.0])))


def _is_fused() -> bool:
    return not {"fma", "asimd"}.isdisjoint(simd_extensions())


def _exact(counter: Counter, function: str, expected: dict[str, int]) -> str:
    with counter.measure() as counts:
        counts.call(workload(function, _TURNS_EXACT))
    found = counts.own.by_kind
    for kind in {**expected, **found}:
        right = expected.get(kind, 0) * _TURNS_EXACT
        if found.get(kind, 0) != right:
            return f"it got its self-test wrong: {found.get(kind, 0)} of kind {kind} instead of {right}"
    if "exp" in expected and counts.libm is not None and not counts.libm.operations:
        return "it got its self-test wrong: exp was called, but no operation was seen in libm"
    return ""


def _inexact(counter: Counter) -> str:
    with counter.measure() as counts:
        counts.call(workload("arithmetic", _TURNS_INEXACT))
    expected = expected_arithmetic()
    if not counter.tells_kinds:
        expected = {"flop": sum((2 if kind == "fma" else 1) * n for kind, n in expected.items())}
    found = counts.own.by_kind
    for kind, n in expected.items():
        right = n * _TURNS_INEXACT
        if abs(found.get(kind, 0) - right) > TOLERANCE * right:
            return f"it got its self-test wrong: {found.get(kind, 0)} of kind {kind} instead of {right}"
    return ""
