"""The parameter or constant of a Brian2 group that a stimulus drives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import brian2
from brian2.equations.equations import PARAMETER
from brian2.units.fundamentalunits import get_dimensions
from brian2.utils.stringtools import get_identifiers

from ...algebra.draft import substitute
from ...algebra.expression import Expr, names
from ...algebra.polynomial import is_zero, linear_parts
from ...definition.language import equations as language
from ...definition.language import units
from ...definition.language.equation_lines import DIFFERENTIAL
from ...ground.errors import UserError, short
from ..group.equations import lines_of, parameter
from ..group.texts import Texts

#: What users often write.
USUAL = "I"
_CURRENTS = (brian2.amp.dim, (brian2.amp / brian2.metre**2).dim)


@dataclass(frozen=True)
class Choice:
    """The parameter or constant that the stimulus drives."""

    name: str
    """Empty if there is none: the model runs as it stands."""
    note: str = ""
    """Why it was chosen, if the user did not say it."""


def choose(
    texts: Texts, constants: Mapping[str, Any], given: str | None, synaptic: Collection[str], where: str
) -> Choice:
    """Choose the input.

    It is the one that is given, the TimedArray, or the parameter ``I``, unless the threshold, the reset or the
    refractoriness uses it, or arriving spikes change it: then a stimulus cannot drive it. Otherwise it is searched:
    the only parameter or constant that is added in the derivative of the variable with the threshold, first among
    currents, then among values in the unit of this variable, such as ``v0`` in ``(v0 - v)/tau``. A declared parameter
    is preferred to a constant, and what is added alone to what synapses change and to what is added as a product
    (``E*z``).

    Parameters
    ----------
    texts : Texts
    constants : mapping
        The quantities that the equations use and do not declare.
    given : str, optional
        What the user asks for; empty for a model without input.
    synaptic : collection of str
        The variables that synapses change.
    where : str
        The group's name, for messages.

    Raises
    ------
    UserError
        If there are several, or what is given is not a parameter or constant.
    """
    if texts.timed:
        if given not in (None, texts.timed):
            raise UserError(
                f"{where}: the TimedArray is the input, '{texts.timed}', so '{given}' "
                "cannot be an input too; write a parameter in place of the TimedArray"
            )
        assert texts.driven is not None
        if texts.driven.array is not None:
            return Choice(texts.timed)
        return Choice(
            texts.timed,
            f"the input is {texts.timed}, which stands for {short(texts.driven.code)}, as Brian2 computes it at the "
            f"start of each step of {where}: stimulus_from_brian2({where}, duration)",
        )
    declared = [name for name, each in texts.equations.items() if each.type == PARAMETER and name in texts.used]
    if given == "" or given in declared or given in constants:
        return Choice(given or "")
    if given is not None:
        every = [*declared, *(name for name in constants if name not in declared)]
        problem = f"'{given}' is not a parameter or constant of the equations"
        if not every:
            raise UserError(f"{where}: {problem}, and there is none that a stimulus could drive; leave input= out")
        raise UserError(f"{where}: {problem}; {_name_one(every)}")
    if USUAL in declared and USUAL not in texts.beside_the_derivatives | texts.assigned:
        return Choice(USUAL)
    free = [name for name in declared if name not in texts.assigned]
    return _searched(texts, constants, free, synaptic, where)


def _searched(
    texts: Texts, constants: Mapping[str, Any], declared: list[str], synaptic: Collection[str], where: str
) -> Choice:
    voltage, derivatives = _derivatives(texts, constants, declared, where)
    # what multiplies a random number is the size of the noise
    changing = texts.state | language.random_inputs("\n".join(line.text for line in lines_of(texts, declared))).keys()
    dimensions = {name: texts.equations[name].dim for name in declared if texts.equations[name].var_type == "float"}
    dimensions = {name: get_dimensions(value) for name, value in constants.items()} | dimensions
    factors = {
        name: names(factor)
        for name in dimensions
        if name not in texts.beside_the_derivatives and (factor := _factor(derivatives[voltage], name, changing))
    }
    unit = texts.equations[voltage].dim
    elsewhere = names(*(value for name, value in derivatives.items() if name != voltage))
    kinds: tuple[tuple[str, list[str]], ...] = (
        ("current", [name for name in factors if dimensions[name] in (*_CURRENTS, unit / units.MS)]),
        (
            f"value in the unit of {voltage}",
            [name for name in factors if dimensions[name] is unit and name not in elsewhere],
        ),
    )
    for kind, found in kinds:
        alone = [name for name in found if name not in synaptic and not factors[name] & set(found)]
        for chosen in ([name for name in alone if name in declared], alone, found):
            if len(chosen) == 1:
                what = "declared parameter" if chosen[0] in declared else "constant"
                return Choice(
                    chosen[0],
                    f"the input is {chosen[0]}, the only {kind} that is a {what} and is added in d{voltage}/dt; "
                    "input= (--input) changes it",
                )
            if chosen:
                raise UserError(f"{where}: no parameter is named {USUAL}; {_name_one(chosen)}")
    return Choice(
        "",
        f"there is no input, since no single parameter or constant is added in d{voltage}/dt: the model runs as it "
        "stands; input= (--input) names one",
    )


def _name_one(candidates: list[str]) -> str:
    return (
        f"say which one the stimulus drives, input='{candidates[0]}' (on the command line: --input {candidates[0]}), "
        f"or one of {', '.join(candidates)}"
    )


def _derivatives(
    texts: Texts, constants: Mapping[str, Any], declared: list[str], where: str
) -> tuple[str, dict[str, Expr]]:
    """Return the variable with the threshold, and all derivatives with constants as names."""
    lines = list(lines_of(texts, declared))
    lines += [parameter(name, get_dimensions(value)) for name, value in constants.items()]
    read = language.read("\n".join(line.text for line in lines), {}, where)
    found = {name: each.value for name, each in read.items() if each.value is not None}
    state = [name for name in found if read[name].kind == DIFFERENTIAL]
    opened: dict[str, Expr] = {}
    for name, value in language.subexpression_order(found, found.keys() - set(state)).items():
        opened[name] = substitute(value, opened)
    in_threshold = [name for first in _in_order(texts.threshold) for name in state if name in texts.needed_by(first)]
    voltage = next(iter(in_threshold), state[0])
    return voltage, {name: substitute(found[name], opened) for name in state}


def _in_order(text: str) -> list[str]:
    """Return the names in a text, in the order in which they occur."""
    return sorted(get_identifiers(text), key=text.find)


def _factor(derivative: Expr, name: str, changing: set[str]) -> Expr | None:
    """Return the factor of a name in a derivative that is linear in it; None if it is 0, or contains what changes."""
    parts = linear_parts(derivative, name)
    return None if parts is None or is_zero(parts[1]) or names(parts[1]) & changing else parts[1]
