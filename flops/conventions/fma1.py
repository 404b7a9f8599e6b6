"""A fused multiply-add counts as one operation."""

from ...models.algebra.expression import KINDS
from .base import CONVENTIONS, Convention

FMA1 = CONVENTIONS.register(
    Convention(
        name="fma1",
        counts="as fused",
        weights={**dict.fromkeys(KINDS, 1), "sign": 0, "fma": 1},
        unit="operations",
        source="as unit, but a multiplication and the addition that follows it count as one operation if a processor "
        "with fused multiply-add executes them as one; a random number counts one",
    )
)
