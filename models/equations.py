"""From Brian2's equation language to expressions in internal units.

Brian2 reads the text (`brian2.Equations`) and checks units; here the right-hand sides become `Expr` trees
with the operators in the places where the author put them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import brian2
import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER
from brian2.units.fundamentalunits import Dimension, Quantity

from . import units
from .errors import UserError
from .expression import Const, Expr, Op, Var, names, select
from .names import OF_GROUPS
from .polynomial import minus, times

_FUNCTIONS = ("exp", "sqrt", "abs", "exprel", "tanh", "cosh", "sinh")
_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
_FLAGS = {DIFFERENTIAL_EQUATION: ("unless refractory",), PARAMETER: ("constant",)}
_NUMBERS = {"pi": math.pi, "e": math.e}
_COMPARISONS = {ast.Gt: ">", ast.GtE: ">="}
#: Of conditions: the operation, and whether its operands stand the other way round.
_CONDITIONS = {ast.Lt: ("less", False), ast.LtE: ("at_most", False), ast.Gt: ("less", True), ast.GtE: ("at_most", True)}


#: What Python's parser may raise: no syntax, a null character, too deep.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
#: So many characters of a text are quoted in a message.
QUOTED = 100


@dataclass(frozen=True)
class Threshold:
    """A spike is where `variable` `comparison` `level` holds."""

    variable: str
    comparison: str
    """``>`` or ``>=``."""
    level: Expr
    """In terms of parameters and state variables."""
    slopes: Mapping[str, Expr] = field(default_factory=dict)
    """Of the level along each state variable in it, where it moves: it is linear in them."""

    def gap(self, change: Mapping[str, Expr]) -> Expr:
        """Return by how much the variable moves away from the level, where the state variables change by `change`."""
        total = change[self.variable]
        for name, slope in self.slopes.items():
            total = minus(total, times(slope, change[name]))
        return total


@dataclass(frozen=True)
class System:
    """A model's mathematics, in ms, mV and uA/cm2."""

    dimensions: Mapping[str, Dimension]
    """Of every state variable, subexpression and declared parameter."""
    state: tuple[str, ...]
    """State variables, in the order of the equations."""
    parameters: tuple[str, ...]
    """Declared parameters, the input apart: operands at run time, one value a neuron."""
    subexpressions: Mapping[str, Expr]
    """In an order in which each needs only earlier ones."""
    derivatives: Mapping[str, Expr]
    """Of each state variable, per ms."""
    held: frozenset[str]
    """State variables that stay where they are while the neuron is refractory."""
    threshold: Threshold
    reset: tuple[tuple[str, Expr], ...]
    """Statements, in order."""


def read(text: str, constants: Mapping[str, Any], given: str) -> tuple[brian2.Equations, dict[str, Expr]]:
    """Read equations: Brian2's view of them, and each right-hand side as an expression.

    Raises
    ------
    UserError
        If Brian2 refuses the text, or if it holds what spikecost cannot lower.
    """
    try:
        equations = brian2.Equations(text)
        equations.check_flags(_FLAGS)
    except Exception as error:  # Brian2 raises parser errors, KeyError, SyntaxError, its own: all are the text's
        raise UserError(f"{given}: Brian2 cannot read the equations{_culprit(text)}: {_line(error)}; "
                        "write lines such as dv/dt = -v/tau : volt, or I : amp") from error
    if not equations.diff_eq_names:
        raise UserError(f"{given}: no differential equation; write at least one, such as dv/dt = -v/(10*ms) : volt")
    if equations.stochastic_variables:
        raise UserError(f"{given}: noise terms (xi) are not supported; drive the model with a frozen input instead")
    known = set(equations.names)
    found = {
        equation.varname: parse(equation.expr.code, known, constants, f"{given}: equation of '{equation.varname}'")
        for equation in equations.values()
        if equation.expr is not None
    }
    return equations, found


def parse(text: str, variables: set[str], constants: Mapping[str, Any], where: str) -> Expr:
    """Read one expression.

    Parameters
    ----------
    text : str
        In Brian2's language: ``+ - * / **``, numbers, names, pi, e, exp, sqrt, abs, exprel, tanh, cosh, sinh, and
        ``int(a > b)``, which is 1 where the comparison holds and 0 elsewhere.
    variables : set of str
        Names that stay names.
    constants : mapping
        Names that stand for a quantity; they become numbers.
    where : str
        For messages.

    Raises
    ------
    UserError
        If the text is no such expression or a name is unknown.
    """

    def walk(node: ast.expr) -> Expr:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            if node.value == math.inf:
                raise UserError(f"{where}: a number in '{_short(text)}' is too large; give one below 1e308")
            return Const(Fraction(str(node.value)))
        if isinstance(node, ast.Name):
            return name(node.id)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return Op(_OPERATORS[type(node.op)], (walk(node.left), walk(node.right)))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return Op("neg", (walk(node.operand),))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return walk(node.operand)
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
                and len(node.args) == 1):
            return Op(node.func.id, (walk(node.args[0]),))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int"
                and len(node.args) == 1 and isinstance(node.args[0], ast.Compare) and len(node.args[0].ops) == 1
                and type(node.args[0].ops[0]) in _CONDITIONS):
            kind, turned = _CONDITIONS[type(node.args[0].ops[0])]
            sides = (walk(node.args[0].left), walk(node.args[0].comparators[0]))
            return select(Op(kind, sides[::-1] if turned else sides), 1, 0)
        raise UserError(f"{where}: '{ast.unparse(node)}' is not supported; use + - * / **, the functions "
                        f"{', '.join(_FUNCTIONS)}, and int(a > b)")

    def name(identifier: str) -> Expr:
        if identifier in variables:
            return Var(identifier)
        if identifier in constants:
            return Const(units.internal(constants[identifier]))
        unit = getattr(brian2, identifier, None)
        if isinstance(unit, Quantity):
            return Const(units.internal(unit), unit=True)
        if identifier in _NUMBERS:
            return Const(Fraction(_NUMBERS[identifier]))
        if identifier in OF_GROUPS:
            raise UserError(f"{where}: Brian2's own variable '{identifier}' cannot be run; write the equations without "
                            "it, and what depends on time as the input")
        raise UserError(f"{where}: '{identifier}' is neither in the equations nor a constant nor a unit; define it")

    return walk(_python(text, where))


