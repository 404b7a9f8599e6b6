"""From Brian2's equation language to expressions in internal units.

Only `grammar` reads a text. It becomes `Expr` trees in which the operators are where the author wrote them; units are
checked on the same trees. Brian2 gets a text only after that, and no part of it is ever evaluated as Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, cast

from brian2.units.fundamentalunits import Dimension, Quantity
from brian2.utils.stringtools import get_identifiers

from ...algebra.expression import FLOATS, Const, Expr, Op, Var, less, names, read_as, select
from ...algebra.functions import READ_AS
from ...ground.errors import UserError, at, short
from . import grammar, noise, trees, units
from .dimensions import check, dimension, unit_called
from .equation_lines import DIFFERENTIAL, SUBEXPRESSION, lines
from .grammar import HIGHEST_POWER, Unreadable
from .names import NOT_REFRACTORY, OF_GROUPS, OF_TIME, check_name
from .trees import Binary, Name, Negative, Node, Number, Switch, Test, written

_NUMBERS = {"pi": math.pi, "e": math.e}
#: For each sign of a condition: the operation, and whether its operands are exchanged.
_CONDITIONS = {"<": ("less", False), "<=": ("at_most", False), ">": ("less", True), ">=": ("at_most", True)}
#: The largest model that is read: state variables, and operations with all subexpressions written out.
MOST_STATES, MOST_OPERATIONS = 50, 20_000


@dataclass(frozen=True)
class Equation:
    """One line of a model's equations."""

    name: str
    kind: str
    """`DIFFERENTIAL`, `SUBEXPRESSION` or `PARAMETER`."""
    dimension: Dimension
    flags: tuple[str, ...]
    text: str
    """The right-hand side; empty for a parameter."""
    value: Expr | None
    """The right-hand side; None for a parameter."""


def read(text: str, constants: Mapping[str, Any], given: str) -> dict[str, Equation]:
    """Read equations; return them by name, in the order of the text.

    Raises
    ------
    UserError
        If the text contains something that Brian2 or spikecost cannot read, or is too large.
    """
    found_lines = lines(text, given)
    states = sum(line.kind == DIFFERENTIAL for line in found_lines)
    if not states:
        raise UserError(f"{given}: no differential equation; write at least one, such as dv/dt = -v/(10*ms) : volt")
    if states > MOST_STATES:
        raise UserError(f"{given}: {states} state variables; spikecost is for single neurons of up to {MOST_STATES}")
    noise.check_noise(((line.name, line.kind == DIFFERENTIAL, line.right) for line in found_lines), given)
    known = {line.name: line.dimension for line in found_lines} | dict.fromkeys(OF_TIME, units.MS)
    known |= {name: noise.DIMENSIONS[kind] for name, kind in random_inputs(text).items()}
    known[NOT_REFRACTORY] = units.DIMENSIONLESS
    found = {}
    for line in found_lines:
        with at(line.name):
            value = parse(line.right, known, constants, f"{given}: equation of '{line.name}'") if line.right else None
        found[line.name] = Equation(line.name, line.kind, line.dimension, line.flags, line.right, value)
    _check_size(found, given)
    return found


def random_inputs(text: str) -> dict[str, str]:
    """Return the random inputs of equations that `read` has accepted: the kind of each name, noise first."""
    bare, sampled = noise.named(grammar.without_comments(text))
    return dict.fromkeys(noise.noise_in(bare), noise.NOISE) | sampled


