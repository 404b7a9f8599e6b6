"""Which way, and which model, is cheapest: one rule for every table, map and verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

from ..regimes.regime import RegimeKey
from ..search.criterion import Criterion
from ..search.status import Bound
from .intervals import Interval, interval, ratio, too_close
from .study import Case, Curve, Study

Item = TypeVar("Item")
Situation = TypeVar("Situation")

#: Tolerances of the map, per decade.
PER_DECADE = 4


def cheapest_of_each(items: Iterable[Item], model: Callable[[Item], str], cost: Callable[[Item], float]) -> list[Item]:
    """Return the cheapest item of each model, the cheapest model first; of those that cost the same, the first.

    Parameters
    ----------
    items : iterable
        Ways to run models in one situation.
    model, cost : callable
        Return an item's model, and its cost: the geometric mean over the stimuli at its largest verified dt.
    """
    best: dict[str, tuple[float, Item]] = {}
    for item in items:
        label, own = model(item), cost(item)
        if label not in best or own < best[label][0]:
            best[label] = (own, item)
    return [item for _, item in sorted(best.values(), key=lambda each: each[0])]


def cheapest_in_each(items: Iterable[Item], situation: Callable[[Item], Situation], model: Callable[[Item], str],
                     cost: Callable[[Item], float], situations: Iterable[Situation] = ()
                     ) -> dict[Situation, list[Item]]:
    """Return `cheapest_of_each` by situation: what is compared with each other is a regime under a criterion.

    Parameters
    ----------
    items : iterable
        Ways to run models.
    situation, model, cost : callable
        Return an item's situation, its model and its cost.
    situations : iterable, optional
        These come first, in this order, those without an item included.
    """
    together: dict[Situation, list[Item]] = {each: [] for each in situations}
    for item in items:
        together.setdefault(situation(item), []).append(item)
    return {key: cheapest_of_each(ways, model, cost) for key, ways in together.items()}


def cheapest_cases(cases: Iterable[Case], situations: Iterable[tuple[RegimeKey, Criterion]] = ()
                   ) -> dict[tuple[RegimeKey, Criterion], list[Case]]:
    """Return the cheapest case of each model, the cheapest model first, by regime and criterion.

    Cases without a cost are left out.
    """
    return cheapest_in_each((case for case in cases if case.coarsest),
                            lambda case: (case.curve.regime.key, case.criterion),
                            lambda case: case.curve.regime.model.label, lambda case: case.cost().mean, situations)


@dataclass(frozen=True)
class CostRatio:
    """The cost of a way over that of another."""

    interval: Interval
    bound: Bound
    """What the ratio is where a dt is only known to be at least the coarsest of the sweep."""

    @classmethod
    def of(cls, own: Sequence[float], own_status: str, other: Sequence[float], other_status: str) -> CostRatio:
        """Compare two ways.

        Parameters
        ----------
        own, other : sequence of float
            What each stimulus costs per ms.
        own_status, other_status : str
            Status of the cases (`Status`).
        """
        return cls(ratio(own, other), Bound.of_ratio(own_status, other_status))

    @classmethod
    def of_cases(cls, own: Case, other: Case) -> CostRatio:
        """Compare two cases."""
        return cls.of([each.per_ms for each in own.costs()], own.status,
                      [each.per_ms for each in other.costs()], other.status)

    @property
    def too_close(self) -> bool:
        """Whether the interval says nothing about which costs more."""
        return too_close(self.interval.low, self.interval.high)

    @property
    def ranked(self) -> bool:
        """Whether it is sure which costs more."""
        if self.too_close or self.bound == Bound.NOT_KNOWN:
            return False
        return {Bound.AT_MOST: self.interval.mean < 1, Bound.AT_LEAST: self.interval.mean > 1}.get(self.bound, True)


#: Of a way over itself.
ITSELF = CostRatio(Interval(1.0, 1.0, 1.0), Bound.NONE)


@dataclass(frozen=True)
class Winner:
    """A place of the map."""

    regime: RegimeKey
    criterion: Criterion
    candidates: tuple[Case, ...]
    """The cheapest case of each model, the cheapest first; models that do not get there are left out."""

    @property
    def lead(self) -> CostRatio | None:
        """Cost of the second over that of the first; None if there is no second."""
        return CostRatio.of_cases(self.candidates[1], self.candidates[0]) if len(self.candidates) > 1 else None


def winners(study: Study, measure: str = "maximum") -> list[Winner]:
    """Find the cheapest model for every regime and tolerance.

    The tolerances are the suite's, and those of `map_criteria` from ten times the loosest to the strictest of them.
    Every cost is that of a case: at a dt that was verified.
    """
    own = study.suite.all_criteria
    criteria = [*(each for each in own if each.measure == measure),
                *(map_criteria(own, measure) if study.map_cases is not None else [])]
    cases = (case for case in (*study.cases, *(study.map_cases or ())) if case.criterion.measure == measure)
    situations = [(key, criterion) for key in dict.fromkeys(regime.key for regime in study.regimes)
                  for criterion in sorted(criteria, key=lambda each: -each.tolerance)]
    return [Winner(*key, tuple(ranked)) for key, ranked in cheapest_cases(cases, situations).items()]


def map_criteria(given: Iterable[Criterion], measure: str = "maximum") -> list[Criterion]:
    """Return the criteria that the map has beside the given ones: from ten times the loosest to the strictest."""
    known = [each.tolerance for each in given if each.measure == measure]
    return [Criterion(measure, value) for value in _tolerances(10 * max(known), min(known))
            if not any(abs(value / each - 1) < 1e-3 for each in known)] if known else []


def _tolerances(loosest: float, strictest: float) -> Iterator[float]:
    value, n = loosest, 0
    while value >= 0.999 * strictest:
        yield float(f"{value:.4g}")
        n += 1
        value = loosest * 10 ** (-n / PER_DECADE)


def may_win(curves: Iterable[Curve], criterion: Criterion, case_of: Callable[[Curve], Case]) -> list[Case]:
    """Return the cases of one model among which its cheapest is; the others need not be verified.

    Parameters
    ----------
    curves : iterable of Curve
        Of one model in one regime.
    criterion : Criterion
    cell_of : callable
        Verify a curve's case.
    """
    promising = sorted(((least, i, curve) for i, curve in enumerate(curves)
                        if (least := _least_cost(curve, criterion)) is not None), key=lambda each: each[:2])
    found: list[Case] = []
    cheapest = float("inf")
    for least, _, curve in promising:
        if least > cheapest:
            break
        case = case_of(curve)
        found.append(case)
        if case.coarsest:
            cheapest = min(cheapest, case.cost().mean)
    return found


def _least_cost(curve: Curve, criterion: Criterion) -> float | None:
    """Return less than a curve can cost under a criterion; None if it does not hold at the finest point.

    The largest dt is below the coarsest point of the sweep that fails, and fewer steps cost less.
    """
    holding = list(takewhile(lambda point: all(map(criterion.holds, point.runs)), reversed(curve.points)))
    if not holding:
        return None
    coarsest = holding[-1]
    cost = interval([curve.cost(run).per_ms for run in coarsest.runs]).mean
    coarser = curve.points[len(curve.points) - len(holding) - 1] if len(holding) < len(curve.points) else coarsest
    # steps are longer in proportion to dt; to the tolerance of an error control, by its square root at most
    longer = float(coarser.setting / coarsest.setting)
    return cost / (longer if curve.by_dt else longer**0.5)
