"""Which model, method and detection is cheapest: one rule for every table, map and verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import TypeVar

from ..regimes.regime import RegimeKey
from ..search.criterion import Criterion
from ..search.status import Bound
from .intervals import Interval, mean, ratio, too_close
from .study import Case, Curve, Study

Item = TypeVar("Item")
Situation = TypeVar("Situation")

#: Number of tolerances of the map per decade.
PER_DECADE = 4


def cheapest_of_each(items: Iterable[Item], model: Callable[[Item], str], cost: Callable[[Item], float]) -> list[Item]:
    """Return the cheapest item of each model, the cheapest model first; of items with the same cost, the first.

    Parameters
    ----------
    items : iterable
        Ways to run models in one situation.
    model, cost : callable
        Return the item's model, and its cost: the geometric mean over the stimuli at its largest verified dt.
    """
    best: dict[str, tuple[float, Item]] = {}
    for item in items:
        label, own = model(item), cost(item)
        if label not in best or own < best[label][0]:
            best[label] = (own, item)
    return [item for _, item in sorted(best.values(), key=lambda each: each[0])]


def cheapest_in_each(
    items: Iterable[Item],
    situation: Callable[[Item], Situation],
    model: Callable[[Item], str],
    cost: Callable[[Item], float],
    situations: Iterable[Situation] = (),
) -> dict[Situation, list[Item]]:
    """Return `cheapest_of_each` by situation. Costs are compared within a situation: a regime and a criterion.

    Parameters
    ----------
    items : iterable
        Ways to run models.
    situation, model, cost : callable
        Return the item's situation, its model and its cost.
    situations : iterable, optional
        Situations that come first, in this order, even without an item.
    """
    together: dict[Situation, list[Item]] = {each: [] for each in situations}
    for item in items:
        together.setdefault(situation(item), []).append(item)
    return {key: cheapest_of_each(ways, model, cost) for key, ways in together.items()}


def cheapest_cases(
    cases: Iterable[Case], situations: Iterable[tuple[RegimeKey, Criterion]] = ()
) -> dict[tuple[RegimeKey, Criterion], list[Case]]:
    """Return the cheapest case of each model, the cheapest model first, by regime and criterion.

    Cases without a cost are left out.
    """
    return cheapest_in_each(
        (case for case in cases if case.coarsest),
        lambda case: (case.curve.regime.key, case.criterion),
        lambda case: case.curve.regime.model.label,
        lambda case: case.mean_cost(),
        situations,
    )


@dataclass(frozen=True)
class CostRatio:
    """The cost of one case divided by the cost of another."""

    interval: Interval
    bound: Bound
    """Whether the ratio is only a bound: a dt may only be known to be at least the coarsest of the sweep."""

    @classmethod
    def of(cls, own: Sequence[float], own_status: str, other: Sequence[float], other_status: str) -> CostRatio:
        """Compare the costs of two cases.

        Parameters
        ----------
        own, other : sequence of float
            Cost of each stimulus per ms of model time.
        own_status, other_status : str
            Status of the cases (`Status`).
        """
        return cls(ratio(own, other), Bound.of_ratio(own_status, other_status))

    @classmethod
    def of_cases(cls, own: Case, other: Case) -> CostRatio:
        """Compare two cases."""
        return cls.of(
            [each.per_ms for each in own.costs()], own.status, [each.per_ms for each in other.costs()], other.status
        )

    @property
    def too_close(self) -> bool:
        """Whether the interval leaves open which case costs more."""
        return too_close(self.interval.low, self.interval.high)

    @property
    def ranked(self) -> bool:
        """Whether it is certain which case costs more."""
        if self.too_close or self.bound == Bound.NOT_KNOWN:
            return False
        return {Bound.AT_MOST: self.interval.mean < 1, Bound.AT_LEAST: self.interval.mean > 1}.get(self.bound, True)


#: The ratio of a case to itself.
ITSELF = CostRatio(Interval(1.0, 1.0, 1.0), Bound.NONE)


def against(
    cases: Iterable[Case], baseline: str
) -> Iterator[tuple[RegimeKey, Criterion, dict[str, tuple[Case, CostRatio]]]]:
    """Compare the models with one of them, wherever it has a cost.

    Parameters
    ----------
    cases : iterable of Case
    baseline : str
        Label of a model; costs are divided by its cost.

    Yields
    ------
    RegimeKey, Criterion, dict
        The last: by model, the cheapest first, its cheapest case and what it costs relative to the baseline's.
    """
    for (regime, criterion), cheapest in cheapest_cases(cases).items():
        best = {case.curve.regime.model.label: case for case in cheapest}
        if baseline in best:
            own = best[baseline]
            compared = {
                label: (case, ITSELF if case is own else CostRatio.of_cases(case, own)) for label, case in best.items()
            }
            yield regime, criterion, compared


@dataclass(frozen=True)
class Winner:
    """One regime and criterion of the winner map."""

    regime: RegimeKey
    criterion: Criterion
    candidates: tuple[Case, ...]
    """The cheapest case of each model, the cheapest first; models that do not reach the criterion are left out."""

    @property
    def lead(self) -> CostRatio | None:
        """Cost of the second candidate divided by the cost of the first; None if there is no second."""
        return CostRatio.of_cases(self.candidates[1], self.candidates[0]) if len(self.candidates) > 1 else None


def winners(study: Study, measure: str = "maximum") -> list[Winner]:
    """Find the cheapest model for every regime and tolerance.

    The tolerances are those of the suite and of `map_criteria`. Every cost belongs to a case: its dt was verified.
    """
    own = study.suite.all_criteria
    criteria = [
        *(each for each in own if each.measure == measure),
        *(map_criteria(own, measure) if study.map_cases is not None else []),
    ]
    cases = (case for case in (*study.cases, *(study.map_cases or ())) if case.criterion.measure == measure)
    situations = [
        (key, criterion)
        for key in dict.fromkeys(regime.key for regime in study.regimes)
        for criterion in sorted(criteria, key=lambda each: -each.tolerance)
    ]
    return [Winner(*key, tuple(ranked)) for key, ranked in cheapest_cases(cases, situations).items()]


def map_criteria(given: Iterable[Criterion], measure: str = "maximum") -> list[Criterion]:
    """Return the map's criteria that are not given: from ten times the loosest given tolerance to the strictest."""
    known = [each.tolerance for each in given if each.measure == measure]
    return (
        [
            Criterion(measure, value)
            for value in _tolerances(10 * max(known), min(known))
            if not any(abs(value / each - 1) < 1e-3 for each in known)
        ]
        if known
        else []
    )


