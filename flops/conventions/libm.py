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
from ...models.methods import DOUBLE
from ...models.number_formats import NUMBER_FORMATS
from ..counters import COUNTERS, CFunction
from ..counters.base import Retired, machine
from ..counters.selftest import why_not_trusted
from ..toolchain import SCALAR, compile_library
from .base import CONVENTIONS, POLAR, Convention, Measured

_WITNESSES = ("instrumented", "stepped", "callgrind")
_CALLS = 64
_SOURCE = """\
#include <math.h>
void measure(long n, {real} *x, {real} *y) {{ for (long i = 0; i < n; i++) y[i] = {call}; }}
"""


class _Measured(Measured):
    """One for every kind except the library's functions, each of which is measured at its first use.

    Parameters
    ----------
    precision : str
        The functions are those for this number format.
    """

    def __init__(self, precision: str) -> None:
        self._precision = precision

    def __getitem__(self, kind: str) -> float:
        if kind in CALLS:
            return _measured(kind, self._precision)
        if kind == "random":
            return sum(n * self[each] for each, n in POLAR.items())
        return 0 if kind == "sign" else 1

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


@cache
def _measured(kind: str, precision: str) -> float:
    """Return the operations of a function, from the cache if this machine and library were measured before."""
    # one entry per machine, version of the counters and function, so that two processes never write to one table
    key = "\n".join([*machine().values(), code_version("flops/counters", "flops/conventions"), precision, kind])
    found: dict[str, float] = kept.recall("libm", key, lambda: {kind: measured(kind, precision).flops() / _CALLS})
    return found[kind]


def measured(kind: str, precision: str) -> Retired:
    """Return what the mathematics library executes in `_CALLS` calls of a function in a number format."""
    number = NUMBER_FORMATS[precision]
    reasons = []
    for name in _WITNESSES:
        reason = why_not_trusted(COUNTERS[name])
        if reason:
            reasons.append(f"{name}: {reason}")
            continue
        arguments = _arguments(kind)
        function = f"{'pow' if kind == 'pow' else FUNCTIONS[kind].library}{number.suffix}"
        call = f"{function}(x[i], {number.literal(1.7)})" if kind == "pow" else f"{function}(x[i])"
        library = compile_library(_SOURCE.format(call=call, real=number.c_type), SCALAR)
        workload = CFunction(library, "measure", (_CALLS, number.stored(arguments), number.stored(np.zeros(_CALLS))))
        with COUNTERS[name].measure() as counts:
            counts.call(workload)
        assert counts.libm is not None
        return counts.libm
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
        weights=_Measured(DOUBLE),
        of_formats={"single": _Measured("single")},
        unit="operations",
        source="as unit, but exp, pow, log, sin and other functions count as the operations that this machine's "
        "mathematics library executes for them, measured by reading its machine code (a fused multiply-add counts "
        "two, a comparison one); a random number as the operations of Marsaglia's polar method, with the measured log",
    )
)
