"""The ranking of 2020."""

from collections.abc import Iterable, Iterator

from ..claim import CLAIMS, Certainty, Claim, ClaimFinding
from ..evidence import COMPARISON, Evidence, Side, both, compared, no_more, sides


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare at equal accuracy."""
    yield from of_sides(sides(evidence.run(COMPARISON)))


def of_sides(given: Iterable[Side]) -> Iterator[ClaimFinding]:
    """Return one finding per drive, view and tolerance."""
    return compared(given, lambda lif, axon: both(lif.at_most(1), axon.at_most(1), no_more(axon, lif)))


CLAIMS.register(
    Claim(
        name="ranking_2020",
        year=2020,
        source="Valadez-Godinez, Sossa and Santiago-Montero 2020, Neural Networks 122:196",
        certainty=Certainty.ABSTRACT,
        sentence="Of leaky integrate-and-fire, Izhikevich's model and Hodgkin-Huxley without tables, Hodgkin-Huxley is "
        "the cheapest at equal accuracy, and Izhikevich's model the most expensive.",
        known="Regular spiking, constant and random current.",
        assumed="Accuracy is the largest spike-time error over 1 s, and each model runs with the cheapest of all "
        "methods. The first author's later simulator freezes the other variables in each Runge-Kutta stage; "
        "whether the paper's did is not known, and ours does not.",
        agrees_if="Hodgkin-Huxley costs no more than LIF, and LIF no more than Izhikevich's model",
        flips="a method that uses that LIF is linear, or a located crossing",
        findings=findings,
    )
)
