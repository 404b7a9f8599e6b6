"""Which multiplications are fused, by hand."""

import pytest

from spikecost.flops.contraction import fused
from spikecost.flops.operations import count_block
from spikecost.models.algebra.expression import Var
from spikecost.models.algebra.simplify import Assign, Block

a, b, c, d, p = (Var(name) for name in "abcdp")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([a * b + c], {"fma": 1}),
        ([c - a * b], {"fma": 1}),
        ([a + b], {"add": 1}),
        # each sum takes one product
        ([a * b + c * d], {"mul": 1, "fma": 1}),
        # a product in two sums is fused into each
        ([a * b, p + c, p - d], {"fma": 2}),
        # a product that is also used otherwise must be computed
        ([a * b, p + c, p / d], {"mul": 1, "add": 1, "div": 1}),
        ([a * b], {"mul": 1}),
        # x + x is 2*x
        ([a + a, p + c], {"fma": 1}),
        # a change of sign is part of the fused operation
        ([-(a * b) + c], {"fma": 1}),
    ],
)
def test_by_hand(values, expected):
    names = ["p", "y", "z"] if len(values) > 1 else ["y"]
    block = Block(tuple(Assign(name, value) for name, value in zip(names, values, strict=False)))
    assert fused(block, count_block(block)) == expected
