"""Euler and Runge-Kutta methods on Izhikevich's model, as judged in 2021."""

from collections.abc import Iterator

import pandas as pd

from ....accuracy.search.status import Status
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, DETECTED, Evidence, drive, of_models
from ..finding import ClaimFinding

LOW, HIGH = ("euler", "heun", "midpoint"), "rk4"
_CONDITIONS = ["stimulus", "level", "tolerance"]


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare the methods at equal accuracy, with spikes at the end of a step."""
    yield from of_table(evidence.run(COMPARISON).table)


def of_table(table: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per drive and tolerance."""
    own = of_models(table[(table["measure"] == "maximum") & table["detection"].isin(DETECTED)], ["izhikevich"])
    for _, rows in own.groupby(["detection", *_CONDITIONS], sort=False):
        first = rows.iloc[0]
        spikes = DETECTED[first["detection"]]
        where = {"drive": drive(first), "spikes": spikes, "error allowed": f"{first['tolerance']:g} ms"}
        reached = rows[rows["flops_per_ms"].notna()]
        costs = dict(zip(reached["method"], reached["flops_per_ms"].astype(float), strict=True))
        low = [name for name in LOW if name in costs]
        if not low and HIGH not in costs:
            yield ClaimFinding(where, "no method reaches it", None)
        elif not low or HIGH not in costs:
            only, agrees = (", ".join(low), True) if low else (HIGH, False)
            yield ClaimFinding(where, f"only {only} reaches it", agrees)
        else:
            best = min(low, key=costs.__getitem__)
            ratio = costs[best] / costs[HIGH]
            bounds = (reached.loc[reached["method"].isin([best, HIGH]), "status"] == Status.AT_LEAST).any()
            yield ClaimFinding(
                where, f"{best} costs {short(ratio)} times as much as {HIGH}", None if bounds else ratio < 1
            )


CLAIMS.register(
    Claim(
        name="euler_2021",
        year=2021,
        source="de Alteriis, Cataldo, Mazzoni and Oddo 2021, bioRxiv 2021.11.30.470474",
        certainty=Certainty.ABSTRACT,
        sentence="For Izhikevich's model, forward Euler and Runge-Kutta of order 2 can be cheaper than Runge-Kutta of "
        "order 4 at equal accuracy.",
        known="The Victor-Purpura distance is compared for the same number of operations. The program of two of the "
        "authors finds spikes at the end of a step, and counts 13, 28 and 68 operations per step, with question marks.",
        assumed="Accuracy is the largest spike-time error over 1 s. Operations are counted as the kernel runs them.",
        agrees_if="Euler, Heun or midpoint costs less than Runge-Kutta of order 4",
        flips="located crossings: then the higher order shows",
        findings=findings,
    )
)
