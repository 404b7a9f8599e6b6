"""Quantities and plain numbers."""

from __future__ import annotations

from fractions import Fraction

import brian2
import pytest
from brian2 import Hz, amp, cm, farad, kHz, ms, msiemens, mV, nA, nF, nS, second, uA, ufarad, um, volt
from brian2.units.fundamentalunits import get_or_create_dimension
from hypothesis import given
from hypothesis import strategies as st

from spikecost.models.definition.language import units
from spikecost.models.ground.errors import UserError

from ....messages import tells

EXACT = [
    # quantity, number in the coherent system of ms, mV, uA and cm
    (-65 * mV, -65),
    (0.1 * ms, Fraction(1, 10)),
    (1 * second, 1000),
    (100 * Hz, Fraction(1, 10)),
    (-54.387 * mV, Fraction(-54387, 1000)),
    (120 * msiemens / cm**2, 120),
    (1 * ufarad / cm**2, 1),
    (0.1 * amp / brian2.metre**2, 10),  # 0.1 A/m2 = 10 uA/cm2
    (2 * mV / ms, 2),
    (3 * nA, Fraction(3, 1000)),
    (250 * um, Fraction(25, 1000)),
    (0.04 / ms / mV, Fraction(4, 100)),
    (20 * nS, Fraction(2, 10**5)),  # of a mS
    (0.2 * nF, Fraction(2, 10**4)),  # of a uF
    (7, 7),
    (0.07, Fraction(7, 100)),
]


@pytest.mark.parametrize(("quantity", "number"), EXACT, ids=lambda value: str(value))
def test_a_conversion_shifts_the_decimal_point_and_loses_nothing(quantity, number):
    assert units.internal(quantity) == number


@given(st.floats(min_value=-1e6, max_value=1e6).map(lambda x: float(f"{x:.12g}")))
def test_there_and_back(value):
    dimension = (mV / ms).dim
    assert units.internal(units.quantity(value, dimension)) == units.exact(value)


def test_ohms_law_holds_in_internal_units():
    # mS/cm2 times mV is uA/cm2, uA/cm2 divided by uF/cm2 is mV/ms: no factor may remain
    current = units.internal(36 * msiemens / cm**2) * units.internal(10 * mV)
    assert current == units.internal(36 * msiemens / cm**2 * (10 * mV)) == 360
    assert current / units.internal(2 * ufarad / cm**2) == units.internal(180 * volt / second)


@pytest.mark.parametrize("value", [float("nan") * mV, float("inf"), -float("inf") * ms])
def test_not_finite(value):
    with pytest.raises(UserError, match=r"^expected a finite value, got "):
        units.internal(value)


@pytest.mark.parametrize("value", ["10*ms", "3", None, [1, 2] * ms, (1, 2), {}])
def test_not_one_number(value):
    with pytest.raises(UserError, match=r"^expected (a|one) number or Brian2 quantity, got "):
        units.internal(value)


def test_fractional_dimension():
    with pytest.raises(UserError, match="fractional powers; write the equation without them"):
        units.exponent((mV**0.5).dim)


@pytest.mark.parametrize(
    ("quantity", "name"),
    [
        (ms, "ms"),
        (mV, "mV"),
        (1 / ms, "1/ms"),
        (mV / ms, "mV/ms"),
        (uA / cm**2, "uA/cm2"),
        (msiemens / cm**2, "mS/cm2"),
        (farad / cm**2, "uF/cm2"),
        (nA, "uA"),
        (ms**2, "ms^2"),
        (um / second, "cm^1 ms^-1"),
    ],
)
def test_unit_name(quantity, name):
    assert units.unit_name(quantity.dim) == name


def test_dimensionless_unit_name():
    assert units.unit_name(units.DIMENSIONLESS) == "1"


