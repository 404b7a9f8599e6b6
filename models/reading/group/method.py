"""The method with which Brian2 integrates a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.equations.equations import Equations
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system

from ...algebra.draft import substitute
from ...algebra.expression import names
from ...algebra.polynomial import linear_parts
from ...definition.neuron import NeuronModel
from ...ground.errors import UserError
from ...methods import METHODS
from ...methods.exact import Exact
from ...methods.exponential_euler_frozen import FrozenExponentialEuler
from .names import Names
from .texts import Texts

#: How the names of Brian2's methods begin that compute derivatives at later times than the start of a step.
_LATER = ("rk2", "rk4", "heun", "gsl")


def _without_noise(name: str) -> str:
    """Return what a method is on a model without noise."""
    return getattr(METHODS[name], "without_noise", "") or name


def _freezes(equations: Equations, variables: Mapping[str, Any]) -> bool:
    """Whether Brian2's exponential Euler freezes functions of a variable in its own derivative."""
    parts = get_conditionally_linear_system(equations, variables)
    return any(
        str(symbol) == name
        for name, each in parts.items()
        for part in each
        for symbol in getattr(part, "free_symbols", ())
    )


def choices_of(group: brian2.NeuronGroup) -> list[Any]:
    """Return the methods that Brian2 may use on a group, the first that it can: names, and functions of the user."""
    given = group.method_choice
    known = {id(each): name for name, each in StateUpdateMethod.stateupdaters.items()}
    return [known.get(id(each), each) for each in ([given] if isinstance(given, str) or callable(given) else given)]


def read_ahead(group: brian2.NeuronGroup, texts: Texts) -> str:
    """Return that Brian2's method reads a TimedArray at later times than the start of a step; empty if it does not."""
    method = choices_of(group)[0]
    if not texts.timed or not isinstance(method, str) or not method.startswith(_LATER):
        return ""
    return (
        f"Brian2's {method} reads {texts.timed} inside and at the end of a step, too: where it jumps, spikes may be at "
        "other times than here"
    )


def other_format(group: brian2.NeuronGroup) -> str:
    """Return that Brian2 computes a group in another number format than double precision; empty if it does not."""
    formats = {np.dtype(group.variables[name].dtype).name for name in group.equations.diff_eq_names}
    others = sorted(formats - {"float64"})
    if not others:
        return ""
    return (
        f"Brian2 computes it in {' and '.join(others)}, spikecost in double precision: spikes may differ; "
        "`spikecost run --precision double single` compares both"
    )


def with_rates_as_numbers(model: NeuronModel, group: brian2.NeuronGroup) -> NeuronModel:
    """Return a model that the exact method can integrate, if Brian2 would use it on the group.

    Where variables drive each other, the method needs numbers as their rates: parameters in them become constants.
    """
    choices = choices_of(group)
    if not choices or choices[0] not in ("exact", "linear") or not model.parameters or not _why_not_exact(model):
        return model
    system = model.system
    sides = [substitute(value, system.subexpressions) for value in system.derivatives.values()]
    parts = [linear_parts(side, name) for side in sides for name in system.state]
    rates = names(*(part[1] for part in parts if part is not None)) & set(model.parameters)
    lines = [line for line in model.equations.splitlines() if line.partition(":")[0].strip() not in rates]
    made = model.replace(
        equations="\n".join(lines),
        parameters={name: value for name, value in model.parameters.items() if name not in rates},
        constants={**model.constants, **{name: model.parameters[name] for name in rates}},
        description=f"{model.description}; {', '.join(sorted(rates))} as numbers, for the exact method",
    )
    return model if _why_not_exact(made) else made


def _why_not_exact(model: NeuronModel) -> str:
    return METHODS[Exact.name].why_not(model, "grid", varying=False)


def method_of(group: brian2.NeuronGroup, names: Names, texts: Texts) -> str:
    """Return spikecost's name of the method that Brian2 uses.

    If other groups became part of the neuron (`linked`), it is what Brian2 would use for all of its equations.

    Raises
    ------
    UserError
        If spikecost has no such method, or Brian2 cannot integrate the equations with it.
    """
    equations = texts.equations if texts.places else group.equations
    names = names.with_objects(texts.objects)
    variables = dict(group.variables) | {name: place.array for name, place in texts.places.items()}
    variables |= {name: names.resolved(name) for name in equations.identifiers - set(variables)}
    choices = choices_of(group)
    reason = "no method is given"
    for choice in choices:
        try:
            StateUpdateMethod.apply_stateupdater(equations, variables, choice, group_name=group.name)
        except UnsupportedEquationsException as error:
            reason = " ".join(str(error).split()).rstrip(".")
            continue
        except Exception as error:  # of sympy: Brian2 would end with it, too
            problem = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(".")
            raise UserError(
                f"{group.name}: Brian2 fails to make the method {choice} ({problem}); give another"
            ) from None
        name = "exact" if choice == "linear" else choice if isinstance(choice, str) else type(choice).__name__
        # the first of a name is that of most models
        ours = {method.brian2: method.name for method in reversed([*METHODS.values()]) if method.brian2}
        if name == FrozenExponentialEuler.brian2 and _freezes(equations, variables):
            return FrozenExponentialEuler.name
        if name in ours:
            return ours[name] if equations.is_stochastic else _without_noise(ours[name])
        raise UserError(f"{group.name}: spikecost has no method like Brian2's '{name}'; it has {', '.join(ours)}")
    asked = ", ".join(map(str, choices))
    raise UserError(
        f"{group.name}: Brian2 cannot integrate its equations with the method {asked} ({reason}); give another"
    )
