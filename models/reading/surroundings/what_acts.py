"""What acts on a neuron of a Brian2 group, in addition to its own equations.

Subgroups and monitors do not. Synapses, `PoissonInput` and further events do, if they change what the neuron's spikes
depend on. (For operations at regular times, see `operations`.)
"""

from __future__ import annotations

from typing import Any

import brian2
from brian2.core.base import BrianObject
from brian2.groups.subgroup import Subgroup

from ...ground.errors import UserError, quoted
from ..group.linked import Place
from ..group.texts import Texts, assigned, one_line
from ..group.values import is_refractory
from .operations import changed_by_operations

#: What can be asked for with ``synapses=``: how the synapses onto the neuron are treated.
SYNAPSES = ("leave_out", "trains")


def refuse_what_cannot_run(group: brian2.NeuronGroup) -> None:
    """Refuse a group that has no spikes.

    Raises
    ------
    UserError
    """
    if "spike" not in group.events:
        raise UserError(
            f"{group.name} has no threshold, so that it never spikes; give one such as threshold='v > 30*mV'"
        )


def refuse_what_acts(group: brian2.NeuronGroup, index: int, texts: Texts, synapses: str | None) -> None:
    """Refuse a neuron on which something acts in addition to its equations.

    Parameters
    ----------
    group : brian2.NeuronGroup
    index : int
    texts : Texts
    synapses : str, optional
        ``leave_out``: the neuron alone, as if it had no synapses and no `PoissonInput`; ``trains``: they are inputs of
        the model (`pathways`).

    Raises
    ------
    UserError
        If something acts on the neuron.
    """
    if synapses is not None and synapses not in SYNAPSES:
        raise UserError(
            f"{group.name}: synapses = {quoted(synapses)} is unknown; give {' or '.join(map(repr, SYNAPSES))}"
        )
    if is_refractory(group, index):
        raise UserError(f"{group.name} is refractory now, but a model cannot start so; convert it before it runs")
    for each in (group, *(place.group for place in texts.places.values())):
        _refuse_another_order(each)
    refuse_the_past(group, texts)
    for event, code in group.event_codes.items():
        changed = assigned(one_line(code)) & texts.used if event != "spike" else set()
        if changed:
            raise UserError(
                f"{group.name}: the event {event} in addition to the spike changes {', '.join(sorted(changed))}, "
                "which cannot be run; leave it out"
            )
    if synapses is None:
        _refuse_synapses(group, index, texts.used)
    for name, place in texts.places.items():
        why = _why_not_joined(place, synapses)
        if why:
            raise UserError(
                f"{group.name}: '{name}' is '{place.variable}' of {place.group.name}, to which it is linked, {why}; "
                "one neuron alone needs a number in its place"
            )


#: The slots of Brian2's schedule in which the parts of a group run.
_SLOTS = ("groups", "thresholds", "resets")


def _refuse_another_order(group: brian2.NeuronGroup) -> None:
    """Refuse a group whose step is not: integrate, test the threshold, reset."""
    parts = (group.state_updater, group.thresholder.get("spike"), group.resetter.get("spike"))
    for part, slot in zip(parts, _SLOTS, strict=True):
        if part is not None and part.when != slot:
            raise UserError(
                f"{group.name}: {part.name} runs in the slot '{part.when}', and a model is integrated, tested and "
                f"reset in Brian2's own order; leave it in the slot '{slot}'"
            )
    for network in (reference() for reference in list(brian2.Network.__instances__())):
        if network is None or not (isinstance(network, brian2.MagicNetwork) or group in network.objects):
            continue
        own = [slot for slot in network.schedule if slot in _SLOTS]
        if own != list(_SLOTS):
            raise UserError(
                f"{group.name}: the schedule of {network.name} has the order {', '.join(own)}, and a model is "
                f"integrated, tested and reset in Brian2's own order; use {', '.join(_SLOTS)}"
            )


