"""Equations set as text, with fractions, powers and Greek letters where the terminal has them."""

from __future__ import annotations

import ast
import keyword
import sys

import brian2
import sympy
from brian2.utils.stringtools import get_identifiers
from sympy.parsing.sympy_parser import parse_expr

from ..models.neuron import NeuronModel

#: What keeps its meaning; every other name is a symbol or a function of its own.
_KNOWN = {"exp", "sqrt", "tanh", "cosh", "sinh"}


def typeset(model: NeuronModel) -> str:
    """Set a model's equations, in the paper's own form if it is another."""
    equations = brian2.Equations(model.published or model.equations).values()
    return "\n\n".join(_set(equation) for equation in equations if equation.expr is not None)


def _set(equation: brian2.equations.equations.SingleEquation) -> str:
    code = ast.unparse(_OneDivision().visit(ast.parse(equation.expr.code, mode="eval")))
    meanings = {name: sympy.Function(name) if name in {"exprel", "int"} else sympy.Symbol(name)
                for name in get_identifiers(code) - _KNOWN if not keyword.iskeyword(name)}
    meanings["abs"] = sympy.Abs
    with sympy.evaluate(False):
        value = parse_expr(code, local_dict=meanings, evaluate=False)
    left = f"d{equation.varname}/dt" if equation.type == "differential equation" else equation.varname
    lines = sympy.pretty(sympy.Eq(sympy.Symbol(left), value, evaluate=False), order="none", wrap_line=False,
                         use_unicode=_has_unicode())
    return "\n".join(line.rstrip() for line in lines.splitlines())


class _OneDivision(ast.NodeTransformer):
    """Writes ``x/a/b`` as ``x/(a*b)``, which is set as one fraction."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:  # the name that ast looks for
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Div):
            return ast.BinOp(node.left.left, ast.Div(), ast.BinOp(node.left.right, ast.Mult(), node.right))
        return node


def _has_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
