"""TimedArrays in the equations of a Brian2 group become the parameter that a stimulus drives.

Usually this is the value of one TimedArray at the time t. Anything else that depends only on the time (a TimedArray at
``t - delay``, a sum of two) is a parameter, too: its values are what Brian2 computes for it at the start of each step
(`TimedInput`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import brian2
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.units.fundamentalunits import Dimension
from brian2.utils.stringtools import get_identifiers

from ...definition.language.names import LAST_SPIKE, NOT_REFRACTORY
from ...definition.language.noise import named, noise_in
from ...ground.errors import UserError, short


@dataclass(frozen=True)
class Driven:
    """The parameter that takes the place of TimedArrays."""

    name: str
    """The name of the subexpression that it replaces, or that of the TimedArray."""
    code: str
    """What it stands for."""
    dimension: Dimension
    array: Any
    """The TimedArray, if the parameter is its value at the time t; otherwise None."""
    column: int
    """The column of `array`."""


@dataclass(frozen=True)
class TimedInput:
    """What Brian2 must run to know the values of a `Driven` parameter: a part of the neuron that has no spikes."""

    driven: Driven
    equations: Equations
    """Those on which the values depend; the value itself is the subexpression `VALUE`."""
    objects: Mapping[str, Any]
    """What stands for the names that the equations do not declare."""
    values: Mapping[str, Any]
    """The present value of each variable and parameter, a quantity."""
    method: Any
    dt: Any


#: The name of the subexpression that is recorded.
VALUE = "spikecost_value"


def take_out(
    equations: Equations, resolve: Callable[[str], Any], where: str, index: int
) -> tuple[Equations, Driven | None]:
    """Replace TimedArrays by a parameter.

    Parameters
    ----------
    equations : brian2.Equations
    resolve : callable
        Maps a name that the equations do not declare to its object; None if there is none.
    where : str
        The group's name, for messages.
    index : int
        The neuron, which stands in the equations in place of ``i``.

    Returns
    -------
    brian2.Equations
        Unchanged if there is no TimedArray.
    Driven or None
        The parameter.

    Raises
    ------
    UserError
        If no single parameter can take their place.
    """
    codes = {equation.varname: equation.expr.code for equation in equations.values() if equation.expr is not None}
    used = {name for code in codes.values() for name in get_identifiers(code)} - set(equations.names)
    arrays = {name: found for name in sorted(used) if isinstance(found := resolve(name), brian2.TimedArray)}
    if not arrays:
        return equations, None
    calls = {text: name for code in codes.values() for name, text in _calls(code, arrays)}
    if len(calls) == 1:
        ((call, name),) = calls.items()
        same = (each for each in equations.values() if each.type == SUBEXPRESSION and _bare(each.expr.code) == call)
        left_out = {each.varname for each in same}
        simple = re.fullmatch(rf"{name}\(t(?:,({index}))?\)", call)
        array, column = (arrays[name], int(simple[1] or 0)) if simple else (None, 0)
        driven = Driven(next(iter(left_out), name), call, arrays[name].dim, array, column)
        left_out = {driven.name}
    else:
        driven, left_out = _whole(equations, calls, arrays, where)
    made = []
    for equation in equations.values():
        if equation.varname in left_out:
            continue
        code = None if equation.expr is None else equation.expr.code
        for name, text in _calls(code or "", arrays):
            assert code is not None
            code = _replaced(code, name, text, driven.name)
        made.append(
            SingleEquation(
                equation.type,
                equation.varname,
                equation.dim,
                equation.var_type,
                None if code is None else Expression(code),
                list(equation.flags),
            )
        )
    made.append(SingleEquation(PARAMETER, driven.name, driven.dimension))
    return Equations(made), driven


def _whole(
    equations: Equations, calls: Mapping[str, str], arrays: Mapping[str, Any], where: str
) -> tuple[Driven, set[str]]:
    """Return the smallest subexpression that contains all TimedArrays, and it and its parts that contain some."""
    found = []
    subexpressions = {each.varname for each in equations.values() if each.type == SUBEXPRESSION}
    calling = {
        each.varname for each in equations.values() if each.expr is not None and any(_calls(each.expr.code, arrays))
    }
    for name in sorted(subexpressions):
        parts, code = {name}, equations[name].expr.code
        while inner := {each for each in get_identifiers(code) & subexpressions if _contains(each, equations, arrays)}:
            parts |= inner
            code = re.sub(r"\b[A-Za-z_]\w*\b", lambda each: _opened(each[0], inner, equations), code)
        users = {each.varname for each in equations.values() if each.expr is not None}
        users = {each for each in users if get_identifiers(equations[each].expr.code) & (parts - {name})}
        if calling <= parts and users <= parts:
            found.append((len(code), name, Driven(name, code, equations[name].dim, None, 0), parts))
    if not found:
        listed = ", ".join(sorted({*calls.values()}))
        several = f"the TimedArrays {listed}" if len({*calls.values()}) > 1 else f"several values of {listed}"
        raise UserError(
            f"{where}: the equations have {several}, but a model has one input; write all of them into one "
            f"subexpression, such as drive = {' + '.join(short(each, 40) for each in calls)}"
        )
    _, _, driven, parts = min(found, key=lambda each: each[:2])
    return driven, parts


def _contains(name: str, equations: Equations, arrays: Mapping[str, Any]) -> bool:
    """Whether a subexpression contains a TimedArray, perhaps within others."""
    used = get_identifiers(equations[name].expr.code)
    inner = (each for each in used if each in equations and equations[each].type == SUBEXPRESSION)
    return bool(used & arrays.keys()) or any(_contains(each, equations, arrays) for each in inner)


def _opened(name: str, inner: set[str], equations: Equations) -> str:
    return f"({equations[name].expr.code})" if name in inner else name


def _bare(text: str) -> str:
    return "".join(text.split())


def _calls(code: str, arrays: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name of each TimedArray that an expression calls, and the call without spaces."""
    for name in arrays:
        for match in re.finditer(rf"\b{name}\s*\(", code):
            yield name, _bare(code[match.start() : _end(code, match.end())])


