"""A model that is read from its description in a run is the model that was described."""

import json

import pytest
from brian2 import ms, mV

from spikecost.models.catalogue import MODELS
from spikecost.models.definition.parts.random_inputs import ITO
from spikecost.models.ground.errors import UserError
from spikecost.reports.results.description import describe_model
from spikecost.reports.results.recorded_model import recorded_model

from ...harness.neurons_of_networks import COBA, COBAHH, CUBA
from ...noisy_models import COLORED, MIXED, NOISY_LIF, THREAD

ITO_WITH_SAMPLING = THREAD.replace(
    name="ito",
    equations=THREAD.equations.replace("noise*randn())/tau", "noise*randn())/tau + 0.01*v*xi/ms**0.5"),
    interpretation=ITO,
    sampling=0.25 * ms,
)
OWN = [ITO_WITH_SAMPLING, NOISY_LIF, COLORED, MIXED, THREAD, CUBA, COBA, COBAHH]


def again(model):
    """Describe a model, write and read the description as JSON, and make the model again."""
    return recorded_model(model.label, json.loads(json.dumps(describe_model(model))))


@pytest.mark.parametrize("model", OWN, ids=lambda model: model.name)
def test_models_with_noise_and_arrivals(model):
    found = again(model)
    assert found.definition == model.definition
    assert (found.interpretation, found.sampling_ms) == (model.interpretation, model.sampling_ms)
    assert found.arrivals == model.arrivals


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_catalogue(name):
    for model in (MODELS[name], *map(MODELS[name].with_preset, list(MODELS[name].presets)[:1])):
        assert again(model).definition == model.definition
        assert again(model).label == model.label


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interpretation", "stratonovich"),
        ("sampling", {"value": 0.5, "unit": "ms"}),
        ("threshold", "v > -51*mV"),
        ("refractory", 3.0),
    ],
)
def test_a_description_that_was_changed_is_refused(field, value):
    described = json.loads(json.dumps(describe_model(ITO_WITH_SAMPLING)))
    assert described[field] != value
    with pytest.raises(UserError, match="its definition has changed"):
        recorded_model("ito", described | {field: value})


def test_the_noise_is_what_it_was_given_as():
    assert ITO_WITH_SAMPLING.interpretation == "ito"
    assert float(ITO_WITH_SAMPLING.sampling_ms) == 0.25
    assert again(ITO_WITH_SAMPLING.replace(sampling=1 * ms)).definition != ITO_WITH_SAMPLING.definition
    assert again(CUBA.replace(parameters={"we": 1 * mV, "wi": -9 * mV})).definition != CUBA.definition
