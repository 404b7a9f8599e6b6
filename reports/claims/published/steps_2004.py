"""The accuracy at the time steps of 2004."""

from collections.abc import Iterator

import pandas as pd

from ....models.catalogue import MODELS
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import Evidence, at_steps, drive
from ..finding import ClaimFinding
from .costs_2004 import CONVENTION, MODELS_2004

#: The spike-time error in ms that the steps are expected to keep: the longest of them.
ALLOWED = 1.0


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Run each model with forward Euler at its step of 2004."""
    for model in MODELS_2004:
        dt = MODELS[model].published_costs[CONVENTION].dt_ms
        run = evidence.run(at_steps((model,), dt, ("euler",)))
        yield from of_points(run.points)
        for _, regime in run.regimes[run.regimes["reason"] != ""].iterrows():  # it has no stimuli
            yield ClaimFinding({"model": regime["model"], "drive": drive(regime)}, regime["reason"], None)


def of_points(points: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per model and drive."""
    for _, row in points.iterrows():
        lost = int(row["missing"]) + int(row["extra"])
        if row["failed"]:
            number, agrees = f"{row['failed']:.0f} runs failed: {row['failure']}", False
        elif lost:
            number, agrees = f"{row['missing']:.0f} spikes missing, {row['extra']:.0f} extra", False
        else:
            number, agrees = f"largest error {short(row['error_ms'])} ms", bool(row["error_ms"] <= ALLOWED)
        yield ClaimFinding({"model": row["model"], "drive": drive(row)}, f"dt {row['dt_ms']:g} ms: {number}", agrees)


CLAIMS.register(
    Claim(
        name="steps_2004",
        year=2004,
        source="Izhikevich 2004, IEEE Transactions on Neural Networks 15:1063",
        certainty=Certainty.QUOTED,
        sentence="Steps of 1 ms are enough for leaky integrate-and-fire and Izhikevich's model, and 0.1 ms for "
        "Hodgkin-Huxley.",
        known="Forward Euler. The paper asks for no accuracy; it assumes these steps to compare costs.",
        assumed=f"Enough means: over 1 s, no spike is missing or extra, and none is off by more than {ALLOWED:g} ms.",
        agrees_if="under all 20 stimuli of a drive, the largest spike-time error at this step is at most "
        f"{ALLOWED:g} ms",
        flips="a looser requirement, such as the firing rate, or a shorter horizon",
        findings=findings,
    )
)
