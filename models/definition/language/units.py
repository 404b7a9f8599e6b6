"""Conversion between Brian2 quantities (for users) and plain numbers (inside spikecost).

Inside, every number is in one coherent system: ms, mV, uA and cm, hence uA/cm2, mS/cm2 and uF/cm2. All of
these are powers of ten of the SI units that Brian2 uses, so a conversion moves the decimal point and is
exact: ``-65*mV`` is -65 inside, not -65.00000000000001.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import brian2
import numpy as np
from brian2.units.fundamentalunits import Dimension, Quantity, get_or_create_dimension
from numpy.typing import NDArray

from ...ground.errors import UserError, quoted, short
from .given import dimension_of as dimension_of  # noqa: PLC0414 - other modules import it from here
from .given import given as given  # noqa: PLC0414

#: Power of ten of the internal unit in SI units, in Brian2's order of dimensions:
#: length (cm), mass (so that voltage is in mV), time (ms), current (uA), temperature (K), substance (umol), luminosity.
_EXPONENTS = (-2, -14, -3, -6, 0, -6, 0)

MS = brian2.ms.dim
DIMENSIONLESS = brian2.Unit(1.0).dim

#: A decimal with at most `SHORT` digits is taken as typed. A fraction is taken if the float is within a few rounding
#: errors of it (relative distance up to 1/`ROUNDING`) and if it is simple: numerator times denominator, without powers
#: of ten, is at most `MOST_COMPLEX`. Two such fractions are at least a thousand such rounding errors apart.
SHORT, ROUNDING, MOST_COMPLEX = 10, 2**50, 10**12

#: Digits of the square root of ten.
_ROOT_DIGITS = 30
#: Largest power of ten between units that a double can hold.
_HIGHEST = 300

_NAMES = {
    brian2.ms.dim: "ms",
    brian2.mV.dim: "mV",
    (1 / brian2.ms).dim: "1/ms",
    (brian2.mV / brian2.ms).dim: "mV/ms",
    (brian2.uA / brian2.cm**2).dim: "uA/cm2",
    (brian2.msiemens / brian2.cm**2).dim: "mS/cm2",
    (brian2.ufarad / brian2.cm**2).dim: "uF/cm2",
    brian2.uA.dim: "uA",
    brian2.msiemens.dim: "mS",
    brian2.ufarad.dim: "uF",
    DIMENSIONLESS: "1",
}

#: Dimensions with a name in Brian2's equations; others are written with the base units.
_DECLARED = {
    getattr(brian2, name).dim: name
    for name in ("second", "hertz", "volt", "amp", "siemens", "farad", "ohm", "coulomb", "metre", "mmolar")
}
_DECLARED |= {
    (getattr(brian2, name) / over).dim: f"{name}/{text}"
    for name in ("volt", "amp", "siemens", "farad")
    for over, text in ((brian2.second, "second"), (brian2.metre**2, "metre**2"))
}
#: The internal units of Brian2's base dimensions, in their order.
_SYMBOLS = ("cm", "1e-14 kg", "ms", "uA", "K", "umol", "cd")
_POWER = re.compile(r"(?:^| )(cm|1e-14 kg|ms|uA|K|umol|cd)\^(-?\d{1,3}(?:\.\d{1,6})?)(?= |$)")
#: Names of the base units in Brian2's equations: the candela has another name there.
_BASE_UNITS = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")


def exponent(dimension: Dimension) -> int:
    """Return the power of ten of the internal unit of `dimension`, in SI units.

    Raises
    ------
    UserError
        If the dimension has fractional powers for which the internal unit is not a power of ten.
    """
    power = _power(dimension)
    if power != int(power):
        raise UserError(f"the dimension {dimension} has fractional powers; write the equation without them")
    return int(power)


def scale(dimension: Dimension) -> Fraction:
    """Return the internal unit of `dimension` in SI units.

    It is exact if it is a power of ten. Noise has half powers: 1/ms**0.5 is the square root of 1000 in SI units, which
    is given to `_ROOT_DIGITS` digits.

    Raises
    ------
    UserError
        If the dimension has fractional powers other than halves.
    """
    power = _power(dimension)
    if power != int(power) and 2 * power == int(2 * power):
        return Fraction(math.isqrt(10 ** (2 * _ROOT_DIGITS + 1)), 10**_ROOT_DIGITS) * Fraction(10) ** math.floor(power)
    return Fraction(10) ** exponent(dimension)


def _power(dimension: Dimension) -> float:
    power = sum(float(d) * e for d, e in zip(dimension._dims, _EXPONENTS, strict=True))
    if abs(power) > _HIGHEST:
        raise UserError(f"the dimension {dimension} has powers that are too high for a double; write lower powers")
    return power


def exact(value: float) -> Fraction:
    """Return the number that a float stands for: a short decimal, a simple fraction, or 15 significant digits.

    The period of 30 kHz is the float nearest to 1/30000 s, or a neighbour of it after some arithmetic. A decimal of
    15 digits is a different number, and no whole number of such periods fills a millisecond.
    """
    digits, _, places = f"{float(value):.14e}".partition("e")
    decimal = int(digits.replace(".", ""))  # times 10**(place - 14)
    place = int(places)
    # independent of its size: the decimal point is moved behind the first digit
    numerator, denominator = float(value).as_integer_ratio()
    numerator, denominator = numerator * 10 ** max(-place, 0), denominator * 10 ** max(place, 0)
    mantissa = Fraction(decimal, 10**14)
    if decimal % 10 ** (15 - SHORT) or not _near(decimal, 10**14, numerator, denominator):
        mantissa = _simple(numerator, denominator) or mantissa
    return mantissa * Fraction(10) ** place


def _simple(numerator: int, denominator: int) -> Fraction | None:
    """Return the simple fraction that was rounded to this value, from its continued fraction; None if there is none."""
    sign, numerator = (-1 if numerator < 0 else 1), abs(numerator)
    p, q, p_before, q_before = 1, 0, 0, 1
    top, bottom = numerator, denominator
    while bottom:
        whole, rest = divmod(top, bottom)
        p, q, p_before, q_before = whole * p + p_before, whole * q + q_before, p, q
        if p * q > MOST_COMPLEX:
            return None
        if _near(p, q, numerator, denominator):
            return Fraction(sign * p, q)
        top, bottom = bottom, rest
    return None


def _near(p: int, q: int, numerator: int, denominator: int) -> bool:
    return abs(p * denominator - q * numerator) * ROUNDING <= abs(numerator) * q


def internal(quantity: Any) -> Fraction:
    """Return a quantity (or number) in internal units, exactly.

    Raises
    ------
    UserError
        If it is not a single finite number.
    """
    read = given(quantity)
    if np.size(read) != 1:
        raise UserError(f"expected one number or Brian2 quantity, got {quoted(quantity)}")
    try:
        value = float(np.asarray(read).item())
    except OverflowError:
        raise UserError("expected a finite value, got an integer that is too large; give one below 1e308") from None
    if not math.isfinite(value):
        raise UserError(f"expected a finite value, got {value:g}")
    return exact(value) / scale(dimension_of(read))


def quantity(value: float, dimension: Dimension) -> Any:
    """Return an internal number as a Brian2 quantity of `dimension`."""
    si = float(Fraction(Decimal(repr(float(value)))) * scale(dimension))
    return Quantity.with_dimensions(si, dimension)


def unit_name(dimension: Dimension) -> str:
    """Name the internal unit of `dimension`, such as ``mV`` or ``uA/cm2``."""
    if dimension in _NAMES:
        return _NAMES[dimension]
    return " ".join(f"{s}^{d:g}" for s, d in zip(_SYMBOLS, dimension._dims, strict=True) if d != 0)


def dimension_named(name: str) -> Dimension:
    """Return the dimension of an internal unit with this name, the inverse of `unit_name`.

    Raises
    ------
    UserError
        If no internal unit has this name.
    """
    dimension = next((each for each, known in _NAMES.items() if known == name), None)
    if dimension is not None:
        return dimension
    powers = dict.fromkeys(_SYMBOLS, 0.0)
    rest = _POWER.sub(lambda match: powers.update({match[1]: float(match[2])}) or "", name)
    if rest.strip(" ") or not name:
        raise UserError(f"'{short(name)}' is not a unit of a run; expected one such as mV, uA/cm2 or 'cm^-1 uA^1'")
    return get_or_create_dimension(list(powers.values()))


def dimension_text(dimension: Dimension) -> str:
    """Write a dimension as in Brian2's equations: ``volt/second``."""
    if dimension in _DECLARED:
        return _DECLARED[dimension]
    powers = zip(_BASE_UNITS, dimension._dims, strict=True)
    return "*".join(f"{name}**{power:g}" for name, power in powers if power) or "1"


