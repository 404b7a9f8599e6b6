"""The synapses onto one neuron of a Brian2 group, as spikes that arrive at a model.

Each pathway (``on_pre`` of `Synapses`, or a `PoissonInput`) becomes an input of the model with its statements. What a
synapse has of its own (its weight) becomes a parameter of the model. The spikes themselves are no part of a model:
`harness.stimuli.arrivals_from_brian2` makes trains from the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np
from brian2.core.base import BrianObject
from brian2.equations.equations import PARAMETER
from brian2.synapses.synapses import SynapticPathway
from brian2.units.fundamentalunits import Quantity
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from ...definition.language import grammar, trees
from ...ground.errors import UserError, short
from ..group.names import Names
from ..group.plain import integers_of, with_whole_numbers
from ..group.texts import assigned, one_line, replaced
from .what_acts import acts_on, changes_of, contains, is_synaptic

#: The signs of assignments with an operation.
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


@dataclass(frozen=True)
class Pathway:
    """One kind of spike that arrives at a neuron."""

    name: str
    """The name of the model's input."""
    statements: str
    """In the names of the model."""
    constants: Mapping[str, Any]
    """A quantity for each name that the statements use and the group does not declare."""
    parameters: Mapping[str, Any]
    """A quantity for each parameter that the synapses have; the mean if they differ."""
    source: Any
    """The Brian2 group whose spikes arrive, or the `PoissonInput`."""
    neurons: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The neuron of the source of each synapse."""
    delays: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """The delay of each synapse in s."""
    varies: str = ""
    """The parameter that differs from synapse to synapse; empty if there is none."""
    values: Any = None
    """The value of this parameter for each synapse, a quantity."""


def pathways_of(group: brian2.NeuronGroup, index: int, used: set[str], namespace: Mapping[str, Any]) -> list[Pathway]:
    """Return what arrives at a neuron, in the order in which Brian2 applies spikes that arrive in one step.

    Parameters
    ----------
    group : brian2.NeuronGroup
    index : int
    used : set of str
        The variables on which the neuron's spikes depend; synapses that change only others are left out.
    namespace : mapping
        The namespace that Brian2's ``run`` would get.

    Raises
    ------
    UserError
        If synapses do anything but change variables of the neuron, in a way that does not change, when a spike arrives.
    """
    found: list[tuple[tuple[int, str], Pathway]] = []
    for other in (reference() for reference in BrianObject.__instances__()):
        if not isinstance(other, brian2.Synapses | brian2.PoissonInput) or not changes_of(other, group, index) & used:
            continue
        if isinstance(other, brian2.PoissonInput):
            found.append(((other.order, other.name), _poisson_input(other, group, namespace)))
            continue
        _refuse_what_is_not_simple(other, group, index, used)
        before = [pathway for pathway in other._pathways if pathway.prepost == "pre"]
        for pathway in before:
            of_one = _pathway(other, pathway, group, index, used, namespace, alone=len(before) == 1)
            if of_one is not None:
                found.append(((pathway.order, pathway.name), of_one))
    return [pathway for _, pathway in sorted(found, key=lambda each: each[0])]


def _poisson_input(other: brian2.PoissonInput, group: brian2.NeuronGroup, namespace: Mapping[str, Any]) -> Pathway:
    target, weight = other._target_var, other._weight
    _refuse_another_slot(other, other)
    if isinstance(weight, str):
        constants = Names(group, namespace).constants(get_identifiers(weight) - set(group.equations.names))
        return Pathway(other.name, f"{target} += {weight}", constants, {}, other)
    name = f"w_{other.name}"
    return Pathway(other.name, f"{target} += {name}", {}, {name: weight}, other)


def _refuse_what_is_not_simple(other: brian2.Synapses, group: brian2.NeuronGroup, index: int, used: set[str]) -> None:
    summed = {name.removesuffix("_post") for name in other.summed_updaters}
    if summed & used:
        raise _refusal(other, f"'{summed.pop()}' is a summed variable, which changes without a spike that arrives")
    for pathway in other._pathways:
        if pathway.prepost == "post" and contains(other.target, group, index):
            own = _own_targets(other, one_line(str(pathway.code))) & used
            if own:
                raise _refusal(
                    other, f"on_post changes '{own.pop()}' at the neuron's own spikes; write it into the reset"
                )
    if contains(other.source, group, index):
        codes = (one_line(str(pathway.code)) for pathway in other._pathways)
        changed = {name.removesuffix("_pre") for code in codes for name in assigned(code) if name.endswith("_pre")}
        if changed & used:
            raise _refusal(other, f"it changes '{changed.pop()}' of the neuron as the source of a synapse")


def _own_targets(other: brian2.Synapses, code: str) -> set[str]:
    """Return the variables of the target that statements change."""
    return {name.removesuffix("_post") for name in assigned(code) if name not in (other.equations or ())}


def _pathway(  # noqa: PLR0917
    other: brian2.Synapses,
    pathway: SynapticPathway,
    group: brian2.NeuronGroup,
    index: int,
    used: set[str],
    namespace: Mapping[str, Any],
    *,
    alone: bool,
) -> Pathway | None:
    """Return a pathway; None if it changes nothing that matters, or has no synapse onto the neuron."""
    code = one_line(str(pathway.code))
    if not _own_targets(other, code) & used or not contains(other.target, group, index):
        return None
    if pathway.event != "spike":
        raise _refusal(other, f"it acts at the event '{pathway.event}', and only spikes can arrive")
    _refuse_another_slot(other, pathway)
    name = other.name if alone else f"{other.name}_{pathway.objname}"
    kept = _kept(other, code, used)
    onto = np.flatnonzero(other.variables["_synaptic_post"].get_value() == index)
    delays = np.broadcast_to(np.atleast_1d(pathway._delays.get_value()), len(other))[onto].astype(float)
    meanings: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    varies, values = "", None
    written = "; ".join(statement for _, statement in kept)
    names = set(get_identifiers(written))
    temporary = {target for target, _ in kept if not acts_on(other, target)}
    for each in sorted(names - temporary):
        if is_synaptic(other, each):
            _refuse_synaptic(other, each)
            own = f"{each}_{name}"
            meanings[each] = own
            array = other.variables[each]
            numbers = np.atleast_1d(array.get_value())
            numbers = np.broadcast_to(numbers, len(other))[onto] if len(numbers) == 1 else numbers[onto]
            quantity = Quantity.with_dimensions(numbers.astype(float), array.dim)
            parameters[own] = Quantity.with_dimensions(float(numbers.mean()) if len(onto) else 0.0, array.dim)
            if len(onto) and np.ptp(numbers) > 0:
                if varies:
                    raise _refusal(
                        other,
                        f"both '{varies}' and '{own}' differ from synapse to synapse; make one of them a constant",
                    )
                varies, values = own, quantity
        elif each.endswith("_post") and each.removesuffix("_post") in group.variables:
            meanings[each] = each.removesuffix("_post")
        elif each.endswith("_pre"):
            raise _refusal(other, f"its statements use '{each}', a variable of the source")
    outside = names - temporary - set(meanings) - set(group.variables)
    return Pathway(
        name,
        with_whole_numbers(
            replaced(written, meanings), integers_of(group.equations), f"{other.name}, {pathway.objname}"
        ),
        Names(other, namespace).constants(outside),
        parameters,
        other.source,
        other.variables["_synaptic_pre"].get_value()[onto].astype(np.int64),
        delays,
        varies,
        values,
    )


def _kept(other: brian2.Synapses, code: str, used: set[str]) -> list[tuple[str, str]]:
    """Return targets and texts of the statements that change what matters, and of temporary variables in them."""
    try:
        read = [
            (target, f"{target} {SIGNS.get(operator, '')}= {trees.written(value)}")
            for target, operator, value in grammar.statements(code)
        ]
    except grammar.Unreadable as error:
        raise _refusal(other, f"its statements cannot be run: {error}") from None
    wanted = {target for target, _ in read if acts_on(other, target) and target.removesuffix("_post") in used}
    found: list[tuple[str, str]] = []
    for target, statement in reversed(read):
        if target in wanted:
            found.append((target, statement))
            wanted |= {name for name in get_identifiers(statement) if name in dict(read)}
    return found[::-1]


def _refuse_synaptic(other: brian2.Synapses, name: str) -> None:
    """Refuse a variable of synapses that may change."""
    if name not in other.equations or other.equations[name].type != PARAMETER:
        raise _refusal(other, f"its statements use '{name}' of the synapse, and only parameters of synapses can be run")
    codes = (one_line(str(pathway.code)) for pathway in other._pathways)
    if any(name in assigned(code) for code in codes):
        raise _refusal(other, f"'{name}' changes when spikes arrive (plasticity); make it a parameter that is constant")


def _refuse_another_slot(other: Any, part: Any) -> None:
    if part.when != "synapses":
        raise _refusal(other, f"it acts in the slot '{part.when}', and only 'synapses' can be run")


def _refusal(other: Any, why: str) -> UserError:
    return UserError(f"synapses='trains': {other.name} cannot be replaced by trains: {short(why)}")
