"""Convert a user's quantity, with units of any library, to a plain number or a Brian2 quantity.

A unit is never dropped: a value that cannot be converted exactly is refused. Other libraries are not imported here,
since an object of a library can only exist if the library is already imported.
"""

from __future__ import annotations

import datetime
import numbers
import sys
from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
from brian2.core.variables import VariableView
from brian2.units.fundamentalunits import Dimension, Quantity, get_dimensions, get_or_create_dimension

from ...ground.errors import UserError, quoted, short

_SECOND = get_or_create_dimension([0, 0, 1, 0, 0, 0, 0])
_NO_UNIT = get_or_create_dimension([0, 0, 0, 0, 0, 0, 0])
#: numpy's units of time as whole seconds, or as whole parts of a second. A month or a year has no fixed length.
_SECONDS = {"W": 604_800, "D": 86_400, "h": 3600, "m": 60, "s": 1}
_PARTS = {"ms": 10**3, "us": 10**6, "ns": 10**9, "ps": 10**12, "fs": 10**15, "as": 10**18}
#: python-quantities' kinds of base units, in Brian2's order of dimensions, and the SI unit of each.
_OF_QUANTITIES = {
    "UnitLength": "m",
    "UnitMass": "kg",
    "UnitTime": "s",
    "UnitCurrent": "A",
    "UnitTemperature": "K",
    "UnitSubstance": "mol",
    "UnitLuminousIntensity": "cd",
}
#: pint's base units: the place in Brian2's order of dimensions (None: a pure number), and the power of ten to SI.
_OF_PINT = {
    "meter": (0, 0),
    "gram": (1, -3),
    "kilogram": (1, 0),
    "second": (2, 0),
    "ampere": (3, 0),
    "kelvin": (4, 0),
    "mole": (5, 0),
    "candela": (6, 0),
    "radian": (None, 0),
    "count": (None, 0),
}
#: Kinds of numpy numbers without a unit.
_PLAIN = "fiu"
#: The number of characters of a given value that a message quotes.
_QUOTED = 60