#: The shortest and the longest time accepted, in ms; products and quotients of two of them are still finite doubles.
_TIMES = Fraction(1, 10**100), Fraction(10**100)


def in_ms(value: Any, what: str) -> Fraction:
    """Return a duration in ms.

    Raises
    ------
    UserError
        If it is not a positive time; `what` is its name in the message.
    """
    try:
        dimension, duration = dimension_of(value), internal(value)
    except UserError as error:
        raise UserError(f"{what}: {error}") from None
    if dimension is not MS:
        raise UserError(f"{what} = {quoted(value)} is not a time; give one such as 0.1*ms")
    if duration <= 0:
        raise UserError(f"{what} = {quoted(value)} is not positive; give a time such as 0.1*ms")
    if not _TIMES[0] <= duration <= _TIMES[1]:
        raise UserError(
            f"{what} = {float(value):g} s is outside the range of times that can be used; give a time such as 0.1*ms"
        )
    return duration


def one_given(value: Any, what: str) -> Any:
    """Return what a user gave as one finite number or Brian2 quantity; `what` names it in the error.

    Raises
    ------
    UserError
        As `internal`.
    """
    try:
        internal(value)
        found = given(value)
        return np.reshape(found, ()) if np.ndim(found) else found
    except UserError as error:
        raise UserError(f"{what}: {error}") from None


