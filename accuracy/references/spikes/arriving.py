"""Spikes that arrive in a reference solution: at their exact times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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
        together = np.concatenate([train.times for train in several] or [np.empty(0)])
        order = np.argsort(together, kind="stable")
        self._which = np.repeat(np.arange(len(several)), list(map(len, several)))[order]
        values = [np.full(len(train), np.nan) if train.values is None else train.values for train in several]
        self._values = np.concatenate(values or [np.empty(0)])[order]
        self.times, first = np.unique(together[order], return_index=True)
        """In ms, each once."""
        self._edges = [*first.tolist(), len(together)]
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
        for k in range(self._edges[i], self._edges[i + 1]):
            which = self._which[k]
            name, parameter = self._inputs[which], self._parameters[which]
            values = {**parameters, **state}
            if parameter:
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
