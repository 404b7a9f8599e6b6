"""Spikes that arrive in a reference solution: at their exact times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....harness.stimuli import Stimulus
from ....harness.stimuli.parts.train import check_arrivals
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError
from .statements import Disturbed, amplify, run


class Arriving:
    """The times at which spikes arrive, and what runs then.

    Spikes that arrive at one time run their statements in the order of the model's inputs. Those that
    amplify errors are `disturbed`.
    """

    def __init__(self, model: NeuronModel, stimulus: Stimulus, *, disturbed: Disturbed) -> None:
        check_arrivals(model, dict(stimulus.arrivals))
        self._model = model
        trains = dict(stimulus.arrivals)
        self._inputs = [name for name in model.arrivals if name in trains]
        self._parameters = [trains[name].parameter for name in self._inputs]
        several = [trains[name] for name in self._inputs]
        # there may be ten million: nothing is kept that is the same for all of them
        times, order = _in_order([train.times for train in several])
        which = np.repeat(np.arange(len(several), dtype=np.min_scalar_type(len(several))), list(map(len, several)))
        self._which = which if order is None else which[order]
        self._values: NDArray[np.float64] | None = None
        if any(self._parameters):
            values = [np.full(len(train), np.nan) if train.values is None else train.values for train in several]
            self._values = np.concatenate(values) if order is None else np.concatenate(values)[order]
        del order
        new = np.ones(len(times), dtype=bool)
        np.greater(times[1:], times[:-1], out=new[1:])
        self.times = times if new.all() else times[new]
        """In ms, each once."""
        self._edges = None if new.all() else np.append(np.flatnonzero(new), len(times))
        """Where the arrivals of each time begin, unless each has one."""
        self._disturbed = {
            name: disturbed
            if amplify(model.system.arrivals[name], model.system.state, model.parameter_values)
            else Disturbed.NOT
            for name in self._inputs
        }

    def __len__(self) -> int:
        return len(self.times)

    def run(
        self,
        i: int,
        state: dict[str, Any],
        parameters: Mapping[str, Any],
        number: Callable[[Any], Any],
        *,
        refractory: bool,
    ) -> None:
        """Change the state as the spikes of the i-th time do.

        Raises
        ------
        UserError
            If a statement has no value for this state.
        """
        system = self._model.system
        held = system.held if refractory else frozenset()
        for k in range(i, i + 1) if self._edges is None else range(*map(int, self._edges[i : i + 2])):
            which = self._which[k]
            name, parameter = self._inputs[which], self._parameters[which]
            values = {**parameters, **state}
            if parameter and self._values is not None:
                values[parameter] = number(float(self._values[k]))
            try:
                run(system.arrivals[name], values, number, held=held, factor=self._disturbed[name].factor(i))
            except ArithmeticError as error:
                raise UserError(
                    f"the statements '{self._model.arrivals[name]}' have no value at "
                    f"{self.times[i]:.4g} ms ({error}); give others or other parameters",
                    about=self._model.label,
                ) from None
            state.update({each: values[each] for each in state})


def _in_order(several: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Return all times in order, and their order; None if they are in order."""
    if len(several) == 1:
        return several[0], None
    together = np.concatenate([np.empty(0), *several])
    order = np.argsort(together, kind="stable")
    return together[order], order