def plain(values: Any, what: str) -> NDArray[np.float64]:
    """Return pure numbers as an array.

    Raises
    ------
    UserError
        If one is too large for a floating-point number; `what` is their name in the message.
    """
    try:
        return np.array(values, dtype=float)
    except OverflowError:
        raise UserError(f"{what}: a number is too large; give less than 1e308") from None


def in_unit(values: Any, unit: Quantity | None, what: str) -> NDArray[np.float64]:
    """Return values as an array of plain numbers in a unit; numbers without a unit are accepted unchanged.

    If `unit` is None, only pure numbers are accepted.

    Raises
    ------
    UserError
        If they are not numbers or have another unit; `what` is their name in the message.
    """
    if type(values) is float or (type(values) is np.ndarray and values.dtype == float):
        return np.array(values)  # the most common case, which occurs thousands of times
    try:
        read = given(values)
    except UserError as error:
        raise UserError(f"{what}: {error}") from None
    dimension = dimension_of(read)
    if dimension is DIMENSIONLESS:
        return plain(read, what)
    if unit is None or dimension is not unit.dim:
        raise UserError(
            f"{what} given in {unit_name(dimension)}; give "
            + (f"a number in {unit}, or a quantity of that kind" if unit is not None else "a plain number")
        )
    one, shift = internal(unit), scale(dimension)
    numbers = [
        float(exact(value) / shift / one) if math.isfinite(value) else value
        for value in np.ravel(np.asarray(read, dtype=float)).tolist()
    ]
    return np.array(numbers).reshape(np.shape(read))


def number_in(value: Any, unit: Quantity | None, what: str) -> float:
    """Return one value as a plain number in a unit; see `in_unit`."""
    found = in_unit(value, unit, what)
    if found.size != 1:
        raise UserError(f"{what}: expected one number, got {found.size}")
    return float(found.item())


_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\*?\s*([A-Za-z0-9/*^-]*)\s*")
#: Short names that people write and Brian2 does not have.
_SHORT = {"s": "second"}
_UNIT = re.compile(r"([A-Za-z]+)\^?(-?\d{1,2})?")


def parse_rate(text: str) -> Any:
    """Read ``20``, ``20Hz`` or ``20*Hz`` as a firing rate.

    Raises
    ------
    UserError
        If it is not a number, or a number and a unit of rates.
    """
    no_rate = UserError(f"'{short(text)}' is not a rate; give one such as 20 or 20Hz")
    if _QUANTITY.fullmatch(text) is None:
        raise no_rate
    rate = parse_quantity(text)
    if dimension_of(rate) is DIMENSIONLESS:
        return rate * brian2.Hz
    if dimension_of(rate) is not brian2.Hz.dim:
        raise no_rate
    return rate


def parse_quantity(text: str) -> Any:
    """Read ``1ms``, ``1s``, ``0.1*mV``, ``20/second`` or ``10uA/cm**2`` as a Brian2 quantity.

    Raises
    ------
    UserError
        If it is not a number followed by known units.
    """
    match = _QUANTITY.fullmatch(text.replace("**", "^"))
    if match is None:
        raise UserError(f"cannot read '{short(text)}': expected a number and a unit, such as 0.1ms")
    too_large = UserError(f"the number in '{short(text[:40])}' is too large; give one below 1e308")
    result: Any = float(match[1])
    if math.isinf(result):
        raise too_large
    parts = re.split(r"([*/])", match[2])
    parts = parts[1:] if match[2].startswith("/") else ["*", *parts] if match[2] else []
    for operator, factor in zip(parts[::2], parts[1::2], strict=True):
        unit = _UNIT.fullmatch(factor)
        value = getattr(brian2, _SHORT.get(unit[1], unit[1]), None) if unit else None
        if unit is None or not isinstance(value, Quantity):
            raise UserError(
                f"unknown unit '{short(factor)}' in '{short(text)}': use Brian2's, such as ms, mV or uA/cm2"
            )
        try:
            with np.errstate(all="ignore"):  # what is too large is refused below
                value = value ** int(unit[2] or 1)
                result = result / value if operator == "/" else result * value
        except OverflowError:
            raise too_large from None
    if not np.isfinite(np.asarray(result)):
        raise too_large
    return result
