"""Check references with kernels: two methods that agree at small dt may contradict a reference.

A reference and its stated error come from one way of solving. If every kernel, run at its finest dt, is far from the
reference, either the kernels are too coarse or the reference is wrong. Kernels that are too coarse still change when
dt is reduced, and two methods of different order change differently. Kernels that no longer change, with the same
result, are right. A kernel of order 4 is always among the witnesses, whatever methods are compared.

The reference of a model with tables is that of the exact rates, so its witnesses are kernels of the exact rates, too:
how far the tables are off is an error of the model, and no doubt about the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...harness.kernels.kernels import Compiled, kernels_of, run_together
from ...models.methods import METHODS
from ..search.judging import Trial
from .study import Curve

#: Kernels no longer change if spikes move by less than this fraction of their distance from the reference when dt is
#: this many times finer. Two kernels agree if their distance is also below this fraction. (Where the numbers of spikes
#: differ, the distance is the mean interval.)
STILL, FINER = 0.1, 2
#: Number of stimuli of a regime that are checked, and number of kernels used for it.
STIMULI, WITNESSES = 3, 4
#: The witness that is always asked, if the model permits it.
ALWAYS = "rk4", "hermite"

Times = NDArray[np.float64]


@dataclass(frozen=True)
class _Witness:
    method: str
    kernel: Compiled
    finest: Fraction
    """dt in ms."""
    coarser: Fraction
    """At least `FINER` times as long."""

    def times(self, trial: Trial, dt: Fraction) -> Times | None:
        """Return the spike times that are compared; None if the run fails."""
        (outcome,) = run_together(self.kernel.lanes, [trial.stimulus], dt)
        return None if outcome.failure else outcome.spike_times[outcome.spike_times <= trial.compared.stop]

    def may_confirm(self, other: _Witness) -> bool:
        """Whether its errors shrink with dt in another way: methods of the same order may share most of their error."""
        orders = {METHODS[each.method].order for each in (self, other)}
        return len(orders) > 1 or bool(self.kernel.count.step.model.system.random)


def contradiction(curves: Sequence[Curve], kernels: Mapping[tuple[str, str], Compiled], allowed: float) -> str:
    """Return how kernels contradict the references of a regime; empty if they do not.

    Parameters
    ----------
    curves : sequence of Curve
        All curves of the regime.
    kernels : mapping
        Kernels by method and detection.
    allowed : float
        In ms: a reference is not in doubt if some kernel is at most this far from it.
    """
    swept = [curve for curve in curves if curve.by_dt and curve.points]
    trials = curves[0].regime.trials if curves else ()
    doubted = [i for i in range(len(trials)) if swept and min(_distance(curve, i) for curve in swept) > allowed]
    for i in doubted[:STIMULI]:
        said = _contradicted(trials[i], _witnesses(swept, i, kernels), allowed)
        if said:
            return f"stimulus {i + 1}: {said}"
    return ""


def _distance(curve: Curve, trial: int) -> float:
    error = curve.points[-1].runs[trial].error
    if error is None or error.missing or error.extra:
        return float("inf")
    return error.maximum if error.matched else 0.0


def _witnesses(curves: Sequence[Curve], trial: int, kernels: Mapping[tuple[str, str], Compiled]) -> list[_Witness]:
    """Return kernels of different methods: the one that is always asked, and then those nearest to the reference."""
    regime = curves[0].regime
    nearest = sorted(curves, key=lambda curve: (_distance(curve, trial), curve.detection == "grid"))
    finest = min(curves, key=lambda curve: curve.points[-1].setting)
    found: dict[str, tuple[str, Curve]] = {ALWAYS[0]: (ALWAYS[1], finest)}
    for curve in nearest:
        if not curve.points[-1].runs[trial].failure:
            found.setdefault(curve.method, (curve.detection, curve))
    asked = {(method, detection): curve for method, (detection, curve) in [*found.items()][: 1 + WITNESSES]}
    # the reference of a model with tables is that of the exact rates
    more = [key for key in asked if regime.driven.tables is not None or key not in kernels]
    known = {**kernels, **kernels_of(regime.driven.exact, more, varying=regime.varying, alone=False).compiled}
    several = [
        (method, known.get((method, detection)), *_two_steps(curve)) for (method, detection), curve in asked.items()
    ]
    return [
        _Witness(method, kernel, finest, coarser)
        for method, kernel, finest, coarser in several
        if kernel is not None and coarser is not None
    ]


def _two_steps(curve: Curve) -> tuple[Fraction, Fraction | None]:
    """Return the finest dt of a curve, and the finest that is at least `FINER` times as long."""
    finest = curve.points[-1].setting
    return finest, next((each.setting for each in reversed(curve.points) if each.setting >= FINER * finest), None)


def _contradicted(trial: Trial, witnesses: Sequence[_Witness], allowed: float) -> str:
    still: list[tuple[_Witness, Times]] = []
    for witness in witnesses:
        times, before = (witness.times(trial, dt) for dt in (witness.finest, witness.coarser))
        if times is None or before is None:
            continue
        if _apart(times, trial.compared.times) <= allowed:
            return ""
        if times.size and _apart(times, before) <= _near(times, trial):
            still.append((witness, times))
    for j, (witness, times) in enumerate(still):
        for other, others in still[:j]:
            if witness.may_confirm(other) and _apart(times, others) <= _near(times, trial):
                away = _apart(times, trial.compared.times)
                wrong = (
                    f"{trial.compared.times.size} spikes instead of {times.size}"
                    if away == np.inf
                    else f"spikes up to {away:.3g} ms away"
                )
                return (
                    f"{other.method} and {witness.method} agree with each other at their finest dt and contradict "
                    f"the reference, which has {wrong}; please report the model"
                )
    return ""


def _near(times: Times, trial: Trial) -> float:
    """Return how near other spikes are to these that are the same, in ms."""
    away = _apart(times, trial.compared.times)
    return STILL * (away if np.isfinite(away) else trial.compared.stop / times.size)


def _apart(times: Times, others: Times) -> float:
    """Return the largest distance in ms between spikes of the same index; infinite if the numbers of spikes differ."""
    return float(np.abs(times - others).max(initial=0.0)) if times.size == others.size else float("inf")
