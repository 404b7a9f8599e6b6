"""Which way, and which model, is cheapest: one rule for every table, map and verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

from .criterion import Criterion
from .intervals import Interval, interval, ratio, too_close
from .study import Cell, Curve, Study

Item = TypeVar("Item")
#: Kind of stimulus, level, horizon in ms.
Key = tuple[str, str, float]

#: Tolerances of the map, a decade.
PER_DECADE = 4
#: What a bound of a ratio is called: see `bound`.
AT_MOST, AT_LEAST, NOT_KNOWN = "at most", "at least", "not known"


def cheapest_of_each(items: Iterable[Item], model: Callable[[Item], str], cost: Callable[[Item], float]) -> list[Item]:
    """Return the cheapest item of each model, the cheapest model first; of those that cost the same, the first.

    Parameters
    ----------
    items : iterable
        Ways to run models.
    model, cost : callable
        Return an item's model, and its cost: the geometric mean over the stimuli at its largest verified dt.
    """
    best: dict[str, tuple[float, Item]] = {}
    for item in items:
        label, own = model(item), cost(item)
        if label not in best or own < best[label][0]:
            best[label] = (own, item)
    return [item for _, item in sorted(best.values(), key=lambda each: each[0])]


def cheapest_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cheapest cell of each model, the cheapest model first."""
    return cheapest_of_each(cells, lambda cell: cell.curve.regime.model.label, lambda cell: cell.cost().mean)


def bound(own_at_least: bool, other_at_least: bool) -> str:
    """Say what a ratio of costs is where the dt of one of them, or of both, is only known to be at least the sweep's.

    Such a cost is an upper bound. Empty if both dt are known.
    """
    if own_at_least and other_at_least:
        return NOT_KNOWN
    return AT_MOST if own_at_least else AT_LEAST if other_at_least else ""


def ranks(found: Interval, of: str) -> bool:
    """Whether a ratio of costs, with its `bound`, says which is larger."""
    if too_close(found.low, found.high) or of == NOT_KNOWN:
        return False
    return {AT_MOST: found.mean < 1, AT_LEAST: found.mean > 1}.get(of, True)


@dataclass(frozen=True)
class Winner:
    """A place of the map."""

    regime: Key
    """Kind of stimulus, level, horizon in ms."""
    criterion: Criterion
    candidates: tuple[Cell, ...]
    """The cheapest cell of each model, the cheapest first; models that do not get there are left out."""

    @property
    def lead(self) -> Interval | None:
        """Cost of the second over that of the first; None if there is no second."""
        if len(self.candidates) < 2:
            return None
        first, second = ([each.per_ms for each in cell.costs()] for cell in self.candidates[:2])
        return ratio(second, first)

    @property
    def bound(self) -> str:
        """What `lead` is where a dt is only known to be at least the sweep's coarsest (see `bound`)."""
        return bound(self.candidates[1].at_least, self.candidates[0].at_least) if len(self.candidates) > 1 else ""

    @property
    def ranked(self) -> bool:
        """Whether the first is cheaper than the second for sure."""
        return self.lead is not None and ranks(self.lead, self.bound)


def winners(study: Study, measure: str = "maximum") -> list[Winner]:
    """Find the cheapest model for every regime and tolerance.

    The tolerances are the suite's, and those of `map_criteria` from ten times the loosest to the strictest of them.
    Every cost is that of a cell: at a dt that was verified.
    """
    own = study.suite.all_criteria
    criteria = [*(each for each in own if each.measure == measure),
                *(map_criteria(own, measure) if study.map_cells is not None else [])]
    together: dict[tuple[Key, Criterion], list[Cell]] = {
        (key, criterion): [] for key in dict.fromkeys(regime.key for regime in study.regimes)
        for criterion in sorted(criteria, key=lambda each: -each.tolerance)}
    for cell in (*study.cells, *(study.map_cells or ())):
        if cell.coarsest and cell.criterion.measure == measure:
            together[cell.curve.regime.key, cell.criterion].append(cell)
    return [Winner(*key, tuple(cheapest_cells(cells))) for key, cells in together.items()]


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


def may_win(curves: Iterable[Curve], criterion: Criterion, cell_of: Callable[[Curve], Cell]) -> list[Cell]:
    """Return the cells of one model among which its cheapest is; the others need not be verified.

    Parameters
    ----------
    curves : iterable of Curve
        Of one model in one regime.
    criterion : Criterion
    cell_of : callable
        Verify a curve's cell.
    """
    promising = sorted(((least, i, curve) for i, curve in enumerate(curves)
                        if (least := _least_cost(curve, criterion)) is not None), key=lambda each: each[:2])
    found: list[Cell] = []
    cheapest = float("inf")
    for least, _, curve in promising:
        if least > cheapest:
            break
        cell = cell_of(curve)
        found.append(cell)
        if cell.coarsest:
            cheapest = min(cheapest, cell.cost().mean)
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
