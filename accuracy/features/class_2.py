"""Class 2 excitability."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.classes import CLASS_2, constants, slowest
from .protocols.recorded import Recording
from .protocols.subject import Subject


class Class2(Feature):
    """Class 2 excitability: firing starts at a rate well above zero.

    The demo's ramp does not distinguish the classes (converged, its intervals shorten 2.7 fold for class 1 and 2.4 fold
    for class 2), so the demo's model is also run with constant inputs.
    """

    name = "class_2"
    letter = "H"
    by_protocol = True
    criterion = (
        "with constant inputs just above the rheobase (the weakest at which the model keeps firing), the "
        "slowest rate is at least half of the rate at twice the rheobase"
    )
    linear = "near the rheobase the interval grows without bound"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make constant inputs."""
        return constants(subject)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        least, twice, said = slowest(recordings)
        return Verdict(least >= CLASS_2 * twice > 0, said)


FEATURES.register(Class2())
