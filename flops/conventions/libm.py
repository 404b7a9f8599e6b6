"""Functions such as exp count as the operations that this machine's mathematics library executes for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...models.algebra.expression import KINDS
from ...models.algebra.functions import CALLS, FUNCTIONS
from ...models.ground import cache as kept
from ...models.ground.code_version import code_version
from ...models.ground.errors import UserError
from ..counters import COUNTERS, CFunction
from ..counters.base import machine
from ..counters.selftest import why_not_trusted
from ..toolchain import SCALAR, compile_library
from .base import CONVENTIONS, Convention, Measured

_WITNESSES = ("instrumented", "stepped", "callgrind")
_CALLS = 64
_SOURCE = """\
#include <math.h>
void measure(long n, double *x, double *y) {{ for (long i = 0; i < n; i++) y[i] = {call}; }}
"""


class _Measured(Measured):
    """One for every kind except the library's functions, each of which is measured at its first use."""

    def __getitem__(self, kind: str) -> float:
        if kind in CALLS:
            return _measured(kind)
        return 0 if kind == "sign" else 1

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


@cache
def _measured(kind: str) -> float:
    """Return the operations of a function, from the cache if this machine and library were measured before."""
    # one entry per machine, version of the counters and function, so that two processes never write to one table
    key = "\n".join([*machine().values(), code_version("flops/counters", "flops/conventions"), kind])
    found: dict[str, float] = kept.recall("libm", key, lambda: {kind: _measure(kind)})
    return found[kind]


def _measure(kind: str) -> float:
    reasons = []
    for name in _WITNESSES:
        reason = why_not_trusted(COUNTERS[name])
        if reason:
            reasons.append(f"{name}: {reason}")
            continue
        arguments = _arguments(kind)
        source = _SOURCE.format(call="pow(x[i], 1.7)" if kind == "pow" else f"{FUNCTIONS[kind].library}(x[i])")
        workload = CFunction(compile_library(source, SCALAR), "measure", (_CALLS, arguments, np.zeros(_CALLS)))
        with COUNTERS[name].measure() as counts:
            counts.call(workload)
        assert counts.libm is not None
        return counts.libm.flops() / _CALLS
    raise UserError(f"the convention 'libm' needs a counter that reads machine code; {'; '.join(reasons)}")


def _arguments(kind: str) -> NDArray[np.float64]:
    """Return typical arguments, with both signs where they may have both; not zero, for which libm takes a shortcut."""
    low, high = (0.01, 4.01) if kind == "pow" else FUNCTIONS[kind].typical
    found = np.linspace(max(low, 0.01), high, _CALLS)
    if low < 0:
        found[1::2] *= -1
    return found


LIBM = CONVENTIONS.register(
    Convention(
        name="libm",
        counts="as run",
        weights=_Measured(),
        unit="operations",
        source="as unit, but exp, pow, log, sin and other functions count as the operations that this machine's "
        "mathematics library executes for them, measured by reading its machine code (a fused multiply-add counts "
        "two, a comparison one)",
    )
)
