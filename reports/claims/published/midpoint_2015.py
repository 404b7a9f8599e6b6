"""Methods of order 2 on Izhikevich's model at 1 ms, as judged in 2015."""

from collections.abc import Iterator

import pandas as pd

from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim, Finding
from ..evidence import Evidence, at_steps, drive

STEP = 1.0
BEST = ("midpoint", "heun", "esr_midpoint")
METHODS = ("euler", "izhikevich2003", "izhikevich2004", *BEST, "rk4")


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Run the methods at a step of 1 ms, and compare how far their last common spike is off."""
    yield from of_points(evidence.run(at_steps(("izhikevich",), STEP, METHODS, measures=("lag",))).points)


def of_points(points: pd.DataFrame) -> Iterator[Finding]:
    """Return one finding per drive."""
    for _, rows in points.groupby(["stimulus", "level"], sort=False):
        lags = rows.set_index("method")["lag"].abs().dropna()
        where = {"drive": drive(rows.iloc[0])}
        if lags.empty:
            yield Finding(where, "no method has all spikes", None)
            continue
        best = str(lags.idxmin())
        said = ", ".join(f"{method} {short(lag)} ms" for method, lag in lags.sort_values().items())
        yield Finding(where, f"mean lag of the last spike: {said}", best in BEST)


CLAIMS.register(
    Claim(
        name="midpoint_2015",
        year=2015,
        source="Hopkins and Furber 2015, Neural Computation 27:2148",
        certainty=Certainty.ABSTRACT,
        sentence="For Izhikevich's model at a step of 1 ms, Runge-Kutta methods of order 2 (midpoint, trapezoid) are "
        "best.",
        known="32-bit fixed-point arithmetic; lag of spikes; explicit solver reduction.",
        assumed="Double precision, over 1 s; a method whose spikes are not all there under every stimulus is left "
        "out. The trapezoid rule is Heun's method.",
        agrees_if="the smallest lag of the last common spike, mean over the stimuli, is that of midpoint, Heun or the "
        "reduced midpoint",
        flips="fixed-point arithmetic, and which sign the lag has: detection at the end of a step adds half a step "
        "per spike",
        findings=findings,
    )
)
