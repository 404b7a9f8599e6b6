"""Exponential Euler on Hodgkin-Huxley."""

from collections.abc import Iterator

import pandas as pd

from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, DETECTED, Evidence, drive
from ..finding import ClaimFinding

#: "Twenty times": at least this many times.
TWENTY = 10.0


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare the largest dt of both methods."""
    yield from of_table(evidence.run(COMPARISON).table)


def of_table(table: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per drive, detection and tolerance."""
    wanted = {"euler", "exponential_euler"}
    own = table[(table["model"] == "hodgkin_huxley") & table["method"].isin(wanted) & (table["measure"] == "maximum")]
    own = own[own["detection"].isin(DETECTED)]
    for _, rows in own.groupby(["stimulus", "level", "detection", "tolerance"], sort=False):
        first = rows.iloc[0]
        spikes = DETECTED[first["detection"]]
        where = {"drive": drive(first), "spikes": spikes, "error allowed": f"{first['tolerance']:g} ms"}
        dt = rows.set_index("method")["dt_ms"].dropna()
        if "euler" not in dt:
            yield ClaimFinding(where, "forward Euler does not reach it", None)
        elif "exponential_euler" not in dt:
            smallest = rows.set_index("method").loc["exponential_euler", "checked_down_to_dt_ms"]
            ratio = dt["euler"] / smallest
            agrees = True if ratio >= TWENTY else None
            yield ClaimFinding(where, f"more than {short(ratio)} times smaller: it is not reached", agrees)
        else:
            ratio = dt["euler"] / dt["exponential_euler"]
            yield ClaimFinding(where, f"{short(ratio)} times smaller", bool(ratio >= TWENTY))


CLAIMS.register(
    Claim(
        name="exponential_euler_2026",
        year=2026,
        source="this project, on the method of Brian2 (Stimberg and others 2019, eLife 8:e47314)",
        certainty=Certainty.OURS,
        sentence="On Hodgkin-Huxley, Brian2's exponential_euler needs a time step twenty times smaller than forward "
        "Euler for the same spike-time error.",
        known="The method is of first order with a large constant: the gates are frozen while the voltage moves.",
        assumed="Accuracy is the largest spike-time error over 1 s.",
        agrees_if=f"its largest dt is at least {TWENTY:g} times smaller than that of forward Euler",
        flips="staggered gates (exponential_euler_staggered), which make it a method of order 2",
        findings=findings,
    )
)