def middle_criteria(given: Iterable[Criterion], measure: str = "maximum") -> list[Criterion]:
    """Return the map's criterion that is nearest to the middle, for each two given tolerances with one between them."""
    criteria = list(given)
    known = sorted(each.tolerance for each in criteria if each.measure == measure)
    between = map_criteria(criteria, measure)
    found = []
    for low, high in pairwise(known):
        inside = [each for each in between if low < each.tolerance < high]
        if inside:
            found.append(min(inside, key=lambda each: abs(math.log(each.tolerance**2 / (low * high)))))
    return found


def _tolerances(loosest: float, strictest: float) -> Iterator[float]:
    value, n = loosest, 0
    while value >= 0.999 * strictest:
        yield float(f"{value:.4g}")
        n += 1
        value = loosest * 10 ** (-n / PER_DECADE)


def may_win(curves: Iterable[Curve], criterion: Criterion, case_of: Callable[[Curve], Case]) -> list[Case]:
    """Verify cases of one model until the cheapest is among them, and return them; the others need not be verified.

    Parameters
    ----------
    curves : iterable of Curve
        Of one model in one regime.
    criterion : Criterion
    case_of : callable
        Verify a curve's case.
    """
    promising = sorted(
        ((least, i, curve) for i, curve in enumerate(curves) if (least := _least_cost(curve, criterion)) is not None),
        key=lambda each: each[:2],
    )
    found: list[Case] = []
    cheapest = float("inf")
    for least, _, curve in promising:
        if least > cheapest:
            break
        case = case_of(curve)
        found.append(case)
        if case.coarsest:
            cheapest = min(cheapest, case.mean_cost())
    return found


def _least_cost(curve: Curve, criterion: Criterion) -> float | None:
    """Return a lower bound of a curve's cost under a criterion; None if it does not hold at the finest point.

    The largest dt is smaller than the next coarser point of the sweep, which fails; more steps cost more.
    """
    holding = list(takewhile(lambda point: criterion.all_hold(point.runs), reversed(curve.points)))
    if not holding:
        return None
    coarsest = holding[-1]
    cost = mean([curve.cost(run).per_ms for run in coarsest.runs])
    coarser = curve.points[len(curve.points) - len(holding) - 1] if len(holding) < len(curve.points) else coarsest
    # steps are longer in proportion to dt; to the tolerance of an error control, by its square root at most
    longer = float(coarser.setting / coarsest.setting)
    return cost / (longer if curve.by_dt else longer**0.5)
