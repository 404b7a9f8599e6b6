"""The twenty demos of 2004."""

from collections.abc import Iterator

import pandas as pd

from ...tables.demos import demo_table
from ...tables.features import title
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import Evidence
from ..finding import ClaimFinding


def findings(_evidence: Evidence) -> Iterator[ClaimFinding]:
    """Run the demos with the published scheme and step, and converged."""
    yield from of_table(demo_table())


def of_table(table: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per demo."""
    for _, row in table.iterrows():
        shown = bool(row["shown_converged"])
        yield ClaimFinding(
            {"demo": f"{row['letter']} ({title(row['feature'])})"},
            f"{row['spikes_as_published']} spikes as published, {row['spikes_converged']} converged: "
            + ("shown" if shown else "not shown"),
            shown,
        )


CLAIMS.register(
    Claim(
        name="demos_2004",
        year=2004,
        source="Izhikevich 2004, IEEE Transactions on Neural Networks 15:1063, and its published code",
        certainty=Certainty.READ,
        sentence="Izhikevich's model shows all twenty features.",
        known="The published code gives parameters, inputs, scheme and time step of each demo.",
        assumed="The model is its equations: a feature that vanishes at smaller steps belongs to the step. What counts "
        "as a feature is decided by one detector per feature.",
        agrees_if="the reference solution of the demo shows its feature",
        flips="the time step: with the published scheme and steps, all twenty are shown",
        findings=findings,
    )
)
