"""Terms that cancel: Brian2 hands every equation to sympy, which leaves out ``exp(v)/exp(v)`` or ``0*tanh(v)``.

It matters if the terms have no value, such as ``v**2/v`` at 0, and to methods that need a linear equation.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Any

import sympy
from brian2.equations.equations import PARAMETER, Equations, SingleEquation
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.utils.stringtools import get_identifiers

from ...definition.language.noise import named, noise_in
from .plain import with_code


def without_cancelling(equations: Equations) -> tuple[Equations, list[str]]:
    """Return equations in which quotients and functions that cancel are left out, and the names of those that changed.

    An equation in which nothing cancels is left as it is written.
    """
    moving = {each.varname for each in equations.values() if each.type != PARAMETER}
    found = {each.varname: _simplified(each, moving) for each in equations.values()}
    changed = [name for name, code in found.items() if code is not None]
    if not changed:
        return equations, []
    return Equations([with_code(each, found[each.varname]) for each in equations.values()]), changed


def _simplified(equation: SingleEquation, moving: Collection[str]) -> str | None:
    """Return sympy's form of a right-hand side if something in it cancels that has no polynomial form; else None."""
    if equation.expr is None or equation.var_type != "float":
        return None
    code = " ".join(equation.expr.code.split())
    if named(code)[1] or noise_in(code):  # two random numbers never cancel
        return None
    try:
        written = set().union(*(_parts(each, moving) for each in _quotients_and_calls(code)))
        whole = str_to_sympy(code) if written else None
    except (ArithmeticError, AttributeError, RecursionError, SyntaxError, TypeError, ValueError):
        return None  # of sympy: Brian2 does not get further, either
    return sympy_to_str(whole) if written and _hard(whole, moving) < written else None


def _quotients_and_calls(code: str) -> Iterator[str]:
    """Yield the parts of an expression that are no sums or products: ``1/(divisor)``, powers, and calls."""
    for each in ast.walk(ast.parse(code, mode="eval")):
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div):
            yield f"1/({ast.unparse(each.right)})"
        elif isinstance(each, ast.Call) or (isinstance(each, ast.BinOp) and isinstance(each.op, ast.Pow)):
            yield ast.unparse(each)


def _parts(code: str, moving: Collection[str]) -> set[Any]:
    return _hard(str_to_sympy(code), moving) if set(moving) & set(get_identifiers(code)) else set()


def _hard(expression: sympy.Expr, moving: Collection[str]) -> set[Any]:
    """Return the functions of variables in an expression, and the bases of powers that are no natural number."""
    found = set()
    for node in sympy.preorder_traversal(expression):
        if not {str(each) for each in node.free_symbols} & set(moving):
            continue
        if isinstance(node, sympy.Function):
            found.add(node)
        elif isinstance(node, sympy.Pow) and not (node.exp.is_Integer and node.exp > 0):
            found.add(node.base if node.exp.is_Integer else node)
    return found
