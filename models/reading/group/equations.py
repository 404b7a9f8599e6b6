"""The equations of one neuron of a Brian2 group, as a model has them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SingleEquation
from brian2.units.fundamentalunits import Dimension

from ...definition.language import units
from ...definition.language.equation_lines import DIFFERENTIAL, SUBEXPRESSION
from ...definition.language.equation_lines import PARAMETER as DECLARED
from ...ground.errors import UserError
from .texts import Texts, one_line

#: The flag of a subexpression that Brian2 computes once per step.
HELD = "constant over dt"


class GroupEquation(NamedTuple):
    """One equation of a model."""

    name: str
    kind: str
    """As in `equation_lines`."""
    text: str


def lines_of(texts: Texts, driven: Collection[str]) -> Iterator[GroupEquation]:
    """Yield the equations without the flags that a single neuron does not need.

    A parameter that the reset changes becomes a variable that is constant between spikes. What nothing uses is left
    out.

    Parameters
    ----------
    texts : Texts
    driven : collection of str
        Parameters that a stimulus may drive: they stay parameters.
    """
    for equation in texts.equations.values():
        name, unit = equation.varname, units.dimension_text(equation.dim)
        if equation.type == DIFFERENTIAL_EQUATION:
            flag = " (unless refractory)" if "unless refractory" in equation.flags else ""
            yield GroupEquation(name, DIFFERENTIAL, f"d{name}/dt = {one_line(equation.expr.code)} : {unit}{flag}")
        elif equation.type == PARAMETER and name in texts.assigned and name not in driven:
            zero = f"0*{unit}" if unit != "1" else "0"
            yield GroupEquation(name, DIFFERENTIAL, f"d{name}/dt = {zero}/second : {unit}")
        elif name not in texts.used:
            continue
        elif equation.type != PARAMETER:
            yield GroupEquation(name, SUBEXPRESSION, f"{name} = {one_line(equation.expr.code)} : {unit}")
        else:
            yield parameter(name, equation.dim)


def parameter(name: str, dimension: Dimension) -> GroupEquation:
    """Return the line that declares a parameter."""
    return GroupEquation(name, DECLARED, f"{name} : {units.dimension_text(dimension)}")


def held_over_steps(texts: Texts, method: Any, where: str) -> list[str]:
    """Return the subexpressions that Brian2 computes once per step, if they can be run as equations.

    With forward Euler this gives the same numbers, since the method uses the state at the start of the step; so it does
    if the subexpression does not depend on the state.

    Parameters
    ----------
    texts : Texts
    method : callable
        Returns the group's method, which takes time to find.
    where : str
        The group's name, for messages.

    Raises
    ------
    UserError
        If it gives other numbers.
    """
    found = [name for name in texts.equations if HELD in texts.equations[name].flags and name in texts.used]
    for name in found:
        if not _moves(texts.equations[name], texts):
            continue
        if name in texts.beside_the_derivatives or method() != "euler":
            raise UserError(
                f"{where}: '{name}' is ({HELD}): Brian2 computes it once per step, which is a different model for "
                f"each dt unless the method is euler and only derivatives use it; leave the flag out"
            )
    return found


def _moves(equation: SingleEquation, texts: Texts) -> bool:
    return bool(texts.needed_by(equation.expr.code) & (texts.state | texts.assigned))
