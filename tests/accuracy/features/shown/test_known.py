"""The stored file of features: one row per model, equal to the result of a search now."""

import pytest

from spikecost.accuracy.features import FEATURES
from spikecost.accuracy.features.shown.known import FILE, MARKS, digest, known
from spikecost.accuracy.features.shown.search import FOUND, search
from spikecost.models.catalogue import MODELS, with_presets

from ....archetypes import choose

#: Models that every run of the tests compares with a search; most of the others take about 20 s.
QUICK = ("lif", "ifb", "fitzhugh_nagumo")


@pytest.mark.parametrize("model", with_presets(), ids=lambda model: model.label)
def test_every_model_is_in_the_file_as_it_is_defined_now(model):
    found = known(model)
    assert found, f"run python -m spikecost.accuracy.features.shown.known, and look at what changes in {FILE.name}"
    assert list(found) == list(FEATURES)


def test_the_file_has_nothing_else():
    rows = [line.split(",") for line in FILE.read_text().splitlines() if not line.startswith("#")]
    assert [row[0] for row in rows[1:]] == [model.label for model in with_presets()]
    assert rows[0] == ["model", "definition", *FEATURES]
    assert {mark for row in rows[1:] for mark in row[2:]} <= set(MARKS.values())


def test_a_model_that_is_defined_otherwise_is_not_known():
    other = MODELS["izhikevich"].with_preset("CH")
    assert digest(other) != digest(MODELS["izhikevich"])
    assert known(other) != known(MODELS["izhikevich"])
    assert known(other.replace(parameters={**other.parameters, "d": 3})) is None
    assert known(MODELS["lif"].replace(name="mine")) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", choose(MODELS, QUICK.__contains__))
def test_a_search_finds_what_the_file_says(name):
    assert {each.feature: each.outcome for each in search(MODELS[name])} == known(MODELS[name])


@pytest.mark.parametrize(
    ("name", "features"),
    [
        # Izhikevich 2001: it resonates, rebounds, and oscillates below the threshold
        ("resonate_and_fire", {"resonator", "rebound_spike", "subthreshold_oscillations"}),
        # Smith et al. 2000: the low-threshold current causes a burst at the onset of a step
        ("ifb", {"phasic_bursting"}),
        # Hindmarsh and Rose 1984: bursts
        ("hindmarsh_rose", {"tonic_bursting", "rebound_burst"}),
        # FitzHugh 1961: excitable without a threshold for constant currents, accommodation, anode break
        ("fitzhugh_nagumo", {"class_2", "accommodation", "rebound_spike"}),
        # Wang and Buzsaki 1996, Connor et al. 1977: firing starts at arbitrarily low rates
        ("wang_buzsaki", {"class_1"}),
        ("connor_stevens", {"class_1"}),
        # Pospischil et al. 2008: regular spiking with adaptation; IB and LTS cells burst at the onset
        ("pospischil_rs", {"spike_frequency_adaptation"}),
        ("pospischil_lts", {"spike_frequency_adaptation", "mixed_mode"}),
    ],
)
def test_what_models_were_made_for_is_found(name, features):
    assert features <= {feature for feature, outcome in known(MODELS[name]).items() if outcome == FOUND}
