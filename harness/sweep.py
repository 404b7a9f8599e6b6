"""Time steps of a sweep: log-spaced, every one dividing the stimulus."""

from __future__ import annotations

import math
from fractions import Fraction

from ..models.errors import UserError


def time_steps(unit: Fraction, coarsest: float, finest: float, per_decade: int) -> tuple[Fraction, ...]:
    """Return time steps from coarse to fine.

    Parameters
    ----------
    unit : Fraction
        The stimulus's unit in ms; every step is ``unit/n`` with a whole n.
    coarsest, finest : float
        In ms.
    per_decade : int
        Steps a factor of ten.

    Raises
    ------
    UserError
        If the range is empty.
    """
    if not 0 < finest <= coarsest or per_decade < 1:
        raise UserError(f"cannot sweep dt from {coarsest:g} to {finest:g} ms with {per_decade} steps a decade; "
                        "give coarsest >= finest > 0")
    decades = math.log10(coarsest / finest)
    count = max(round(decades * per_decade), 1)
    wanted = [coarsest * 10 ** (-decades * i / count) for i in range(count + 1)]
    divisions = {max(round(float(unit) / dt), 1) for dt in wanted}
    return tuple(unit / n for n in sorted(divisions))


def between(finer: Fraction, coarser: Fraction, unit: Fraction) -> Fraction | None:
    """Return a time step between two, near their geometric mean and dividing `unit`; None if there is none."""
    low, high = int(unit / coarser), int(unit / finer)
    middle = round(math.sqrt(low * high))
    return unit / middle if low < middle < high else None
