"""Equations set as text."""

import pytest

from spikecost.models.catalogue import MODELS
from spikecost.reports.writing import typeset as module
from spikecost.reports.writing.typeset import typeset

IZHIKEVICH = """\
              2
        0.04⋅v  + 5⋅v + 140 - u + I
dv/dt = ───────────────────────────
                    ms

        a⋅(b⋅v - u)
du/dt = ───────────
            ms"""
IN_ASCII = """\
              2
        0.04*v  + 5*v + 140 - u + I
dv/dt = ---------------------------
                    ms"""


def test_order_and_factors_are_the_authors(monkeypatch):
    monkeypatch.setattr(module, "_has_unicode", lambda: True)
    assert typeset(MODELS["izhikevich"]) == IZHIKEVICH


def test_without_unicode(monkeypatch):
    monkeypatch.setattr(module, "_has_unicode", lambda: False)
    assert typeset(MODELS["izhikevich"]).splitlines()[:4] == IN_ASCII.splitlines()


def test_one_fraction_for_several_divisions(monkeypatch):
    monkeypatch.setattr(module, "_has_unicode", lambda: False)
    model = MODELS["lif"].replace(
        equations="dv/dt = (I + a)*c/mV/2/2 - b*v : volt\nI : volt/second\na : volt/second\nb : Hz\nc : volt"
    )
    assert typeset(model).splitlines()[0].strip() == "(I + a)*c"


@pytest.mark.parametrize("name", MODELS)
def test_every_model_names_what_it_defines(name):
    set_ = typeset(MODELS[name])
    for variable in MODELS[name].system.state:
        assert f"d{variable}/dt = " in set_
