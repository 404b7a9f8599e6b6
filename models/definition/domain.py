"""Check that a model's equations can be computed: no division by zero, no root of a negative number, no overflow.

The check covers everything that depends only on numbers, units, constants and parameters. It is made on the equations
as written, before anything is folded, counted or run, so that every use of the model gives the same error message.
It is made at the initial values, too, because they are often 0. What depends on other states or on the input can only
be checked when the model runs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

import brian2
from brian2.units.fundamentalunits import Dimension, Quantity, get_dimensions
from brian2.utils.stringtools import get_identifiers

from ..algebra.draft import substitute
from ..algebra.expression import FLOATS, Const, Expr, Op, Var, names, nodes
from ..algebra.functions import STEPPED
from ..algebra.words import words
from ..ground.errors import UserError
from .language import equations as language
from .language import grammar, trees, units
from .language.equation_lines import PARAMETER, lines
from .neuron import NeuronModel

#: Powers up to this are multiplied out exactly.
_HIGHEST = 64
#: The number of models whose result is remembered: the last ones checked.
_MOST_KEPT = 4096

#: Operations whose result is a fraction if their operands are fractions.
_EXACT = {"add", "sub", "mul", "div", "pow", "neg", "abs", "less", "at_most", "select", "sign", "clip", *STEPPED}

#: Operations whose result is infinite, or not a number, if an operand is infinite; a quotient is if its numerator is.
_PASS_ON = ("add", "sub", "neg", "mul")
#: Operations that have a result even if an operand is not a number.
_STOP = ("less", "at_most")

_Number = Fraction | float
#: What is known about an expression: its value or, if it has none yet, the number by which it is multiplied.
_Known = tuple[bool, _Number]
_NOTHING: _Known = (False, Fraction(1))


def check_domain(model: NeuronModel) -> None:
    """Refuse a model if its equations have no value in any state.

    Raises
    ------
    UserError
        If something divides by zero, or is not a number (the root of a negative number, or an overflow). The message
        names the equation, and the parameter or constant that causes the problem.
    """
    message = _message(model.exact)
    if message:
        raise UserError(message, about=model.label)


class _Undefined(Exception):
    """A node has no value. Carries the node, the zero divisor in it if there is one, and otherwise the reason."""

    def __init__(self, node: Op, zero: Expr | None = None, why: str = "", *, too_large: bool = False) -> None:
        super().__init__(why)
        self.node, self.zero, self.why, self.too_large = node, zero, why, too_large


@lru_cache(_MOST_KEPT)
def _message(model: NeuronModel) -> str:
    """Return what is wrong, without the model's name; empty if nothing is wrong."""
    given = {**model.constants, **model.parameters}
    known: dict[str, _Number] = {
        name: units.internal(value) for name, value in given.items() if not isinstance(value, str)
    }
    known |= {"pi": math.pi, "e": math.e}
    dimensions = {**{name: get_dimensions(value) for name, value in given.items()}, **model.system.dimensions}
    start: dict[str, _Number] = {
        name: units.internal(value) for name, value in model.initial.items() if not isinstance(value, str)
    }
    at_start: list[tuple[str, str, Expr]] = []
    for where, name, written in _texts(model):
        root = _as_written(written, known, dimensions, where)
        try:
            value = _value(root, known)
        except _Undefined as undefined:
            return f"{where}: {_said(undefined, model, known)}"
        if name and value is not None:
            known[name] = value
        elif where.startswith("equation"):
            at_start.append((where, name, root))
    return _at_the_start(at_start, {**known, **start}, start)


def _at_the_start(
    equations: Sequence[tuple[str, str, Expr]], known: dict[str, _Number], start: Mapping[str, _Number]
) -> str:
    """Return which differential equation has no value at the initial values; empty if all have one.

    A quotient 0/0 is left out: its limit may exist, and many rates are written like this. So is a number that is too
    large: a term may still be 0 over it. So is an infinite number that does not make the derivative infinite, as in
    ``1/(1 + k/ca)`` with ca = 0, and what is not a number and only compared.
    """
    opened: dict[str, Expr] = {}
    for where, name, written in equations:
        root = substitute(written, opened)
        if name:
            opened[name] = root
            continue
        left_out: set[int] = set()
        while True:
            try:
                _value(root, known, left_out)
            except _Undefined as undefined:
                said = _said_at_the_start(undefined, root, known, start)
                if said:
                    return f"{where}: at the initial values, {said}"
                left_out.add(id(undefined.node))
            else:
                break
    return ""


