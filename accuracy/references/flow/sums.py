"""Expressions as sums of products, so that common factors can be found and divided out exactly."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from ....models.algebra.expression import Const, Expr, Op, expr, names, nodes, text

#: Powers of names and functions in a product, in the order of their texts.
Product = tuple[tuple[str, int], ...]
#: A sum of products: the factor of each.
Sum = dict[Product, Fraction]

#: Sums of more products than this are not compared, and no division has more steps.
_MOST = 24


class Sums:
    """Converts expressions to sums of products, and back.

    Functions of the state count as names: products are powers of names and functions.
    """

    def __init__(self) -> None:
        self._known: dict[str, Expr] = {}

    def of(self, root: Expr) -> Sum | None:
        """Return an expression as a sum of products; None if it is too long."""
        found: dict[int, Sum | None] = {}
        for node in nodes(root):
            if isinstance(node, Const):
                found[id(node)] = {(): node.value} if node.value else {}
            elif isinstance(node, Op):
                found[id(node)] = self._combined(node, [found[id(arg)] for arg in node.args])
            else:
                found[id(node)] = self._single(node)
        return found[id(root)]

    def written(self, total: Sum) -> Expr:
        """Return a sum of products as an expression."""
        terms = [self._product(product, number) for product, number in sorted(total.items())]
        result = terms[0] if terms else expr(0)
        for term in terms[1:]:
            result = result + term
        return result

    def known(self, name: str) -> Expr:
        """Return the name or function that a product has by this text."""
        return self._known[name]

    def depends(self, total: Sum, parameters: Collection[str]) -> bool:
        """Whether a sum depends on other names than parameters."""
        return any(names(self._known[name]) - set(parameters) for product in total for name, _ in product)

    def _single(self, node: Expr) -> Sum:
        self._known[text(node)] = node
        return {((text(node), 1),): Fraction(1)}

    def _combined(self, node: Op, parts: list[Sum | None]) -> Sum | None:
        if any(part is None for part in parts):
            return None
        left, *others = [part for part in parts if part is not None]
        if node.kind == "neg":
            return {product: -value for product, value in left.items()}
        if node.kind in ("add", "sub"):
            made = dict(left)
            for product, value in others[0].items():
                made[product] = made.get(product, Fraction(0)) + (value if node.kind == "add" else -value)
            return {product: value for product, value in made.items() if value}
        if node.kind == "mul":
            return multiplied(left, others[0])
        if node.kind == "div" and len(others[0]) == 1:
            ((product, value),) = others[0].items()
            return multiplied(left, {inverse(product): 1 / value})
        if (power := whole_power(node)) > 0:
            raised: Sum | None = {(): Fraction(1)}
            for _ in range(power):
                raised = None if raised is None else multiplied(raised, left)
            return raised
        return self._single(node)

    def _product(self, product: Product, number: Fraction) -> Expr:
        above = [self._known[name] for name, power in product for _ in range(power)]
        below = [self._known[name] for name, power in product for _ in range(-power)]
        result: Expr = Const(number)
        for i, factor in enumerate(above):
            result = factor if not i and number == 1 else result * factor
        for factor in below:
            result = result / factor
        return result


def whole_power(node: Expr) -> int:
    """Return the exponent of a power, if it is a small whole number; 0 if it is not, or if there is no power."""
    if not (isinstance(node, Op) and node.kind == "pow" and isinstance(node.args[1], Const)):
        return 0
    power = node.args[1].value
    return int(power) if power.denominator == 1 and abs(power) <= _MOST else 0


def multiplied(left: Sum, right: Sum) -> Sum | None:
    """Return the product of two sums; None if it is too long."""
    if len(left) * len(right) > _MOST:
        return None
    made: Sum = {}
    for a, x in left.items():
        for b, y in right.items():
            product = times(a, b)
            made[product] = made.get(product, Fraction(0)) + x * y
    return {product: value for product, value in made.items() if value}


def divided(left: Sum, right: Sum) -> Sum | None:
    """Return the quotient of two sums if it is a sum of products, too; None if it is not, or too long.

    It has no negative powers but those of `left`: ``(v + 1)/v`` is as infinite at 0 as ``1 + 1/v``.
    """
    order = sorted({name for total in (left, right) for product in total for name, _ in product})

    def place(product: Product) -> list[int]:
        powers = dict(product)
        return [powers.get(name, 0) for name in order]

    rest = dict(left)
    result: Sum = {}
    first = max(right, key=place)
    least = [min(0, *powers) for powers in zip(*map(place, left), strict=True)]
    for _ in range(_MOST):
        if not rest:
            return result
        highest = max(rest, key=place)
        product, number = times(highest, inverse(first)), rest[highest] / right[first]
        if any(power < lowest for power, lowest in zip(place(product), least, strict=True)):
            return None
        result[product] = number
        for other, value in right.items():
            moved = times(other, product)
            rest[moved] = rest.get(moved, Fraction(0)) - number * value
        rest = {each: value for each, value in rest.items() if value}
    return None


def times(a: Product, b: Product) -> Product:
    """Return the product of two products."""
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def inverse(product: Product) -> Product:
    """Return one over a product."""
    return tuple((name, -power) for name, power in product)