def _replaced(code: str, name: str, call: str, new: str) -> str:
    """Return an expression with a new name in place of a call; a name that only looks like it stays."""
    for match in reversed(list(re.finditer(rf"\b{name}\s*\(", code))):
        end = _end(code, match.end())
        if _bare(code[match.start() : end]) == call:
            code = code[: match.start()] + new + code[end:]
    return code


def _end(code: str, place: int) -> int:
    """Return the place behind the bracket that closes one which was opened before a place."""
    depth = 1
    while depth and place < len(code):
        depth += {"(": 1, ")": -1}.get(code[place], 0)
        place += 1
    return place


def autonomous_part(equations: Equations, changed: set[str], driven: Driven, where: str) -> Equations:
    """Return the equations on which the values of a parameter depend, and its value as a subexpression.

    Parameters
    ----------
    equations : Equations
        Those of the group.
    changed : set of str
        The names that the reset and arriving spikes change.
    driven : Driven
        The parameter.
    where : str
        The model, for messages.

    Raises
    ------
    UserError
        If they depend on spikes, or on random numbers.
    """
    found: dict[str, SingleEquation] = {}
    waiting = sorted(get_identifiers(driven.code))
    while waiting:
        name = waiting.pop()
        if name in found or name == driven.name:  # the TimedArray itself
            continue
        equation = equations.get(name, None)
        code = "" if equation is None or equation.expr is None else equation.expr.code
        reason = ""
        if (
            name in (LAST_SPIKE, NOT_REFRACTORY)
            or name in changed
            or "unless refractory" in getattr(equation, "flags", ())
        ):
            reason = f"{name}, which depends on the neuron's spikes"
        elif noise_in(code) or named(code)[1]:
            reason = f"{name}, which is random"
        if reason:
            raise UserError(
                f"{where}: the input '{short(driven.code)}' depends on {reason}; a stimulus can only depend on the "
                "time: write a parameter in its place"
            )
        if equation is not None:
            found[name] = equation
            waiting += get_identifiers(code)
    value = SingleEquation(SUBEXPRESSION, VALUE, driven.dimension, expr=Expression(driven.code))
    kept = [each for each in found.values() if each.type in (DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION)]
    return Equations([*kept, value])
