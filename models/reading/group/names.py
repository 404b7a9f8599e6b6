"""What the names stand for that a Brian2 group uses and does not declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, Function
from brian2.core.namespace import DEFAULT_UNITS
from brian2.core.variables import Constant, Variable
from brian2.units.fundamentalunits import Quantity, get_dimensions

from ...definition.language import units
from ...definition.language.dimensions import unit_called
from ...definition.language.names import NOT_REFRACTORY, OF_TIME
from ...definition.language.noise import noise_in
from ...ground.errors import UserError, quoted

_BRIAN2S_OWN = {"poisson": "spikecost compares spike times, and random numbers have none to compare"}


class Names:
    """The names that a group does not declare, found in the same order as by Brian2.

    Parameters
    ----------
    group : brian2.NeuronGroup
    namespace : mapping
        The namespace that Brian2's ``run`` would get.
    also : mapping
        Objects of further names, which come first.
    """

    def __init__(
        self, group: brian2.NeuronGroup, namespace: Mapping[str, Any], also: Mapping[str, Any] | None = None
    ) -> None:
        self._group = group
        self._namespace = namespace
        self._also = dict(also or {})

    def of(self, other: brian2.NeuronGroup) -> Names:
        """Return the names of another group of the same script."""
        return Names(other, self._namespace)

    def with_objects(self, also: Mapping[str, Any]) -> Names:
        """Return the same names and some more."""
        return Names(self._group, self._namespace, also)

    def resolved(self, identifier: str) -> Any:
        """Return the object of a name; None if there is none."""
        if identifier in self._also:
            return self._also[identifier]
        if identifier in _BRIAN2S_OWN or identifier in self._group.variables:
            return None
        found = self._converted(identifier)
        if found is not None:
            return found
        try:
            return self._group.resolve_all([identifier], self._namespace, user_identifiers=set())[identifier]
        except KeyError:
            return None

    def truths(self, identifiers: Iterable[str]) -> set[str]:
        """Return those of some names that stand for True or False."""
        found = {identifier: self.resolved(identifier) for identifier in identifiers}
        return {name for name, value in found.items() if isinstance(value, Constant) and value.is_boolean}

    def constants(self, identifiers: Iterable[str]) -> dict[str, Any]:
        """Return the numbers and quantities among some names.

        Raises
        ------
        UserError
            If a name has no meaning, or stands for something that cannot be run.
        """
        group, constants = self._group, {}
        identifiers = set(identifiers) - {*OF_TIME, NOT_REFRACTORY}
        for identifier in sorted(identifiers - set(noise_in(" ".join(identifiers)))):
            if identifier in _BRIAN2S_OWN:
                raise UserError(
                    f"{group.name}: '{identifier}' in the equations cannot be run: {_BRIAN2S_OWN[identifier]}"
                )
            if identifier in group.variables:
                raise UserError(
                    f"{group.name}: Brian2's own variable '{identifier}' in the equations cannot be run; "
                    "write the equations without it"
                )
            value = self.resolved(identifier)
            if value is None:
                raise UserError(
                    f"{group.name}: '{identifier}' is neither in the equations nor defined around the group; "
                    f"define it, or give namespace={{'{identifier}': ...}}"
                )
            if isinstance(value, brian2.TimedArray):
                raise UserError(
                    f"{group.name}: the TimedArray '{identifier}' in the threshold, reset or "
                    "refractoriness cannot be run; write a parameter or a number in its place"
                )
            if identifier in DEFAULT_CONSTANTS or unit_called(identifier) is not None:
                continue  # the equations know it
            if isinstance(value, Constant):
                constants[identifier] = Quantity.with_dimensions(value.value, value.dim)
            elif isinstance(value, Function):
                if identifier not in DEFAULT_FUNCTIONS:
                    raise UserError(
                        f"{group.name}: '{identifier}' is a function of your own, whose operations spikecost cannot "
                        "read; write what it computes into the equations"
                    )
            else:
                raise UserError(
                    f"{group.name}: '{identifier}' is {quoted(value)}, where one number or quantity is expected"
                )
        return constants

    def _converted(self, identifier: str) -> Constant | None:
        """Return the number or quantity of a name that Brian2 does not define; None if there is none.

        Brian2 uses only the number of another library's quantity, or ignores it and uses another meaning of the name.
        """
        if any(identifier in names for names in (DEFAULT_CONSTANTS, DEFAULT_UNITS, DEFAULT_FUNCTIONS)):
            return None
        for names in (self._group.namespace or {}, self._namespace):
            value = names.get(identifier)
            if isinstance(value, Variable | bool | np.bool_) or callable(value):
                return None
            if value is not None:
                number = units.one_given(value, f"{self._group.name}: '{identifier}'")
                return Constant(identifier, np.asarray(number), get_dimensions(number))
        return None