def refuse_the_past(group: brian2.NeuronGroup, texts: Texts) -> None:
    """Refuse a neuron that has run, if what it does depends on the time: a model's time starts at 0.

    Raises
    ------
    UserError
    """
    names = {"t", "lastspike"} & texts.used
    what = f"'{names.pop()}'" if names else "a TimedArray" if texts.driven is not None else ""
    now = _has_run_until(group) if what else 0
    if now:
        raise UserError(
            f"{group.name} has run until {1000 * now:g} ms and uses {what}, but the time of a model starts at 0; "
            "convert the group before it runs"
        )


def _has_run_until(group: brian2.NeuronGroup) -> float:
    """Return the time in s until which a group has run; 0 if it has not. Its clock may be that of others, too."""
    if group._network is None:
        return 0.0
    networks = [reference() for reference in list(brian2.Network.__instances__())]
    own = (each.t_ for each in networks if each is not None and each.id == group._network)
    return float(next(own, group.clock.variables["t"].get_value().item()))


def _why_not_joined(place: Place, synapses: str | None) -> str:
    """Return why a variable of another group cannot be part of a neuron: something else than equations changes it."""
    for event, code in place.group.event_codes.items():
        if place.variable in assigned(one_line(code)):
            return "and which its own spikes change" if event == "spike" else f"and which the event {event} changes"
    others = changed_by_operations(place.group, place.index)
    if synapses != "leave_out":
        others |= changed_by_synapses(place.group, place.index)
    return next((f"and which {name} changes" for name, changed in others.items() if place.variable in changed), "")


def changed_by_synapses(group: brian2.NeuronGroup, index: int) -> dict[str, set[str]]:
    """Return the variables of a neuron that each of the synapses and `PoissonInput` in the script changes, by name."""
    found = (reference() for reference in list(BrianObject.__instances__()))
    return {
        other.name: changes_of(other, group, index)
        for other in found
        if isinstance(other, brian2.Synapses | brian2.PoissonInput)
    }


def _refuse_synapses(group: brian2.NeuronGroup, index: int, used: set[str]) -> None:
    for name, changed in changed_by_synapses(group, index).items():
        if changed & used:
            raise UserError(
                f"{group.name} is the target of {name}, and spikecost runs one neuron alone; give "
                "synapses='leave_out' (on the command line: --synapses leave_out) to run it without them, or "
                "'trains' to replace them by trains of spikes"
            )


def changes_of(other: Any, group: brian2.NeuronGroup, index: int) -> set[str]:
    """Return the variables of a neuron that synapses or a `PoissonInput` change."""
    if isinstance(other, brian2.PoissonInput):
        return {other._target_var} if contains(other._group, group, index) else set()
    codes = [str(pathway.code) for pathway in other._pathways]
    names = set(other.summed_updaters).union(*(assigned(one_line(code)) for code in codes))
    found = set()
    if contains(other.target, group, index):  # a name without an ending is one of the target, too
        found |= {name.removesuffix("_post") for name in names if name not in (other.equations or ())}
    if contains(other.source, group, index):
        found |= {name.removesuffix("_pre") for name in names if name.endswith("_pre")}
    return found


def acts_on(synapses: brian2.Synapses, target: str) -> bool:
    """Whether a name in the statements of synapses is a variable of their target; it may have the ending ``_post``."""
    return not is_synaptic(synapses, target) and target.removesuffix("_post") in synapses.target.variables


def is_synaptic(synapses: brian2.Synapses, name: str) -> bool:
    """Whether a name in the statements of synapses is a variable of the synapses themselves."""
    if name in (synapses.equations or ()):
        return True
    variable = synapses.variables.get(name)
    return bool(getattr(getattr(variable, "owner", None), "name", "") == synapses.name)


def contains(part: Any, group: brian2.NeuronGroup, index: int) -> bool:
    """Whether a group, or a subgroup, contains a neuron of a group."""
    if isinstance(part, Subgroup):
        return part.source.variables is group.variables and part.start <= index < part.stop
    return part.variables is group.variables
