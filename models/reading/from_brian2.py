"""A model made from a user's Brian2 group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, overload

import brian2
import numpy as np
from brian2.core.namespace import get_local_namespace
from brian2.equations.equations import SUBEXPRESSION
from brian2.groups.subgroup import Subgroup
from brian2.units.fundamentalunits import get_dimensions

from ..definition.language import units
from ..definition.language.equation_lines import DIFFERENTIAL, PARAMETER
from ..definition.language.noise import named
from ..definition.neuron import NeuronModel
from ..ground.errors import UserError, check_mapping, check_text, quoted, short
from .group.equations import held_over_steps, lines_of, parameter
from .group.linked import linked_notes
from .group.method import method_of, other_format, read_ahead, with_rates_as_numbers
from .group.names import Names
from .group.texts import Texts, texts_of
from .group.timed_arrays import TimedInput, autonomous_part
from .group.values import value_at
from .surroundings.input import choose
from .surroundings.network_operations import refuse_network_operations
from .surroundings.operations import with_drawn
from .surroundings.pathways import Pathway, pathways_of
from .surroundings.what_acts import changed_by_synapses, refuse_the_past, refuse_what_acts, refuse_what_cannot_run

#: Brian2 objects that spike but are not a group of point neurons with equations.
_NOT_A_GROUP = {
    "SpatialNeuron": "it has compartments, and spikecost runs point neurons; give a NeuronGroup",
    "SpatialSubgroup": "it has compartments, and spikecost runs point neurons; give a NeuronGroup",
    "Synapses": "spikecost runs one neuron alone, without synapses and their delays; give the NeuronGroup",
    "PoissonGroup": "it has no equations; give a NeuronGroup",
    "SpikeGeneratorGroup": "it has no equations; give a NeuronGroup",
    "Network": "give one of its NeuronGroups",
}


@dataclass(frozen=True)
class Brian2Settings:
    """How a group runs in Brian2, in spikecost's terms."""

    method: str
    detection: str
    """``grid_start``: Brian2 finds a spike at the end of a step and labels it with the start of the step."""
    dt: Any
    """The time step, a quantity."""


@overload
def from_brian2(
    group: Sequence[brian2.NeuronGroup | Subgroup],
    input: str | None = ...,
    *,
    index: int = ...,
    name: None = ...,
    namespace: Mapping[str, Any] | None = ...,
    synapses: str | None = ...,
) -> list[NeuronModel]: ...
@overload
def from_brian2(
    group: brian2.NeuronGroup | Subgroup,
    input: str | None = ...,
    *,
    index: int = ...,
    name: str | None = ...,
    namespace: Mapping[str, Any] | None = ...,
    synapses: str | None = ...,
) -> NeuronModel: ...
def from_brian2(
    group: brian2.NeuronGroup | Subgroup | Sequence[brian2.NeuronGroup | Subgroup],
    input: str | None = None,  # noqa: A002
    *,
    index: int = 0,
    name: str | None = None,
    namespace: Mapping[str, Any] | None = None,
    synapses: str | None = None,
) -> NeuronModel | list[NeuronModel]:
    """Make a model from a Brian2 group, or a list of models from several groups.

    Names that the group does not declare are searched in the same order as in Brian2: units and functions, the group's
    namespace, then `namespace`. The model gets the parameters and the current state of the group; ``i`` and ``N`` are
    the numbers of the chosen neuron. A parameter that the reset changes becomes a variable that is constant between
    spikes. A TimedArray in the equations, ``stimulus(t)``, is the model's input:
    `harness.stimuli.stimulus_from_brian2` makes a stimulus from it. `settings_from_brian2` returns the method and dt.

    Quantities of other libraries (pint, numpy, pandas ...) are converted exactly where the equations name them. A value
    that was assigned to a variable of the group, or put into a TimedArray, is already a plain number of Brian2: where
    Brian2 expects a pure number, it drops the unit of another library without a warning.

    Parameters
    ----------
    group : brian2.NeuronGroup, Subgroup, or a sequence of them
    input : str, optional
        The declared parameter, or the constant, that the stimulus drives. By default it is the TimedArray, or ``I``, or
        the only parameter or constant that is added in the derivative of the membrane potential (`surroundings.input`);
        `NeuronModel.input_note` says which. If it is empty, or if there is none, the model has no input.
    index : int
        The neuron whose values are used.
    name : str, optional
        Name of the model; by default the name of the group.
    namespace : mapping, optional
        The namespace that Brian2's ``run`` would get; by default the names at the place of the call.
    synapses : str, optional
        ``leave_out`` takes a neuron that is the target of synapses or of a `PoissonInput` alone, as it stands.
        ``trains`` makes an input of spikes of each (`NeuronModel.arrivals`), with its statements and weights;
        `arrivals_from_brian2` returns the spikes. By default it is refused. Synapses that only start at the neuron,
        subgroups and monitors never matter.

    Raises
    ------
    UserError
        If the group has something that spikecost does not run: compartments, operations and functions that change it
        in addition to its equations, another order of its parts, linked variables that change, a threshold that
        cannot be located, or a past (it has run) on which its time depends.
    """
    check_text(input, "input", "I", optional=True)
    check_text(name, "name", "mine", optional=True)
    check_text(synapses, "synapses", "leave_out", optional=True)
    check_mapping(namespace, "namespace", "{'tau': 20*ms}", optional=True)
    around = get_local_namespace(level=1) if namespace is None else namespace
    if isinstance(group, list | tuple):
        if name is not None:
            raise UserError(f"name = '{name}' cannot be the name of several groups; leave it out")
        return [_model(_Asked(each, index, around, synapses), input, None) for each in group]
    return _model(_Asked(group, index, around, synapses), input, name)


