"""Methods of order 2 on Izhikevich's model at 1 ms, as judged in 2015."""

import math
from collections.abc import Iterator, Mapping
from statistics import fmean

from brian2 import ms

from ....accuracy.measures.lag import lag_by_index
from ....accuracy.measures.spike_trains import SpikeTrain
from ....accuracy.regimes.regime import Regime, at_rate
from ....harness.simulate import simulate
from ....models.reading.by_name import get_model
from ...results.headline import drive_text
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence
from ..finding import ClaimFinding

STEP = 1.0
BEST = ("midpoint", "heun", "esr_midpoint")
METHODS = ("euler", "izhikevich2003", "izhikevich2004", *BEST, "rk4")
HORIZON, TRIALS = 1000.0, 20


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Run the methods at a step of 1 ms, and compare how far the last common spike is off."""
    model = get_model("izhikevich")
    for stimulus in COMPARISON.stimuli:
        for rate in COMPARISON.rates_for(stimulus):
            regime = at_rate(model, stimulus, rate, HORIZON, TRIALS, seed=evidence.seed)
            lags = {method: _lag(regime, method) for method in METHODS} if regime.trials else {}
            yield of_lags(drive_text(stimulus, [f"{rate:g} Hz"]), lags)


def _lag(regime: Regime, method: str) -> float:
    """Return the lag of the last common spike in ms, counted from the start: mean of its size over the stimuli."""
    found = []
    for trial in regime.trials:
        times = simulate(trial.model, trial.stimulus, STEP * ms, method, "grid")
        lag = lag_by_index(SpikeTrain(times, HORIZON), trial.reference.train)
        found.append(abs(float(lag[-1])) if lag.size else math.nan)
    return fmean(found)


def of_lags(drive: str, lags: Mapping[str, float]) -> ClaimFinding:
    """Return the finding for the lag of each method."""
    known = {method: lag for method, lag in lags.items() if not math.isnan(lag)}
    if not known:
        return ClaimFinding({"drive": drive}, "no method has a spike", None)
    said = ", ".join(f"{method} {short(lag)} ms" for method, lag in sorted(known.items(), key=lambda each: each[1]))
    return ClaimFinding(
        {"drive": drive}, f"lag of the last common spike: {said}", min(known, key=known.__getitem__) in BEST
    )


CLAIMS.register(
    Claim(
        name="midpoint_2015",
        year=2015,
        source="Hopkins and Furber 2015, Neural Computation 27:2148",
        certainty=Certainty.ABSTRACT,
        sentence="For Izhikevich's model at a step of 1 ms, a Runge-Kutta method of order 2 is the best compromise: "
        "midpoint for speed, trapezoid for accuracy.",
        known="32-bit fixed-point arithmetic; lag of spikes; explicit solver reduction.",
        assumed="Only accuracy is judged, in double precision, over 1 s. The n-th spike is compared with the n-th of "
        "the reference; at this step, spikes are missing or extra. The trapezoid rule is Heun's method.",
        agrees_if="the smallest lag of the last common spike, mean over the stimuli, is that of midpoint, Heun or the "
        "reduced midpoint",
        flips="fixed-point arithmetic, and which sign the lag has: detection at the end of a step adds half a step "
        "per spike",
        findings=findings,
    )
)