def test_in_ms():
    assert units.in_ms(0.25 * second, "dt") == 250


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "dt = 5 is not a time; give one such as 0.1*ms"),
        (5 * mV, "dt = 5 mV is not a time; give one such as 0.1*ms"),
        ("x", "dt: expected a number or Brian2 quantity, got 'x'"),
        ("1*ms", "dt: expected a number or Brian2 quantity, got '1*ms'"),
        (None, "dt: expected a number or Brian2 quantity, got None"),
        ({}, "dt: expected a number or Brian2 quantity, got {}"),
        (float("nan") * ms, "expected a finite value, got nan"),
        (0 * ms, "dt = 0 s is not positive; give a time such as 0.1*ms"),
        (-1 * ms, "dt = -1 ms is not positive; give a time such as 0.1*ms"),
    ],
)
def test_not_a_positive_time(value, message):
    with pytest.raises(UserError) as error:
        units.in_ms(value, "dt")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("1ms", 1 * ms),
        (" 0.1 ms ", 0.1 * ms),
        ("0.1*ms", 0.1 * ms),
        ("1e-3second", 1 * ms),
        (".5ms", 0.5 * ms),
        ("-2.5mV", -2.5 * mV),
        ("10uA/cm2", 10 * uA / cm**2),
        ("10 uA/cm/cm", 10 * uA / cm**2),
        ("3 mV*ms", 3 * mV * ms),
        ("+4mV/ms", 4 * mV / ms),
        ("10*uA/cm**2", 10 * uA / cm**2),
        ("10 uA/cm^2", 10 * uA / cm**2),
        ("2/ms", 2 / ms),
        ("2*ms**-1", 2 / ms),
    ],
)
def test_parse_quantity(text, quantity):
    parsed = units.parse_quantity(text)
    assert parsed.dim is quantity.dim
    assert units.internal(parsed) == units.internal(quantity)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["1e400 mV", "9" * 400, "1e308kHz", "1e300/ms**9", "1us^-99", "1/us^99", "0/us^99"])
def test_parse_a_number_that_is_too_large(text):
    with pytest.raises(UserError) as error:
        units.parse_quantity(text)
    assert tells(str(error.value), f"the number in '{text[:40]}' is too large; give one below 1e308")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (10**400, "expected a finite value, got an integer that is too large; give one below 1e308"),
        (1 * mV**200, "has powers that are too high for a double; write lower powers"),
    ],
)
def test_what_has_no_value_inside(value, message):
    with pytest.raises(UserError) as error:
        units.internal(value)
    assert str(error.value).endswith(message)


def test_parse_a_bare_number():
    assert units.parse_quantity("3") == 3.0


@pytest.mark.parametrize("text", ["", "ms", "one ms", "1 ms ms", "nan ms", "0x1 ms", "1,5ms", "1ms; import os"])
def test_parse_what_is_no_quantity(text):
    with pytest.raises(UserError) as error:
        units.parse_quantity(text)
    assert tells(str(error.value), f"cannot read '{text}': expected a number and a unit, such as 0.1ms")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1 foo", "foo"),
        ("1ms/", ""),
        ("1 uA/foo", "foo"),
        ("1 print", "print"),
        ("1 mV^-", "mV^-"),
        ("1 mV^999999999", "mV^999999999"),
    ],
)
def test_parse_an_unknown_unit(text, unit):
    with pytest.raises(UserError) as error:
        units.parse_quantity(text)
    assert tells(str(error.value), f"unknown unit '{unit}' in '{text}': use those of Brian2, such as ms, mV or uA/cm2")


@given(st.integers(1, 200_000))
def test_the_period_of_a_frequency_is_exact(frequency):
    for period in (1 / (frequency * Hz), 1 / ((frequency / 1000) * kHz), second / frequency):
        assert units.in_ms(period, "dt") == Fraction(1000, frequency)
    assert units.internal(frequency * Hz) == Fraction(frequency, 1000)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_simple_fraction_is_what_was_meant(p, q):
    for duration in (p * ms / q, (p / q) * ms, p * (ms / q), 1 / (q / p * kHz)):
        assert units.in_ms(duration, "dt") == Fraction(p, q)


@given(st.floats(1e-300, 1e300))
def test_what_is_meant_is_near(value):
    found = units.exact(value)
    assert abs(found - Fraction(value)) <= Fraction(value) * Fraction(6, 10**15)
    assert units.exact(-value) == -found


@given(st.integers(1, 10**10 - 1), st.integers(-20, 20))
def test_a_short_decimal_is_what_was_typed(digits, place):
    assert units.exact(float(f"{digits}e{place}")) == digits * Fraction(10) ** place


@given(st.lists(st.integers(-4, 4), min_size=7, max_size=7))
def test_brian2_reads_the_dimensions_that_are_written(powers):
    dimension = get_or_create_dimension(powers)
    assert brian2.Equations(f"x : {units.dimension_text(dimension)}")["x"].dim is dimension


@pytest.mark.parametrize("unit", sorted({**units._DECLARED}.values()))
def test_brian2_reads_every_unit_that_has_a_name(unit):
    dimension = next(each for each, name in units._DECLARED.items() if name == unit)
    assert brian2.Equations(f"x : {unit}")["x"].dim is dimension
