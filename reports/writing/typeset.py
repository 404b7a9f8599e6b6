"""Equations set as text, with fractions, powers and Greek letters if the terminal has them."""

from __future__ import annotations

import sys
from fractions import Fraction

import sympy
from rich.cells import cell_len

from ...models.algebra.functions import FUNCTIONS
from ...models.definition.language import grammar, trees
from ...models.definition.language.equation_lines import DIFFERENTIAL, Line, lines
from ...models.definition.language.trees import Binary, Call, Condition, Name, Negative, Node, Number
from ...models.definition.neuron import NeuronModel

#: How functions are set that sympy knows by another name than C's mathematics library.
_FUNCTIONS = {"abs": sympy.Abs}
_SIGNS = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}


def typeset(model: NeuronModel, most: int | None = None) -> str:
    """Set the equations of a model, in the form of the paper if that differs.

    An equation that is wider than `most` characters is written in one line, which can be broken between words.
    """
    found = lines(model.published or model.equations, model.name)
    return "\n\n".join(_set(line, most) for line in found if line.right)


def _set(line: Line, most: int | None) -> str:
    left = f"d{line.name}/dt" if line.kind == DIFFERENTIAL else line.name
    with sympy.evaluate(False):
        value = _symbols(grammar.expression(line.right))
    rows = sympy.pretty(
        sympy.Eq(sympy.Symbol(left), value, evaluate=False), order="none", wrap_line=False, use_unicode=_has_unicode()
    )
    if most is not None and max(map(cell_len, rows.splitlines())) > most:
        return f"{left} = {line.right}"
    return "\n".join(row.rstrip() for row in rows.splitlines())


def _symbols(node: Node | trees.Test) -> sympy.Basic:
    """Return the parsed equation as a sympy expression; nothing is reordered or evaluated."""
    if isinstance(node, Number):
        return _number(node.value)
    if isinstance(node, Negative) and isinstance(node.operand, Number):
        return _number(-node.operand.value)
    if isinstance(node, Name):
        return sympy.Symbol(node.name)
    if isinstance(node, Negative):
        return sympy.Mul(-1, _symbols(node.operand))
    if isinstance(node, Call):
        library = FUNCTIONS[node.function].library
        plain = getattr(sympy, library, sympy.Function(node.function)) if library else sympy.Function(node.function)
        return _FUNCTIONS.get(node.function, plain)(*map(_symbols, node.arguments))
    if isinstance(node, trees.Truth):
        return sympy.true if node.holds else sympy.false
    if isinstance(node, trees.Not):
        return sympy.Not(_symbols(node.operand), evaluate=False)
    if isinstance(node, trees.Junction):
        join = sympy.And if node.kind == "and" else sympy.Or
        return join(_symbols(node.left), _symbols(node.right), evaluate=False)
    if isinstance(node, Condition):
        return _SIGNS[node.sign](_symbols(node.left), _symbols(node.right))
    if isinstance(node, trees.Switch):
        return sympy.Function("int")(_symbols(node.condition))
    if node.kind == "mod":
        return sympy.Mod(_symbols(node.left), _symbols(node.right), evaluate=False)
    if node.kind == "floordiv":
        return sympy.floor(sympy.Mul(*_factors(node.left), sympy.Pow(_symbols(node.right), -1)))
    if node.kind == "pow":
        return sympy.Pow(_symbols(node.left), _symbols(node.right))
    return sympy.Add(*_terms(node)) if node.kind in ("add", "sub") else sympy.Mul(*_factors(node))


def _number(value: Fraction) -> sympy.Basic:
    return sympy.Integer(value.numerator) if value.denominator == 1 else sympy.Float(repr(float(value)))


def _terms(node: Node) -> list[sympy.Basic]:
    """Return the terms of a sum, in their order."""
    if not (isinstance(node, Binary) and node.kind in ("add", "sub")):
        return [_symbols(node)]
    right = _terms(node.right) if node.kind == "add" else [sympy.Mul(-1, *_factors(node.right))]
    return [*_terms(node.left), *right]


def _factors(node: Node) -> list[sympy.Basic]:
    """Return the factors of a product, in their order; ``x/a/b`` is set as one fraction."""
    if not (isinstance(node, Binary) and node.kind in ("mul", "div")):
        return [_symbols(node)]
    if node.kind == "mul":
        return [*_factors(node.left), *_factors(node.right)]
    under: list[sympy.Basic] = []
    while isinstance(node, Binary) and node.kind == "div":
        under = [*_factors(node.right), *under]
        node = node.left
    return [*_factors(node), sympy.Pow(sympy.Mul(*under) if len(under) > 1 else under[0], -1)]


def _has_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
