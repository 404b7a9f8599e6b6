"""How accuracy and cost depend on the time step, as judged in 2017."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, drive, of_models
from ..finding import ClaimFinding
from .costs_2004 import MODELS_2004

METHODS = ("euler", "rk4")
#: An error may exceed that at the next longer step by this fraction and still count as falling.
SLACK = 0.01
#: Fewer steps than this do not show a power law.
FEWEST = 4


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Fit powers of the time step to error and cost, with spikes at the end of a step."""
    yield from of_points(evidence.run(COMPARISON).points)


def of_points(points: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per model, method and drive."""
    own = of_models(points, MODELS_2004)
    own = own[own["method"].isin(METHODS) & (own["detection"] == "grid")]
    for _, rows in own.groupby(["model", "method", "stimulus", "level"], sort=False):
        first = rows.iloc[0]
        where = {"model": first["model"], "method": first["method"], "drive": drive(first)}
        known = rows[rows["error_ms"] > 0].sort_values("dt_ms")
        if len(known) < FEWEST:
            yield ClaimFinding(where, "too few steps have all spikes", None)
            continue
        dt, error, cost = (np.log(known[name].to_numpy(float)) for name in ("dt_ms", "error_ms", "flops_per_ms"))
        rises = int(np.sum(np.diff(error) < -np.log1p(SLACK)))
        yield ClaimFinding(
            where,
            f"error ~ dt^{short(np.polyfit(dt, error, 1)[0])}, cost ~ dt^{short(np.polyfit(dt, cost, 1)[0])}; the "
            f"error grows at {rises} of {len(known) - 1} finer steps",
            rises == 0,
        )


CLAIMS.register(
    Claim(
        name="exponents_2017",
        year=2017,
        source="Valadez-Godinez, Sossa and Santiago-Montero 2017, Computacion y Sistemas 21(4)",
        certainty=Certainty.ABSTRACT,
        sentence="As the time step becomes smaller, accuracy rises monotonically, and cost as a power law.",
        known="The abstract says that this depends on the method, and that time span and firing rate both matter.",
        assumed="Accuracy is the largest spike-time error over 1 s, under all stimuli of a drive. Our costs are "
        "counts per step, so that they are nearly a power law anyway: only the error is judged.",
        agrees_if=f"at no finer step of the sweep the error is larger (by more than {SLACK:.0%})",
        flips="an average over stimuli or spikes instead of the largest error: an average hides where the error turns",
        findings=findings,
    )
)
