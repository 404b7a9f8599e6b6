"""Where right-hand sides divide by zero along a solution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....models.algebra.expression import FLOATS, Expr, Op, evaluate, names, nodes
from ....models.algebra.words import words
from .sizes import size_of

#: A denominator counts as zero at this fraction of its terms.
NEARLY_ZERO = 1e-5
#: Longer quotients, in characters, are named by their denominator.
LONGEST = 60


def nearest_pole(sides: Iterable[Expr], at: Mapping[str, float], sizes: Mapping[str, float]) -> tuple[float, str]:
    """Return how near to zero a denominator is, relative to its terms, and the quotient; infinity if there is none.

    Parameters
    ----------
    sides : iterable of Expr
    at : mapping
        The values of all names.
    sizes : mapping
        The usual size of some names; it is at least that of their value.
    """
    sized = {name: (value, max(abs(value), sizes.get(name, 0.0))) for name, value in at.items()}
    found = []
    for node in nodes(*sides):
        if not (isinstance(node, Op) and node.kind in ("div", "pow")):
            continue
        below = node.args[1] if node.kind == "div" else node.args[0]
        if not names(below) & set(sizes):
            continue
        try:
            if node.kind == "pow" and evaluate(node.args[1], at, FLOATS) >= 0:
                continue
            value, size = abs(evaluate(below, at, FLOATS)), size_of(below, sized)
        except (ArithmeticError, ValueError, LookupError):
            continue  # it has no value here, or depends on a condition
        if size or not value:
            found.append((value / size if value else 0.0, _short(node, below)))
    return min(found, default=(float("inf"), ""))


def _short(node: Expr, below: Expr) -> str:
    whole = words(node)
    return whole if len(whole) <= LONGEST else f"a quotient with the denominator {words(below)}"
