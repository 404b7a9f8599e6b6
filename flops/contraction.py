"""Which multiplications a compiler fuses with an addition or subtraction, if it is allowed to.

The rule is that of gcc and clang: a product is fused if it is used only in additions and subtractions (or in changes of
sign that are used in one), and each of them can take one product. A sum ``x + x`` counts as ``2*x``.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..models.algebra.expression import Expr, Op, Var
from ..models.algebra.simplify import Block


@dataclass
class _Value:
    kind: str
    uses: list[_Value] = field(default_factory=list)


def fused(block: Block, operations: Mapping[str, int]) -> dict[str, int]:
    """Return the operations of a block with multiplications and additions fused.

    Parameters
    ----------
    block : Block
    operations : mapping
        Its operations by kind.

    Returns
    -------
    dict
        By kind, including ``fma``.
    """
    totals = Tally(operations)
    for product in _nodes(block):
        if product.kind not in ("mul", "double") or not product.uses:
            continue
        signs = [use for use in product.uses if use.kind == "neg"]
        sums = [use for use in product.uses if use.kind != "neg"]
        for sign in signs:
            sums += sign.uses or [sign]
        if any(use.kind not in ("add", "sub") for use in sums):
            continue
        for use in sums:
            totals[use.kind] -= 1
            use.kind = "fma"
        totals["fma"] += len(sums)
        totals["add" if product.kind == "double" else "mul"] -= 1
        totals["sign"] -= len(signs)
    return {kind: n for kind, n in totals.items() if n}


def _nodes(block: Block) -> list[_Value]:
    """Return the operations in order of computation, each with the operations that use its value."""
    found: list[_Value] = []
    named: dict[str, _Value] = {}

    def visit(expression: Expr) -> _Value | None:
        if isinstance(expression, Var):
            return named.get(expression.name)
        if not isinstance(expression, Op):
            return None
        operands = [visit(arg) for arg in expression.args]
        doubled = expression.kind == "add" and _name(expression.args[0]) == _name(expression.args[1]) != ""
        node = _Value("double" if doubled else expression.kind)
        for operand in operands:
            if operand is not None:
                operand.uses.append(node)
        found.append(node)
        return node

    for assign in block.assignments:
        node = visit(assign.value)
        if node is not None:
            named[assign.target] = node
    return found


def _name(expression: Expr) -> str:
    return expression.name if isinstance(expression, Var) else ""