def _said_at_the_start(
    undefined: _Undefined, root: Expr, known: Mapping[str, _Number], start: Mapping[str, _Number]
) -> str:
    """Return why an equation has no value; empty if it may have one."""
    node, zero = undefined.node, undefined.zero
    own = sorted(names(node if zero is None else zero) & set(start))
    is_infinite = zero is not None or (node.kind.startswith("log") and _is_zero_at(node.args[0], known))
    if not own or undefined.too_large or not _reaches(node, root, is_infinite=is_infinite):
        return ""
    other = f"give {' or '.join(own)} another initial value"
    if zero is None:
        values = " and ".join(f"{each} = {float(known[each]):g}" for each in own)
        return f"'{words(node)}' is not a number with {values}: {undefined.why}; {other}"
    if node.kind == "div" and _is_zero_at(node.args[0], known):
        return ""
    cause = f"{own[0]} is 0" if isinstance(zero, Var) else f"'{words(zero)}' is 0"
    return f"{cause}, so that '{words(node)}' divides by zero; {other}"


def _reaches(undefined: Op, root: Expr, *, is_infinite: bool) -> bool:
    """Whether an expression has no value if one of its parts is infinite, or not a number."""
    reached = {id(undefined)}
    for node in nodes(root):
        if not isinstance(node, Op) or node.kind in _STOP:
            continue
        through = node.args
        if is_infinite and node.kind not in _PASS_ON:
            through = node.args[:1] if node.kind == "div" else ()
        if any(id(arg) in reached for arg in through):
            reached.add(id(node))
    return id(root) in reached


def _is_zero_at(root: Expr, known: Mapping[str, _Number]) -> bool:
    try:
        value = _value(root, known)
    except _Undefined:
        return False
    return value is not None and _is_zero(value)


def _texts(model: NeuronModel) -> Iterator[tuple[str, str, str]]:
    """Yield for every expression of a model: where it is, the name that it defines (if any), and its text."""
    written = {line.name: line.right for line in lines(model.equations, model.name) if line.kind != PARAMETER}
    # subexpressions that contain noise are after the others, on which they depend
    subexpressions = [*model.system.subexpressions]
    subexpressions += [name for name in written if name not in {*subexpressions, *model.system.state}]
    for name in subexpressions:
        yield f"equation of '{name}'", name, written[name]
    for name in model.system.state:
        if name in written:
            yield f"equation of '{name}'", "", written[name]
    for where, given in (("threshold", model.threshold), ("refractory", model.refractory)):
        condition = grammar.condition(given) if isinstance(given, str) else None
        for comparison in trees.comparisons(condition) if condition is not None else ():
            for side in (comparison.left, comparison.right):
                yield where, "", trees.written(side)
        if isinstance(given, str) and condition is None:
            yield where, "", given
    for where, statements in (("reset", model.reset), *((f"arrivals of '{n}'", t) for n, t in model.arrivals.items())):
        for target, operator, value in grammar.statements(statements):
            node = trees.Binary(operator, trees.Name(target), value) if operator else value
            yield where, "", trees.written(node)
    for name, value in model.initial.items():
        if isinstance(value, str):
            yield f"initial value of '{name}'", "", value


def _as_written(written: str, known: dict[str, _Number], dimensions: dict[str, Dimension], where: str) -> Expr:
    """Read an expression in which every name stays a name; the units are added to `known` and to `dimensions`."""
    used = get_identifiers(written)
    for name in used - known.keys():
        unit = getattr(brian2, name, None)
        if isinstance(unit, Quantity):
            known[name] = units.internal(unit)
            dimensions.setdefault(name, get_dimensions(unit))
    return language.parse(written, {name: dimensions.get(name, units.DIMENSIONLESS) for name in used}, {}, where)


