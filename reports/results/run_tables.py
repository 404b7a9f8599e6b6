"""The tables of a run: what pages, papers and figures are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ...accuracy.study.study import OURS
from ..tables.table import cheapest
from .verdict import verdict


@dataclass(frozen=True, eq=False, repr=False)
class RunTables:
    """The results of a run, as tidy tables; their columns are documented in the modules that make them."""

    about: Mapping[str, Any]
    """The suite, its models, measures and conventions, and more (see `spikecost.reports.results.description`)."""
    provenance: Mapping[str, str]
    """Facts of the machine and installation, by name."""
    table: pd.DataFrame
    """One row per model, method, detection, engine, regime and criterion
    (`spikecost.reports.tables.table.COLUMNS`)."""
    points: pd.DataFrame
    """One row per curve and setting of the sweeps (`spikecost.reports.tables.points.COLUMNS`)."""
    ranking: pd.DataFrame
    """Cost of each model / cost of the baseline, with its interval (`spikecost.reports.results.verdict.ranking`)."""
    ratios: pd.DataFrame
    """The same at every tolerance of the winner map (`spikecost.reports.tables.ratios.COLUMNS`)."""
    winners: pd.DataFrame
    """The cheapest model for every rate and tolerance (`spikecost.reports.tables.winners.COLUMNS`)."""
    candidates: pd.DataFrame
    """The cost of every model that meets the tolerance (`spikecost.reports.tables.winners.CANDIDATE_COLUMNS`)."""
    counters: pd.DataFrame
    """Operations per step that counters saw (`spikecost.reports.tables.parity.COLUMNS`)."""
    step_and_spike: pd.DataFrame
    """Operations that an exact counter saw per step and per spike (`spikecost.reports.tables.parity.APART_COLUMNS`)."""
    parity: pd.DataFrame
    """The same by kind (`spikecost.reports.tables.parity.KIND_COLUMNS`)."""
    retired: pd.DataFrame
    """Every count by kind and the operations executed (`spikecost.reports.tables.parity.RETIRED_COLUMNS`)."""
    builds: pd.DataFrame
    """Effects of the builds for speed; empty unless the suite is thorough."""
    operations: pd.DataFrame
    """Operations by kind of each part of a Step (`spikecost.reports.tables.breakdown.OPERATION_COLUMNS`)."""
    by_kind: pd.DataFrame
    """Operations per ms of each reached case, by kind (`spikecost.reports.tables.breakdown.COLUMNS`)."""
    by_stimulus: pd.DataFrame
    """By stimulus: cost and errors at the dt of each case, and the largest dt of the stimulus alone
    (`spikecost.reports.tables.repeats.COLUMNS`)."""
    timings: pd.DataFrame
    """Every timed run (`spikecost.reports.tables.repeats.TIMING_COLUMNS`)."""
    regimes: pd.DataFrame
    """The drive of each model, or why there is none (`spikecost.reports.tables.references.COLUMNS`)."""
    references: pd.DataFrame
    """One row per stimulus: its seed and its reference (`spikecost.reports.tables.references.TRIAL_COLUMNS`)."""
    spikes: pd.DataFrame
    """Spike times of references and of reached cases (`spikecost.reports.tables.recorded.SPIKE_COLUMNS`)."""
    voltages: pd.DataFrame
    """The voltage around a spike, for the same runs (`spikecost.reports.tables.recorded.VOLTAGE_COLUMNS`)."""
    features: pd.DataFrame
    """One row per model and feature, if features were searched (`spikecost.reports.tables.features.COLUMNS`)."""
    demos: pd.DataFrame
    """The twenty demos of Izhikevich 2004, if they were run (`spikecost.reports.tables.demos.COLUMNS`)."""
    engines: pd.DataFrame
    """How far the default of other simulators is off (`spikecost.reports.tables.peers.ENGINE_COLUMNS`)."""
    floors: pd.DataFrame
    """Errors of other number formats that no dt removes (`spikecost.reports.tables.peers.FLOOR_COLUMNS`)."""

    @property
    def baseline(self) -> str:
        """The model that `ranking` and `verdict` divide by."""
        return str(self.about["baseline"])

    @property
    def models(self) -> list[str]:
        """Labels of the models, in the order of the suite."""
        return list(self.about["models"])

    @property
    def measures(self) -> list[str]:
        """The measures that costs can be drawn against: ``maximum``, ``voltage_rms`` and the suite's."""
        return list(self.about["measures"])

    @property
    def own(self) -> pd.DataFrame:
        """The rows of `table` of our kernels in double precision, which rank the models."""
        return self.table[self.table["engine"] == OURS]

    @cached_property
    def cheapest(self) -> pd.DataFrame:
        """The cheapest row of each model, for each regime and tolerance."""
        return cheapest(self.own)

    @cached_property
    def verdict(self) -> pd.DataFrame:
        """The ratios of `ranking`, one column per model."""
        return verdict(self.ranking)
