"""Which model is cheapest, for every rate and tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .criterion import Criterion
from .intervals import Interval, interval, ratio
from .study import Curve, Study

#: Tolerances of the map, a decade.
PER_DECADE = 4


@dataclass(frozen=True)
class Candidate:
    """The cheapest way to run a model in a regime under a criterion."""

    curve: Curve
    costs: tuple[float, ...]
    """Operations a ms, one a stimulus."""

    @property
    def cost(self) -> Interval:
        """Their mean."""
        return interval(self.costs)


@dataclass(frozen=True)
class Winner:
    """A place of the map."""

    regime: tuple[str, str, float]
    """Kind of stimulus, level, horizon in ms."""
    criterion: Criterion
    candidates: tuple[Candidate, ...]
    """One a model, the cheapest first; models that do not get there are left out."""

    @property
    def lead(self) -> Interval | None:
        """Cost of the second over that of the first; None if there is no second."""
        if len(self.candidates) < 2:
            return None
        return ratio(self.candidates[1].costs, self.candidates[0].costs)

    @property
    def ranked(self) -> bool:
        """Whether the first is cheaper than the second for sure: the interval of their ratio leaves out 1."""
        return self.lead is not None and not self.lead.straddles_one


def winners(study: Study, measure: str = "maximum") -> list[Winner]:
    """Find the cheapest model for every regime and tolerance.

    The tolerances go from ten times the loosest of the suite's to its strictest. Here dt is one of the sweep's (it is
    not bisected), so that a cost is right within a factor of ``10**(1/per_decade)``.
    """
    wanted = [each.tolerance for each in study.suite.all_criteria if each.measure == measure]
    if not wanted:
        return []
    keys = dict.fromkeys(regime.key for regime in study.regimes)
    found = []
    for key in keys:
        curves = [curve for curve in study.curves if curve.regime.key == key and curve.points]
        for tolerance in _tolerances(10 * max(wanted), min(wanted)):
            criterion = Criterion(measure, tolerance)
            found.append(Winner(key, criterion, _candidates(curves, criterion)))
    return found


def _tolerances(loosest: float, strictest: float) -> Iterator[float]:
    value, n = loosest, 0
    while value >= 0.999 * strictest:
        yield float(f"{value:.4g}")
        n += 1
        value = loosest * 10 ** (-n / PER_DECADE)


def _candidates(curves: Iterable[Curve], criterion: Criterion) -> tuple[Candidate, ...]:
    best: dict[str, tuple[float, Candidate]] = {}
    for curve in curves:
        if curve.regime.reference_error_in(criterion.unit) > criterion.least_error:
            continue
        costs = _costs(curve, criterion, len(curve.regime.trials))
        if costs:
            label, candidate = curve.regime.model.label, Candidate(curve, costs)
            mean = candidate.cost.mean
            if label not in best or mean < best[label][0]:
                best[label] = (mean, candidate)
    return tuple(candidate for _, candidate in sorted(best.values(), key=lambda each: each[0]))


def _costs(curve: Curve, criterion: Criterion, trials: int) -> tuple[float, ...]:
    """Return what each stimulus costs at the largest dt that holds, and below which all do; empty if one has none."""
    costs = []
    for i in range(trials):
        last = None
        for point in reversed(curve.points):
            if not criterion.holds(point.runs[i]):
                break
            last = point
        if last is None:
            return ()
        costs.append(curve.cost(last.setting, last.runs[i]).per_ms)
    return tuple(costs)

