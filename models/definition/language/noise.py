"""Random terms of equations: noise, ``xi``, and numbers that are drawn again and again, ``randn()`` and ``rand()``.

Their meaning is Brian2's. ``xi`` is Gaussian white noise, the derivative of a Brownian path, in second**-0.5. Every
name that begins with ``xi_`` is an independent source, and equations with the same name share it. Every ``randn()`` or
``rand()`` in the text is a source of its own: a number that is drawn at the start of a sampling step and held until
its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import brian2
from brian2.units.fundamentalunits import Dimension
from brian2.utils.stringtools import get_identifiers

from ...ground.errors import UserError
from . import units

#: The kinds of random inputs.
NOISE, NORMAL, UNIFORM = "xi", "randn", "rand"
DIMENSIONS: dict[str, Dimension] = {
    NOISE: (1 / brian2.second**0.5).dim,
    NORMAL: units.DIMENSIONLESS,
    UNIFORM: units.DIMENSIONLESS,
}
_SAMPLE = re.compile(r"\b(randn?)[ \t]*\([ \t]*\)")
_NOISE = re.compile(r"xi(_\w+)?")


def named(text: str) -> tuple[str, dict[str, str]]:
    """Give every ``randn()`` and ``rand()`` of a text a name.

    Returns
    -------
    str
        The text with these names.
    dict
        The kind of each name, in the order of the text.
    """
    found: dict[str, str] = {}
    taken = get_identifiers(text)

    def name(match: re.Match[str]) -> str:
        number = 1
        while (chosen := f"{match[1]}_{number}") in taken or chosen in found:
            number += 1
        found[chosen] = match[1]
        return chosen

    return _SAMPLE.sub(name, text), found


def noise_in(text: str) -> list[str]:
    """Return the sources of noise that a text uses, in order."""
    return sorted((each for each in get_identifiers(text) if _NOISE.fullmatch(each)), key=text.find)


def refuse_random(text: str, where: str) -> None:
    """Refuse random terms in a text that is not an equation.

    Raises
    ------
    UserError
    """
    found = next(iter([*noise_in(text), *(f"{kind}()" for kind in named(text)[1].values())]), "")
    if found:
        raise UserError(
            f"{where}: '{found}' is random, and only equations can be; use a number, a parameter, or a "
            "state variable with noise in its equation"
        )


def check_noise(used: Iterable[tuple[str, bool, str]], given: str) -> None:
    """Refuse noise where Brian2 refuses it.

    Parameters
    ----------
    used : iterable of (str, bool, str)
        For each equation: the name that it defines, whether it is a differential equation, and its right-hand side.
    given : str
        The model's name, for messages.

    Raises
    ------
    UserError
        If a subexpression contains the plain name ``xi``, or several equations do.
    """
    plain: list[str] = []
    for name, is_differential, text in used:
        found = noise_in(text)
        if NOISE in found and not is_differential:
            raise UserError(
                f"{given}: '{name}' contains the noise {NOISE}, but is not a differential equation; "
                f"write it into a differential equation, or give it a name such as {NOISE}_1"
            )
        plain += [name] * (NOISE in found)
    if len(plain) > 1:
        raise UserError(
            f"{given}: the equations of {' and '.join(plain)} contain 'xi'; give the sources names such as xi_1: "
            "the same name for the same source, different names for independent ones"
        )
