"""The ranking of 2014."""

from collections.abc import Iterable, Iterator

from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, Side, both, compared, no_more, sides
from ..finding import ClaimFinding

#: "Comparable": one costs up to this many times as much as the other.
FACTOR = 3.0


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare at equal accuracy."""
    yield from of_sides(sides(evidence.run(COMPARISON)))


def of_sides(given: Iterable[Side]) -> Iterator[ClaimFinding]:
    """Return one finding per drive, view and tolerance."""
    return compared(
        given,
        lambda lif, axon: both(axon.at_least(1 / FACTOR), axon.at_most(FACTOR), lif.at_most(1), no_more(lif, axon)),
    )


CLAIMS.register(
    Claim(
        name="comparable_2014",
        year=2014,
        source="Skocik and Long 2014, IEEE Transactions on Neural Networks and Learning Systems 25:1474",
        certainty=Certainty.ABSTRACT,
        sentence="At the steps that accuracy needs, leaky integrate-and-fire takes the fewest operations, and "
        "Hodgkin-Huxley's and Izhikevich's models are comparable.",
        known="Regular spiking; forward Euler, Runge-Kutta of order 4, exponential Euler. A later paper says that "
        "Hodgkin-Huxley had rate tables.",
        assumed="Accuracy is the largest spike-time error over 1 s. Each model runs with the cheapest of all methods, "
        "and Hodgkin-Huxley without tables.",
        agrees_if=f"Hodgkin-Huxley costs between 1/{FACTOR:g} and {FACTOR:g} times as much as Izhikevich's model, and "
        "LIF no more than either",
        flips="how spikes are detected: located crossings make Izhikevich's model much cheaper",
        findings=findings,
    )
)
