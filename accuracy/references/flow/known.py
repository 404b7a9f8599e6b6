"""Flows that were compiled are kept: one per mathematics of a model, precision and terms of the input."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from .conditions import powers_of_parameters
from .flow import Flow
from .precision import Precision

#: Number of compiled flows that are kept; each takes about 10 MB.
MOST_FLOWS = 64


class _Equations:
    """A model as a key of the cache: two models with the same mathematics share compiled code."""

    _keys: ClassVar[WeakKeyDictionary[NeuronModel, tuple[Any, ...]]] = WeakKeyDictionary()

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        if model not in self._keys:
            values = model.parameter_values
            powers = {name: values[name] for name in powers_of_parameters(model)}
            constants = {name: float(units.internal(value)) for name, value in model.constants.items()}
            until = model.system.refractory
            asked = until is not None and until.condition is not None
            self._keys[model] = (
                model.equations,
                model.threshold,
                model.input,
                model.system.state,  # a reset may use the time
                repr(constants),
                model.spike_interrupts,
                repr(powers),
                model.refractory if asked else "",
            )
        self._key = self._keys[model]

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equations) and self._key == other._key


def flow_of(
    model: NeuronModel, precision: Precision, terms: frozenset[str], *, bounded: bool = False, optimized: bool = False
) -> Flow:
    """Return the flow of a model for an input with these terms, compiled once.

    If `bounded`, its exponentials are bounded; see `conditions`. If `optimized`, it is slow to compile, quick to run.
    """
    return _flow(_Equations(model), precision, terms, bounded, optimized)


@lru_cache(maxsize=MOST_FLOWS)
def _flow(equations: _Equations, precision: Precision, terms: frozenset[str], bounded: bool, optimized: bool) -> Flow:
    return Flow(equations.model, precision, terms, bounded=bounded, optimized=optimized)


#: Forget all flows.
forget = _flow.cache_clear
