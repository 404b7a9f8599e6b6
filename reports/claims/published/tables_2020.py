"""Tables of rates, as judged in 2020."""

from collections.abc import Iterable, Iterator

from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, Side, sides
from ..finding import ClaimFinding

PLAIN, TABLES = "hodgkin_huxley", "hodgkin_huxley_tables"


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare at equal accuracy."""
    yield from of_sides(sides(evidence.run(COMPARISON)))


def of_sides(given: Iterable[Side]) -> Iterator[ClaimFinding]:
    """Return one finding per drive, view and tolerance."""
    for side in given:
        if not {PLAIN, TABLES} <= set(side.ratio) or side.bound[PLAIN] or side.bound[TABLES]:
            yield ClaimFinding(side.conditions, "a model does not reach it, or only a bound is known", None)
            continue
        ratio = side.ratio[TABLES] / side.ratio[PLAIN]
        yield ClaimFinding(side.conditions, f"tables cost {short(ratio)} times as much as no tables", ratio > 1)


CLAIMS.register(
    Claim(
        name="tables_2020",
        year=2020,
        source="Valadez-Godinez, Sossa and Santiago-Montero 2020, Neural Networks 122:196",
        certainty=Certainty.ABSTRACT,
        sentence="Hodgkin-Huxley with tables of rates costs more than without them.",
        known="Regular spiking, constant and random current.",
        assumed="Our tables have steps of 0.1 mV and linear interpolation. Costs are counted operations; an "
        "exponential is one of them, as is the choice of a cell. The error of the tables counts: the reference has the "
        "exact rates.",
        agrees_if="the form with tables takes more operations than the form without, each with its cheapest method",
        flips="the weight of an exponential: tables replace twelve exponentials and divisions per evaluation by "
        "additions and multiplications",
        findings=findings,
    )
)
