"""Right-hand sides as polynomials in one variable, with coefficients as written."""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from fractions import Fraction

from .expression import FLOATS, Const, Expr, Op, Var, evaluate, names, rebuild, text

ZERO = Const(Fraction(0))

#: Operations that are exact for fractions, and the points at which an expression that vanishes is evaluated.
_RATIONAL, _POINTS = ("add", "sub", "mul", "div", "neg"), 3
#: Powers above this are not expanded.
_HIGHEST = 4


def coefficients(root: Expr, variable: str) -> tuple[Expr, ...] | None:
    """Return (a, b, c, ...) with ``root = a + b*variable + c*variable**2 + ...``; None if `root` is not a polynomial.

    The last coefficient is not zero, except in a constant polynomial. Powers above the first that cancel are left out,
    as in ``v**2 - v*v``, and so is a power of the variable by which all is divided, as in ``(v*v)/v``.
    """
    found = _coefficients(root, variable)
    while found is not None and len(found) > 2 and vanishes(found[-1]):
        found = found[:-1]
    return found


def _coefficients(root: Expr, variable: str) -> tuple[Expr, ...] | None:
    """Return `coefficients`, of which the last ones may vanish."""
    if isinstance(root, Var) and root.name == variable:
        return ZERO, Const(Fraction(1))
    if variable not in names(root):
        return (root,)
    assert isinstance(root, Op)
    parts = [_coefficients(arg, variable) for arg in root.args]
    if any(part is None for part in parts):
        return None
    left, *rest = [part for part in parts if part is not None]
    right = rest[0] if rest else (ZERO,)
    if root.kind == "neg":
        return tuple(minus(ZERO, a) for a in left)
    if root.kind in ("add", "sub"):
        combine, length = plus if root.kind == "add" else minus, max(len(left), len(right))
        return tuple(combine(a, b) for a, b in zip(_padded(left, length), _padded(right, length), strict=True))
    if root.kind == "mul":
        return _product(left, right)
    if root.kind == "div":
        *lower, highest = right  # by a power of the variable: all that is lower vanishes, in both
        if all(map(vanishes, (*lower, *left[: len(lower)]))):
            return tuple(over(a, highest) for a in left[len(lower) :]) or (ZERO,)
    power = root.args[1] if root.kind == "pow" else None
    if isinstance(power, Const) and power.value in range(_HIGHEST + 1):
        found: tuple[Expr, ...] = (Const(Fraction(1)),)
        for _ in range(int(power.value)):
            found = _product(found, left)
        return found
    return None


def linear_parts(root: Expr, variable: str) -> tuple[Expr, Expr] | None:
    """Return (a, b) with ``root = a + b*variable``, or None if `root` is not linear in it."""
    found = coefficients(root, variable)
    if found is None or len(found) > 2:
        return None
    a, b = _padded(found, 2)
    return a, b


def frozen_parts(root: Expr, variable: str) -> tuple[Expr, Expr] | None:
    """Return (a, b) with ``root = a + b*variable``, where a and b contain functions of the variable that are frozen.

    The rule is that of Brian2's exponential Euler: powers of the variable are never frozen, and something must be
    linear in it.

    Returns
    -------
    tuple or None
        None if this is not so.
    """
    frozen: dict[str, Expr] = {}

    def opaque(node: Expr) -> Expr:
        name = f"_frozen_{len(frozen)}"
        frozen[name] = node
        return Var(name)

    def written(node: Expr) -> Expr | None:
        """Return a polynomial with frozen parts as names; None if a power of the variable remains in it."""
        if coefficients(node, variable) is not None:
            return node
        assert isinstance(node, Op)
        if node.kind == "div" and names(node.args[1]) >= {variable}:
            left, right = written(node.args[0]), node.args[1]
            bare = isinstance(right, Var) or (isinstance(right, Op) and right.kind == "pow")
            return None if left is None or bare else Op("div", (left, opaque(right)))
        if node.kind == "pow":
            return None if isinstance(node.args[0], Var) and node.args[0].name == variable else opaque(node)
        if node.kind not in ("add", "sub", "mul", "div", "neg"):
            return opaque(node)
        parts = [written(each) for each in node.args]
        return None if None in parts else Op(node.kind, tuple(each for each in parts if each is not None))

    found = written(root)
    parts = None if found is None else linear_parts(found, variable)
    if parts is None or (variable in names(root) and is_zero(parts[1])):
        return None

    def thawed(_node: Expr, made: Expr) -> Expr:
        return frozen.get(made.name, made) if isinstance(made, Var) else made

    a, b = (rebuild(each, change=thawed)[0] for each in parts)
    return a, b


