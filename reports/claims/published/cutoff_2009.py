"""The cutoff of quadratic models, as judged in 2009."""

from collections.abc import Iterator

from ....accuracy.references.reference import reference
from ....accuracy.regimes.regime import at_rate
from ....models.catalogue import get_model
from ...results.headline import drive_text
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim, Finding
from ..evidence import COMPARISON, Evidence

#: The threshold of each model in its equations, and the higher one that it is compared with.
CUTOFFS = {"izhikevich": ("v >= 30", "v >= 60"), "adex": ("v > Vcut", "v > Vcut + 30*mV")}
#: The model whose spikes are claimed to depend on it.
QUADRATIC = "izhikevich"
HORIZON, TRIALS = 1000.0, 5
#: The cutoff matters if it moves a spike by more than this, in ms, or adds or removes one. The rise from the lower to
#: the higher cutoff takes less than 1 ms.
MATTERS = 1.0


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Solve each model with its own cutoff and with a higher one, under the same stimuli."""
    for name in CUTOFFS:
        for stimulus in COMPARISON.stimuli:
            for rate in COMPARISON.rates_for(stimulus):
                yield found(name, stimulus, rate, evidence.seed)


def found(name: str, stimulus: str, rate: float, seed: int) -> Finding:
    """Return how far the higher cutoff moves the spikes of a model."""
    plain, higher = CUTOFFS[name]
    where = {"model": name, "drive": drive_text(stimulus, [f"{rate:g} Hz"])}
    model = get_model(name)
    if model.threshold != plain:
        raise AssertionError(f"the threshold of {name} is {model.threshold!r}, not {plain!r}")
    regime = at_rate(model, stimulus, rate, HORIZON, TRIALS, seed=seed)
    if regime.reason:
        return Finding(where, regime.reason, None)
    other = model.replace(threshold=higher)
    moved, changed, spikes = 0.0, 0, 0
    for trial in regime.trials:
        own, raised = trial.reference.train.times, reference(other, trial.stimulus).train.times
        spikes += len(own)
        if len(own) != len(raised):
            changed += abs(len(own) - len(raised))
        both = min(len(own), len(raised))
        moved = max(moved, float(abs(own[:both] - raised[:both]).max(initial=0.0)))
    number = f"largest shift of a spike {short(moved)} ms, {changed} of {spikes} spikes appear or vanish"
    return of_shift(where, number, moved, changed)


def of_shift(where: dict[str, str], number: str, moved: float, changed: int) -> Finding:
    """Return the finding for the largest shift in ms and the number of spikes that appear or vanish."""
    matters = moved > MATTERS or changed > 0
    return Finding(where, number, matters == (where["model"] == QUADRATIC))


CLAIMS.register(
    Claim(
        name="cutoff_2009",
        year=2009,
        source="Touboul 2009, Neural Computation 21:2114; 2011",
        certainty=Certainty.ABSTRACT,
        sentence="In quadratic models with adaptation the spikes depend on the cutoff of the voltage; in exponential "
        "ones they do not.",
        known="In quadratic models the adaptation grows without bound while the voltage does.",
        assumed="Izhikevich's model with cutoffs of 30 and 60 mV, the exponential one (AdEx) with its own and one 30 "
        "mV higher, over 1 s, under the same stimuli. The claim is about both, so that it agrees where the "
        "first changes and the second does not.",
        agrees_if=f"for Izhikevich's model a spike moves by more than {MATTERS:g} ms, appears or vanishes; for AdEx "
        "none does",
        flips="a longer horizon: shifts add up",
        findings=findings,
    )
)
