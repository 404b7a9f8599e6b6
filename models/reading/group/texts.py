"""The texts that describe one neuron of a Brian2 group: its equations, threshold, reset and refractoriness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import brian2
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION, Equations, SingleEquation
from brian2.utils.stringtools import get_identifiers

from ...definition.language import grammar
from .cancelled import without_cancelling
from .linked import Joined, Place, joined
from .names import Names
from .plain import (
    CLOCK,
    clock_of,
    compared,
    integers_of,
    statements,
    truths_of,
    with_code,
    with_numbers,
    with_whole_numbers,
)
from .timed_arrays import Driven, take_out


@dataclass(frozen=True)
class Texts:
    """The texts of one neuron. The numbers that only the place in the group gives, ``i`` and ``N``, are written out."""

    equations: Equations
    driven: Driven | None
    """The parameter that replaces TimedArrays."""
    threshold: str
    reset: str
    refractory: str
    """Empty if it is not a text."""
    arrivals: tuple[str, ...] = ()
    """Statements that run when spikes arrive."""
    clock: bool = False
    """Whether the time step of the group is a number in the texts."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where in Brian2 the values of other groups are that became part of the neuron."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """The objects of names that only those groups use."""
    simplified: tuple[str, ...] = ()
    """The names of equations in which terms that cancel are left out, as in Brian2."""

    @property
    def timed(self) -> str:
        """The name of the parameter that replaces TimedArrays; empty if there is none."""
        return "" if self.driven is None else self.driven.name

    @cached_property
    def assigned(self) -> set[str]:
        """The names that the reset and arriving spikes change."""
        return assigned(self.reset).union(*map(assigned, self.arrivals))

    @cached_property
    def used(self) -> set[str]:
        """The names on which spikes depend, or that the reset changes. A subexpression that nothing uses is not run."""
        temporary = self.assigned - set(self.equations.names)
        return (
            self.needed_by(self.threshold, self.reset, self.refractory, *self.arrivals, *self._derivatives) - temporary
        )

    @cached_property
    def beside_the_derivatives(self) -> set[str]:
        """The names that the threshold, the reset and the refractoriness use."""
        return self.needed_by(self.threshold, self.reset, self.refractory)

    def needed_by(self, *texts: str) -> set[str]:
        """Return the names in some texts, and in the subexpressions that these use."""
        found, waiting = set(), {name for text in texts for name in get_identifiers(text)}
        while waiting:
            name = waiting.pop()
            found.add(name)
            if name in self.equations and self.equations[name].type == SUBEXPRESSION:
                waiting |= set(get_identifiers(self.equations[name].expr.code)) - found
        return found

    @property
    def state(self) -> set[str]:
        """The variables with a differential equation."""
        return {each.varname for each in self.equations.values() if each.type == DIFFERENTIAL_EQUATION}

    @property
    def _derivatives(self) -> list[str]:
        return [self.equations[name].expr.code for name in self.state]


def texts_of(group: brian2.NeuronGroup, index: int, names: Names) -> Texts:
    """Return the texts of one neuron.

    Parameters
    ----------
    group : brian2.NeuronGroup
    index : int
    names : Names
        Those of the group.

    Raises
    ------
    UserError
        As `take_out` and `joined`.
    """
    alone = _written(group, index, Joined(group.user_equations), names)
    whole = joined(group, index, alone.used, names)
    texts = alone if whole.equations is group.user_equations else _written(group, index, whole, names)
    names = names.with_objects(whole.constants)
    equations, driven = take_out(texts.equations, names.resolved, group.name, index)
    return replace(texts, equations=with_numbers(equations, _truths(equations, names)), driven=driven)


def _truths(equations: Equations, names: Names, *texts: str) -> set[str]:
    """Return the names in equations and texts that stand for what is true or false."""
    used = equations.identifiers.union(*map(get_identifiers, texts))
    return truths_of(equations) | names.truths(used - set(equations.names))


def _written(group: brian2.NeuronGroup, index: int, whole: Joined, names: Names) -> Texts:
    """Return the texts, in which the numbers that only the place in the group gives are written out."""
    refractory = group._refractory if isinstance(group._refractory, str) else ""
    threshold, refractory = one_line(group.events.get("spike", "")), one_line(refractory)
    equations = whole.equations
    reset = _without_flags(one_line(group.event_codes.get("spike") or ""), group, equations)
    codes = [each.expr.code for each in equations.values() if each.expr is not None]
    numbers = numbers_of(group, index, *codes, threshold, reset, refractory)
    written = Equations([with_code(each, written_out(numbers, each)) for each in equations.values()])
    written, simplified = without_cancelling(written)
    truths = _truths(written, names.with_objects(whole.constants), threshold, reset, refractory)
    return Texts(
        written,
        None,
        compared(replaced(threshold, numbers), truths),
        with_whole_numbers(statements(replaced(reset, numbers), truths), integers_of(written), f"{group.name}: reset"),
        compared(replaced(refractory, numbers), truths),
        clock=uses_clock(numbers),
        places=whole.places,
        objects=whole.constants,
        simplified=tuple(simplified),
    )


def numbers_of(group: brian2.NeuronGroup, index: int, *codes: str) -> dict[str, str]:
    """Return what takes the place of the names in some texts that only the place in the group, or its clock, gives."""
    return {"i": str(index), "N": str(len(group)), **clock_of(group, codes)}


def uses_clock(numbers: Mapping[str, str]) -> bool:
    """Whether the time step of the group is among such numbers."""
    return not set(CLOCK).isdisjoint(numbers)


def one_line(code: str) -> str:
    """Return code as one line without comments."""
    lines = (line.partition("#")[0].strip() for line in code.splitlines())
    return "; ".join(line for line in lines if line)


def assigned(statements: str) -> set[str]:
    """Return the names that statements change."""
    try:
        return {target for target, _, _ in grammar.statements(statements)}
    except grammar.Unreadable:
        return {match[1] for part in statements.split(";") if (match := _TARGET.match(part))}


_TARGET = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\*\*|//|[-+*/%])?=(?!=)")


def replaced(text: str, numbers: Mapping[str, str]) -> str:
    """Return a text with some names replaced by numbers."""
    if not set(numbers) & set(get_identifiers(text)):
        return text
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda name: numbers.get(name[0], name[0]), text)


def written_out(numbers: Mapping[str, str], equation: SingleEquation) -> str | None:
    """Return the right-hand side of an equation with some names replaced by numbers; None if it has none."""
    return None if equation.expr is None else replaced(equation.expr.code, numbers)


def _without_flags(reset: str, group: brian2.NeuronGroup, equations: Equations) -> str:
    """Return a reset without the Boolean parameters that it sets and that nothing else of the neuron reads."""
    flags = {each.varname for each in equations.values() if each.var_type == "boolean"}
    parts = [part.strip() for part in reset.split(";")]
    others = [each.expr.code for each in equations.values() if each.expr is not None]
    others += [group.events.get("spike", ""), group._refractory if isinstance(group._refractory, str) else ""]

    def is_read(name: str) -> bool:
        rest = [part for part in parts if assigned(part) != {name}]
        return any(name in get_identifiers(text) for text in (*others, *rest))

    kept = [part for part in parts if not (assigned(part) & flags and not any(map(is_read, assigned(part))))]
    return "; ".join(kept)
