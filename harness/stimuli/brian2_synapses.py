"""The spikes that arrive at a neuron of a Brian2 group, frozen as trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.namespace import get_local_namespace
from brian2.groups.subgroup import Subgroup
from brian2.units.fundamentalunits import DimensionMismatchError
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from ...models.definition.language import units
from ...models.ground.errors import UserError, check_mapping, quoted, short
from ...models.reading.from_brian2 import synapses_of
from ...models.reading.surroundings.pathways import Pathway
from .parts.quantities import random_numbers
from .parts.train import MOST_ARRIVALS, Train, numbers_of

#: The neurons that spike, and when, in ms.
_Spikes = tuple[NDArray[np.int64], NDArray[np.float64]]


def arrivals_from_brian2(
    group: Any,
    duration: Any,
    *,
    index: int = 0,
    namespace: Mapping[str, Any] | None = None,
    seed: int = 0,
    trains: Mapping[str, Any] | None = None,
) -> dict[str, Train]:
    """Return the spikes that arrive at a neuron: for each input of ``from_brian2(group, synapses="trains")`` a train.

    A `PoissonGroup` or `PoissonInput` becomes Poisson trains in continuous time, frozen by the seed; Brian2's own are
    drawn again in each run, at most one spike of each neuron per step. The spikes of a `SpikeGeneratorGroup` are taken
    as they are. Each synapse adds its delay; Brian2 rounds delays to whole steps.

    Parameters
    ----------
    group : brian2.NeuronGroup or Subgroup
    duration : Quantity
    index : int
        The neuron.
    namespace : mapping, optional
        The namespace that Brian2's ``run`` would get; by default the names at the place of the call.
    seed : int
    trains : mapping, optional
        For synapses from other neurons: by the name of the input, the spikes of the source, as a `SpikeMonitor` of it
        or as a pair of neurons and times. Spikes that are given replace those of any source.

    Raises
    ------
    UserError
        If the synapses are not simple (`from_brian2`), the rate of a source changes, or the spikes of a source are not
        known.
    """
    check_mapping(namespace, "namespace", "{'tau': 20*ms}", optional=True)
    check_mapping(trains, "trains", "{'exc': spike_monitor}", optional=True)
    around = get_local_namespace(level=1) if namespace is None else namespace
    arriving = synapses_of(group, index, around)
    length = float(units.in_ms(duration, "duration"))
    random_numbers(seed)
    given = dict(trains or {})
    unknown = set(given) - {pathway.name for pathway in arriving}
    if unknown:
        known = ", ".join(pathway.name for pathway in arriving) or "none"
        raise UserError(f"trains: there is no input '{short(unknown.pop())}'; known are {known}")
    drawn: dict[int, _Spikes] = {}
    found = {}
    for i, pathway in enumerate(arriving):
        source = _whole(pathway.source)
        if pathway.name in given:
            spikes = _given(given[pathway.name], pathway.name)
        else:
            # two pathways from one source get the same spikes
            key = id(source)
            if key not in drawn:
                drawn[key] = _spikes_of(source, pathway, length, np.random.default_rng([seed, i]), around)
            spikes = drawn[key]
        found[pathway.name] = _arriving(pathway, spikes)
    return found


def _arriving(pathway: Pathway, spikes: _Spikes) -> Train:
    """Return the spikes of a source as they arrive: one for each synapse of the neuron that spikes."""
    neurons, times = spikes
    if isinstance(pathway.source, brian2.PoissonInput):
        return Train(np.sort(times))
    order = np.argsort(pathway.neurons, kind="stable")
    first = np.searchsorted(pathway.neurons[order], neurons, side="left")
    count = np.searchsorted(pathway.neurons[order], neurons, side="right") - first
    # the synapses of each spike: first, first + 1, ...
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    synapse = order[np.repeat(first, count) + within]
    arrives = np.repeat(times, count) + pathway.delays[synapse] * 1e3
    order = np.argsort(arrives, kind="stable")
    train = Train(arrives[order])
    return train.with_values(pathway.varies, pathway.values[synapse[order]]) if pathway.varies else train


def _spikes_of(
    source: Any, pathway: Pathway, length: float, random: np.random.Generator, namespace: Mapping[str, Any]
) -> _Spikes:
    if isinstance(source, brian2.SpikeGeneratorGroup):
        return _of_generator(source, length)
    if isinstance(source, brian2.PoissonInput):
        rates = np.full(int(source.N), float(source.rate) / 1e3)
    elif isinstance(source, brian2.PoissonGroup):
        rates = _rates(source, namespace) / 1e3
    else:
        raise UserError(
            f"the spikes of {getattr(source, 'name', source)} are not known: give them, "
            f"trains={{'{pathway.name}': SpikeMonitor}}, or (neurons, times)"
        )
    mean = float(rates.sum()) * length
    if not 0 <= mean <= MOST_ARRIVALS:
        raise UserError(f"{source.name}: {mean:.3g} spikes cannot be drawn; give a lower rate or a shorter duration")
    count = random.poisson(mean)
    shares = np.cumsum(rates)
    neurons = np.searchsorted(shares / shares[-1], random.random(count), side="right") if count else np.zeros(0)
    return neurons.astype(np.int64), np.sort(random.random(count) * length)


def _of_generator(source: brian2.SpikeGeneratorGroup, length: float) -> _Spikes:
    neurons = np.asarray(source.variables["neuron_index"].get_value(), dtype=np.int64)
    times, _ = numbers_of(np.asarray(source.variables["spike_time"].get_value()) * brian2.second, "spike times")
    period = float(np.asarray(source.variables["period"].get_value()).item()) * 1e3
    if not period or not np.isfinite(period):
        return neurons, times
    repeats = int(np.ceil(length / period))
    if repeats * len(times) > MOST_ARRIVALS:
        raise UserError(f"{source.name}: too many spikes with a period of {period:g} ms; give a shorter duration")
    later = np.repeat(np.arange(repeats) * period, len(times))
    return np.tile(neurons, repeats), np.tile(times, repeats) + later


def _rates(source: brian2.PoissonGroup, namespace: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the rate of each neuron in Hz."""
    rates = getattr(source, "_rates", None)
    if isinstance(rates, str) and {"t", "t_in_timesteps"} & set(get_identifiers(rates)):
        raise UserError(
            f"{source.name}: its rates '{short(rates)}' change in time; record its spikes and give them: trains="
        )
    try:
        view = source.rates
        found = view.get_item(slice(None), level=0, namespace=dict(namespace)) if isinstance(rates, str) else view[:]
        return np.broadcast_to(np.asarray(found, dtype=float), len(source)).copy()
    except (KeyError, ValueError, TypeError, DimensionMismatchError) as error:
        raise UserError(f"{source.name}: its rates have no value: {short(str(error))}") from None


def _given(given: Any, name: str) -> _Spikes:
    if isinstance(given, brian2.SpikeMonitor):
        # a monitor of a subgroup counts its neurons from 0
        given = np.asarray(given.i[:]) + getattr(given.source, "start", 0), given.t[:]
    if not isinstance(given, tuple) or len(given) != 2:
        raise UserError(f"trains['{name}'] = {quoted(given)}: give a SpikeMonitor, or neurons and times")
    neurons = np.asarray(given[0], dtype=np.int64)
    times, dimension = numbers_of(given[1], f"the times of '{name}'")
    if dimension not in (units.MS, units.DIMENSIONLESS) or neurons.shape != times.shape or (times < 0).any():
        raise UserError(f"trains['{name}']: give a neuron for each time, and times of at least 0, such as [1, 2.5]*ms")
    return neurons, times


def _whole(source: Any) -> Any:
    return source.source if isinstance(source, Subgroup) else source