def given(value: Any) -> Any:
    """Return a user's value as a number or array without a unit, or as a Brian2 quantity.

    Plain numbers, Brian2 quantities, and arrays and sequences of them are returned unchanged. Quantities of
    python-quantities (including neo's spike trains) and pint, and durations of Python, numpy and pandas are converted.

    Raises
    ------
    UserError
        If it is none of these, is not a number (text, a truth value, a date, a complex number), or has a unit that
        cannot be converted exactly (a temperature in degrees Celsius, a month).
    """
    if type(value) in (float, int):
        return value
    if isinstance(value, Quantity):
        return value if value.dtype.kind in _PLAIN else _refuse(value, "it is not made of real numbers")
    for library, convert in _LIBRARIES.items():
        if library in sys.modules and (found := convert(value, sys.modules[library])) is not None:
            return found
    if isinstance(value, datetime.timedelta):
        return _seconds(np.asarray(value // datetime.timedelta(microseconds=1)), "us", 1, value)
    if isinstance(value, np.ndarray | np.generic):
        return _from_numpy(value)
    if isinstance(value, numbers.Real | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, VariableView):
        return given(value[:])
    if isinstance(value, list | tuple | range | array):
        return _from_sequence(value)
    if hasattr(value, "__array_interface__") and not hasattr(value, "unit") and not hasattr(value, "units"):
        return given(np.asarray(value))  # such as NEURON's Vector
    raise _refusal(value, "it is neither a number nor a quantity whose unit is known here")


def dimension_of(value: Any) -> Dimension:
    """Return the dimension of a user's value.

    Raises
    ------
    UserError
        As `given`.
    """
    return get_dimensions(given(value))


def _from_numpy(value: Any) -> Any:
    kind = value.dtype.kind
    if isinstance(value, np.ma.MaskedArray):
        return given(value.data) if not np.ma.is_masked(value) else _refuse(value, "some of its numbers are masked")
    if isinstance(value, np.ndarray) and type(value) not in (np.ndarray, np.memmap):
        raise _refusal(value, "it may have a unit that is not known here")
    if kind in _PLAIN:
        return value
    if kind == "m":
        unit, count = np.datetime_data(value.dtype)
        if np.isnat(value).any():
            raise _refusal(value, "not all of it is a time")
        return _seconds(value.astype(np.int64), unit, count, value)
    if kind == "O":
        return _from_sequence(value.tolist())
    raise _refusal(
        value,
        {"M": "a date is not a duration", "b": "a truth value is not a number", "c": "it is complex"}.get(
            kind, "it is not a number"
        ),
    )


def _seconds(counts: Any, unit: str, count: int, value: Any) -> Any:
    """Return a duration that is given in one of numpy's units of time."""
    if unit not in _SECONDS and unit not in _PARTS:
        raise _refusal(value, "it has no unit" if unit == "generic" else "months and years have no fixed length")
    # a quotient of integers gives the nearest double
    seconds = np.multiply(counts, count * _SECONDS.get(unit, 1), dtype=float) / _PARTS.get(unit, 1)
    return Quantity.with_dimensions(seconds, _SECOND)


def _from_sequence(values: Any) -> Any:
    """Return the content of a list as one array or Brian2 quantity; all items must have the same dimension."""
    if all(type(value) in (float, int) for value in values):
        return np.array(values, dtype=float)
    found = [given(value) for value in values]
    dimensions = {get_dimensions(value) for value in found}
    if len(dimensions) > 1:
        raise _refusal(values, "its numbers have different units")
    try:
        numbers_alone = np.array([np.asarray(value, dtype=float) for value in found])
    except ValueError:
        raise _refusal(values, "its lists have different lengths") from None
    return Quantity.with_dimensions(numbers_alone, dimensions.pop()) if found else numbers_alone


def _from_quantities(value: Any, library: Any) -> Any:
    """Convert a quantity of python-quantities; None if it is something else."""
    if not isinstance(value, library.Quantity):
        return None
    if isinstance(value, library.UncertainQuantity):
        raise _refusal(value, "it is not known exactly")
    if value.dtype.kind not in _PLAIN:
        raise _refusal(value, "it is not made of real numbers")
    if {library.degC, library.degF} & set(value.dimensionality):
        raise _refusal(value, "a temperature that does not count from absolute zero")
    powers = {type(unit).__name__: float(power) for unit, power in value.dimensionality.simplified.items()}
    if not powers.keys() <= _OF_QUANTITIES.keys():
        raise _refusal(value, "its unit is none of physics")
    si = library.dimensionless
    for kind, name in _OF_QUANTITIES.items():
        if kind in powers:
            si = si * getattr(library, name) ** powers[kind]
    return _in_si(value.rescale(si.units).magnitude, [powers.get(kind, 0.0) for kind in _OF_QUANTITIES])


def _from_pint(value: Any, library: Any) -> Any:
    """Convert a quantity or unit of pint; None if it is something else."""
    if not isinstance(value, library.Quantity | library.Unit):
        return None
    try:
        found = (1 * value).to_root_units()
        counts_from_zero = type(found)(0, value.units if hasattr(value, "units") else value).to_root_units().m == 0
    except Exception:  # errors of pint, or of the type of its magnitude
        counts_from_zero = False
    if not counts_from_zero:
        raise _refusal(value, "its unit is no multiple of the SI's, as degrees Celsius and decibels are not")
    powers, exponent = [0.0] * 7, 0.0
    for unit, power in found.unit_items():
        if unit not in _OF_PINT:
            raise _refusal(value, "its unit is none of physics")
        place, shift = _OF_PINT[unit]
        exponent += shift * float(power)
        if place is not None:
            powers[place] += float(power)
    plain = given(found.magnitude)
    if get_dimensions(plain) is not _NO_UNIT:
        raise _refusal(value, "it has two units")
    return _in_si(np.asarray(plain, dtype=float) / 10**-exponent, powers)


def _in_si(values: Any, powers: list[float]) -> Quantity:
    whole = [int(power) if power == int(power) else power for power in powers]
    return Quantity.with_dimensions(np.array(values, dtype=float), get_or_create_dimension(whole))


def _from_pandas(value: Any, library: Any) -> Any:
    """Convert a duration, series or index of pandas; None if it is something else."""
    if isinstance(value, library.Timedelta):
        return given(value.to_timedelta64())
    if isinstance(value, library.Series | library.Index):
        return given(value.to_numpy())
    return None


#: How to convert the objects of a library, by the name under which it is imported.
_LIBRARIES: dict[str, Callable[[Any, Any], Any]] = {
    "quantities": _from_quantities,
    "pint": _from_pint,
    "pandas": _from_pandas,
}


def _refuse(value: Any, reason: str) -> Any:
    raise _refusal(value, reason)


def _refusal(value: Any, reason: str) -> UserError:
    return UserError(
        f"expected a number or Brian2 quantity, got {short(quoted(value), _QUOTED)}: {reason}; "
        "give one such as 0.1*ms or 5"
    )
