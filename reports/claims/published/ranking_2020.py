"""The ranking of 2020."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ....accuracy.study.suite import STANDARD
from ...tables.ratios import GRID
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, Side, both, compared, no_more, sides
from ..finding import ClaimFinding

#: Runge-Kutta methods that are judged alone, with spikes at the end of a step: true stages, and those of the first
#: author's public simulator.
STAGES = ("rk4", "rk4_frozen")


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare at equal accuracy: with the cheapest of all methods, and with each of two Runge-Kutta methods."""
    yield from of_sides(sides(evidence.run(COMPARISON)), "the cheapest")
    for method in STAGES:
        alone = replace(COMPARISON, models=STANDARD.models, methods=(method,), detections=("grid",))
        yield from of_sides((side for side in sides(evidence.run(alone)) if side.view == GRID), method)


def of_sides(given: Iterable[Side], method: str) -> Iterator[ClaimFinding]:
    """Return one finding per drive, view and tolerance."""
    known = (replace(side, conditions={"method": method, **side.conditions}) for side in given)
    return compared(known, lambda lif, axon: both(lif.at_most(1), axon.at_most(1), no_more(axon, lif)))


CLAIMS.register(
    Claim(
        name="ranking_2020",
        year=2020,
        source="Valadez-Godinez, Sossa and Santiago-Montero 2020, Neural Networks 122:196",
        certainty=Certainty.ABSTRACT,
        sentence="Of leaky integrate-and-fire, Izhikevich's model and Hodgkin-Huxley without tables, Hodgkin-Huxley is "
        "the cheapest at equal accuracy, and Izhikevich's model the most expensive.",
        known="Regular spiking, constant and random current.",
        assumed="Accuracy is the largest spike-time error over 1 s. The first author's later simulator freezes the "
        "other variables in each Runge-Kutta stage, which makes it a method of first order; whether the paper's did is "
        "not known. So each model runs with the cheapest of all methods, with rk4, and with such stages (rk4_frozen).",
        agrees_if="Hodgkin-Huxley costs no more than LIF, and LIF no more than Izhikevich's model",
        flips="a method that uses that LIF is linear, or a located crossing",
        findings=findings,
    )
)