def _check_size(found: Mapping[str, Equation], given: str) -> None:
    """Refuse subexpressions that contain themselves, and models with too many operations."""
    sizes: dict[str, int] = {}
    waiting = {name: each.value for name, each in found.items() if each.value is not None}
    inner = {name for name, each in found.items() if each.kind == SUBEXPRESSION}
    while waiting:
        ready = [name for name, value in waiting.items() if not names(value) & inner & waiting.keys()]
        if not ready:
            last = [name for name in waiting if name in inner][-1]
            with at(last):
                raise UserError(
                    f"{given}: Brian2 cannot read the equations at "
                    f"'{short(f'{last} = {found[last].text}')}': Cannot resolve subexpressions that need "
                    "each other; write them without circles"
                )
        for name in ready:
            sizes[name] = _size(waiting.pop(name), sizes if inner else {})
            if sizes[name] > MOST_OPERATIONS:
                with at(name):
                    raise UserError(
                        f"{given}: equation of '{name}': more than {MOST_OPERATIONS} operations with its "
                        "subexpressions written out; spikecost is for smaller models"
                    )


def _size(value: Expr, sizes: Mapping[str, int]) -> int:
    if isinstance(value, Op):
        return 1 + sum(_size(arg, sizes) for arg in value.args)
    return sizes.get(value.name, 1) if isinstance(value, Var) else 1


def parse(text: str, variables: Collection[str], constants: Mapping[str, Any], where: str) -> Expr:
    """Read one expression.

    Parameters
    ----------
    text : str
        In Brian2's language: ``+ - * / **``, numbers, names, pi, e, the functions of `algebra.functions`, and
        ``int(a > b)``, which is 1 where the comparison holds and 0 elsewhere; ``inf`` as a limit of ``clip``.
    variables : mapping of str to Dimension, or collection of str
        Names that stay names; without a dimension they have no unit.
    constants : mapping
        Names of quantities; they become numbers.
    where : str
        For messages.

    Raises
    ------
    UserError
        If the text is not such an expression, a name is unknown, or a number in it is too large.
    """
    return _lowered(_node(text, where), variables, constants, where)


def condition(
    text: str,
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    where: str,
    *,
    values: Mapping[str, Expr] = MappingProxyType({}),
) -> Expr:
    """Read a condition: comparisons, with and, or, not. `values` are the values of names that have one here.

    Raises
    ------
    UserError
        If it is not a condition, or its units do not fit.
    """
    instead = "write a condition such as v > 30*mV, or v > theta and w < 1"
    noise.refuse_random(text, where)
    try:
        node = grammar.condition(text)
    except Unreadable as error:
        raise UserError(f"{where}: {error.problem}; {instead}") from None
    if node is None:
        raise UserError(f"{where}: '{short(text)}' is not supported; {instead}")
    found = _lowered(node, dimensions, constants, where, values)
    value = _numbers_of(dimensions, constants, where)
    for comparison in trees.comparisons(node):
        expected = dimension(comparison.left, dimensions, constants, where=where, value=value)
        _check(comparison.right, dimensions, constants, expected, where)
    return found


def statements(
    text: str,
    targets: Collection[str],
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    where: str,
    *,
    values: Mapping[str, Expr] = MappingProxyType({}),
) -> list[tuple[str, Expr]]:
    """Read ``v = c; u += d``: assignments to `targets`, one after the other.

    A name that is assigned but not declared is a temporary variable, as in Brian2: it has a value after its first
    assignment, and hides a constant with the same name. Temporary variables that are not used are left out. `values`
    are the values of names that have one here.
    """
    noise.refuse_random(text, where)
    found: list[tuple[str, Expr]] = []
    try:
        read = list(grammar.statements(text))
        temporary = {target for target, _, _ in read} - set(dimensions)
        known, numbers = dict(dimensions), {name: constants[name] for name in constants if name not in temporary}
        for target, operator, right in read:
            if target in dimensions and target not in targets:
                raise UserError(f"{where}: '{target}' is not a state variable; known are {', '.join(sorted(targets))}")
            node = Binary(operator, Name(target), right) if operator else right
            early = (get_identifiers(written(node)) & temporary) - set(known)
            if early:
                raise UserError(
                    f"{where}: '{target} = {short(written(node))}' uses '{early.pop()}' before it has a "
                    "value; assign one to it first"
                )
            value = _lowered(node, known, numbers, where, values)
            if target in temporary and target not in known:
                check_name(target, f"{where}: the temporary variable")
                known[target] = dimension(node, known, numbers, where=where, value=_numbers_of(known, numbers, where))
            else:
                _check(node, known, numbers, known[target], where)
            found.append((target, value))
    except Unreadable as error:
        raise UserError(f"{where}: {error}") from None
    return _needed(found, set(targets))


