"""Split right-hand sides into smooth parts and the places where they change: conditions, steps and kinks.

A comparison, ``int(v > vh)``, makes a right-hand side jump. An absolute value, a square root or a fractional power has
a kink where its argument is zero, and no Taylor series there. Each becomes a name with the value 1 or 0, and an
expression that is positive where the value is 1. So do the comparisons of a threshold, unless it has the usual form,
and those of refractoriness. A sign is a name with the value -1, 0 or 1; ``floor(x)`` is a name whose value is a whole
number, and an expression that is positive as long as x stays between this number and the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ....models.algebra.draft import Derivatives, Draft, substitute
from ....models.algebra.expression import FLOATS, Const, Expr, Op, Var, evaluate, exp, names, nodes, rebuild, text
from ....models.algebra.functions import FUNCTIONS, STEPPED
from ....models.algebra.system import System
from ....models.algebra.words import words
from ....models.definition.neuron import NeuronModel
from .removable import without_fractions_below, without_gaps


@dataclass(frozen=True)
class Boundary:
    """A place where a right-hand side changes."""

    distance: Expr
    """Positive where the condition holds; uses state variables, parameters, input and names of earlier conditions."""
    inclusive: bool = False
    """Whether the condition also holds where the distance is 0."""
    kink: bool = False
    """Whether the right-hand side is continuous there, so that a change slightly too early or late does no harm."""
    argument: Expr | None = None
    """For a sign or a whole number: the expression of which it is the sign or the whole part, rounded down."""
    whole: bool = False
    """Whether the name stands for the whole part of `argument`; the distance is then positive between whole numbers."""
    domain: str = ""
    """For a root or a power, its text: it has no value where the distance is negative."""

    def distance_with(self, margin: Expr) -> Expr:
        """Return the distance; at a kink it is less by a margin, and what rests on an edge is this far away."""
        if self.whole and isinstance(self.distance, Op):
            return self.distance + margin * self.distance.args[1]
        return self.distance - margin if self.kink else self.distance + margin

    @property
    def compares(self) -> bool:
        """Whether it is a comparison: it has the same value until its distance changes sign, and jumps there."""
        return self.argument is None and not self.kink


def right_hand_sides(model: NeuronModel) -> dict[str, Expr]:
    """Return the derivatives, per ms, as functions of only state variables, parameters and input.

    Quotients that are 0/0 somewhere have a form with a value there.
    """
    return without_gaps(_as_written(model), model.system.parameters)


def _as_written(model: NeuronModel) -> dict[str, Expr]:
    return Derivatives(model.system, Draft(frozenset())).right_hand_sides


#: Operations that are not smooth everywhere.
_NOT_SMOOTH = (
    *("less", "at_most", "abs", "sqrt", "pow", "sign", "clip", *STEPPED),
    *(name for name, row in FUNCTIONS.items() if row.domain),
)
#: Operations that solvers cannot follow in a threshold either.
_JUMPS = ("less", "at_most", "sign", "clip", *STEPPED)
#: Operations that grow exponentially.
_EXPONENTIAL = ("exp", "expm1", "exprel", "cosh", "sinh")
#: Largest argument of a bounded exponential.
LARGEST_EXPONENT = 300


def take_out_conditions(model: NeuronModel, *, bounded: bool = False) -> tuple[System, dict[str, Boundary]]:
    """Replace what is not smooth in the right-hand sides by names with the value 1 or 0.

    Parameters
    ----------
    model : NeuronModel
    bounded : bool
        Whether exponentials are constant above `LARGEST_EXPONENT`, and no denominator contains a fraction. The series
        of ``1/(1 + exp(x))`` is NaN where exp(x) is infinite, although its value is 0; so is that of ``1/(1 + k/x)``
        where x is 0.

    Returns
    -------
    System
        With these names; the model's own if there are none.
    dict
        The conditions by name, ordered so that each depends only on earlier ones.
    """
    system = model.system
    taken = _Taken(model, bounded)
    written = _as_written(model)
    turned = without_fractions_below(written, system.parameters) if bounded else written
    whole = without_gaps(turned, system.parameters)
    sides = {name: taken.apart(_known_powers(root, model.parameter_values)) for name, root in whole.items()}
    kinds = {node.kind for node in nodes(*whole.values()) if isinstance(node, Op)}
    threshold = system.threshold
    if threshold.condition is not None:
        threshold = replace(threshold, condition=taken.apart(threshold.condition))
    if any(isinstance(node, Op) and node.kind in _JUMPS for node in nodes(threshold.level)):
        threshold = replace(threshold, level=taken.apart(threshold.level))
    refractory = system.refractory
    if refractory is not None and refractory.condition is not None:
        refractory = replace(refractory, condition=taken.apart(refractory.condition))
    if not taken.found and whole is written and not kinds & {*_NOT_SMOOTH, "select"}:
        return system, {}
    taken_out = replace(system, derivatives=sides, subexpressions={}, threshold=threshold, refractory=refractory)
    return taken_out, taken.found


def has_exponentials(model: NeuronModel) -> bool:
    """Whether there are operations in the right-hand sides that grow exponentially."""
    return any(isinstance(node, Op) and node.kind in _EXPONENTIAL for node in nodes(*_as_written(model).values()))


def has_fractions_below(model: NeuronModel) -> bool:
    """Whether a denominator contains a fraction of the state, as in ``1/(1 + k/x)``."""
    written = _as_written(model)
    return without_fractions_below(written, model.system.parameters) is not written


def powers_of_parameters(model: NeuronModel) -> tuple[str, ...]:
    """Return the parameters that powers depend on."""
    system = model.system
    if not _powers(*system.derivatives.values(), *system.subexpressions.values()):
        return ()
    exponents = [power.args[1] for power in _powers(*right_hand_sides(model).values())]
    return tuple(sorted(names(*exponents) & set(system.parameters)))


def _powers(*roots: Expr) -> list[Op]:
    return [node for node in nodes(*roots) if isinstance(node, Op) and node.kind == "pow"]


class _Taken:
    """The conditions taken out of a model's right-hand sides so far."""

    def __init__(self, model: NeuronModel, bounded: bool) -> None:
        self.found: dict[str, Boundary] = {}
        self._model = model
        self._bounded = bounded
        self._known: dict[str, Var] = {}

    def apart(self, root: Expr) -> Expr:
        """Return an expression with names in place of what is not smooth."""
        done: dict[int, Expr] = {}
        for node in nodes(root):
            done[id(node)] = (
                node if not isinstance(node, Op) else self._operation(node, tuple(done[id(arg)] for arg in node.args))
            )
        return done[id(root)]

    def _operation(self, node: Op, args: tuple[Expr, ...]) -> Expr:
        if not names(*args) and node.kind in _NOT_SMOOTH:
            return _number(Op(node.kind, args))
        if node.kind in ("less", "at_most"):
            inclusive = node.kind == "at_most"
            if text(args[0]) == text(args[1]):
                return Const(Fraction(inclusive))
            return self._name(text(Op(node.kind, args)), Boundary(args[1] - args[0], inclusive))
        if node.kind == "not":
            return 1 - args[0]
        if node.kind in ("and", "or"):
            a, b = args
            return a * b if node.kind == "and" else a + b - a * b
        if node.kind == "select":
            condition, yes, no = args
            if [text(yes), text(no)] == ["1", "0"]:
                return condition
            if self._bounded:
                off = 1 - condition
                return self._switched(condition, yes) + self._switched(off, no)
            return no + condition * (yes - no)
        if node.kind == "mul" and self._bounded:
            for switch, other in (args, args[::-1]):
                if self._is_switch(switch):
                    return self._switched(switch, other)
        if node.kind == "abs":
            positive = self._name(f"0 < {text(args[0])}", Boundary(args[0], kink=True))
            return (positive + positive - 1) * args[0]
        if node.kind == "sign":
            return self._name(text(Op("sign", args)), Boundary(args[0], argument=args[0]))
        if node.kind == "clip":
            x, low, high = args
            below = self._name(f"{text(x)} < {text(low)}", Boundary(low - x, kink=True))
            above = self._name(f"{text(high)} < {text(x)}", Boundary(x - high, kink=True))
            # no term cancels another, so that bounds of the value are narrow
            return (1 - below - above) * x + below * low + above * high
        if node.kind in STEPPED:
            return self._stepped(node.kind, *args)
        if node.kind == "sqrt" or (node.kind == "pow" and _is_fractional(args[1])):
            # 0 where the base is 0; a base of 1 is used there instead, because its series exists
            base = args[0]
            positive = self._name(f"0 < {text(base)}", Boundary(base, kink=True, domain=words(node)))
            return positive * Op(node.kind, (positive * base + (1 - positive), *args[1:]))
        if node.kind in FUNCTIONS and (domain := FUNCTIONS[node.kind].domain) is not None:
            inside = self._name(
                f"0 < {text(domain(args[0]))}", Boundary(domain(args[0]), kink=True, domain=words(node))
            )
            elsewhere = (1 - inside) * FUNCTIONS[node.kind].inside  # its series exists there
            return Op(node.kind, (inside * args[0] + elsewhere,))
        if self._bounded and node.kind in ("exp", "exprel", "expm1"):
            return Op(node.kind, (self._bound(args[0]),))
        if self._bounded and node.kind in ("cosh", "sinh"):
            up, down = exp(self._bound(args[0])), exp(self._bound(-args[0]))
            return (up + down if node.kind == "cosh" else up - down) / 2
        return Op(node.kind, args)

    def _stepped(self, kind: str, x: Expr, y: Expr | None = None) -> Expr:
        if y is not None:
            whole = self._whole(x / y)
            return whole if kind == "floordiv" else x - y * whole
        return self._whole(x) if kind == "floor" else -self._whole(-x)

    def _whole(self, x: Expr) -> Var:
        """Return the name of the whole part of an expression, rounded down."""
        n = Var(f"_switch_{len(self.found)}")
        return self._name(text(Op("floor", (x,))), Boundary((x - n) * (n + 1 - x), argument=x, whole=True))

    def _is_switch(self, value: Expr) -> bool:
        """Whether an expression is certainly 0 or 1."""
        if isinstance(value, Var):
            return value.name in self.found and self.found[value.name].argument is None
        if isinstance(value, Op) and value.kind == "mul":
            return all(map(self._is_switch, value.args))
        return (
            isinstance(value, Op)
            and value.kind == "sub"
            and isinstance(value.args[0], Const)
            and value.args[0].value == 1
            and self._is_switch(value.args[1])
        )

    def _switched(self, switch: Expr, value: Expr) -> Expr:
        """Return a value times a switch; where it is off, exponentials are 1: 0 times an infinite series is NaN."""

        def change(_node: Expr, made: Expr) -> Expr:
            if isinstance(made, Op) and made.kind in ("exp", "exprel", "expm1"):
                return Op(made.kind, (switch * made.args[0],))
            return made

        return switch * (rebuild(value, change=change)[0] if self._is_switch(switch) else value)

    def _bound(self, power: Expr) -> Expr:
        room = LARGEST_EXPONENT - power
        within = self._name(f"{text(power)} < {LARGEST_EXPONENT}", Boundary(room, kink=True))
        return LARGEST_EXPONENT - within * room

    def _name(self, key: str, condition: Boundary) -> Var:
        if key not in self._known:
            self._known[key] = Var(f"_switch_{len(self.found)}")
            self.found[self._known[key].name] = condition
        return self._known[key]


def _known_powers(root: Expr, parameters: Mapping[str, float]) -> Expr:
    """Replace parameters in powers by their values: whole and fractional powers are solved differently."""
    values = {name: Const(Fraction(value)) for name, value in parameters.items()}
    powers = {id(node.args[1]) for node in nodes(root) if isinstance(node, Op) and node.kind == "pow"}
    return rebuild(root, change=lambda node, made: _number(substitute(made, values)) if id(node) in powers else made)[0]


def _number(value: Expr) -> Expr:
    """Return the number to which an expression evaluates, or the expression itself if it is not constant."""
    if names(value):
        return value
    try:
        return Const(Fraction(evaluate(value, {}, FLOATS, lambda exact: exact)))
    except (ArithmeticError, ValueError, TypeError):
        return value


def _is_fractional(power: Expr) -> bool:
    """Whether the power of zero is zero but has no series."""
    return not isinstance(power, Const) or (power.value.denominator != 1 and power.value > 0)
