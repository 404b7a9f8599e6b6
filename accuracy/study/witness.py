"""Check references with kernels: two methods that agree at small dt may contradict a reference.

A reference and its stated error come from one way of solving. If every kernel, run at its finest dt, is far from the
reference, either the kernels are too coarse or the reference is wrong. Kernels that are too coarse still change when
dt is reduced, and two methods change differently. Kernels that no longer change, with the same result, are right.

The reference of a model with tables is that of the exact rates, so its witnesses are kernels of the exact rates, too:
how far the tables are off is an error of the model, and no doubt about the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...harness.kernels.kernels import Compiled, kernels_of, run_together
from ..search.judging import Trial
from .study import Curve

#: Kernels no longer change if spikes move by less than this fraction of their distance from the reference when dt is
#: this many times finer. Two kernels agree if their distance is also below this fraction.
STILL, FINER = 0.1, 2
#: Number of stimuli of a regime that are checked, and number of kernels used for it.
STIMULI, WITNESSES = 3, 4

Times = NDArray[np.float64]


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
        witnesses = _first_of_each(swept, i)
        said = _contradicted(trials[i], witnesses, _of_exact_rates(witnesses, kernels))
        if said:
            return f"stimulus {i + 1}: {said}"
    return ""


def _distance(curve: Curve, trial: int) -> float:
    error = curve.points[-1].runs[trial].error
    return float("inf") if error is None or error.missing or error.extra else error.maximum


def _first_of_each(curves: Sequence[Curve], trial: int) -> list[Curve]:
    """Return curves of different methods, starting with the one nearest to the reference."""
    found: dict[str, Curve] = {}
    for curve in sorted(curves, key=lambda curve: (_distance(curve, trial), curve.detection == "grid")):
        if not curve.points[-1].runs[trial].failure:
            found.setdefault(curve.method, curve)
    return list(found.values())[:WITNESSES]


def _of_exact_rates(
    curves: Sequence[Curve], kernels: Mapping[tuple[str, str], Compiled]
) -> Mapping[tuple[str, str], Compiled]:
    """Return the kernels of curves; if the model has tables, of the model without them."""
    if not curves or curves[0].regime.driven.tables is None:
        return kernels
    regime = curves[0].regime
    pairs = [(curve.method, curve.detection) for curve in curves]
    return kernels_of(regime.driven.exact, pairs, varying=regime.varying, alone=False).compiled


def _contradicted(trial: Trial, curves: Sequence[Curve], kernels: Mapping[tuple[str, str], Compiled]) -> str:
    still: list[tuple[Curve, Times]] = []
    for curve in curves:
        finest = curve.points[-1].setting
        coarser = next((point.setting for point in reversed(curve.points) if point.setting >= FINER * finest), None)
        kernel = kernels.get((curve.method, curve.detection))
        if coarser is None or kernel is None:
            continue
        times, before = (_times(kernel, trial, setting) for setting in (finest, coarser))
        away = _apart(times, trial.compared.times)
        if times.size and _apart(times, before) <= STILL * away:
            still.append((curve, times))
    for j, (curve, times) in enumerate(still):
        away = _apart(times, trial.compared.times)
        for other, others in still[:j]:
            if _apart(times, others) <= STILL * away:
                wrong = (
                    f"{trial.compared.times.size} spikes instead of {times.size}"
                    if away == np.inf
                    else f"spikes up to {away:.3g} ms away"
                )
                return (
                    f"{other.method} and {curve.method} agree with each other at their finest dt and contradict "
                    f"the reference, which has {wrong}; please report the model"
                )
    return ""


def _times(kernel: Compiled, trial: Trial, dt: Fraction) -> Times:
    times = run_together(kernel.lanes, [trial.stimulus], dt)[0].spike_times
    return times[times <= trial.compared.stop]


def _apart(times: Times, others: Times) -> float:
    """Return the largest distance in ms between spikes of the same index; infinite if the numbers of spikes differ."""
    return float(np.abs(times - others).max(initial=0.0)) if times.size == others.size else float("inf")