def settings_from_brian2(group: brian2.NeuronGroup, *, namespace: Mapping[str, Any] | None = None) -> Brian2Settings:
    """Return the method and dt with which a group runs; the parameters are those of `from_brian2`.

    Raises
    ------
    UserError
        If spikecost has no such method, or Brian2 cannot run the group with it.
    """
    check_mapping(namespace, "namespace", "{'tau': 20*ms}", optional=True)
    around = get_local_namespace(level=1) if namespace is None else namespace
    whole, _ = _neuron(group, 0)
    refuse_what_cannot_run(whole)
    names = Names(whole, around)
    return Brian2Settings(method_of(whole, names, texts_of(whole, 0, names)), "grid_start", whole.clock.dt)


def synapses_of(group: Any, index: int, namespace: Mapping[str, Any]) -> list[Pathway]:
    """Return the synapses onto a neuron that ``synapses="trains"`` makes inputs of a model.

    Raises
    ------
    UserError
        As `from_brian2`.
    """
    whole, at = _neuron(group, index)
    texts = texts_of(whole, at, Names(whole, namespace))
    return pathways_of(whole, at, texts.used, namespace)


def recording_of(group: Any, index: int, namespace: Mapping[str, Any]) -> TimedInput | None:
    """Return what gives the values of TimedArrays in the equations of a neuron; None if there are none.

    Raises
    ------
    UserError
        As `from_brian2`.
    """
    whole, at = _neuron(group, index)
    names = Names(whole, namespace)
    texts = texts_of(whole, at, names)
    if texts.driven is None:
        return None
    refuse_the_past(whole, texts)
    names = names.with_objects(texts.objects)
    equations = autonomous_part(texts.equations, texts.assigned, texts.driven, whole.name)
    synaptic = set().union(*changed_by_synapses(whole, at).values()) & set(equations.names)
    if synaptic:
        raise UserError(
            f"{whole.name}: the input '{short(texts.driven.code)}' depends on '{synaptic.pop()}', which synapses "
            "change; a stimulus can only depend on the time: write a parameter in its place"
        )
    given = {each.varname for each in equations.values() if each.type != SUBEXPRESSION}
    outside = equations.identifiers - set(equations.names)
    objects = {name: found for name in outside if (found := names.resolved(name)) is not None}
    values = {name: value_at(texts, whole, name, at) for name in sorted(given)}
    return TimedInput(texts.driven, equations, objects, values, whole.method_choice, whole.clock.dt)


