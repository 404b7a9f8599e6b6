"""What "accurate enough" means: a measure, and how far its value may be from the perfect value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import NamedTuple

import numpy as np
from brian2 import ms, mV
from numpy.typing import NDArray

from ...models.definition.language import units
from ...models.ground.errors import UserError, check_text
from ..measures import MEASURES, Measure
from ..measures.spike_trains import Array, SpikeTimeError
from .voltage import VoltageRms

#: A tolerance is only tested if the stated error of the reference is this many times smaller.
REFERENCE_MARGIN = 1000

#: The values of a run of which no measures are taken: a plain mapping, which can be pickled.
NO_VALUES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one stimulus at one setting of a method."""

    error: SpikeTimeError | None
    """None if the run failed."""
    failure: str
    """Why it failed, such as ``diverged``; empty if it did not."""
    values: Mapping[str, float]
    """By name: the measures that were requested in addition to the spike-time errors."""
    spikes: int
    """Spikes in the whole run, including those after the last compared one."""
    tallies: Mapping[str, float] = field(default_factory=lambda: NO_VALUES)
    """How often each part of the step ran (`Outcome.tallies`)."""
    voltage: float = math.nan
    """Root mean square error of the voltage between spikes."""

    def value(self, measure: str) -> float:
        """Return the value of a measure; nan if the run failed or the measure was not requested."""
        if self.error is None:
            return math.nan
        if measure == VoltageRms.name:
            return self.voltage
        return self.values[measure] if measure in self.values else float(getattr(self.error, measure, math.nan))


class RunColumns(NamedTuple):
    """What a criterion judges runs by: arrays of one shape."""

    values: Array
    """Of the criterion's measure; nan if it has none, or the run failed."""
    failed: NDArray[np.bool_]
    matched: Array
    """Numbers of spikes, as in `SpikeTimeError`."""
    missing: Array
    extra: Array

    @classmethod
    def of(cls, runs: Sequence[Run], measure: str) -> RunColumns:
        """Return those of some runs."""
        errors = [run.error for run in runs]
        spikes = [(0, 0, 0) if each is None else (each.matched, each.missing, each.extra) for each in errors]
        return cls(
            np.array([run.value(measure) for run in runs], dtype=float),
            np.array([each is None for each in errors], dtype=bool),
            *np.array(spikes, dtype=float).reshape(-1, 3).T,
        )


def shared(tallies: Mapping[str, float], known: dict[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Return tallies as one object with the `known` ones that are the same to the last bit and kind of number.

    Half a million runs of a suite are in memory at once.
    """
    return known.setdefault(repr(tallies), tallies)


def largest_error(runs: Iterable[Run]) -> float:
    """Return the largest spike-time error in ms; nan if no run has a spike to compare."""
    return max((run.error.maximum for run in runs if run.error and run.error.matched), default=math.nan)


@dataclass(frozen=True)
class Criterion:
    """A run is accurate enough if the value of a measure differs by at most `tolerance` from its perfect value.

    The measures are those of spike trains, and ``voltage_rms``, the error of the voltage between spikes.

    A criterion on the times of matched spikes (``maximum``, ``mean``, ``rms``, ``drift``, ``lag``) holds only if no
    spike is missing and no spike is extra.

    Raises
    ------
    UserError
        If the measure is not known or the tolerance not positive.
    """

    measure: str
    tolerance: float
    """In the measure's unit."""

    def __post_init__(self) -> None:
        check_text(self.measure, "measure", "maximum")
        self._measure  # noqa: B018 - refuses an unknown one
        unit = {"ms": ms, "mV": mV}.get(self.unit)
        if self.unit == "ms/s" and not isinstance(self.tolerance, Real):  # 1 ms/s is 0.001 to most libraries
            raise UserError(f"tolerance = {self.tolerance} of {self.measure}: give a plain number, in ms per s")
        object.__setattr__(self, "tolerance", units.number_in(self.tolerance, unit, f"tolerance of {self.measure}"))
        if not 0 < self.tolerance < math.inf:
            raise UserError(f"tolerance = {self.tolerance:g} is not positive and finite; give a number above 0")

    @property
    def _measure(self) -> Measure | type[VoltageRms]:
        return VoltageRms if self.measure == VoltageRms.name else MEASURES[self.measure]

    @property
    def unit(self) -> str:
        """The measure's unit; ``1`` if it has none."""
        return self._measure.unit

    def least_error(self, margin: int = REFERENCE_MARGIN) -> float:
        """Return the largest error of a reference, in the measure's unit, with which the tolerance can be tested."""
        return self.tolerance / margin

    def __str__(self) -> str:
        return f"{self.measure} {self.with_unit(self.tolerance)}"

    def with_unit(self, value: float) -> str:
        """Print a value of the measure."""
        return f"{value:.3g}" if self.unit == "1" else f"{value:.3g} {self.unit}"

    @property
    def grows(self) -> bool:
        """Whether errors shrink at least in proportion to dt, so that an error can be scaled to a larger dt.

        Errors of spike times and of the voltage do; a count of spikes or a distance of trains changes in jumps.
        """
        return self._measure.matched or self._measure is VoltageRms

    def holds(self, run: Run, margin: float = 1.0) -> bool:
        """Whether a run is accurate enough by a factor of `margin`."""
        return self.all_hold([run], margin)

    def all_hold(self, runs: Sequence[Run], margin: float = 1.0) -> bool:
        """Whether all of some runs are accurate enough by a factor of `margin`."""
        return bool((self.times_over(RunColumns.of(runs, self.measure)) >= margin).all())

    def times_over(self, runs: RunColumns) -> Array:
        """Return the tolerance over the error of runs: 1 at the tolerance, 0 if a run failed or has no value."""
        measure = self._measure
        away = np.abs(runs.values - measure.perfect)
        with np.errstate(divide="ignore", over="ignore"):
            found = self.tolerance / away
        # a quotient may be rounded to 1
        found = np.where(away > self.tolerance, np.minimum(found, math.nextafter(1, 0)), np.maximum(found, 1.0))
        unknown = np.isnan(runs.values)
        if measure.matched:  # no spikes to compare: perfect if there were none to find
            found[unknown] = np.where(runs.matched == 0, math.inf, 0.0)[unknown]
            found[(runs.missing > 0) | (runs.extra > 0)] = 0.0
        else:
            found[unknown] = 0.0
        found[runs.failed] = 0.0
        return found


def parse_criterion(text: str) -> Criterion:
    """Read a criterion such as ``gamma_2ms=0.05``, the value in the measure's unit.

    Raises
    ------
    UserError
        If the text does not have this form.
    """
    measure, _, value = text.partition("=")
    try:
        tolerance = float(value)
    except ValueError:
        raise UserError(f"criterion '{text}': write MEASURE=VALUE with a number, such as gamma_2ms=0.05") from None
    return Criterion(measure.strip(), tolerance)
