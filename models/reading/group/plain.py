"""The texts of a Brian2 group in the part of its language that a model has: numbers in place of Booleans and the clock.

A Boolean variable becomes a number, 1 or 0, that is compared with 0.5 where the text needs a condition. ``dt`` is the
group's time step, a constant of the model: it stays the same if the model is run with another dt.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

import brian2
from brian2.core.variables import Variable
from brian2.equations.codestrings import Expression
from brian2.equations.equations import FLOAT, INTEGER, SUBEXPRESSION, Equations, SingleEquation
from brian2.utils.stringtools import get_identifiers

from ...ground.errors import UserError

#: Brian2's names for the time step, and for the number of steps so far.
CLOCK = ("dt", "t_in_timesteps")
_CHANGE = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*(?P<operator>\*\*|//|[-+*/%]|)=(?!=)(?P<value>.*)", re.DOTALL)
_ASSIGNMENT = re.compile(r"(\s*([A-Za-z_]\w*)\s*=(?!=)\s*)(.*)", re.DOTALL)


def truths_of(equations: Equations) -> set[str]:
    """Return the variables of a group that are true or false."""
    return {each.varname for each in equations.values() if each.var_type == "boolean"}


def compared(text: str, truths: Collection[str]) -> str:
    """Return an expression or a condition in which Boolean variables are compared with a number."""
    if not set(truths) & set(get_identifiers(text)):
        return text
    text = " ".join(text.split())
    places = sorted(_conditions(ast.parse(text, mode="eval").body, truths), reverse=True)
    for begins, ends in places:
        text = f"{text[:begins]}({text[begins:ends]} > 0.5){text[ends:]}"
    return text


def _conditions(node: ast.expr, truths: Collection[str], *, is_condition: bool = True) -> Iterator[tuple[int, int]]:
    """Yield the places of Boolean variables that are conditions; in arithmetic, they are the numbers 1 and 0."""
    if isinstance(node, ast.Name):
        if is_condition and node.id in truths:
            yield node.col_offset, node.end_col_offset or 0
        return
    is_junction = isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    is_int = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int"
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            yield from _conditions(part, truths, is_condition=is_junction or is_int)


def statements(text: str, truths: Collection[str]) -> str:
    """Return statements in which Boolean variables are numbers."""
    if not set(truths) & set(get_identifiers(text)):
        return text
    found = []
    for part in text.split(";"):
        match = _ASSIGNMENT.match(part)
        if match is None:
            found.append(compared(part, truths))
            continue
        value = compared(match[3].strip(), truths)
        found.append(f"{match[1].strip()} {f'int({value})' if match[2] in truths else value}")
    return "; ".join(part.strip() for part in found)


def integers_of(equations: Equations) -> set[str]:
    """Return the variables of a group that are integers."""
    return {each.varname for each in equations.values() if each.var_type == INTEGER}


def with_whole_numbers(text: str, integers: Collection[str], where: str) -> str:
    """Return statements in which what is stored in an integer is without its fraction, as in Brian2.

    Raises
    ------
    UserError
        If a number with a fraction is added to an integer or the like: Brian2 refuses it, or has other results with
        another target.
    """
    if not set(integers) & set(get_identifiers(text)):
        return text
    return "; ".join(_stored_whole(part.strip(), integers, where) for part in text.split(";"))


def _stored_whole(statement: str, integers: Collection[str], where: str) -> str:
    match = _CHANGE.fullmatch(statement)
    if match is None or match["name"] not in integers:
        return statement
    name, operator, value = match["name"], match["operator"], match["value"].strip()
    stored = f"{name} {operator} ({value})" if operator else value
    try:
        whole = _is_whole(ast.parse(stored, mode="eval").body, integers)
    except SyntaxError:  # it is refused when the statements are read
        return statement
    if operator and not whole:
        raise UserError(
            f"{where}: '{statement}' changes an integer by a number that may have a fraction, which Brian2 does "
            f"not run with every target; write {name} = int({stored})"
        )
    return statement if whole else f"{name} = int({stored})"


def _is_whole(node: ast.expr, integers: Collection[str]) -> bool:
    """Whether an expression is certainly an integer."""
    if isinstance(node, ast.Name):
        return node.id in integers
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "int"
    whole = isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not)
    whole = whole or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv))
    whole = whole or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod))
    parts = (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
    return whole and all(_is_whole(part, integers) for part in parts)


def with_numbers(equations: Equations, truths: Collection[str]) -> Equations:
    """Return equations in which Boolean variables and constants are numbers."""
    if not truths:
        return equations
    return Equations([_with_numbers(each, truths) for each in equations.values()])


def _with_numbers(equation: SingleEquation, truths: Collection[str]) -> SingleEquation:
    code = None if equation.expr is None else compared(equation.expr.code, truths)
    if code is not None and equation.varname in truths and equation.type == SUBEXPRESSION:
        code = f"int({code})"
    return SingleEquation(
        equation.type,
        equation.varname,
        equation.dim,
        FLOAT if equation.varname in truths else equation.var_type,
        None if code is None else Expression(code),
        list(equation.flags),
    )


def with_code(equation: SingleEquation, code: str | None) -> SingleEquation:
    """Return an equation with another right-hand side; without one, the equation as it is."""
    if code is None or equation.expr is None or code == equation.expr.code:
        return equation
    return SingleEquation(
        equation.type, equation.varname, equation.dim, equation.var_type, Expression(code), list(equation.flags)
    )


def clock_of(group: brian2.NeuronGroup, texts: Iterable[str]) -> dict[str, str]:
    """Return what takes the place of the names of the clock that some texts use."""
    used = set().union(*map(get_identifiers, texts)) & set(CLOCK)
    own = {name for name in used if isinstance(group.variables.get(name), Variable)}
    dt = f"({float(group.clock.dt / brian2.ms)!r}*ms)"
    return {name: dt if name == "dt" else f"timestep(t, {dt})" for name in own}
