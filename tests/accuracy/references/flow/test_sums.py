"""Sums of products are divided exactly."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.references.flow.sums import Sums, divided, multiplied
from spikecost.models.algebra.expression import FLOATS, Var, evaluate

SUMS = st.dictionaries(
    st.dictionaries(st.sampled_from("vkc"), st.integers(1, 3), max_size=2).map(
        lambda powers: tuple(sorted(powers.items()))
    ),
    st.fractions(-9, 9, max_denominator=9).filter(bool),
    min_size=1,
    max_size=4,
)
AT = {"v": 0.7, "k": -1.3, "c": 0.4}


def value(total):
    made = 0.0
    for product, number in total.items():
        term = float(number)
        for name, power in product:
            term *= AT[name] ** power
        made += term
    return made


@given(SUMS, SUMS)
def test_a_product_divided_by_a_factor_is_the_other(a, b):
    assert divided(multiplied(a, b), b) == a


@given(SUMS, SUMS)
def test_a_quotient_is_exact(a, b):
    quotient = divided(a, b)
    assert quotient is None or multiplied(quotient, b) == a


@given(SUMS)
def test_a_sum_is_written_and_read(total):
    sums = Sums()
    for name in AT:
        sums.of(Var(name))
    written = sums.written(total)
    assert sums.of(written) == total
    assert abs(evaluate(written, AT, FLOATS) - value(total)) < 1e-9


def test_no_pole_is_moved_into_the_quotient():
    v_plus_one = {(("v", 1),): Fraction(1), (): Fraction(1)}
    assert divided(v_plus_one, {(("v", 1),): Fraction(1)}) is None