def affine_parts(root: Expr, variables: Collection[str]) -> tuple[Expr, dict[str, Expr]] | None:
    """Return (c, a) with ``root = c + sum of a[variable]*variable``, or None if `root` is not linear in all of them."""
    rest, slopes = root, {}
    for name in variables:
        parts = linear_parts(rest, name)
        if parts is None or names(parts[1]) & set(variables):
            return None
        rest, slope = parts
        if not is_zero(slope):
            slopes[name] = slope
    return rest, slopes


def is_zero(value: Expr) -> bool:
    """Whether an expression is the number zero."""
    return isinstance(value, Const) and value.value == 0


def vanishes(value: Expr) -> bool:
    """Whether an expression is zero whatever its variables are, such as ``1 - 1`` or ``g*(a + b) - g*b - a*g``."""
    return constant(value) == 0


def constant(value: Expr) -> Fraction | None:
    """Return the number that an expression is whatever its variables are; None if it depends on them.

    What is not made of sums, products, quotients and whole powers, such as a condition, counts as a variable of its
    own: an expression that is constant only at some values depends on them. Decided with exact fractions, at random
    points.
    """

    def rational(_node: Expr, made: Expr) -> Expr:
        if not isinstance(made, Op) or made.kind in _RATIONAL:
            return made
        power = made.args[1] if made.kind == "pow" else None
        whole = isinstance(power, Const) and power.value.denominator == 1
        return made if whole else Var(text(made))

    (root,) = rebuild(value, change=rational)
    numbers = random.Random(1729)  # noqa: S311 - these are sample points, not secrets
    try:
        found = {
            evaluate(root, {name: Fraction(numbers.randint(1, 10**9), 10**6) for name in names(root)}, FLOATS, Fraction)
            for _ in range(_POINTS)
        }
    except ZeroDivisionError:
        return None
    return Fraction(found.pop()) if len(found) == 1 else None


def by_products(root: Expr, highest: float = math.inf) -> Expr:
    """Replace powers with natural exponents by products, except exponents above `highest`."""

    def product(_node: Expr, made: Expr) -> Expr:
        if not (isinstance(made, Op) and made.kind == "pow" and isinstance(made.args[1], Const)):
            return made
        power = made.args[1].value
        return _power(made.args[0], int(power)) if power.denominator == 1 and 0 < power <= highest else made

    return rebuild(root, change=product)[0]


def plus(a: Expr, b: Expr) -> Expr:
    """Add two expressions; a zero is left out."""
    if is_zero(a):
        return b
    if isinstance(b, Op) and b.kind == "neg":
        return a - b.args[0]
    return a if is_zero(b) else a + b


def minus(a: Expr, b: Expr) -> Expr:
    """Subtract two expressions; a zero is left out."""
    if is_zero(b):
        return a
    if is_zero(a):
        if isinstance(b, Op) and b.kind == "neg":
            return b.args[0]
        return Const(-b.value) if isinstance(b, Const) else -b
    return a - b


def times(a: Expr, b: Expr) -> Expr:
    """Multiply two expressions; zero and one are simplified, and a minus one becomes a change of sign."""
    for factor, other in ((a, b), (b, a)):
        if is_zero(factor):
            return factor
        if isinstance(factor, Const) and abs(factor.value) == 1:
            return other if factor.value == 1 else minus(ZERO, other)
    return a * b


def over(a: Expr, b: Expr) -> Expr:
    """Divide two expressions; a zero is simplified, and the unit of a number is folded into the number."""
    if isinstance(a, Const) and isinstance(b, Const) and b.unit:
        return Const(a.value / b.value)
    return a if is_zero(a) else a / b


def _product(left: tuple[Expr, ...], right: tuple[Expr, ...]) -> tuple[Expr, ...]:
    found: list[Expr] = [ZERO] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            found[i + j] = plus(found[i + j], times(a, b))
    return tuple(found)


def _power(base: Expr, power: int) -> Expr:
    if power == 1:
        return base
    half = _power(base, power // 2)
    return half * half * base if power % 2 else half * half


def _padded(found: tuple[Expr, ...], length: int) -> tuple[Expr, ...]:
    return found + (ZERO,) * (length - len(found))