def _value(root: Expr, known: Mapping[str, _Number], left_out: Collection[int] = ()) -> _Number | None:
    """Return the value of an expression; None if it depends on an unknown name, or a part that is left out (its id)."""
    done: dict[int, _Known] = {}
    for node in nodes(root):
        if isinstance(node, Const):
            done[id(node)] = True, node.value
        elif isinstance(node, Var):
            done[id(node)] = (True, known[node.name]) if node.name in known else _NOTHING
        elif id(node) in left_out:
            done[id(node)] = _NOTHING
        elif isinstance(node, Op):
            done[id(node)] = _applied(node, [done[id(arg)] for arg in node.args])
    is_known, value = done[id(root)]
    return value if is_known else None


def _applied(node: Op, args: list[_Known]) -> _Known:
    if node.kind in ("div", "mod", "floordiv") and _is_zero(args[1][1]):
        raise _Undefined(node, zero=node.args[1])
    if node.kind == "pow" and args[0][0] and _is_zero(args[0][1]) and args[1][0] and args[1][1] < 0:
        raise _Undefined(node, zero=node.args[0])
    all_known = all(is_known for is_known, _ in args)
    if not all_known and node.kind not in ("mul", "div", "neg"):
        return _NOTHING
    try:
        value = _computed(node.kind, [number for _, number in args])
        if not math.isfinite(value):
            raise OverflowError("too large")
    except OverflowError:
        raise _Undefined(node, why="math range error", too_large=True) from None
    except (ArithmeticError, ValueError) as error:
        raise _Undefined(node, why=str(error.args[-1])) from None
    # zero times anything is zero
    return all_known or (node.kind in ("mul", "div") and _is_zero(value)), value


def _computed(kind: str, args: list[_Number]) -> _Number:
    """Return the result of an operation, exactly where that is possible."""
    exact = all(isinstance(arg, Fraction) for arg in args)
    if kind == "pow":
        exact = exact and Fraction(args[1]).denominator == 1 and abs(float(args[1])) <= _HIGHEST
    if not exact or kind not in _EXACT:
        args = [float(arg) for arg in args]
    found: _Number = FLOATS[kind](*args)
    return Fraction(found) if isinstance(found, int) else found


def _is_zero(value: _Number) -> bool:
    """Whether a number is zero, or too small for a floating-point number."""
    try:
        return float(value) == 0
    except OverflowError:
        return False


def _said(undefined: _Undefined, model: NeuronModel, known: Mapping[str, _Number]) -> str:
    whole = words(undefined.node)
    cause = undefined.node if undefined.zero is None else undefined.zero
    own = [name for name in sorted(names(cause)) if name in model.parameters or name in model.constants]
    zeros = [name for name in own if _is_zero(known[name])]
    if undefined.zero is not None and zeros:
        never_set = " (in Brian2, a parameter that was never set is 0)" if set(zeros) & set(model.parameters) else ""
        be = "is" if len(zeros) == 1 else "are"
        return (
            f"{' and '.join(zeros)} {be} 0{never_set}, so that '{whole}' divides by zero; "
            f"give {' or '.join(zeros)} another value"
        )
    values = " and ".join(f"{name} = {_quantity(name, model)}" for name in own)
    if undefined.zero is not None and own:
        return f"'{words(cause)}' is 0 with {values}, so that '{whole}' divides by zero; change one of them"
    if undefined.zero is not None:
        return f"'{whole}' in the equations divides by zero; change it"
    if own:
        return f"'{whole}' is not a number with {values}: {undefined.why}; give {' or '.join(own)} another value"
    return f"'{whole}' in the equations is not a number: {undefined.why}; change it"


def _quantity(name: str, model: NeuronModel) -> str:
    value = model.parameters[name] if name in model.parameters else model.constants[name]
    unit = units.unit_name(get_dimensions(value))
    return f"{float(units.internal(value)):g}" + ("" if unit == "1" else f" {unit}")
