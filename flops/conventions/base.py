"""A convention: the cost of one operation of each kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...models.algebra.expression import INTEGER_KINDS, KINDS
from ...models.algebra.functions import CALLS
from ...models.ground.errors import UserError, check_mapping, check_text
from ...models.ground.registry import Registry
from ...models.methods import DOUBLE

#: Operations per normal number of Marsaglia's polar method, which draws two at once, in 4/pi attempts on average, from
#: uniform numbers of 53 random bits, as in numpy's `RandomState` and in Brian2's C++. The bits themselves need no
#: floating-point operations. Marsaglia and Bray 1964, SIAM Review 6:260. The tests compile Brian2's own generator, and
#: count these operations on the processor; the second comparison of an attempt is only made if the first one fails.
_ATTEMPTS = 4 / math.pi
POLAR: Mapping[str, float] = {
    "add": 1.5 * _ATTEMPTS,
    "sub": _ATTEMPTS,
    "mul": 3 * _ATTEMPTS + 1.5,
    "div": _ATTEMPTS + 0.5,
    "compare": 0.5 * _ATTEMPTS + 0.5,
    "sqrt": 0.5,
    "log": 0.5,
}

#: No convention has these names: tables have a column ``NAME_per_ms`` for each, and these for something else.
TAKEN = ("flops", "hardware", "instrumented", "ns", "round_flops")
COUNTINGS = ("as run", "as fused", "as written")


class Measured(Mapping[str, float]):
    """Weights that are measured when they are first asked for: a convention does not look at them when it is made."""


@dataclass(frozen=True, repr=False)
class Convention:
    """The cost of one operation of each kind: a table, not code."""

    name: str
    counts: str
    """Which count is weighted: ``as run``, ``as fused`` (as run, with multiplications and additions fused where a
    compiler fuses them) or ``as written``."""
    weights: Mapping[str, float]
    """Cost of an operation, by kind: every kind of `spikecost.models.algebra.expression.KINDS`, and ``fma`` if a fused
    multiply-add does not cost the same as a multiplication and an addition. A function of the mathematics library that
    has no weight, such as ``log``, weighs as much as ``exp``. Without a weight, ``round`` weighs as much as ``add``,
    an operation on integers as much as that on numbers (`INTEGER_KINDS`), and a random number as much as the operations
    that draw it (`POLAR`)."""
    unit: str
    """Unit of the cost."""
    source: str
    """Source of the weights."""
    of_formats: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Weights that differ in other number formats than double, by the name of the format, and kind."""

    def __post_init__(self) -> None:
        check_text(self.name, "name", "mine")
        if self.name in TAKEN:
            raise UserError(
                f"convention '{self.name}': tables have a column {self.name}_per_ms of their own; choose another name"
            )
        if not isinstance(self.weights, Measured):
            check_mapping(self.weights, "weights", "{'add': 1, 'mul': 1}")
        check_mapping(self.of_formats, "of_formats", "{'single': {'exp': 8}}")
        if not isinstance(self.weights, Measured) and "exp" in self.weights:
            alike = {kind: self.weights["exp"] for kind in CALLS if kind not in ("exp", "pow")}
            alike |= {"round": self.weights["add"]} if "add" in self.weights else {}
            alike |= {kind: self.weights[other] for kind, other in INTEGER_KINDS.items() if other in self.weights}
            # those that were given come first, so that a message about a weight names one of them
            weights = {**self.weights, **{kind: weight for kind, weight in alike.items() if kind not in self.weights}}
            if "random" not in weights and weights.keys() >= POLAR.keys():
                weights["random"] = sum(n * weights[kind] for kind, n in POLAR.items())
            object.__setattr__(self, "weights", weights)
        if set(self.weights) - {"fma"} != set(KINDS):
            raise UserError(f"convention '{self.name}': give a weight for each of {', '.join(KINDS)}")
        known = () if isinstance(self.weights, Measured) else self.weights.items()
        for kind, weight in known:
            if not 0 <= weight < math.inf:
                raise UserError(
                    f"convention '{self.name}': the weight of {kind} is {weight}; give a finite number of at least 0"
                )
        if self.counts not in COUNTINGS:
            raise UserError(
                f"convention '{self.name}': counts = '{self.counts}', expected one of {', '.join(map(repr, COUNTINGS))}"
            )

    def __repr__(self) -> str:
        return f"<Convention {self.name}: counts {self.counts}, in {self.unit}>"

    def breakdown(self, operations: Mapping[str, int], precision: str = DOUBLE) -> str:
        """Return the cost in a number format as a sum: ``13 add + 6 exp x 10``."""
        weighed = ((n, kind, self._weight(kind, precision)) for kind, n in operations.items() if n)
        terms = [(n, kind, weight) for n, kind, weight in weighed if weight]
        return " + ".join(f"{n} {kind}" + ("" if weight == 1 else f" x {weight:g}") for n, kind, weight in terms)

    def weigh(self, operations: Mapping[str, float], precision: str = DOUBLE) -> float:
        """Return the cost of some operations in a number format."""
        return float(sum(self._weight(kind, precision) * n for kind, n in operations.items() if n))

    def _weight(self, kind: str, precision: str) -> float:
        own = self.of_formats.get(precision, {})
        if kind in own:
            return own[kind]
        if kind == "fma" and "fma" not in self.weights:
            return self.weights["mul"] + self.weights["add"]
        return self.weights[kind]


CONVENTIONS: Registry[Convention] = Registry("convention", "spikecost.conventions")


def get_convention(convention: str | Convention) -> Convention:
    """Return a convention given as an object or by name."""
    return convention if isinstance(convention, Convention) else CONVENTIONS[convention]
