"""How long a suite will take, from a few of its cells that are computed: those of some regimes of each model."""

from __future__ import annotations

import math
import random
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from statistics import fmean, variance

from ...harness.store import Store
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError, attempt
from ...models.reading.by_name import get_model
from ..regimes.regime import Regime
from .phases.progress import Progress
from .phases.sweeping import compiled_for, guessed_cost, swept_curve
from .suite import Suite

#: Methods with their detection that are swept in a regime.
PAIRS = 4


@dataclass(frozen=True)
class OfRegime:
    """What a regime of a model takes, in s of processor time."""

    finding: float
    """Its drive and its references; little if they are on disk."""
    sweeping: float
    """The sweeps of all methods and detections, from those of a few."""


@dataclass(frozen=True)
class OfModel:
    """The estimate of a model."""

    model: str
    regimes: int
    cells: int
    """Regimes times methods and detections that apply."""
    measured: tuple[OfRegime, ...]
    """Of some of its regimes."""

    @property
    def finding(self) -> float:
        """The processor time of drives and references of all regimes, in s."""
        return self.regimes * fmean(each.finding for each in self.measured)

    @property
    def sweeping(self) -> float:
        """The processor time of all sweeps, in s."""
        return self.regimes * fmean(each.sweeping for each in self.measured)

    @property
    def error(self) -> float:
        """The standard error of both together, in s; nan if only one of several regimes was measured.

        It is that of taking some regimes for all; methods that were not measured add an error that is not known.
        """
        count = len(self.measured)
        if count == self.regimes:
            return 0.0
        if count < 2:
            return math.nan
        spread = variance(each.finding + each.sweeping for each in self.measured)
        return self.regimes * math.sqrt(spread / count * (1 - count / self.regimes))


@dataclass(frozen=True)
class Estimate:
    """What the drives, references and sweeps of a suite take; counting, timing, features and files are left out."""

    models: tuple[OfModel, ...]
    spent: float
    """The processor time that the estimate itself took, in s."""

    @property
    def cells(self) -> int:
        """The number of regimes times methods and detections that apply, of all models."""
        return sum(each.cells for each in self.models)

    @property
    def seconds(self) -> float:
        """The processor time of all, in s."""
        return sum(each.finding + each.sweeping for each in self.models)

    @property
    def error(self) -> float:
        """Its standard error in s; nan if it is not known."""
        return math.sqrt(sum(each.error**2 for each in self.models))


def processor_time() -> float:
    """Return the processor time of this process, its threads, and the compilers that it started, in s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def estimate(
    suite: Suite, regimes: int, progress: Progress | None = None, clock: Callable[[], float] = processor_time
) -> Estimate:
    """Measure some cells of every model, and estimate what all take.

    The regimes, and in each of them `PAIRS` methods with their detection, are chosen at random, with the seed of the
    suite. A sweep takes longer for a method with more operations: a cell that is not measured is taken to need, per
    operation, what the measured ones of its regime need.

    Parameters
    ----------
    suite : Suite
    regimes : int
        How many regimes of each model are measured; all, if there are no more.
    progress : Progress, optional
    clock : callable
        Returns the processor time used so far, in s.

    Raises
    ------
    UserError
        If `regimes` is not positive, or there is no C compiler.
    """
    if regimes < 1:
        raise UserError(f"--estimate {regimes}: give the number of regimes of each model to measure, 1 or more")
    progress, start = progress or Progress(), clock()
    chance = random.Random(suite.seed)  # noqa: S311 - nothing is kept secret
    models = [get_model(model) for model in suite.models]
    progress.begin("measuring some cells of each model", sum(min(regimes, suite.number_of_regimes(m)) for m in models))
    found = []
    for model in models:
        finding = list(suite.finding_regimes(model))
        chosen = chance.sample(finding, min(regimes, len(finding)))
        measured, applicable = [], 0
        for find in chosen:
            each, applicable = _measured(suite, model, find, chance, clock)
            measured.append(each)
            progress.done()
        found.append(OfModel(model.label, len(finding), len(finding) * applicable, tuple(measured)))
    return Estimate(tuple(found), clock() - start)


def _measured(
    suite: Suite, model: NeuronModel, find: Callable[[], Regime], chance: random.Random, clock: Callable[[], float]
) -> tuple[OfRegime, int]:
    """Measure a regime; return also how many methods with their detection apply to its model."""
    before = clock()
    regime = find()
    finding = clock() - before
    alone = replace(suite, models=(model,), witnessed=False)
    kernels = compiled_for(regime, alone)
    costs = {pair: guessed_cost(regime, *pair, kernels) for pair in kernels.compiled}
    if not any(costs.values()):  # the model does not reach the rate
        return OfRegime(finding, 0.0), len(costs)
    # one after the other in the order of their cost, so that cheap and expensive ones are measured
    order = sorted(costs, key=costs.__getitem__)
    few = [chance.choice(part) for part in _parts(order, min(PAIRS, len(order)))]
    before = clock()
    for method, detection in few:
        attempt(partial(swept_curve, regime, method, detection, kernels, alone, store=Store(None)))
    sweeping = (clock() - before) * sum(costs.values()) / sum(costs[pair] for pair in few)
    return OfRegime(finding, sweeping), len(costs)


def _parts(items: Sequence[tuple[str, str]], count: int) -> list[Sequence[tuple[str, str]]]:
    """Cut a sequence into parts of about the same length."""
    edges = [round(len(items) * i / count) for i in range(count + 1)]
    return [items[start:end] for start, end in pairwise(edges)]
