"""Exact counts come from disk only if nothing that they depend on has changed."""

from __future__ import annotations

import pytest
from brian2 import mV

from spikecost.flops.counters import auto
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring import kept
from spikecost.models.catalogue import MODELS
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

#: The functions that count.
COUNTING = ("as_built", "measure", "count_run", "count_step_and_spike")


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """The names of the functions that counted, in an empty cache."""
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    calls = []

    def recorded(name):
        own = getattr(kept, name)
        return lambda *given: calls.append(name) or own(*given)

    for name in COUNTING:
        monkeypatch.setattr(kept, name, recorded(name))
    return calls


def kernel_of(model, method, detection="grid"):
    return compile_kernels([make_step(model, method, detection)])[0]


def test_what_is_kept_is_what_was_counted(counted, monkeypatch):
    monkeypatch.setattr(auto, "best", lambda exact=None, best=auto.best: best(exact) if exact else None)
    lif = MODELS["lif"]
    asked = {
        "count_step_and_spike": lambda: kept.kept_step_and_spike(kernel_of(lif, "euler"), 2.0),
        "count_run": lambda: kept.kept_run(kernel_of(lif, "parker_sochacki", "dense"), 2.0),
        "as_built": lambda: kept.kept_builds(make_step(lif, "euler")),
        "measure": lambda: kept.kept_measurement(lif, "euler", "grid"),
    }
    for name, ask in asked.items():
        first = ask()
        assert counted == [name]
        again = ask()
        assert counted == [name]
        assert again == first
        assert repr(again) == repr(first)  # with the same types of numbers
        counted.clear()


def test_another_code_drive_or_state_is_counted_anew(counted):
    lif = MODELS["lif"]
    shifted = lif.replace(initial={"v": -60 * mV})
    asked = [("euler", lif, 2.0), ("euler", lif, 3.0), ("rk4", lif, 2.0), ("euler", shifted, 2.0)]
    found = [kept.kept_step_and_spike(kernel_of(model, method), drive) for method, model, drive in asked]
    assert len(counted) == len(found)
    assert found[0].step != found[2].step


def test_a_measurement_is_that_of_the_model_with_its_name(counted, monkeypatch):
    monkeypatch.setattr(auto, "best", lambda exact=None, best=auto.best: best(exact) if exact else None)
    for label in ("mihalas_niebur:adapting", "mihalas_niebur:phasic"):
        assert kept.kept_measurement(get_model(label), "euler", "grid").model == label


def test_what_the_hardware_counted_is_not_kept(counted, monkeypatch):
    monkeypatch.setattr(kept.auto, "best", lambda exact=None, best=auto.best: best(exact=True))
    for _ in range(2):
        kept.kept_measurement(MODELS["lif"], "euler", "grid")
    assert counted == ["measure", "measure"]
