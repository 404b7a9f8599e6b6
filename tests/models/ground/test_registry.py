"""Registries."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from spikecost.flops.conventions import CONVENTIONS
from spikecost.models.catalogue import MODELS
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground import registry as module
from spikecost.models.ground.errors import UserError
from spikecost.models.ground.registry import Registry
from spikecost.models.methods import METHODS
from spikecost.models.reading.by_name import get_model

from ...messages import tells


@dataclass(frozen=True)
class Thing:
    name: str


@pytest.fixture
def things():
    registry = Registry("thing", "spikecost.no_such_group")
    registry.register(Thing("first"))
    registry.register(Thing("second"))
    return registry


def test_it_is_a_mapping_in_the_order_of_registration(things):
    assert list(things) == ["first", "second"]
    assert len(things) == 2
    assert things["first"] == Thing("first")
    assert "second" in things
    assert "third" not in things


def test_register_returns_what_it_was_given(things):
    third = Thing("third")
    assert things.register(third) is third
    assert things["third"] is third


def test_a_name_is_taken_once(things):
    with pytest.raises(ValueError, match="the thing 'first' is registered already"):
        things.register(Thing("first"))
    assert len(things) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fisrt", "unknown thing 'fisrt': did you mean 'first'? known are first, second"),
        ("FIRST", "unknown thing 'FIRST': did you mean 'first'? known are first, second"),
        ("Sec", "unknown thing 'Sec': did you mean 'second'? known are first, second"),
        ("xyz", "unknown thing 'xyz': known are first, second"),
    ],
)
def test_unknown_name(things, name, message):
    with pytest.raises(UserError) as error:
        things[name]
    assert tells(str(error.value), message)


class Entry:
    """An entry point of another package."""

    def __init__(self, item):
        self.item, self.loaded = item, 0

    def load(self):
        self.loaded += 1
        return self.item


def test_other_packages_add_through_an_entry_point_loaded_once(monkeypatch):
    entry, asked = Entry(Thing("outside")), []

    def entry_points(group):
        asked.append(group)
        return [entry]

    monkeypatch.setattr(module, "entry_points", entry_points)
    registry = Registry("thing", "spikecost.things")
    registry.register(Thing("inside"))
    assert asked == []  # nothing is loaded by registering
    assert list(registry) == ["inside", "outside"]
    assert registry["outside"] == Thing("outside")
    assert "outside" in registry
    assert asked == ["spikecost.things"]
    assert entry.loaded == 1


@pytest.mark.parametrize("registry", [MODELS, METHODS, DETECTIONS, CONVENTIONS], ids=lambda r: r.kind)
def test_everything_is_registered_under_its_own_name(registry):
    assert len(registry) >= 2
    for name, item in registry.items():
        assert item.name == name


@pytest.mark.parametrize("registry", [METHODS, DETECTIONS], ids=lambda r: r.kind)
def test_orders_are_positive(registry):
    assert all(item.order >= 1 for item in registry.values())


def test_get_model():
    chattering = get_model("izhikevich:CH")
    assert chattering.label == "izhikevich:CH"
    assert chattering.parameters["c"] == -50
    assert get_model(chattering) is chattering
    assert get_model("lif") is MODELS["lif"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("izhikevitch", r"unknown model 'izhikevitch': did you mean 'izhikevich'\? known are lif, "),
        ("izhikevich:XX", "unknown preset 'XX' of izhikevich: known are RS, IB, CH, FS, TC, RZ, LTS"),
        ("lif:RS", "unknown preset 'RS' of lif: there are none"),
        (3, "expected a model's name or a NeuronModel, got 3"),
    ],
)
def test_get_model_that_is_not_there(asked, message):
    with pytest.raises(UserError, match=message):
        get_model(asked)