def _needed(assigned: list[tuple[str, Expr]], wanted: set[str]) -> list[tuple[str, Expr]]:
    """Return the assignments that the final values of the `wanted` names need, and all assignments to these names."""
    found, needed = [], set(wanted)
    for name, value in reversed(assigned):
        if name in needed:
            if name not in wanted:
                needed.remove(name)
            needed |= names(value)
            found.append((name, value))
    return found[::-1]


def check_units(
    text: str, dimensions: Mapping[str, Dimension], constants: Mapping[str, Any], expected: Dimension, where: str
) -> None:
    """Compute the dimension of `text` and compare it.

    Raises
    ------
    UserError
        If the units are inconsistent or the result has another dimension.
    """
    _check(_node(text, where), dimensions, constants, expected, where)


def _check(
    node: Node, dimensions: Mapping[str, Dimension], constants: Mapping[str, Any], expected: Dimension, where: str
) -> None:
    check(node, dimensions, constants, expected, where=where, value=_numbers_of(dimensions, constants, where))


def _numbers_of(dimensions: Collection[str], constants: Mapping[str, Any], where: str) -> Callable[[Node], Expr]:
    return lambda part: _lowered(part, dimensions, constants, where)


def _node(text: str, where: str) -> Node:
    try:
        return grammar.expression(text)
    except Unreadable as error:
        raise UserError(f"{where}: {error}") from None


def _lowered(
    root: Node | Test,
    variables: Collection[str],
    constants: Mapping[str, Any],
    where: str,
    values: Mapping[str, Expr] = MappingProxyType({}),
) -> Expr:
    """Make an expression from a tree; every part that is a number must fit into a double."""

    def walk(node: Node) -> tuple[Expr, float | None]:
        """Return the expression, and its value where it is a number."""
        if isinstance(node, Number):
            return Const(node.value), float(node.value)
        if isinstance(node, Name):
            found = name(node.name)
            return found, float(found.value) if isinstance(found, Const) else None
        if isinstance(node, Switch):
            return select(test(node.condition), 1, 0), None
        if isinstance(node, Binary):
            (left, a), (right, b) = walk(node.left), walk(node.right)
            if node.kind == "pow" and a is None and b is not None and abs(b) > HIGHEST_POWER:
                raise UserError(
                    f"{where}: the power in '{short(written(node))}' is too high; give one of at most {HIGHEST_POWER}"
                )
            return Op(node.kind, (left, right)), number(node, node.kind, a, b)
        kind, inside = ("neg", (node.operand,)) if isinstance(node, Negative) else (node.function, node.arguments)
        if kind == "clip" and (_infinite(inside[1]) < 0 or _infinite(inside[2]) > 0):
            return _clipped(inside, lambda part: walk(part)[0]), None
        walked = [walk(argument) for argument in inside]
        if kind in ("floor", "ceil") and (unit := _in_si(inside[0], variables, constants, where)) != 1:
            # Brian2 rounds the number of volts or seconds
            si = Const(unit, unit=True)
            return Op(kind, (walked[0][0] / si,)) * si, None
        if kind in READ_AS:
            return read_as(kind, *(each for each, _ in walked)), None
        return Op(kind, tuple(each for each, _ in walked)), number(node, kind, *(value for _, value in walked))

    def test(node: Test) -> Expr:
        """Return a condition as an expression that is true or false."""
        if isinstance(node, trees.Truth):
            return Const(Fraction(node.holds))
        if isinstance(node, trees.Not):
            return Op("not", (test(node.operand),))
        if isinstance(node, trees.Junction):
            return Op(node.kind, (test(node.left), test(node.right)))
        if isinstance(node, Name):
            return name(node.name)
        return _compared(node.sign, walk(node.left)[0], walk(node.right)[0])

    def number(node: Node, kind: str, *values: float | None) -> float | None:
        given = [value for value in values if value is not None]
        if len(given) < len(values):
            return None
        try:
            value = float(FLOATS[kind](*given))
        except OverflowError:
            value = math.inf
        except (ArithmeticError, ValueError):
            return None  # not a number: this is reported where a number is needed
        if math.isinf(value):
            raise UserError(f"{where}: the number '{short(written(node))}' is too large; give one below 1e308")
        return value

    def name(identifier: str) -> Expr:
        if identifier in values:
            return values[identifier]
        if identifier in variables:
            return Var(identifier)
        if identifier in constants:
            return Const(units.internal(constants[identifier]), name=identifier)
        unit = unit_called(identifier)
        if unit is not None:
            return Const(units.internal(unit), unit=True, name=identifier)
        if identifier in _NUMBERS:
            return Const(Fraction(_NUMBERS[identifier]), name=identifier)
        if identifier == "inf":
            raise UserError(f"{where}: 'inf' can only be a limit of clip, such as clip(x, 0, inf); give a number")
        if identifier in OF_GROUPS:
            raise UserError(
                f"{where}: Brian2's own variable '{identifier}' cannot be run; write the equations without "
                "it, and what depends on time as the input"
            )
        raise UserError(
            f"{where}: '{short(identifier)}' is neither in the equations nor a constant nor a unit; define it"
        )

    return test(root) if trees.is_test(root) else walk(cast(Node, root))[0]


