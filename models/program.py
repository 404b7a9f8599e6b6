"""Programs: named assignments as a method writes them, before anything is simplified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .equations import System
from .errors import UserError
from .expression import Const, Expr, Number, Op, Var, expr, names, nodes


class Vector(Mapping[str, Expr]):
    """One expression for each state variable, with the arithmetic of vectors."""

    def __init__(self, components: Mapping[str, Expr]) -> None:
        self._components = dict(components)

    def __getitem__(self, name: str) -> Expr:
        return self._components[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return len(self._components)

    def map(self, function: Callable[..., Expr], *others: Vector) -> Vector:
        """Apply `function` to the components, variable by variable."""
        return Vector({name: function(x, *(other[name] for other in others)) for name, x in self.items()})

    def __add__(self, other: Vector) -> Vector:
        return self.map(lambda a, b: a + b, other)

    def __sub__(self, other: Vector) -> Vector:
        return self.map(lambda a, b: a - b, other)

    def __mul__(self, factor: Expr | Number) -> Vector:
        return self.map(lambda a: a * factor)

    def __rmul__(self, factor: Expr | Number) -> Vector:
        return self.map(lambda a: expr(factor) * a)


class NotApplicable(UserError):
    """A method cannot integrate this model; the message says why."""


@dataclass
class Program:
    """Assignments in order; each name is assigned once and no input is assigned."""

    inputs: frozenset[str]
    """Names that have a value before the program starts."""
    assignments: dict[str, Expr] = field(default_factory=dict)

    def let(self, name: str, value: Expr) -> Expr:
        """Assign `value` to `name` (made unique) and return the variable; a bare name or number stays itself."""
        if isinstance(value, (Var, Const)):
            return value
        unique, number = name, 1
        while unique in self.assignments or unique in self.inputs:
            number += 1
            unique = f"{name}_{number}"
        self.assignments[unique] = value
        return Var(unique)


class Derivatives:
    """The right-hand side of a model, as methods call it: ``k = f(x)``.

    Every call appends to the program the stage's state, the subexpressions and the derivatives.

    Parameters
    ----------
    system : System
    program : Program
    held : frozenset of str
        State variables that do not move now (refractory); their derivative is zero.
    """

    def __init__(self, system: System, program: Program, held: frozenset[str] = frozenset()) -> None:
        self._system = system
        self._program = program
        self._expressions = {
            name: Const(Fraction(0)) if name in held else value for name, value in system.derivatives.items()
        }

    def __call__(self, x: Vector) -> Vector:
        """Return dx/dt at `x`, per ms."""
        values = self._stage(x)
        return Vector({
            name: self._program.let(f"d{name}", substitute(value, values))
            for name, value in self._expressions.items()
        })

    def linear(self, x: Vector) -> tuple[Vector, Vector]:
        """Return (a, b) such that each variable's derivative is ``a + b*variable``, all else frozen at `x`.

        Raises
        ------
        NotApplicable
            If a variable enters its own derivative nonlinearly.
        """
        values = self._stage(x)
        a: dict[str, Expr] = {}
        b: dict[str, Expr] = {}
        for name, value in self._expressions.items():
            parts = linear_parts(self._opened(value, name), name)
            if parts is None:
                raise NotApplicable(f"d{name}/dt is not linear in {name}")
            a[name] = self._program.let(f"a_{name}", substitute(parts[0], values))
            b[name] = self._program.let(f"b_{name}", substitute(parts[1], values))
        return Vector(a), Vector(b)

    def _stage(self, x: Vector) -> dict[str, Expr]:
        values = {name: self._program.let(name, value) for name, value in x.items()}
        for name in self._needed():
            values[name] = self._program.let(name, substitute(self._system.subexpressions[name], values))
        return values

    def _needed(self) -> list[str]:
        subexpressions = self._system.subexpressions
        wanted = names(*self._expressions.values())
        for name in reversed(list(subexpressions)):  # each needs only earlier ones
            if name in wanted:
                wanted |= names(subexpressions[name])
        return [name for name in subexpressions if name in wanted]

    def _opened(self, value: Expr, variable: str) -> Expr:
        """Write out the subexpressions that contain `variable`."""
        opened: dict[str, Expr] = {}
        for name, subexpression in self._system.subexpressions.items():
            written = substitute(subexpression, opened)
            if variable in names(written):
                opened[name] = written
        return substitute(value, opened)


def substitute(root: Expr, values: Mapping[str, Expr]) -> Expr:
    """Return `root` with variables replaced."""
    done: dict[int, Expr] = {}
    for node in nodes(root):
        if isinstance(node, Var):
            done[id(node)] = values.get(node.name, node)
        elif isinstance(node, Op):
            done[id(node)] = Op(node.kind, tuple(done[id(arg)] for arg in node.args))
        else:
            done[id(node)] = node
    return done[id(root)]


def linear_parts(root: Expr, variable: str) -> tuple[Expr, Expr] | None:
    """Return (a, b) with ``root = a + b*variable``, or None if `root` is not linear in it."""
    zero: Expr = Const(Fraction(0))
    if isinstance(root, Var) and root.name == variable:
        return zero, Const(Fraction(1))
    if variable not in names(root):
        return root, zero
    assert isinstance(root, Op)
    parts = [linear_parts(arg, variable) for arg in root.args]
    if any(part is None for part in parts):
        return None
    (a, b), *rest = [part for part in parts if part is not None]
    if root.kind == "neg":
        return -a, -b
    if not rest:
        return None
    c, d = rest[0]
    if root.kind == "add":
        return _plus(a, c), _plus(b, d)
    if root.kind == "sub":
        return _minus(a, c), _minus(b, d)
    if root.kind == "mul" and _is_zero(d):
        return _times(a, c), _times(b, c)
    if root.kind == "mul" and _is_zero(b):
        return _times(a, c), _times(a, d)
    if root.kind == "div" and _is_zero(d):
        return _over(a, c), _over(b, c)
    return None


def _over(a: Expr, b: Expr) -> Expr:
    return a if _is_zero(a) else a / b


def _is_zero(value: Expr) -> bool:
    return isinstance(value, Const) and value.value == 0


def _plus(a: Expr, b: Expr) -> Expr:
    return b if _is_zero(a) else a if _is_zero(b) else a + b


def _minus(a: Expr, b: Expr) -> Expr:
    return -b if _is_zero(a) else a if _is_zero(b) else a - b


def _times(a: Expr, b: Expr) -> Expr:
    for factor, other in ((a, b), (b, a)):
        if _is_zero(factor):
            return factor
        if isinstance(factor, Const) and factor.value == 1:
            return other
    return a * b
