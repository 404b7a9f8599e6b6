"""Write quotients that are 0/0 somewhere, but have a limit there, in a form that has a value everywhere.

The rates of Hodgkin and Huxley are usually written ``0.1*(25 - v)/(exp((25 - v)/10) - 1)``. This is 0/0 at v = 25, and
a solution passes this voltage in every spike. The quotient has the limit 1 there, and no Taylor series as it is
written. It equals ``1/exprel((25 - v)/10)``, which has one.

Each factor that is zero somewhere is written as what is zero there, times functions that are not:
``exp(x) - 1 = x*exprel(x)``, ``sin(x) = x*sinc(x)``. What is zero in both the numerator and the denominator is then
divided out. References are solved in this form. Counts and kernels keep the text as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from fractions import Fraction

from ....models.algebra.expression import Const, Expr, Op, exp, expr, exprel, names, nodes, operation, rebuild
from .sums import Product, Sum, Sums, divided, inverse, times, whole_power


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
    if not any(_may_divide_by_zero(node, set(parameters)) for node in nodes(*roots.values())):
        return roots
    changed: list[Expr] = []

    def filled(_node: Expr, made: Expr) -> Expr:
        found = _filled(made, parameters) if _is_product(made) else None
        if found is None:
            return made
        changed.append(made)
        return found

    after = rebuild(*roots.values(), change=filled)
    return dict(zip(roots, after, strict=True)) if changed else roots


def _may_divide_by_zero(node: Expr, parameters: Collection[str]) -> bool:
    if not isinstance(node, Op) or node.kind not in ("div", "pow"):
        return False
    below = node.args[1] if node.kind == "div" else node.args[0]
    return (node.kind == "div" or whole_power(node) < 0) and bool(names(below).difference(parameters))


def without_fractions_below(roots: dict[str, Expr], parameters: Collection[str]) -> dict[str, Expr]:
    """Return the same expressions, without fractions of the state in a denominator.

    ``1/(1 + k/c)`` is 0 where c is 0, but has no Taylor series there as it is written; ``c/(c + k)`` has one.

    Parameters
    ----------
    roots : dict of Expr
    parameters : collection of str
        The names that are constant in time.

    Returns
    -------
    dict of Expr
        `roots` itself if there is no such fraction.
    """
    changed: list[Expr] = []

    def turned(_node: Expr, made: Expr) -> Expr:
        if not (isinstance(made, Op) and made.kind == "div"):
            return made
        above, below = _as_fraction(made.args[1], parameters)
        if below is None:
            return made
        changed.append(made)
        return made.args[0] * below / above

    after = rebuild(*roots.values(), change=turned)
    return dict(zip(roots, after, strict=True)) if changed else roots


def _as_fraction(node: Expr, parameters: Collection[str]) -> tuple[Expr, Expr | None]:
    """Return a numerator and a denominator that depends on the state; the denominator is None if there is none."""
    if not isinstance(node, Op) or node.kind not in ("add", "sub", "neg", "mul", "div", "pow"):
        return node, None
    power = whole_power(node)
    if node.kind == "pow" and not power:
        return node, None
    (p, q), *others = [_as_fraction(arg, parameters) for arg in node.args]
    if node.kind == "neg":
        return (node, None) if q is None else (-p, q)
    if node.kind == "pow":
        above, below = (p, q) if power > 0 else (expr(1) if q is None else q, p)
        if q is None and (power > 0 or not names(p).difference(parameters)):
            return node, None
        size = expr(abs(power))
        return Op("pow", (above, size)), None if below is None else Op("pow", (below, size))
    r, s = others[0]
    if node.kind == "mul":
        return (node, None) if q is None and s is None else (p * r, _times(q, s))
    if node.kind == "div":
        if q is None and s is None and not names(r).difference(parameters):
            return node, None
        return (p if s is None else p * s), _times(q, r)
    if q is None and s is None:
        return node, None
    return Op(node.kind, (p if s is None else p * s, r if q is None else r * q)), _times(q, s)


def _times(a: Expr | None, b: Expr | None) -> Expr | None:
    return b if a is None else a if b is None else a * b


@dataclass
class _Factor:
    """A factor: its `zeros` times all of `above`, over all of `below`; `above` and `below` are not zero there."""

    whole: Expr
    """As it is written."""
    zeros: list[Sum] = field(default_factory=list)
    above: list[Expr] = field(default_factory=list)
    below: list[Expr] = field(default_factory=list)
    cancelled: bool = False


def _filled(node: Expr, parameters: Collection[str]) -> Expr | None:
    """Return a product or quotient without what is zero above and below; None if there is nothing of this kind."""
    sums = Sums()
    above, below = ([_divided(*factor, sums) for factor in side] for side in _factors(node))
    made: tuple[list[Expr], list[Expr]] = ([], [])
    for under in below:
        for over in above:
            _cancel(over, under, sums, parameters, made)
    if not any(under.cancelled for under in below):
        return None
    for factors, side in ((above, 0), (below, 1)):
        for factor in factors:
            if factor.cancelled:
                made[side].extend([*map(sums.written, factor.zeros), *factor.above])
                made[1 - side].extend(factor.below)
            else:
                made[side].append(factor.whole)
    result = _multiplied(made[0])
    return result / _multiplied(made[1]) if made[1] else result


def _cancel(
    over: _Factor, under: _Factor, sums: Sums, parameters: Collection[str], made: tuple[list[Expr], list[Expr]]
) -> None:
    """Divide out what is zero in two factors; what remains of it is added above or below."""
    for b in [each for each in under.zeros if sums.depends(each, parameters)]:
        for a in [each for each in over.zeros if sums.depends(each, parameters)]:
            ratio, side = divided(a, b), 0
            if ratio is None:
                ratio, side = divided(b, a), 1
            if ratio is not None:
                over.zeros.remove(a)
                under.zeros.remove(b)
                over.cancelled = under.cancelled = True
                made[side].append(sums.written(ratio))
                break


def _sinc(x: Expr) -> Expr:
    return Op("sinc", (x,))


def _sinhc(x: Expr) -> Expr:
    return exprel(x) * (1 + exp(-x)) / 2


#: For each function of x that is zero at x = 0: what it is multiplied by and divided by there, over x.
_FUNCTIONS: dict[str, Callable[[Expr], tuple[list[Expr], list[Expr]]]] = {
    "expm1": lambda x: ([exprel(x)], []),
    # with few exponentials that overflow: sinh(x)/x, and x/tanh(x) below
    "sinh": lambda x: ([_sinhc(x)], []),
    "tanh": lambda x: ([], [x + 1 / exprel(2 * x)]),
    "sin": lambda x: ([_sinc(x)], []),
    "tan": lambda x: ([_sinc(x)], [operation("cos", x)]),
    "arcsin": lambda x: ([], [_sinc(operation("arcsin", x))]),
    "arctan": lambda x: ([operation("cos", operation("arctan", x))], [_sinc(operation("arctan", x))]),
    "log1p": lambda x: ([], [exprel(operation("log1p", x))]),
}
#: What a function of x/2, whose square is ``2*|f(x) - 1|``, is over x/2.
_ONE_AT_ZERO: dict[str, tuple[int, Callable[[Expr], Expr]]] = {"cos": (-1, _sinc), "cosh": (1, _sinhc)}


def _divided(whole: Expr, copies: int, sums: Sums) -> _Factor:
    """Return a factor with what is zero in it."""
    factor = _Factor(whole)
    base = whole.args[0] if isinstance(whole, Op) and whole_power(whole) else whole
    total = sums.of(base)
    if total:
        zeros, above, below = _zeros(total, sums)
        factor.zeros, factor.above, factor.below = zeros * copies, above * copies, below * copies
    return factor


def _zeros(total: Sum, sums: Sums) -> tuple[list[Sum], list[Expr], list[Expr]]:
    """Return what is zero in a sum, and what the product of it is multiplied by and divided by."""
    of_one, of_two = _of_one(total, sums), _of_two(total, sums)
    return of_one or of_two or ([total], [], [])


def _of_one(total: Sum, sums: Sums) -> tuple[list[Sum], list[Expr], list[Expr]] | None:
    """As `_zeros`, for a single function times a number."""
    if len(total) != 1:
        return None
    ((product, number),) = total.items()
    if len(product) != 1 or product[0][1] != 1:
        return None
    function = sums.known(product[0][0])
    if not isinstance(function, Op):
        return None
    x = function.args[0]
    if function.kind in _FUNCTIONS and (inner := sums.of(x)):
        above, below = _FUNCTIONS[function.kind](x)
        return [inner], [Const(number), *above], below
    if function.kind in ("log", "log10") and (inner := sums.of(x - 1)):
        base = [operation("log", expr(10))] if function.kind == "log10" else []
        return [inner], [Const(number)], [exprel(operation("log", x)), *base]
    return None


def _of_two(total: Sum, sums: Sums) -> tuple[list[Sum], list[Expr], list[Expr]] | None:
    """As `_zeros`, for a difference of two exponentials, logarithms or roots, or of a (hyperbolic) cosine and 1."""
    if len(total) != 2:
        return None
    for (one, a), (other, b) in (tuple(total.items()), tuple(total.items())[::-1]):
        ratio = [(sums.known(name), power) for name, power in times(one, inverse(other))]
        kinds = {function.kind for function, _ in ratio if isinstance(function, Op)}
        if len(kinds) != 1 or not all(isinstance(function, Op) for function, _ in ratio):
            continue
        (kind,) = kinds
        arguments = [(function.args[0], power) for function, power in ratio if isinstance(function, Op)]
        if kind == "exp" and a == -b:
            return _of_exponentials(one, other, a, sums)
        if kind in _ONE_AT_ZERO and a == -b and len(arguments) == 1 and arguments[0][1] == 1:
            sign, over_half = _ONE_AT_ZERO[kind]
            half = arguments[0][0] / 2
            inner = sums.of(half)
            return ([{other: 2 * sign * a}, inner, inner], [over_half(half)] * 2, []) if inner else None
        if kind == "log" and a == -b and sorted(power for _, power in arguments) == [-1, 1] and len(one) == 1:
            (x, _), (y, _) = sorted(arguments, key=lambda each: -each[1])
            inner = sums.of(x / y - 1)
            return ([inner], [Const(a)], [exprel(operation("log", x / y))]) if inner else None
        if kind == "sqrt" and all(abs(power) == 1 for _, power in arguments):
            # (a*r + b*s)*(a*r - b*s) = a**2*r**2 - b**2*s**2
            left, right = ({each: number} for each, number in ((one, a), (other, b)))
            squares = sums.of(_squared(left, sums) - _squared(right, sums))
            conjugate = sums.written(left) - sums.written(right)
            return ([squares], [], [conjugate]) if squares else None
    return None


def _of_exponentials(
    one: Product, other: Product, number: Fraction, sums: Sums
) -> tuple[list[Sum], list[Expr], list[Expr]] | None:
    """As `_zeros`, for a difference of two products that differ only in their exponentials."""
    x, y = (
        _summed([(sums.known(name), power) for name, power in product if _is_exponential(sums.known(name))])
        for product in (one, other)
    )
    common = tuple((name, power) for name, power in one if not _is_exponential(sums.known(name)))
    if x is None:
        x, y, number = y, None, -number
    assert x is not None
    if y is None:
        inner = sums.of(x)
        return ([{common: number}, inner], [exprel(x)], []) if inner else None
    # exp(x) - exp(y) = exp((x + y)/2)*2*sinh((x - y)/2), which overflows later than exp(y)*(exp(x - y) - 1)
    middle, half = sums.of((x + y) / 2), sums.of((x - y) / 2)
    if not half:
        return None
    above = [_sinhc(sums.written(half)), *([exp(sums.written(middle))] if middle else [])]
    return [{common: 2 * number}, half], above, []


def _is_exponential(function: Expr) -> bool:
    return isinstance(function, Op) and function.kind == "exp"


def _squared(term: Sum, sums: Sums) -> Expr:
    """Return the square of a product in which there may be square roots."""
    ((product, number),) = term.items()
    result: Expr = Const(number**2)
    for name, power in product:
        function = sums.known(name)
        square = function.args[0] if isinstance(function, Op) and function.kind == "sqrt" else function * function
        for _ in range(abs(power)):
            result = result * square if power > 0 else result / square
    return result


def _summed(powers: list[tuple[Expr, int]]) -> Expr | None:
    """Return the argument of a product of powers of exponentials; None if there are none."""
    result: Expr | None = None
    for exponential, power in powers:
        assert isinstance(exponential, Op)
        term = exponential.args[0] * expr(power) if abs(power) != 1 else exponential.args[0]
        term = -term if power == -1 else term
        result = term if result is None else result + term
    return result


def _factors(node: Expr) -> tuple[list[tuple[Expr, int]], list[tuple[Expr, int]]]:
    """Return the factors of a product, above and below the fraction line, each with the number of its copies."""
    sides: tuple[list[tuple[Expr, int]], list[tuple[Expr, int]]] = ([], [])
    stack = [(node, 0)]
    while stack:
        part, side = stack.pop()
        if isinstance(part, Op) and part.kind in ("mul", "div"):
            stack.append((part.args[1], side if part.kind == "mul" else 1 - side))
            stack.append((part.args[0], side))
        elif isinstance(part, Op) and part.kind == "neg":
            stack.append((part.args[0], side))
            sides[side].append((expr(-1), 1))
        elif isinstance(part, Op) and (power := whole_power(part)) < 0:
            sides[1 - side].append((Op("pow", (part.args[0], expr(-power))), -power))
        else:
            sides[side].append((part, max(whole_power(part), 1)))
    return sides


def _is_product(node: Expr) -> bool:
    return isinstance(node, Op) and node.kind in ("mul", "div")


def _multiplied(factors: list[Expr]) -> Expr:
    number, result = Fraction(1), None
    for factor in factors:
        if isinstance(factor, Const):
            number *= factor.value
        else:
            result = factor if result is None else result * factor
    if result is None:
        return Const(number)
    return result if number == 1 else Const(number) * result
