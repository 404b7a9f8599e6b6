"""How Izhikevich counted in 2004."""

from ...models.algebra.expression import KINDS
from ...models.algebra.functions import CALLS
from .base import CONVENTIONS, Convention

IZHIKEVICH2004 = CONVENTIONS.register(
    Convention(
        name="izhikevich2004",
        counts="as written",
        weights={**dict.fromkeys(KINDS, 1), **dict.fromkeys(CALLS, 10), "pow": 1, "sign": 0},
        unit="FLOPs",
        source="Izhikevich 2004, IEEE Trans. Neural Networks 15:1063: an exponential is ten operations, "
        "the comparison with the threshold is one. Not in the paper: a logarithm, a sine and every other function of "
        "the mathematics library counts as an exponential",
    )
)
