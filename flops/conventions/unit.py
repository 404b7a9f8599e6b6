"""Every operation that runs counts as one."""

from ...models.algebra.expression import KINDS
from .base import CONVENTIONS, Convention

UNIT = CONVENTIONS.register(
    Convention(
        name="unit",
        counts="as run",
        weights={**dict.fromkeys(KINDS, 1), "sign": 0},
        unit="operations",
        source="each operation of the Step counts one, an exponential too; a change of sign counts nothing; "
        "a random number counts one, whatever it takes to draw it",
    )
)
