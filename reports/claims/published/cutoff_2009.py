"""The cutoff of quadratic models, as judged in 2009."""

from collections.abc import Iterator

from ....accuracy.references.reference import reference
from ....accuracy.regimes.regime import at_rate
from ....models.reading.by_name import get_model
from ...results.headline import drive_text
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence
from ..finding import ClaimFinding

#: Two cutoffs of each model, far above its threshold, so that the voltage needs no time between them.
CUTOFFS = {"izhikevich": ("v >= 300", "v >= 3000"), "adex": ("v > Vcut + 30*mV", "v > Vcut + 60*mV")}
#: The model whose spikes are claimed to depend on it.
QUADRATIC = "izhikevich"
HORIZON, TRIALS = 1000.0, 5
#: The cutoff matters if it moves a spike by more than this, in ms, or adds or removes one.
MATTERS = 1.0


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Solve each model with two cutoffs, under the same stimuli."""
    for name in CUTOFFS:
        for stimulus in COMPARISON.stimuli:
            for rate in COMPARISON.rates_for(stimulus):
                yield found(name, stimulus, rate, evidence.seed)


def found(name: str, stimulus: str, rate: float, seed: int) -> ClaimFinding:
    """Return how far the higher cutoff moves the spikes of a model."""
    where = {"model": name, "drive": drive_text(stimulus, [f"{rate:g} Hz"])}
    model = get_model(name)
    regime = at_rate(model, stimulus, rate, HORIZON, TRIALS, seed=seed)
    if regime.reason:
        return ClaimFinding(where, regime.reason, None)
    lower, higher = (model.replace(threshold=each) for each in CUTOFFS[name])
    moved, changed, spikes = 0.0, 0, 0
    for trial in regime.trials:
        one, other = (reference(each, trial.stimulus).train.times for each in (lower, higher))
        spikes += len(one)
        changed += abs(len(one) - len(other))
        both = min(len(one), len(other))
        moved = max(moved, float(abs(one[:both] - other[:both]).max(initial=0.0)))
    number = f"largest shift of a spike {short(moved)} ms, {changed} of {spikes} spikes appear or vanish"
    return of_shift(where, number, moved, changed)


def of_shift(where: dict[str, str], number: str, moved: float, changed: int) -> ClaimFinding:
    """Return the finding for the largest shift in ms and the number of spikes that appear or vanish."""
    matters = moved > MATTERS or changed > 0
    return ClaimFinding(where, number, matters == (where["model"] == QUADRATIC))


CLAIMS.register(
    Claim(
        name="cutoff_2009",
        year=2009,
        source="Touboul 2009, Neural Computation 21:2114",
        certainty=Certainty.ABSTRACT,
        sentence="In quadratic models with adaptation the spikes depend on the cutoff of the voltage; in exponential "
        "ones they do not.",
        known="In quadratic models the adaptation grows without bound while the voltage does.",
        assumed="Izhikevich's model with cutoffs of 300 and 3000 mV, the exponential one (AdEx) with cutoffs 30 and "
        "60 mV above its own, over 1 s, under the same stimuli.",
        agrees_if=f"for Izhikevich's model a spike moves by more than {MATTERS:g} ms, appears or vanishes; for AdEx "
        "none does",
        flips="a longer horizon: shifts add up",
        findings=findings,
    )
)
