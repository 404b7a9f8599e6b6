"""The ranking of 2004."""

from collections.abc import Iterable, Iterator

from ....flops.conventions import get_convention
from ....flops.operations import count
from ....models.catalogue import MODELS
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, Side, both, compared, sides
from ..finding import ClaimFinding
from .costs_2004 import CONVENTION, MODELS_2004

#: "As efficient as": costs up to this many times as much.
SAME = 3.0
#: "A hundred times": at least this many times.
HUNDRED = 50.0


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare without any accuracy, then at equal accuracy."""
    convention = get_convention(CONVENTION)
    costs = {
        name: count(name, "euler").flops_per_ms(MODELS[name].published_costs[CONVENTION].dt, convention)
        for name in MODELS_2004
    }
    none = {"drive": "counts at the steps of 2004", "spikes": "none", "error allowed": "no accuracy asked"}
    ratios = {name: cost / costs["izhikevich"] for name, cost in costs.items()}
    yield from of_sides([Side(none, ratios, dict.fromkeys(ratios, "")), *sides(evidence.run(COMPARISON))])


def of_sides(given: Iterable[Side]) -> Iterator[ClaimFinding]:
    """Return one finding per drive, view and tolerance."""
    return compared(given, lambda lif, axon: both(lif.at_least(1 / SAME), axon.at_least(HUNDRED)))


CLAIMS.register(
    Claim(
        name="ratios_2004",
        year=2004,
        source="Izhikevich 2004, IEEE Transactions on Neural Networks 15:1063",
        certainty=Certainty.QUOTED,
        sentence="Izhikevich's model is about as efficient as leaky integrate-and-fire, and about a hundred times as "
        "efficient as Hodgkin-Huxley.",
        known="From the counts of the paper: 5, 13 and 1200 operations per ms, with no accuracy asked.",
        assumed="At equal accuracy, each model runs with the cheapest of all methods.",
        agrees_if=f"LIF costs at least 1/{SAME:g} of Izhikevich's model, and Hodgkin-Huxley at least {HUNDRED:g} "
        "times as much as it",
        flips="a requirement on accuracy: it makes long steps of a model with a reset impossible",
        findings=findings,
    )
)
