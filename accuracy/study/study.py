"""The results of a suite as data: runs, the largest settings within each criterion, counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ...flops.conventions import Convention
from ...flops.operations import Count
from ...harness.engines.brian2_operations import Executed
from ...harness.measuring.as_built import AsBuilt
from ...harness.measuring.measure import Measurement
from ...harness.measuring.spike_cost import StepAndSpike, WholeRun
from ...harness.measuring.timing import Timing
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue
from ...models.methods import DOUBLE, knob
from ..features.shown.demo_runs import DemoRun
from ..features.shown.search import Finding
from ..regimes.regime import Regime
from ..search.criterion import Criterion, Run
from ..search.stability import Stability
from ..search.status import Status
from ..search.tolerance import Coarsest, Own
from .cost import Cost, cost, operations
from .intervals import Interval, interval, mean
from .recording import Trace
from .suite import Suite

#: What computes a curve: kernels of ours in double precision; in another number format, its name follows a colon.
OURS = "spikecost"


def ours_in(precision: str) -> str:
    """Return the name of our kernels in a number format, as in the column ``engine``."""
    return OURS if precision == DOUBLE else f"{OURS}:{precision}"


@dataclass(frozen=True)
class Point:
    """The runs at one setting, one per stimulus."""

    setting: Fraction
    """dt in ms, or the tolerance of an error control."""
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Peer:
    """What is known of another simulator on a model, in addition to its runs."""

    title: str
    version: str
    """Empty if it did not run."""
    said: str
    """What its scheme does."""
    labels: str
    """Where it finds and labels spikes."""
    text: str
    """The model as the simulator read it; empty if it did not run."""
    default_dt: Fraction
    """Its default time step in ms."""
    at_default: Sequence[Run]
    """The runs at this time step, one per stimulus; one that failed has no error, and the reason."""
    operations: float | NoValue
    """Operations that an exact counter saw per step without a spike, library included, or why that is not known."""
    computed_as: str = ""
    """Our method and detection that found the same spikes at the default dt, and computed the other runs; if empty, the
    simulator computed all of them."""


@dataclass(frozen=True)
class Curve:
    """A model, method and detection in a regime, over all settings of the sweep that were run."""

    regime: Regime
    method: str
    detection: str
    count: Count | None
    """None if the method does not apply."""
    points: tuple[Point, ...]
    """From coarse to fine."""
    answers: dict[Criterion, Coarsest]
    """By criterion."""
    own: dict[Criterion, list[Own | None]]
    """By criterion: the setting that each stimulus alone would allow."""
    reason: str
    """Why there are no points; empty if there are."""
    status: Status | None = None
    """The status of its cases if there are no points; None if there are."""
    stability: Stability | None = None
    """None if there are no points, or an error control chooses dt."""
    from_store: bool = False
    """Whether all of its runs were in the store, so that nothing was computed."""
    engine: str = OURS
    """What computed it: our kernels (`ours_in`), or the name of another simulator."""
    peer: Peer | None = None
    """What is known of the other simulator; None if the curve is ours."""
    identity: str = ""
    """What identifies its runs in the store; empty if they are not kept."""
    _costs: dict[tuple[Any, ...], Cost] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Costs that were asked for: tables need them several times, and most runs have the same tallies as another one."""

    @property
    def by_dt(self) -> bool:
        """Whether the setting is dt, and not a tolerance."""
        return self.peer is not None or knob(self.method) == "dt"

    def cost(self, run: Run, convention: str | Convention = "unit") -> Cost:
        """Return what a run cost; nan if the operations of another simulator are not known."""
        if self.peer is not None:
            steps = self._steps_of_peer(run) if convention == "unit" else math.nan
            return Cost(steps, math.nan, steps)
        assert self.count is not None
        if not isinstance(convention, str):  # it may be changed
            return cost(self.count, run.tallies, run.spikes, self.regime.horizon, convention)
        known = convention, run.spikes, *run.tallies.items()
        if known not in self._costs:
            self._costs[known] = cost(self.count, run.tallies, run.spikes, self.regime.horizon, convention)
        return self._costs[known]

    def _steps_of_peer(self, run: Run) -> float:
        """Return the operations per ms of another simulator; nan if they are not known."""
        assert self.peer is not None
        if isinstance(self.peer.operations, NoValue) or "accepted" not in run.tallies:
            return math.nan
        return self.peer.operations * run.tallies["accepted"] / self.regime.horizon

    def operations(self, run: Run) -> dict[str, float]:
        """Return the operations of a run per ms of model time, by kind."""
        assert self.count is not None
        return operations(self.count, run.tallies, self.regime.horizon)

    def dt(self, setting: Fraction, run: Run) -> float:
        """Return the time step in ms; the mean one if an error control chooses it."""
        return self.mean_dt(setting, [run])

    def mean_dt(self, setting: Fraction, runs: Sequence[Run]) -> float:
        """Return the time step of several runs in ms; if an error control chooses it, all time divided by all steps."""
        if self.by_dt:
            return float(setting)
        return self.regime.horizon * len(runs) / max(sum(run.tallies["accepted"] for run in runs), 1)


