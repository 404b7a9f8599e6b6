"""Exponentials and powers count as the operations that this machine's mathematics library executes for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from ...models.algebra.expression import KINDS
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
void measure_exp(long n, double *x, double *y) { for (long i = 0; i < n; i++) y[i] = exp(x[i]); }
void measure_pow(long n, double *x, double *y) { for (long i = 0; i < n; i++) y[i] = pow(x[i], 1.7); }
"""


class _Measured(Measured):
    """One for every kind except exp and pow, which are measured at their first use."""

    def __getitem__(self, kind: str) -> float:
        if kind in ("exp", "pow"):
            return _measured()[kind]
        return 0 if kind == "sign" else 1

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


@cache
def _measured() -> dict[str, float]:
    """Return the operations of exp and pow, from the cache if this machine and library were measured before."""
    # one entry per machine and version of the counters, so that two processes never write to one table
    key = "\n".join([*machine().values(), code_version("flops/counters", "flops/conventions")])
    found: dict[str, float] = kept.recall("libm", key, lambda: {kind: _measure(kind) for kind in ("exp", "pow")})
    return found


def _measure(function: str) -> float:
    reasons = []
    for name in _WITNESSES:
        reason = why_not_trusted(COUNTERS[name])
        if reason:
            reasons.append(f"{name}: {reason}")
            continue
        # typical arguments of rates, with both signs; not zero, for which libm takes a shortcut
        arguments = np.linspace(0.01, 4.01, _CALLS) * (1 if function == "pow" else np.tile([1, -1], _CALLS // 2))
        workload = CFunction(
            compile_library(_SOURCE, SCALAR), f"measure_{function}", (_CALLS, arguments, np.zeros(_CALLS))
        )
        with COUNTERS[name].measure() as counts:
            counts.call(workload)
        assert counts.libm is not None
        return counts.libm.flops() / _CALLS
    raise UserError(f"the convention 'libm' needs a counter that reads machine code; {'; '.join(reasons)}")


LIBM = CONVENTIONS.register(
    Convention(
        name="libm",
        counts="as run",
        weights=_Measured(),
        unit="operations",
        source="as unit, but exp and pow count as the operations that this machine's mathematics library executes for "
        "them, measured by reading its machine code (a fused multiply-add counts two, a comparison one)",
    )
)
