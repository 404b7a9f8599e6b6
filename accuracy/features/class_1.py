"""Class 1 excitability."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.classes import CLASS_1, constants, slowest
from .protocols.recorded import Recording
from .protocols.subject import Subject


class Class1(Feature):
    """Class 1 excitability: firing starts at arbitrarily low rates.

    The demo's ramp does not distinguish the classes (converged, its intervals shorten 2.7 fold for class 1 and 2.4 fold
    for class 2), so the demo's model is also run with constant inputs.
    """

    name = "class_1"
    letter = "G"
    by_protocol = True
    criterion = (
        "with constant inputs just above the rheobase (the weakest at which the model keeps firing), the "
        "slowest rate is at most a third of the rate at twice the rheobase"
    )

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make constant inputs."""
        return constants(subject)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        least, twice, said = slowest(recordings)
        return Verdict(0 < least <= CLASS_1 * twice, said)


FEATURES.register(Class1())
