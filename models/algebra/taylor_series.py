"""Taylor coefficients of a model's solution, order by order, as assignments.

Every operation of the right-hand sides has a rule. It gives the k-th coefficient of the result from the coefficients of
the operands and the lower coefficients of the result (Knuth, The Art of Computer Programming II, section 4.7). The rule
of ``exprel`` would divide by its argument, so each ``exprel`` is replaced by a name and gets separate blocks: see
`exprel_coefficients`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .draft import Draft, NotApplicable
from .expression import Const, Expr, Op, Var, exp, expr, hyperbolic, less, nodes, operation, rebuild, select, text
from .functions import FUNCTIONS, ROWS
from .polynomial import ZERO, minus, plus, times
from .words import words

Series = list[Expr]

_LARGEST_INTEGER_POWER = 64


@dataclass(frozen=True)
class Singular:
    """An ``exprel`` of the equations, or the reciprocal of one, that has been replaced by a name."""

    name: str
    argument: Expr
    reciprocal: bool


def take_out_exprel(derivatives: Mapping[str, Expr]) -> tuple[dict[str, Expr], list[Singular]]:
    """Replace each ``exprel(x)`` by a name, and ``a/exprel(x)`` by the product of `a` and a name.

    Returns
    -------
    dict
        The derivatives with the names.
    list of Singular
        In an order in which the argument of each needs only earlier ones.
    """
    found: dict[str, Singular] = {}
    arguments: dict[int, Expr] = {}

    def name_of(argument: Expr, reciprocal: bool) -> Var:
        key = f"{text(argument)} {reciprocal}"
        return Var(found.setdefault(key, Singular(f"_exprel{len(found) + 1}", argument, reciprocal)).name)

    def named(node: Expr, made: Expr) -> Expr:
        if not (isinstance(node, Op) and isinstance(made, Op)):
            return made
        if node.kind == "div" and isinstance(node.args[1], Op) and node.args[1].kind == "exprel":
            return made.args[0] * name_of(arguments[id(node.args[1])], reciprocal=True)
        if node.kind == "exprel":
            arguments[id(node)] = made.args[0]
            return node if _is_denominator(node, derivatives) else name_of(made.args[0], False)
        return made

    written = rebuild(*derivatives.values(), change=named)
    return dict(zip(derivatives, written, strict=True)), list(found.values())


def _is_denominator(node: Op, derivatives: Mapping[str, Expr]) -> bool:
    uses = [
        (parent, i)
        for parent in nodes(*derivatives.values())
        if isinstance(parent, Op)
        for i, arg in enumerate(parent.args)
        if arg is node
    ]
    return bool(uses) and all(parent.kind == "div" and i == 1 for parent, i in uses)


def in_exponentials(root: Expr) -> Expr:
    """Return `root` with the hyperbolic functions written as exponentials."""

    def written(_node: Expr, made: Expr) -> Expr:
        return (
            hyperbolic(made.kind, made.args[0])
            if isinstance(made, Op) and made.kind in ("tanh", "cosh", "sinh")
            else made
        )

    return rebuild(root, change=written)[0]


class Recursion:
    """The coefficients of some expressions, one order after the other.

    Parameters
    ----------
    roots : mapping
        The expressions, by name.
    draft : Draft
        Where the coefficients are assigned.

    Raises
    ------
    NotApplicable
        If an operation has no rule.
    """

    def __init__(self, roots: Mapping[str, Expr], draft: Draft) -> None:
        self._roots = dict(roots)
        self._draft = draft
        self._order: list[Expr] = []
        self._slopes: dict[int, Expr] = {}
        self._read(*roots.values())
        self._series: dict[int, Series] = {}
        self._named: dict[str, Series] = {}
        self._helpers: dict[tuple[int, object], Series] = {}
        for node in self._order:
            if isinstance(node, Op) and node.kind in ("less", "at_most"):
                raise NotApplicable("a condition, int(a > b), has no Taylor series")
            if isinstance(node, Op) and id(node) not in self._slopes and not hasattr(self, f"_{node.kind}"):
                name = ROWS[node.kind].operator or node.kind if node.kind in ROWS else node.kind
                raise NotApplicable(f"there is no rule for the Taylor coefficients of {name}")
            if isinstance(node, Op) and node.kind == "pow" and not isinstance(_number(node.args[1]), Const):
                raise NotApplicable(f"the exponent in {words(node)} is not a number")
            if isinstance(node, Op):
                self._series[id(node)] = []

    def _read(self, *roots: Expr) -> None:
        """List the operations, each after its operands, and after a function its derivative."""
        listed = {id(node) for node in self._order}
        for node in nodes(*roots):
            if id(node) in listed:
                continue
            self._order.append(node)
            listed.add(id(node))
            row = FUNCTIONS.get(node.kind) if isinstance(node, Op) else None
            if row is None or row.slope is None or hasattr(self, f"_{row.name}") or id(node) in self._slopes:
                continue
            assert isinstance(node, Op)
            slope = row.slope(node.args[0], node, lambda name, x: Op(name, (x,)))
            if row.name in ("sin", "cos"):  # each is the other's derivative, up to its sign
                other = slope.args[0] if row.name == "cos" else slope
                self._slopes[id(other)] = node if row.name == "cos" else -node
            self._slopes[id(node)] = slope
            self._read(*self._slopes.values())
            listed = {id(each) for each in self._order}

    def next(self, order: int, coefficients: Mapping[str, Expr]) -> dict[str, Expr]:
        """Add the next order: take the coefficients of the names that vary, and return those of the roots."""
        for name, value in coefficients.items():
            self._named.setdefault(name, []).append(value)
        for node in self._order:
            if isinstance(node, Op):
                rule = self._by_slope if id(node) in self._slopes else getattr(self, f"_{node.kind}")
                value = rule(order, node, *(self._of(arg, order) for arg in node.args))
                self._series[id(node)].append(self._draft.let(node.kind, value))
        return {name: self._of(root, order)[order] for name, root in self._roots.items()}

    def _of(self, node: Expr, order: int) -> Series:
        if isinstance(node, Op):
            return self._series[id(node)]
        if isinstance(node, Var) and node.name in self._named:
            return self._named[node.name]
        return [node, *[ZERO] * order]  # a number or a parameter

    def _helper(self, node: Expr, key: object, value: Expr) -> Expr:
        """Assign and store a value that a rule needs again."""
        series = self._helpers.setdefault((id(node), key), [])
        series.append(self._draft.let("part", value))
        return series[-1]

    def _kept(self, node: Expr, key: object) -> Series:
        return self._helpers[id(node), key]

    # the arguments of rules: the order, the operation, the coefficients of its operands

    def _add(self, k: int, _node: Op, a: Series, b: Series) -> Expr:
        return plus(a[k], b[k])

    def _sub(self, k: int, _node: Op, a: Series, b: Series) -> Expr:
        return minus(a[k], b[k])

    def _neg(self, k: int, _node: Op, a: Series) -> Expr:
        return minus(ZERO, a[k])

    def _abs(self, k: int, _node: Op, a: Series) -> Expr:
        return Op("abs", (a[0],)) if k == 0 else select(less(a[0], 0), minus(ZERO, a[k]), a[k])

    def _clip(self, k: int, _node: Op, a: Series, low: Series, high: Series) -> Expr:
        if k == 0:
            return operation("clip", a[0], low[0], high[0])
        return select(less(a[0], low[0]), low[k], select(less(high[0], a[0]), high[k], a[k]))

    def _mul(self, k: int, _node: Op, a: Series, b: Series) -> Expr:
        return product(a, b, k)

    def _div(self, k: int, node: Op, a: Series, b: Series) -> Expr:
        # a = b c: one division per step
        if k == 0:
            return times(a[0], self._helper(node, "reciprocal", 1 / b[0]))
        rest = minus(a[k], total(times(b[i], self._series[id(node)][k - i]) for i in range(1, k + 1)))
        return times(rest, self._kept(node, "reciprocal")[0])

    def _exp(self, k: int, node: Op, a: Series) -> Expr:
        # y' = a' y
        if k == 0:
            return exp(a[0])
        self._helper(node, "weighted", times(expr(k), a[k]))
        weighted, y = self._kept(node, "weighted"), self._series[id(node)]
        return times(expr(Fraction(1, k)), total(times(weighted[i - 1], y[k - i]) for i in range(1, k + 1)))

    def _by_slope(self, k: int, node: Op, a: Series) -> Expr:
        # y' = slope a'
        if k == 0:
            return Op(node.kind, (a[0],))
        self._helper(node, "weighted", times(expr(k), a[k]))
        weighted, slope = self._kept(node, "weighted"), self._of(self._slopes[id(node)], k - 1)
        return times(expr(Fraction(1, k)), total(times(weighted[i - 1], slope[k - i]) for i in range(1, k + 1)))

    def _sqrt(self, k: int, node: Op, a: Series) -> Expr:
        # y y = a
        y = self._series[id(node)]
        if k == 0:
            return Op("sqrt", (a[0],))
        if k == 1:
            self._helper(node, "reciprocal", Fraction(1, 2) / y[0])
        rest = minus(a[k], total(times(y[i], y[k - i]) for i in range(1, k)))
        return times(rest, self._kept(node, "reciprocal")[0])

    def _pow(self, k: int, node: Op, a: Series, _exponent: Series) -> Expr:
        exponent = _number(node.args[1])
        assert isinstance(exponent, Const)
        power = exponent.value
        if power.denominator == 1 and 0 <= power <= _LARGEST_INTEGER_POWER:
            return self._integer_power(k, node, a, int(power))
        # a y' = power y a'
        y = self._series[id(node)]
        if k == 0:
            return Op("pow", (a[0], exponent))
        if k == 1:
            self._helper(node, "reciprocal", 1 / a[0])
        terms = (times(expr((power + 1) * i - k), times(a[i], y[k - i])) for i in range(1, k + 1))
        return times(times(expr(Fraction(1, k)), total(terms)), self._kept(node, "reciprocal")[0])

    def _integer_power(self, k: int, node: Op, a: Series, power: int) -> Expr:
        # the square of a square, as in `rewriting`
        if power == 0:
            return ZERO if k else expr(1)
        if power == 1:
            return a[k]
        self._integer_power(k, node, a, power // 2)
        half = self._power(node, a, power // 2)
        if power % 2 == 0:
            return self._helper_once(k, node, power, product(half, half, k))
        self._helper_once(k, node, power - 1, product(half, half, k))
        return self._helper_once(k, node, power, product(self._power(node, a, power - 1), a, k))

    def _power(self, node: Op, a: Series, power: int) -> Series:
        return a if power == 1 else self._kept(node, power)

    def _helper_once(self, k: int, node: Op, key: int, value: Expr) -> Expr:
        series = self._helpers.get((id(node), key), [])
        return series[k] if len(series) > k else self._helper(node, key, value)


def product(a: Series, b: Series, k: int) -> Expr:
    """Return the k-th coefficient of a product; a square needs only half of the terms."""
    if a is not b:
        return total(times(a[i], b[k - i]) for i in range(k + 1))
    pairs = times(expr(2), total(times(a[i], a[k - i]) for i in range((k + 1) // 2)))
    return pairs if k % 2 else plus(pairs, times(a[k // 2], a[k // 2]))


def total(terms: Iterable[Expr]) -> Expr:
    """Return the sum of the terms; a zero adds no term."""
    found: Expr = ZERO
    for term in terms:
        found = plus(found, term)
    return found


def exprel_coefficients(argument: Series, reciprocal: bool, draft: Draft) -> Series:
    """Return the coefficients of ``exprel(x)`` if x starts away from zero, by the rule for a quotient.

    With `reciprocal`, return those of ``x/(exp(x) - 1)``.
    """
    x = Var("x")
    numerator: Expr = exp(x) - 1
    recursion = Recursion({"y": x / numerator if reciprocal else numerator / x}, draft)
    return [recursion.next(k, {"x": value})["y"] for k, value in enumerate(argument)]


def exprel_near_zero(argument: Series, reciprocal: bool, draft: Draft) -> Series:
    r"""Return the same coefficients if x starts near zero, without a division by x.

    The derivatives of ``exprel`` obey ``D[j] = (exp(x) - x D[j+1])/(j + 1)``. Computed from the highest j downwards,
    this loses no accuracy for \|x\| < 1. The highest starts with ``exp(x)/(j + 1)``; its error becomes smaller than
    rounding before the end of the series. The coefficients of all D[j] in time follow from the chain rule,
    ``D[j]' = D[j+1] x'``.
    """
    highest = len(argument)
    power = draft.let("exponential", exp(argument[0]))
    derivatives: Series = [ZERO] * highest
    above: Expr = draft.let("derivative", expr(Fraction(1, highest + 1)) * power)
    for j in range(highest - 1, -1, -1):
        value: Expr = power - argument[0] * above
        above = derivatives[j] = draft.let("derivative", value if j == 0 else expr(Fraction(1, j + 1)) * value)
    weighted = [draft.let("weighted", times(expr(i), argument[i])) for i in range(highest)]
    chain: list[Series] = [[value] for value in derivatives]
    for k in range(1, highest):
        for j in range(k - 1, -1, -1):
            m = k - j
            value = total(times(weighted[i], chain[j + 1][m - i]) for i in range(1, m + 1))
            chain[j].append(draft.let("chain", times(expr(Fraction(1, m)), value)))
    if not reciprocal:
        return chain[0]
    recursion = Recursion({"y": 1 / Var("x")}, draft)
    return [recursion.next(k, {"x": value})["y"] for k, value in enumerate(chain[0])]


def _number(node: Expr) -> Expr:
    """Return a number that may be written with a sign."""
    if isinstance(node, Op) and node.kind == "neg" and isinstance(node.args[0], Const):
        return Const(-node.args[0].value)
    return node
