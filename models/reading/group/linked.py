"""Linked variables of a Brian2 group that change: the equations of the other group become part of the neuron.

A linked variable is a variable of another group, or a subexpression of one. If nothing but its own equations changes
it, one neuron of the other group is run together with the neuron that reads it. Both are then one model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np
from brian2.core.variables import Subexpression
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.utils.stringtools import get_identifiers

from ...definition.language.names import LAST_SPIKE, NOT_REFRACTORY, TIME
from ...definition.language.noise import named, noise_in
from ...ground.errors import UserError, quoted
from .names import Names
from .plain import CLOCK, clock_of

LINKED = "linked"


@dataclass(frozen=True)
class Place:
    """Where a value of a model is in Brian2."""

    group: Any
    variable: str
    index: int

    @property
    def array(self) -> Any:
        """Brian2's variable.

        Raises
        ------
        UserError
            If the group no longer exists: Brian2 keeps only weak references.
        """
        try:
            return self.group.variables[self.variable]
        except ReferenceError:
            raise UserError(
                f"the group with the variable '{self.variable}' no longer exists; keep that group in a variable"
            ) from None


@dataclass(frozen=True)
class Joined:
    """The equations of a neuron, together with those of the neurons of other groups to which it is linked."""

    equations: Equations
    places: Mapping[str, Place] = field(default_factory=dict)
    """For each name that comes from another group: where its value is."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    """The objects of names that only the other groups use, or use with another meaning."""


def joined(group: brian2.NeuronGroup, index: int, used: set[str], names: Names) -> Joined:
    """Return the equations of a neuron in which linked variables that change have their own equations.

    Parameters
    ----------
    group : brian2.NeuronGroup
    index : int
    used : set of str
        The names on which the neuron's spikes depend; other variables stay as they are.
    names : Names
        Those of the group.

    Raises
    ------
    UserError
        If a linked variable belongs to something that has no equations, or that more than equations change.
    """
    equations = group.user_equations
    linked = [each.varname for each in equations.values() if LINKED in each.flags and each.varname in used]
    linked = [name for name in linked if name in group.variables and _changes(group, name, index)]
    if not linked:
        return Joined(equations)
    joiner = _Joiner(group, index, names, linked)
    return Joined(joiner.equations(), joiner.places, joiner.constants)


def linked_notes(group: brian2.NeuronGroup, places: Mapping[str, Place]) -> list[str]:
    """Say which other groups became part of a neuron, and what Brian2 does otherwise."""
    said = []
    for other in {place.group.name: place.group for place in places.values()}.values():
        first, then = ((each.state_updater.order, each.state_updater.name) for each in (other, group))
        if other.clock.dt != group.clock.dt:
            ahead = f"; Brian2 advances it every {quoted(other.clock.dt)}"
        elif first < then:
            ahead = f"; Brian2 advances it first in each step, so that {group.name} sees its values one step earlier"
        else:
            ahead = ""
        said.append(f"{other.name}, to which it is linked, is part of the neuron{ahead}")
    return said


def place_of(group: Any, variable: str, index: int) -> Place:
    """Return where the value of an array is that a group uses, perhaps from another group."""
    array, place = group.variables[variable], group.variables.indices[variable]
    try:
        owner = getattr(array.owner, "name", "") and array.owner  # Brian2 keeps only weak references
    except ReferenceError:
        raise UserError(
            f"{group.name}: '{variable}' is (linked) to a group that no longer exists; keep that group in a variable"
        ) from None
    if place == "0" or getattr(array, "scalar", False):
        return Place(owner, array.name, 0)
    if place == "_idx":
        return Place(owner, array.name, index)
    return Place(owner, array.name, int(np.atleast_1d(group.variables[place].get_value())[index]))


def _changes(group: Any, variable: str, index: int) -> bool:
    """Whether a linked variable is more than a parameter of another group."""
    if isinstance(group.variables[variable], Subexpression):
        return True
    place = place_of(group, variable, index)
    equation = _equation(place)
    return equation is None or equation.type != PARAMETER


def _equation(place: Place) -> SingleEquation | None:
    if not isinstance(place.group, brian2.NeuronGroup):
        return None
    found = place.group.user_equations
    return found.get(place.variable, None)


class _Joiner:
    """Collects the equations of a neuron and of those to which it is linked."""

    def __init__(self, group: brian2.NeuronGroup, index: int, names: Names, linked: list[str]) -> None:
        self._group, self._index, self._names, self._linked = group, index, names, linked
        self._made: dict[str, SingleEquation] = {}
        self._known: dict[tuple[str, str, int], str] = {}
        self._constants_of: dict[tuple[str, str], str] = {}
        self._taken = set(group.user_equations.names) | group.equations.identifiers
        self.places: dict[str, Place] = {}
        self.constants: dict[str, Any] = {}

    def equations(self) -> Equations:
        own = self._group.user_equations
        for name in self._linked:
            self._link(name, own[name])
        kept = [each for each in own.values() if each.varname not in self._linked]
        return Equations([*kept, *self._made.values()])

    def _link(self, name: str, equation: SingleEquation) -> None:
        variable = self._group.variables[name]
        if isinstance(variable, Subexpression):
            self._made[name] = self._subexpression(name, variable, equation)
            return
        place = place_of(self._group, name, self._index)
        found = self._of(place, name, name)
        if found != name:
            self._made[name] = SingleEquation(
                SUBEXPRESSION, name, equation.dim, equation.var_type, Expression(found), []
            )

    def _subexpression(self, name: str, variable: Subexpression, equation: SingleEquation) -> SingleEquation:
        """Return a subexpression of another group, which Brian2 writes in names of its own."""
        meanings = {}
        for each in get_identifiers(variable.expr):
            # Brian2's own names of what the other group has
            if each.startswith("_") and each in self._group.variables:
                meanings[each] = self._referred(each, name)
        code = _renamed(variable.expr, meanings)
        return SingleEquation(SUBEXPRESSION, name, equation.dim, equation.var_type, Expression(code), [])

    def _referred(self, name: str, linked: str) -> str:
        variable = self._group.variables[name]
        if isinstance(variable, Subexpression):
            inner = {
                each: self._referred(each, linked)
                for each in get_identifiers(variable.expr)
                if each.startswith("_") and each in self._group.variables
            }
            return f"({_renamed(variable.expr, inner)})"
        place = place_of(self._group, name, self._index)
        if place.variable in ("i", "N"):
            return str(place.index if place.variable == "i" else len(place.group))
        if place.variable == TIME:
            return TIME
        return self._of(place, place.variable, linked)

    def _of(self, place: Place, wanted: str, linked: str) -> str:
        """Add the equation of a variable of another group, and what it uses; return its name here."""
        key = place.group.name, place.variable, place.index
        if place.group is self._group or key[0] == self._group.name:
            raise self._refusal(linked, place, "which is the same group")
        if key in self._known:
            return self._known[key]
        equation = _equation(place)
        if equation is None:
            raise self._refusal(linked, place, "which has no equation")
        if equation.var_type == "boolean":
            raise self._refusal(linked, place, "which is true or false")
        name = wanted if wanted == linked and wanted not in self._made else self._free(wanted, place.group.name)
        self._known[key] = name
        self.places[name] = place
        if equation.type == PARAMETER:
            self._made[name] = SingleEquation(PARAMETER, name, equation.dim, equation.var_type, None, [])
            return name
        if "unless refractory" in equation.flags:
            raise self._refusal(linked, place, "which stands still when its own neuron is refractory")
        code = equation.expr.code
        if named(code)[1] and place.group.clock.dt != self._group.clock.dt:
            raise self._refusal(linked, place, f"which draws random numbers every {quoted(place.group.clock.dt)}")
        self._made[name] = SingleEquation(
            DIFFERENTIAL_EQUATION if equation.type == DIFFERENTIAL_EQUATION else SUBEXPRESSION,
            name,
            equation.dim,
            equation.var_type,
            Expression(_renamed(code, self._meanings(place, code, linked))),
            [flag for flag in equation.flags if flag == "constant over dt"],
        )
        return name

    def _meanings(self, place: Place, code: str, linked: str) -> dict[str, str]:
        """Return what stands here for the names in an equation of another group."""
        other, index = place.group, place.index
        numbers = {"i": str(index), "N": str(len(other)), **clock_of(other, [code])}
        found: dict[str, str] = {each: f"{each}_{other.name}" for each in noise_in(code)}
        for each in get_identifiers(code) - found.keys():
            if each in other.user_equations:
                found[each] = self._of(place_of(other, each, index), each, linked)
            elif each in numbers:
                found[each] = numbers[each]
            elif each in (LAST_SPIKE, NOT_REFRACTORY):
                raise self._refusal(linked, place, f"which depends on its own spikes ('{each}')")
            elif each not in (TIME, *CLOCK):
                found[each] = self._constant(other, each)
        return found

    def _constant(self, other: Any, name: str) -> str:
        """Return the name here of something outside the equations of another group."""
        key = other.name, name
        if key not in self._constants_of:
            theirs, ours = self._names.of(other).resolved(name), self._names.resolved(name)
            chosen = name
            if theirs is not None and not _same(theirs, ours):
                chosen = self._free(name, other.name)
                self.constants[chosen] = theirs
            self._constants_of[key] = chosen
        return self._constants_of[key]

    def _free(self, name: str, owner: str) -> str:
        taken = self._taken | self._made.keys() | self._known_names()
        chosen, number = name, 1
        while chosen in taken:
            chosen = f"{name}_{owner}" if number == 1 else f"{name}_{owner}_{number}"
            number += 1
        self._taken.add(chosen)
        return chosen

    def _known_names(self) -> set[str]:
        return {*self._known.values(), *self.constants}

    def _refusal(self, linked: str, place: Place, why: str) -> UserError:
        owner = getattr(place.group, "name", "another group")
        return UserError(
            f"{self._group.name}: '{linked}' is (linked) to '{place.variable}' of {owner}, {why}; one neuron alone "
            "needs a number in its place"
        )


def _same(one: Any, other: Any) -> bool:
    """Whether two objects of names mean the same."""
    if one is other:
        return True
    try:
        return bool(one.dim is other.dim and np.all(np.asarray(one.get_value()) == np.asarray(other.get_value())))
    except AttributeError:
        return False


def _renamed(text: str, meanings: Mapping[str, str]) -> str:
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda name: meanings.get(name[0], name[0]), text)