@dataclass
class Case:
    """One row: a curve under a criterion, over all stimuli of its regime."""

    curve: Curve
    criterion: Criterion
    status: Status
    reason: str
    coarsest: Coarsest | None = None
    """The setting at which, and below which, all stimuli hold; None if there is none, and so no cost."""
    one_neuron: Timing | None = None
    many_neurons: Timing | None = None
    peak_share: float | None = None
    """The shortest time in which this processor can do the operations of its steps, over the time of `many_neurons`."""
    recording: Trace | None = None
    """Of the first stimulus, at the setting."""

    @property
    def setting(self) -> Fraction:
        """The coarsest setting at which, and below which, the criterion holds for every stimulus."""
        assert self.coarsest is not None
        assert self.coarsest.setting is not None
        return self.coarsest.setting

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs at the setting, one per stimulus."""
        return self.coarsest.runs if self.coarsest else ()

    @property
    def dt(self) -> float:
        """The time step in ms at the setting; the mean one of all stimuli if an error control chooses it."""
        return self.curve.mean_dt(self.setting, self.runs)

    def costs(self, convention: str | Convention = "unit") -> list[Cost]:
        """Return what each stimulus costs at the setting."""
        return [self.curve.cost(run, convention) for run in self.runs]

    def cost(self, convention: str | Convention = "unit") -> Interval:
        """Return the mean cost per ms of model time over the stimuli."""
        return interval(self._per_ms(convention))

    def mean_cost(self, convention: str | Convention = "unit") -> float:
        """Return the mean of `cost` alone, which takes less time."""
        return mean(self._per_ms(convention))

    def _per_ms(self, convention: str | Convention) -> list[float]:
        return [each.per_ms for each in self.costs(convention)]


@dataclass
class Study:
    """The results of a suite: our kernels in double precision, and what is compared with them."""

    suite: Suite
    regimes: list[Regime] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    other_curves: list[Curve] = field(default_factory=list)
    """Curves of our kernels in other number formats, and of other simulators."""
    other_cases: list[Case] = field(default_factory=list)
    """Their cases. No model is ranked by them."""
    map_cases: list[Case] | None = None
    """Cases for the winner map's tolerances that the suite does not have: those that may be the cheapest of a model.
    None before they are computed."""
    measurements: dict[tuple[str, str, str], Measurement | NoValue] = field(default_factory=dict)
    """By model, method and detection, one detection per method: a step without a spike, counted by the counters."""
    retired: dict[tuple[str, str, str, str], StepAndSpike | WholeRun | NoValue] = field(default_factory=dict)
    """By model, method, detection and kind of stimulus: operations retired per step and per spike, or, for methods with
    steps that are not all alike, by a whole run; or why not known."""
    quiet_steps: dict[tuple[str, str, str], Measurement | NoValue] = field(default_factory=dict)
    """A step without a spike, where no spike could be counted and `measurements` has no entry."""
    builds: dict[tuple[str, str], list[AsBuilt] | NoValue] = field(default_factory=dict)
    """By model and method: what compiler options for speed change, or why that is not known."""
    brian2: dict[tuple[str, str], list[Executed] | NoValue] = field(default_factory=dict)
    """By model and method: what Brian2's own code executes, or why that is not known."""
    recorded_references: list[tuple[Regime, Trace]] = field(default_factory=list)
    """The recorded reference of each regime's first stimulus."""
    features: list[tuple[NeuronModel, list[Finding]]] = field(default_factory=list)
    """Which of the twenty features each model shows."""
    demos: list[DemoRun] = field(default_factory=list)
    """The twenty demos of Izhikevich 2004, as published and converged, if his model is in the suite."""
    failures: list[str] = field(default_factory=list)
    """What could not be done, and why; failures of a case itself are in the case."""
    interrupted: bool = False
    """Whether the run was interrupted before its end."""
    store: str = ""
    """The file of the store; empty if nothing is kept."""

    @property
    def reused(self) -> str:
        """How much of the sweep was taken from the store; empty if nothing was."""
        swept = [curve.from_store for curve in self.curves if curve.points]
        return f"{sum(swept)} of {len(swept)} results from the store {self.store}" if any(swept) else ""
