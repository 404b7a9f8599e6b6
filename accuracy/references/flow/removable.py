"""Write quotients that are 0/0 somewhere, but have a limit there, in a form that has a value everywhere.

The rates of Hodgkin and Huxley are usually written ``0.1*(25 - v)/(exp((25 - v)/10) - 1)``. This is 0/0 at v = 25, and
a solution passes this voltage in every spike. The quotient has the limit 1 there, and no Taylor series as it is
written. It equals ``1/exprel((25 - v)/10)``, which has one. References are solved in this form. Counts and kernels keep
the text as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction

from ....models.algebra.expression import Const, Expr, Op, Var, exp, expr, exprel, nodes, rebuild, text

#: Powers of names in a product, in the order of the names.
_Monomial = tuple[tuple[str, int], ...]
#: A sum of products: the factor of each.
_Sum = dict[_Monomial, Fraction]

#: Sums of more products than this are not compared.
_MOST = 24


def without_gaps(roots: dict[str, Expr], parameters: Collection[str]) -> dict[str, Expr]:
    """Return the same expressions, without quotients that are 0/0 where a function of the state passes zero.

    Parameters
    ----------
    roots : dict of Expr
    parameters : collection of str
        The names that are constant in time.

    Returns
    -------
    dict of Expr
        `roots` itself if there is no such quotient.
    """
    if not any(_may_vanish(node) for node in nodes(*roots.values())):
        return roots
    changed: list[Expr] = []

    def filled(_node: Expr, made: Expr) -> Expr:
        while (found := _filled(made, parameters)) is not made:
            changed.append(made)
            made = found
        return made

    after = rebuild(*roots.values(), change=filled)
    return dict(zip(roots, after, strict=True)) if changed else roots


def _filled(node: Expr, parameters: Collection[str]) -> Expr:
    """Return a product or quotient in which one factor over another is replaced; itself if there is nothing to do."""
    if not _is_product(node):
        return node
    above, below = _factors(node)
    for of, over, forms in ((above, below, _OVER), (below, above, _UNDER)):
        for i, vanishing in enumerate(over):
            found = _vanishing(vanishing)
            if found is None:
                continue
            kind, argument, sign = found
            for j, factor in enumerate(of):
                other = _vanishing(factor)
                x = other[1] if other else factor
                ratio = _ratio(x, argument, parameters) if of is above else _ratio(argument, x, parameters)
                if ratio is None:
                    continue
                rest, others = of[:j] + of[j + 1 :], over[:i] + over[i + 1 :]
                made = [forms[kind](argument), ratio]
                if other:  # g(y)/f(x) = (g(y)/y)*(x/f(x))*(y/x)
                    made.append((_UNDER if of is above else _OVER)[other[0]](x))
                    sign *= other[2]
                # factor/f(x) = (x/f(x))*(factor/x), and f(x)/factor = (f(x)/x)*(x/factor)
                above, below = ([*rest, *made], others) if of is above else ([*others, *made], rest)
                result = _multiplied(above)
                result = result / _multiplied(below) if below else result
                return -result if sign < 0 else result
    return node


def _exprel_of_twice(x: Expr) -> Expr:
    return exprel(2 * x)


#: x over each of these functions of x, and each of them over x; they are 0 at x = 0.
_OVER: dict[str, Callable[[Expr], Expr]] = {
    "expm1": lambda x: 1 / exprel(x),
    "sinh": lambda x: exp(x) / _exprel_of_twice(x),
    "tanh": lambda x: x + 1 / _exprel_of_twice(x),
}
_UNDER: dict[str, Callable[[Expr], Expr]] = {
    "expm1": exprel,
    "sinh": lambda x: _exprel_of_twice(x) / exp(x),
    "tanh": lambda x: 2 * _exprel_of_twice(x) / (exp(2 * x) + 1),
}


def _may_vanish(node: Expr) -> bool:
    return isinstance(node, Op) and node.kind in ("exp", *_OVER)


def _vanishing(node: Expr) -> tuple[str, Expr, int] | None:
    """Return (kind, x, sign) of a function of x that is 0 at x = 0, such as ``exp(x) - 1``; None if it is another."""
    if not isinstance(node, Op):
        return None
    if node.kind in _OVER:
        return node.kind, node.args[0], 1
    if node.kind == "neg":
        found = _vanishing(node.args[0])
        return found and (found[0], found[1], -found[2])
    if node.kind in ("add", "sub"):
        (left, plus), (right, also) = map(_signed, node.args)
        also = also if node.kind == "add" else -also
        for (power, sign), (one, of_one) in (((left, plus), (right, also)), ((right, also), (left, plus))):
            if isinstance(power, Op) and power.kind == "exp" and isinstance(one, Const) and one.value * of_one == -sign:
                return "expm1", power.args[0], sign
    return None


def _signed(node: Expr) -> tuple[Expr, int]:
    """Return an expression without the minus signs before it, and their product."""
    if isinstance(node, Op) and node.kind == "neg":
        bare, sign = _signed(node.args[0])
        return bare, -sign
    return node, 1


def _factors(node: Expr) -> tuple[list[Expr], list[Expr]]:
    """Return the factors of a product: those above a fraction line, and those below."""
    sides: tuple[list[Expr], list[Expr]] = ([], [])
    stack = [(node, 0)]
    while stack:
        part, side = stack.pop()
        if isinstance(part, Op) and part.kind in ("mul", "div"):
            stack.append((part.args[1], side if part.kind == "mul" else 1 - side))
            stack.append((part.args[0], side))
        elif _is_product(bare := _signed(part)[0]):
            stack.append((bare, side))
            sides[side].append(expr(_signed(part)[1]))
        else:
            sides[side].append(part)
    return sides


def _is_product(node: Expr) -> bool:
    return isinstance(node, Op) and node.kind in ("mul", "div")


def _multiplied(factors: list[Expr]) -> Expr:
    product = factors[0] if factors else expr(1)
    for factor in factors[1:]:
        product = product * factor
    return product


def _ratio(a: Expr, b: Expr, parameters: Collection[str]) -> Expr | None:
    """Return a/b if it is a number, or a product of a number and powers of parameters; None if it is not."""
    above, below = _sum(a), _sum(b)
    if not above or not below or len(above) != len(below):
        return None
    if not any(name not in parameters for monomial in below for name, _ in monomial):
        return None  # b is constant
    first, factor = min(above.items())
    for other, value in sorted(below.items()):
        # the first product of a over any of b: the order of the products depends on the common factor
        powers, number = _times(first, _inverse(other)), factor / value
        if any(name not in parameters for name, _ in powers):
            continue
        if {_times(monomial, powers): each * number for monomial, each in below.items()} == above:
            result: Expr = Const(number)
            for name, power in powers:
                for _ in range(abs(power)):
                    result = result * Var(name) if power > 0 else result / Var(name)
            return result
    return None


def _sum(root: Expr) -> _Sum | None:
    """Return an expression as a sum of products; functions of the state count as names. None if it is too long."""
    found: dict[int, _Sum | None] = {}
    for node in nodes(root):
        if isinstance(node, Const):
            found[id(node)] = {(): node.value} if node.value else {}
        elif isinstance(node, Op):
            parts = [found[id(arg)] for arg in node.args]
            found[id(node)] = _combined(node, parts)
        else:
            found[id(node)] = {((text(node), 1),): Fraction(1)}
    return found[id(root)]


def _combined(node: Op, parts: list[_Sum | None]) -> _Sum | None:
    if any(part is None for part in parts):
        return None
    left, *others = [part for part in parts if part is not None]
    made: _Sum = {}
    if node.kind == "neg":
        made = {monomial: -value for monomial, value in left.items()}
    elif node.kind in ("add", "sub"):
        made = dict(left)
        for monomial, value in others[0].items():
            made[monomial] = made.get(monomial, Fraction(0)) + (value if node.kind == "add" else -value)
    elif node.kind == "mul" or (node.kind == "div" and len(others[0]) == 1):
        right = others[0]
        if node.kind == "div":
            ((monomial, value),) = right.items()
            right = {_inverse(monomial): 1 / value}
        if len(left) * len(right) > _MOST:
            return None
        for a, x in left.items():
            for b, y in right.items():
                made[_times(a, b)] = made.get(_times(a, b), Fraction(0)) + x * y
    else:
        made = {((text(node), 1),): Fraction(1)}
    return {monomial: value for monomial, value in made.items() if value}


def _times(a: _Monomial, b: _Monomial) -> _Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _inverse(monomial: _Monomial) -> _Monomial:
    return tuple((name, -power) for name, power in monomial)
