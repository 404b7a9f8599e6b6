"""A TimedArray in the equations of a Brian2 group becomes the parameter that a stimulus drives."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import brian2
from brian2.equations.codestrings import Expression
from brian2.equations.equations import PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.utils.stringtools import get_identifiers

from ...ground.errors import UserError


def take_out(equations: Equations, resolve: Callable[[str], Any], where: str) -> tuple[Equations, str]:
    """Replace the value of a TimedArray by a parameter.

    Parameters
    ----------
    equations : brian2.Equations
    resolve : callable
        Maps a name that the equations do not declare to its object; None if there is none.
    where : str
        The group's name, for messages.

    Returns
    -------
    brian2.Equations
        Unchanged if there is no TimedArray.
    str
        The parameter: the name of the subexpression that consists only of the TimedArray, or the name of the
        TimedArray; empty if there is none.

    Raises
    ------
    UserError
        If there are several, or one is used at a time other than t.
    """
    codes = {equation.varname: equation.expr.code for equation in equations.values() if equation.expr is not None}
    used = {name for code in codes.values() for name in get_identifiers(code)} - set(equations.names)
    arrays = {name: found for name in sorted(used) if isinstance(found := resolve(name), brian2.TimedArray)}
    if not arrays:
        return equations, ""
    if len(arrays) > 1:
        raise UserError(
            f"{where}: the equations have the TimedArrays {', '.join(arrays)}, but a model has one input; "
            "keep one, and write numbers or parameters in place of the others"
        )
    ((name, array),) = arrays.items()
    call = re.compile(rf"\b{name}\s*\(\s*t\s*(,\s*i\s*)?\)")
    driven = next(
        (
            equation.varname
            for equation in equations.values()
            if equation.type == SUBEXPRESSION and call.fullmatch(equation.expr.code.strip())
        ),
        name,
    )
    made = []
    for equation in equations.values():
        if equation.varname == driven:
            continue
        code = None if equation.expr is None else call.sub(driven, equation.expr.code)
        if code and name in get_identifiers(code) and (driven != name or re.search(rf"\b{name}\s*\(", code)):
            raise UserError(
                f"{where}: the TimedArray '{name}' can only be run at the time t, as {name}(t) "
                f"or {name}(t, i); write a parameter in its place, and drive that with "
                "sc.piecewise_constant"
            )
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
    made.append(SingleEquation(PARAMETER, driven, array.dim))
    return Equations(made), driven
