"""Drafts: named assignments as a method writes them, before simplification."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..ground.errors import UserError
from .expression import FLOATS, Const, Expr, Number, Var, evaluate, expr, names, rebuild, text
from .polynomial import ZERO, coefficients, frozen_parts, is_zero, linear_parts, plus, times, vanishes
from .system import System

#: The places in a step at which a method may use the input.
START, MIDDLE, END = Fraction(0), Fraction(1, 2), Fraction(1)


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

    def __or__(self, other: Mapping[str, Expr]) -> Vector:
        """Return the vector with the components of `other` in place of its own."""
        return Vector({**self._components, **other})

    def __add__(self, other: Vector) -> Vector:
        """Add; a component that `other` does not have stays as it is."""
        return self | {name: self[name] + value for name, value in other.items()}

    def __sub__(self, other: Vector) -> Vector:
        return self.map(lambda a, b: a - b, other)

    def __mul__(self, factor: Expr | Number) -> Vector:
        return self.map(lambda a: a * factor)

    def __rmul__(self, factor: Expr | Number) -> Vector:
        return self.map(lambda a: expr(factor) * a)


class NotApplicable(UserError):
    """A method cannot integrate this model; the message says why."""


@dataclass
class Draft:
    """Assignments in order; each name is assigned once, and inputs are never assigned."""

    inputs: frozenset[str]
    """Names that have a value before the draft starts."""
    assignments: dict[str, Expr] = field(default_factory=dict)

    def let(self, name: str, value: Expr) -> Expr:
        """Assign `value` to `name` (made unique) and return the variable; a single name or number is returned as is."""
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

    Every call appends the derivatives to the draft, and the state and subexpressions of the stage that they need.

    Parameters
    ----------
    system : System
    draft : Draft
    held : frozenset of str
        State variables that are constant now (refractory); their derivative is zero.
    inputs : mapping, optional
        The expressions for the input at `START`, `MIDDLE` and `END` of the step; by default the input's name.
    name : str
        The input's name, if `inputs` are given.
    """

    def __init__(
        self,
        system: System,
        draft: Draft,
        held: frozenset[str] = frozenset(),
        inputs: Mapping[Fraction, Expr] | None = None,
        name: str = "",
    ) -> None:
        self._system = system
        self._draft = draft
        self._inputs = {at: {name: value} for at, value in inputs.items()} if inputs else {}
        self._assigned: dict[tuple[str, str], Expr] = {}
        self._expressions = {name: ZERO if name in held else value for name, value in system.derivatives.items()}

    @property
    def voltage(self) -> str:
        """The variable that the threshold tests."""
        return self._system.threshold.variable

    @property
    def right_hand_sides(self) -> dict[str, Expr]:
        """The derivatives of all variables, held or not, in terms of only state variables, parameters and input."""
        everything = set(self._system.dimensions)
        return {name: self._opened(value, everything) for name, value in self._system.derivatives.items()}

    def __call__(self, x: Vector, only: Collection[str] | None = None, at: Fraction = START) -> Vector:
        """Return dx/dt at `x`, per ms, with the input at `at`; if `only` is given, only for these variables."""
        moving = {name: value for name, value in self._expressions.items() if only is None or name in only}
        values = self._stage(x, at, *moving.values())
        return Vector({name: self._draft.let(f"d{name}", substitute(value, values)) for name, value in moving.items()})

    @property
    def has_noise(self) -> bool:
        """Whether a derivative contains noise."""
        return bool(self._system.noise)

    @property
    def interpretation(self) -> str:
        """The interpretation of noise whose factor depends on the state."""
        return self._system.interpretation

    def apart(self, x: Vector) -> tuple[Vector, Vector]:
        """Return the derivatives at `x` without noise, and the noise in them, as in ``f(x)``."""
        factors, drift = self._factors(), self._without_noise()
        values = self._stage(x, START, *drift.values(), *(each for row in factors.values() for each in row.values()))
        noise: dict[str, Expr] = {}
        for name, row in factors.items():
            total: Expr = ZERO
            for source, factor in row.items():
                total = plus(total, times(substitute(factor, values), Var(source)))
            noise[name] = self._draft.let(f"noise_{name}", total)
        return self._assigned_drift(drift, values), Vector(noise)

    def with_noise(self, x: Vector) -> tuple[Vector, Vector, dict[str, str]]:
        """Return the derivatives at `x` without noise, the factors of the noise, and the source of noise in each.

        Raises
        ------
        NotApplicable
            If a derivative contains several sources of noise, or a factor depends on a variable with another source.
        """
        factors, drift = self._factors(), self._without_noise()
        sources: dict[str, str] = {}
        for name, row in factors.items():
            if len(row) > 1:
                raise NotApplicable(f"d{name}/dt contains several sources of noise: {', '.join(row)}")
            for source in row:
                sources[name] = source
        for name, source in sources.items():
            opened = self._opened(factors[name][source], set(self._system.state))
            others = [other for other in sources if sources[other] != source and other in names(opened)]
            if others:
                raise NotApplicable(
                    f"the factor of the noise in d{name}/dt depends on {others[0]}, with another source"
                )
        values = self._stage(x, START, *drift.values(), *(each for row in factors.values() for each in row.values()))
        found = {name: substitute(row[sources[name]], values) if row else ZERO for name, row in factors.items()}
        factor = Vector({name: self._draft.let(f"factor_{name}", value) for name, value in found.items()})
        return self._assigned_drift(drift, values), factor, sources

    def _assigned_drift(self, drift: Mapping[str, Expr], values: Mapping[str, Expr]) -> Vector:
        return Vector({name: self._draft.let(f"d{name}", substitute(value, values)) for name, value in drift.items()})

    def _factors(self) -> dict[str, dict[str, Expr]]:
        """Return the factor of each source of noise in each derivative; zeros are left out."""
        found: dict[str, dict[str, Expr]] = {}
        for name, value in self._expressions.items():
            parts = {source: linear_parts(value, source) for source in self._system.noise}
            found[name] = {source: each[1] for source, each in parts.items() if each and not is_zero(each[1])}
        return found

    def _without_noise(self) -> dict[str, Expr]:
        found = {}
        for name, value in self._expressions.items():
            rest = value
            for source in self._system.noise:
                rest = (linear_parts(rest, source) or (rest,))[0]
            found[name] = rest
        return found

    def number(self, value: Expr) -> float | None:
        """Return the value of an expression that only numbers give; None if it depends on anything else."""
        while used := names(value):
            if not used <= self._draft.assignments.keys():
                return None
            value = substitute(value, self._draft.assignments)
        try:
            return float(evaluate(value, {}, FLOATS))
        except (ArithmeticError, ValueError):
            return None

    def let(self, x: Vector) -> Vector:
        """Assign the components of `x`, so that they are written only once if they are used several times."""
        return Vector({name: self._draft.let(name, value) for name, value in x.items()})

    def linear(
        self, x: Vector, only: Collection[str] | None = None, at: Fraction = START, *, freeze: bool = False
    ) -> tuple[Vector, Vector]:
        """Return (a, b) with each derivative equal to ``a + b*variable``, everything else frozen at `x` and `at`.

        With `freeze`, functions of the variable itself are frozen, too (`frozen_parts`).

        Raises
        ------
        NotApplicable
            If one of these variables enters its own derivative nonlinearly.
        """
        found: dict[str, tuple[Expr, Expr]] = {}
        split = frozen_parts if freeze else linear_parts
        for name, value in self._expressions.items():
            if only is None or name in only:
                parts = split(self._opened(value, {name}), name)
                if parts is None:
                    raise NotApplicable(f"d{name}/dt is not linear in {name}")
                constant, factor = parts
                found[name] = constant, ZERO if vanishes(factor) else factor  # zero also as g - g
        values = self._stage(x, at, *(part for parts in found.values() for part in parts))
        a: dict[str, Expr] = {}
        b: dict[str, Expr] = {}
        for name, parts in found.items():
            a[name] = self._draft.let(f"a_{name}", substitute(parts[0], values))
            b[name] = self._draft.let(f"b_{name}", substitute(parts[1], values))
        return Vector(a), Vector(b)

    def affine(self, at: Fraction = START) -> tuple[Vector, dict[str, Vector]]:
        """Return (c, A) with the derivative of each variable equal to ``c + sum of A[variable][other]*other``.

        The input has its value at `at`.

        Raises
        ------
        NotApplicable
            If the model is not linear.
        """
        state = self._system.state
        constant: dict[str, Expr] = {}
        rows: dict[str, dict[str, Expr]] = {}
        for name, value in self._expressions.items():
            rest, row = self._opened(value, set(state)), {}
            for other in state:
                parts = linear_parts(rest, other)
                if parts is None or names(parts[1]) & set(state):
                    raise NotApplicable(f"the model is not linear: see {other} in d{name}/dt")
                rest, row[other] = parts
            # what is constant between spikes may be written as 0*volt/second
            constant[name], rows[name] = ZERO if vanishes(rest) else rest, row
        parts_of_rows = (part for row in rows.values() for part in row.values())
        values = self._stage(Vector({}), at, *constant.values(), *parts_of_rows)
        let = self._draft.let
        return (
            Vector({name: let(f"c_{name}", substitute(value, values)) for name, value in constant.items()}),
            {
                name: Vector(
                    {other: let(f"A_{name}_{other}", substitute(value, values)) for other, value in row.items()}
                )
                for name, row in rows.items()
            },
        )

    def quadratic(self, x: Vector, at: Fraction = START) -> tuple[Expr, Expr, Expr]:
        """Return (a, b, c) with dv/dt equal to ``a + b*v + c*v**2``, everything else frozen at `x` and `at`.

        Raises
        ------
        NotApplicable
            If the voltage enters its own derivative in another way.
        """
        v = self.voltage
        found = coefficients(self._opened(self._expressions[v], {v}), v)
        if found is None or len(found) > 3:
            raise NotApplicable(f"d{v}/dt is not quadratic in {v}")
        values = self._stage(x, at, *found)
        a, b, c = (
            self._draft.let(f"q{i}", substitute(value, values)) for i, value in enumerate([*found, ZERO, ZERO][:3])
        )
        return a, b, c

    def _stage(self, x: Vector, at: Fraction, *roots: Expr) -> dict[str, Expr]:
        """Assign the state and the subexpressions that `roots` need; return the expression for each name."""
        subexpressions = self._system.subexpressions
        wanted = names(*roots)
        for name in reversed(list(subexpressions)):  # each needs only earlier ones
            if name in wanted:
                wanted |= names(subexpressions[name])
        values = dict(self._inputs.get(at, {}))
        values |= {name: self._draft.let(name, value) for name, value in x.items() if name in wanted}
        for name, value in subexpressions.items():
            if name in wanted:
                written = substitute(value, values)
                same = (name, text(written))
                if same not in self._assigned:  # two calls at the same state share it
                    self._assigned[same] = self._draft.let(name, written)
                values[name] = self._assigned[same]
        return values

    def _opened(self, value: Expr, variables: set[str]) -> Expr:
        """Write out the subexpressions that contain any of `variables`."""
        opened: dict[str, Expr] = {}
        for name, subexpression in self._system.subexpressions.items():
            written = substitute(subexpression, opened)
            if variables & {name, *names(written)}:
                opened[name] = written
        return substitute(value, opened)


def substitute(root: Expr, values: Mapping[str, Expr]) -> Expr:
    """Return `root` with variables replaced by `values`."""
    return rebuild(root, change=lambda _node, made: values.get(made.name, made) if isinstance(made, Var) else made)[0]