def _neuron(group: Any, index: int) -> tuple[brian2.NeuronGroup, int]:
    """Return the whole group, and the index of a neuron in it."""
    kind = type(group).__name__
    part = group if isinstance(group, Subgroup) else None
    # a Subgroup holds only a weak reference
    whole = part.source if part is not None else group
    if not isinstance(whole, brian2.NeuronGroup) or kind in _NOT_A_GROUP:
        raise UserError(
            f"cannot convert {getattr(group, 'name', quoted(group))} ({kind}): "
            f"{_NOT_A_GROUP.get(kind, 'give a Brian2 NeuronGroup')}"
        )
    if not isinstance(index, int | np.integer) or not 0 <= index < len(group):
        raise UserError(f"{group.name} has {len(group)} neurons; give an index below that, not {quoted(index)}")
    return whole, int(index) + (part.start if part is not None else 0)


class _Asked(NamedTuple):
    """The neuron that a user asks for."""

    group: Any
    at: int
    namespace: Mapping[str, Any]
    synapses: str | None


def _model(asked: _Asked, driven: str | None, name: str | None) -> NeuronModel:
    group, index = _neuron(asked.group, asked.at)
    refuse_what_cannot_run(group)
    names = Names(group, asked.namespace)
    texts = texts_of(group, index, names)
    names = names.with_objects(texts.objects)
    if not texts.state and not texts.assigned & set(texts.equations.names):
        raise UserError(
            f"{group.name} has no differential equation, and its reset changes nothing: it is a source of spikes, not "
            "a neuron; its spikes can arrive at a neuron, for example by sc.recorded_train"
        )
    texts, sampling = with_drawn(group, index, texts)
    refuse_what_acts(group, index, texts, asked.synapses)
    refuse_network_operations(group, index, texts)
    arriving = pathways_of(group, index, texts.used, asked.namespace) if asked.synapses == "trains" else []
    texts = replace(texts, arrivals=tuple(each.statements for each in arriving))
    of_synapses = {name: value for each in arriving for name, value in each.parameters.items()}
    found = {name: value for each in arriving for name, value in each.constants.items()}
    constants = found | names.constants(texts.used - set(texts.equations.names) - found.keys() - of_synapses.keys())
    held = held_over_steps(texts, partial(method_of, group, names, texts), group.name)
    synaptic = set().union(*changed_by_synapses(group, index).values())
    chosen = choose(texts, constants, driven, synaptic, group.name)
    notes = [note for note in (chosen.note, read_ahead(group, texts), other_format(group)) if note]

    lines = list(lines_of(texts, {chosen.name}))
    drive = None
    if chosen.name in constants:
        drive = constants.pop(chosen.name)
        lines.append(parameter(chosen.name, get_dimensions(drive)))
    elif chosen.name and not texts.timed:
        drive = value_at(texts, group, chosen.name, index)

    def values(kind: str) -> dict[str, Any]:
        named = [line.name for line in lines if line.kind == kind and line.name != chosen.name]
        return {each: value_at(texts, group, each, index) for each in named}

    parameters = values(PARAMETER) | of_synapses
    lines += [parameter(each, get_dimensions(value)) for each, value in of_synapses.items()]
    said = [
        f"the Brian2 group {group.name}" + (f", neuron {index}" if len(group) > 1 else ""),
        *(["without its synapses"] if asked.synapses == "leave_out" else []),
        *(["its synapses replaced by trains"] if arriving else []),
        *([f"{', '.join(held)} computed whenever needed, not once per step"] if held else []),
        *([f"{', '.join(texts.simplified)} without terms that cancel, as in Brian2"] if texts.simplified else []),
        *([f"dt in its texts is {quoted(group.clock.dt)}, whatever the time step of a run"] if texts.clock else []),
        *linked_notes(group, texts.places),
        *notes,
    ]
    equations = "\n".join(line.text for line in lines)
    model = NeuronModel(
        name=name or asked.group.name,
        description="; ".join(said),
        equations=equations,
        threshold=texts.threshold,
        reset=texts.reset,
        refractory=_refractory(group, texts),
        parameters=parameters,
        constants=constants,
        initial=values(DIFFERENTIAL),
        sampling=sampling if named(equations)[1] else None,
        arrivals={each.name: each.statements for each in arriving},
        input=chosen.name,
        input_note="; ".join(notes),
        drive=drive if drive is not None and float(drive) else None,
    )
    return with_rates_as_numbers(model, group)


def _refractory(group: brian2.NeuronGroup, texts: Texts) -> Any:
    given = group._refractory
    if given is False:
        return None
    if isinstance(given, str):
        return texts.refractory
    time = units.one_given(given, f"{group.name}: refractory")
    return time if float(time) else None
