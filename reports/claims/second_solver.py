"""The references that claims rest on, solved again by a second solver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ...accuracy.regimes.regime import Regime
from ...accuracy.study.suite import Suite
from ...harness.simulate import simulate
from ...models.definition.neuron import NeuronModel
from ...models.reading.by_name import get_model
from ..writing.numbers import short

#: The second solver, a Runge-Kutta pair in compiled code that shares nothing with the Taylor series of references, and
#: its tolerance.
METHOD, TOLERANCE = "dormand_prince", 1e-13


@dataclass(frozen=True)
class SolvedAgain:
    """What a second solver says of references."""

    spikes: int
    """Of the references."""
    unlike: int
    """Number of references whose number of spikes is not the second solver's."""
    largest: float
    """Largest difference between the times of spikes in ms, where the numbers are equal."""

    @property
    def text(self) -> str:
        """The result as a sentence."""
        numbers = "with the same number of spikes" if not self.unlike else f"{self.unlike} with other numbers of spikes"
        return (
            f"{METHOD} with tolerance {TOLERANCE:g} solved the equations again: {self.spikes:,} spikes, {numbers}; "
            f"the largest difference of a spike time is {short(self.largest)} ms"
        )


def solve_again(suites: Iterable[Suite]) -> SolvedAgain:
    """Solve again what the references of suites solved; a model under the same stimuli once.

    Models with tables are solved with the exact rates, as their references are.
    """
    spikes = unlike = 0
    largest = 0.0
    for regime in _different(suites):
        for trial in regime.trials:
            right = trial.reference.train.times
            found = simulate(trial.model.exact, trial.stimulus, method=METHOD, tolerance=TOLERANCE)
            spikes += len(right)
            if len(found) == len(right):
                largest = max(largest, float(np.abs(found - right).max(initial=0.0)))
            else:
                unlike += 1
    return SolvedAgain(spikes, unlike, largest)


def _different(suites: Iterable[Suite]) -> Iterator[Regime]:
    known = set()
    for suite in suites:
        for given in suite.models:
            model: NeuronModel = get_model(given).exact
            for regime in suite.regimes(model):
                key = (model, regime.stimulus, regime.level, regime.horizon, suite.seed, suite.trials)
                if key not in known:
                    known.add(key)
                    yield regime
