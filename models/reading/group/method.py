"""The method with which Brian2 integrates a group."""

from __future__ import annotations

import brian2
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException

from ...ground.errors import UserError
from ...methods import METHODS
from .names import Names


def _without_noise(name: str) -> str:
    """Return what a method is on a model without noise."""
    return getattr(METHODS[name], "without_noise", "") or name


def method_of(group: brian2.NeuronGroup, names: Names) -> str:
    """Return spikecost's name of the method that Brian2 uses.

    Raises
    ------
    UserError
        If spikecost has no such method, or Brian2 cannot integrate the equations with it.
    """
    variables = dict(group.variables) | {
        name: names.resolved(name) for name in group.equations.identifiers - set(group.variables)
    }
    choices = group.method_choice
    choices = [choices] if isinstance(choices, str) or callable(choices) else choices
    reason = "no method is given"
    for choice in choices:
        try:
            StateUpdateMethod.apply_stateupdater(group.equations, variables, choice, group_name=group.name)
        except UnsupportedEquationsException as error:
            reason = " ".join(str(error).split()).rstrip(".")
            continue
        except Exception as error:  # of sympy: Brian2 would end with it, too
            problem = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(".")
            raise UserError(
                f"{group.name}: Brian2 fails to make the method {choice} ({problem}); give another"
            ) from None
        name = "exact" if choice == "linear" else choice if isinstance(choice, str) else type(choice).__name__
        ours = {method.brian2: method.name for method in METHODS.values() if method.brian2}
        if name in ours:
            return ours[name] if group.equations.is_stochastic else _without_noise(ours[name])
        raise UserError(f"{group.name}: spikecost has no method like Brian2's '{name}'; it has {', '.join(ours)}")
    asked = ", ".join(map(str, choices))
    raise UserError(
        f"{group.name}: Brian2 cannot integrate its equations with the method {asked} ({reason}); give another"
    )
