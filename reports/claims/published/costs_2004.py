"""The operations of 2004."""

from collections.abc import Iterator

from ....flops.conventions import get_convention
from ....flops.operations import count
from ....models.catalogue import MODELS
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import Evidence
from ..finding import ClaimFinding

CONVENTION = "izhikevich2004"
MODELS_2004 = ("lif", "izhikevich", "hodgkin_huxley")
#: Two counts agree if they differ by less than this fraction.
NEAR = 0.1


def findings(_evidence: Evidence) -> Iterator[ClaimFinding]:
    """Count the equations of the models at the paper's steps, under the paper's convention."""
    convention = get_convention(CONVENTION)
    for name in MODELS_2004:
        published = MODELS[name].published_costs[CONVENTION]
        yield of_costs(name, count(name, "euler").flops_per_ms(published.dt, convention), published.per_ms)


def of_costs(model: str, counted: float, published: float) -> ClaimFinding:
    """Compare two costs per ms."""
    number = f"{short(counted)} per ms counted, {short(published)} published"
    return ClaimFinding({"model": model}, number, abs(counted / published - 1) < NEAR)


CLAIMS.register(
    Claim(
        name="costs_2004",
        year=2004,
        source="Izhikevich 2004, IEEE Transactions on Neural Networks 15:1063",
        certainty=Certainty.QUOTED,
        sentence="1 ms of model time takes 5 floating-point operations with leaky integrate-and-fire, 13 with "
        "Izhikevich's model and 1200 with Hodgkin-Huxley.",
        known="Forward Euler; time steps of 1 ms, and 0.1 ms for Hodgkin-Huxley; no accuracy is asked.",
        assumed="An exponential is ten operations; a comparison is one; a spike costs nothing.",
        agrees_if=f"the operations of the equations as written differ by less than {NEAR:.0%}",
        flips="another weight of the exponential: Hodgkin-Huxley has six per step",
        findings=findings,
    )
)
