"""The keys of results that are kept: what is different has different keys."""

from __future__ import annotations

from brian2 import ms, nA, uA
from brian2.units import cm

import spikecost as sc
from spikecost.accuracy.features.shown.demos import demos
from spikecost.accuracy.references.cache import written
from spikecost.accuracy.regimes.regime import at_rate, kept_reference


def test_a_key_has_every_number_of_a_stimulus():
    values = [0.1, 0.1 + 1e-13, 0.2]
    keys = {written(sc.constant(value * nA, 200 * ms)) for value in values}
    keys |= {written(sc.ornstein_uhlenbeck(1 * nA, 0.5 * nA, 5 * ms, 1 * ms, 20 * ms, seed=seed)) for seed in range(3)}
    assert len(keys) == len(values) + 3
    assert written((1, sc.constant(0.1 * nA, 200 * ms))) not in keys


def test_a_key_has_every_number_of_what_contains_a_stimulus():
    assert len({written((demo, 1)) for demo in demos()}) == len(demos())


def test_references_of_similar_stimuli_are_not_exchanged():
    lif = sc.get_model("lif")
    trials = at_rate(lif, "constant", 50.0, 200.0, 3).trials
    first = {trial.reference.train.times[0] for trial in trials}
    assert len(first) == len(trials)
    a, b = (kept_reference(lif, sc.constant(value * uA / cm**2, 200 * ms)) for value in (1.7, 1.8))
    assert a.train.times[0] > b.train.times[0]