def threshold(text: str, state: Collection[str], dimensions: Mapping[str, Dimension], constants: Mapping[str, Any],
              where: str) -> Threshold:
    """Read ``v > 30*mV``: a state variable, ``>`` or ``>=``, and a level, which may move (``v > theta``)."""
    node = _python(text, where, "write a state variable, > or >=, and a level: v > 30*mV")
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS
            and isinstance(node.left, ast.Name) and node.left.id in state):
        raise UserError(f"{where}: '{text}' is not supported; write a state variable, > or >=, and a level: v > 30*mV")
    level = ast.unparse(node.comparators[0])
    parsed = parse(level, set(dimensions), constants, where)
    check_units(level, dimensions, constants, dimensions[node.left.id], where)
    return Threshold(node.left.id, _COMPARISONS[type(node.ops[0])], parsed)


def statements(text: str, targets: Collection[str], dimensions: Mapping[str, Dimension], constants: Mapping[str, Any],
               where: str) -> list[tuple[str, Expr]]:
    """Read ``v = c; u += d``: assignments to `targets`, one after the other."""
    found: list[tuple[str, Expr]] = []
    try:
        lines = ast.parse("\n".join(part.strip() for part in text.replace(";", "\n").splitlines())).body
    except _UNREADABLE:
        raise UserError(f"{where}: cannot read '{text.strip()}'; write statements such as v = c; u += d") from None
    for line in lines:
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
            target, value = line.targets[0].id, ast.unparse(line.value)
        elif isinstance(line, ast.AugAssign) and isinstance(line.target, ast.Name) and type(line.op) in _OPERATORS:
            target = line.target.id
            value = ast.unparse(ast.BinOp(ast.Name(target), line.op, line.value))
        else:
            raise UserError(f"{where}: '{ast.unparse(line)}' is not supported; write v = c or u += d")
        if target not in targets:
            raise UserError(f"{where}: '{target}' is not a state variable; known are {', '.join(sorted(targets))}")
        found.append((target, parse(value, set(dimensions), constants, where)))
        check_units(value, dimensions, constants, dimensions[target], where)
    return found


def check_units(text: str, dimensions: Mapping[str, Dimension], constants: Mapping[str, Any], expected: Dimension,
                where: str) -> None:
    """Let Brian2 compute the dimension of `text` and compare it.

    Raises
    ------
    UserError
        If Brian2 finds the units inconsistent or the result has another dimension.
    """
    known: dict[str, Any] = {**vars(brian2), **constants}
    known.update({name: Quantity.with_dimensions(1.1, dim) for name, dim in dimensions.items()})
    try:
        with np.errstate(all="ignore"):  # the units are asked for, not the value
            code = compile(_Floats().visit(ast.parse(text.strip(), mode="eval")), "equations", "eval")
            result = eval(code, {"__builtins__": {"abs": abs, "int": int}}, known)  # noqa: S307 - accepted by `parse`
    except brian2.DimensionMismatchError as error:
        raise UserError(f"{where}: units do not fit in '{text}': {_line(error).rstrip('.')}; "
                        "what is added or compared needs the same unit") from None
    except ArithmeticError:
        return  # no number: said where it is needed
    if brian2.get_dimensions(result) is not expected:
        raise UserError(f"{where}: '{text}' has the unit {units.unit_name(brian2.get_dimensions(result))}, "
                        f"expected {units.unit_name(expected)}")


class _Floats(ast.NodeTransformer):
    """Makes floats of integers, as the kernel does: powers of integers would be worked out to their last digit."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.copy_location(ast.Constant(float(node.value)), node) if type(node.value) is int else node


def subexpression_order(found: Mapping[str, Expr], wanted: set[str]) -> dict[str, Expr]:
    """Return the subexpressions `wanted`, each after those that it needs."""
    ordered: dict[str, Expr] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        for other in sorted(names(found[name]) & wanted):
            visit(other)
        ordered[name] = found[name]

    for name in found:
        if name in wanted:
            visit(name)
    return ordered


def _culprit(text: str) -> str:
    """Quote the first line of the first equation that Brian2 cannot read after those before it."""
    lines, begins = text.splitlines(), 0
    for ends, line in enumerate(lines, 1):
        if ":" not in line.partition("#")[0] and ends < len(lines):
            continue  # it goes on in the next line
        try:
            brian2.Equations("\n".join(lines[:ends])).check_flags(_FLAGS)
        except Exception:
            return f" at '{_short(next((part for part in lines[begins:ends] if part.strip()), ''))}'"
        begins = ends
    return ""


def _python(text: str, where: str, instead: str = "write it as in Brian2, such as EL + 2*mV") -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except _UNREADABLE:
        raise UserError(f"{where}: cannot read '{_short(text)}'; {instead}") from None


def _line(error: BaseException) -> str:
    return " ".join(str(error.__cause__ or error).split())


def _short(text: str) -> str:
    return text.strip() if len(text.strip()) <= QUOTED else f"{text.strip()[:QUOTED]}..."
