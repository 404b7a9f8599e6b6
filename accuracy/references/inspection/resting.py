"""What stays exactly where a condition changes, as ``w > 0`` does if w is 0 and its change is proportional to w."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inspector import Inspector

#: What may change is replaced by this many random values.
TRIALS = 4


def at_rest(inspector: Inspector, state: Mapping[str, Any], numbers: Sequence[Any], now: Any) -> NDArray[np.bool_]:
    """Return for each condition whether its distance is 0 and stays 0 until a number of the flow changes.

    A variable stays as it is if its change per ms is exactly 0 at any time, whatever the values of the variables that
    do not stay. Vanishing derivatives are not enough: t**5 has four of them at 0.

    Parameters
    ----------
    inspector : Inspector
    state : mapping
    numbers : sequence
        The parameters of the flow.
    now : number
        In ms.
    """
    chance = np.random.default_rng(0)
    values = {name: np.full(TRIALS, float(value)) for name, value in state.items()}
    others = {name: value + (1 + np.abs(value)) * chance.uniform(-1, 1, TRIALS) for name, value in values.items()}
    times = float(now) + chance.uniform(0, 1, TRIALS)
    still = set(values)
    while True:
        at = {name: values[name] if name in still else others[name] for name in values}
        speeds = inspector.speeds(at, numbers, times)
        moving = {name for name in still if np.any(speeds[name] != 0)}
        if not moving:
            return np.asarray((inspector.distances(at, numbers, times) == 0).all(axis=1))
        still -= moving
