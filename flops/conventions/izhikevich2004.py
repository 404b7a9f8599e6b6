"""How Izhikevich counted in 2004."""

from ...models.algebra.expression import KINDS
from .base import CONVENTIONS, Convention

IZHIKEVICH2004 = CONVENTIONS.register(
    Convention(
        name="izhikevich2004",
        counts="as written",
        weights={**dict.fromkeys(KINDS, 1), "exp": 10, "sign": 0},
        unit="FLOPs",
        source="Izhikevich 2004, IEEE Trans. Neural Networks 15:1063: an exponential is ten operations, "
        "the comparison with the threshold is one",
    )
)
