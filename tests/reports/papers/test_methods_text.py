"""The paragraph describes the run, with the numbers of the run."""

from spikecost.reports.papers.methods_text import methods_text


def test_it_says_what_was_run(small_run):
    text = methods_text(small_run)
    for part in (
        "The models were lif (Izhikevich 2004) and izhikevich:RS (Izhikevich 2003).",
        "Each was driven, over 0.2 s of model time, by 3 stimuli of the kind constant current with mean "
        "firing rates of 50 and 100 Hz.",
        "The integration methods were euler (Hairer et al. 1993) and rk4 (Hairer et al. 1993); spikes were located by "
        "the detections grid and hermite.",
        "verified by runs of all stimuli at this step, at 20 to 40 smaller steps down to half of it, and at 4 steps "
        "per decade below",
        "no spike missing or extra and no spike-time error above 1 ms or no spike missing or extra and no spike-time "
        "error above 0.3 ms.",
        f"compiled by {small_run.provenance['compiler']} with {small_run.provenance['flags, one neuron']}",
        f"ran on {small_run.provenance['processor']}",
        "of the bootstrap 20040915.",
    ):
        assert part in text
    assert text.count("\n") == 1
    assert f"is at most {small_run.references['error_ms'].max():.1g} ms" in text