def _in_si(node: Node, variables: Collection[str], constants: Mapping[str, Any], where: str) -> Fraction:
    """Return the unit of the SI for a part of the expression, in internal units; 1 if its units do not fit."""
    known = variables if isinstance(variables, Mapping) else dict.fromkeys(variables, units.DIMENSIONLESS)
    try:
        found = dimension(node, known, constants, where=where, value=_numbers_of(known, constants, where))
    except UserError:
        return Fraction(1)  # this is reported where units are checked
    return units.internal(Quantity.with_dimensions(1.0, found))


def _infinite(node: Node) -> int:
    """Return the sign of a limit of ``clip`` that is infinite, such as ``-inf*mV``; 0 if it is not."""
    if isinstance(node, Negative):
        return -_infinite(node.operand)
    if isinstance(node, Binary) and node.kind in ("mul", "div"):
        return _infinite(node.left) or (_infinite(node.right) if node.kind == "mul" else 0)
    return int(isinstance(node, Name) and node.name == "inf")


def _clipped(arguments: Sequence[Node], walk: Callable[[Node], Expr]) -> Expr:
    """Return ``clip`` without its infinite limits."""
    found = walk(arguments[0])
    if _infinite(arguments[1]) >= 0:
        limit = walk(arguments[1])
        found = select(less(found, limit), limit, found)
    if _infinite(arguments[2]) <= 0:
        limit = walk(arguments[2])
        found = select(less(limit, found), limit, found)
    return found


def _compared(sign: str, left: Expr, right: Expr) -> Expr:
    if sign == "==":
        return Op("and", (Op("at_most", (left, right)), Op("at_most", (right, left))))
    if sign == "!=":
        return Op("or", (Op("less", (left, right)), Op("less", (right, left))))
    kind, turned = _CONDITIONS[sign]
    return Op(kind, (right, left) if turned else (left, right), exchanged=turned)


def subexpression_order(found: Mapping[str, Expr], wanted: set[str]) -> dict[str, Expr]:
    """Return the `wanted` subexpressions, each after the subexpressions that it needs."""
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
