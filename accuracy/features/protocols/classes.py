"""The protocol of the two classes of excitability: constant inputs from the rheobase upwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....harness.stimuli import Stimulus
from .recorded import Recording
from .subject import Subject

#: Heights as multiples of the rheobase; the slowest rate is compared with the rate at the last one.
HEIGHTS = (1.0, 1.0001, 1.001, 1.01, 2.0)
#: The slowest rate as a fraction of the rate at twice the rheobase: below this for class 1, above `CLASS_2` for
#: class 2; a model in between belongs to neither.
CLASS_1, CLASS_2 = 1 / 3, 1 / 2


def constants(subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
    """Make the one trial: several constant inputs."""
    yield tuple(subject.constant(height) for height in HEIGHTS)


def slowest(recordings: tuple[Recording, ...]) -> tuple[float, float, str]:
    """Return the slowest rate in Hz of the recordings that keep firing, the rate of the last recording, and a text.

    A rate is computed from the last interval of a train, when the effects of the start are over.
    """
    rates = [1000 / float(np.diff(each.spikes)[-1]) if each.spikes.size > 1 else 0.0 for each in recordings]
    firing = [rate for rate in rates if rate]
    if not rates[-1]:
        return 0.0, 0.0, "does not keep firing at twice the rheobase"
    least = min(firing)
    return (
        least,
        rates[-1],
        (f"slowest {least:.4g} Hz, {least / rates[-1]:.3g} of the {rates[-1]:.4g} Hz at twice the rheobase"),
    )
