"""What Brian2 executes for the same model and method."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from spikecost.flops import count
from spikecost.harness.engines import brian2_operations
from spikecost.harness.engines.brian2_operations import Executed, cython_operations, executed, standalone_operations
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import NoValue, UserError
from spikecost.models.methods import METHODS

from ...archetypes import product

pytestmark = pytest.mark.slow

#: To compile a project takes ten seconds: everyday tests compile it with the flags of our scalar build.
ONE, TWO = ["ours"], ["ours", "brian2"]


@pytest.mark.usefixtures("callgrind", "compiled_brian2")
@pytest.mark.parametrize("flags", [ONE, product(TWO)])
def test_standalone_is_our_step(flags: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two models of one project are counted apart; one compiler per core makes it, not one for every file, which is
    Brian2's default.
    """
    make, asked = tmp_path / "make", tmp_path / "asked"
    make.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexec {shutil.which("make")} "$@"\n')
    make.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    known = brian2_operations._flags()
    assert list(known) == TWO
    monkeypatch.setattr(brian2_operations, "_flags", lambda: {name: known[name] for name in flags})
    found = standalone_operations([(MODELS["lif"], "euler"), (MODELS["izhikevich"], "euler")])
    assert f"-j{os.cpu_count()}" in asked.read_text().split()
    for name, counted in zip(("lif", "izhikevich"), found, strict=True):
        assert not isinstance(counted, NoValue)
        assert [(each.target, each.flags) for each in counted] == [("cpp_standalone", name) for name in flags]
        # dt/ms is computed once per step for all neurons of izhikevich
        once = {"div": 1 / brian2_operations.NEURONS} if name == "izhikevich" else {}
        ours = counted[0]
        assert ours.own == count(name, "euler").as_run.present | once
        assert ours.libm == {}
        for default in counted[1:]:
            assert default.instructions < ours.instructions
            if name == "lif":  # Brian2's default flags fuse: the same as the fused count
                assert default.own == count("lif", "euler").as_fused


@pytest.mark.product
@pytest.mark.usefixtures("callgrind", "compiled_brian2")
def test_standalone_exponential_euler_of_hodgkin_huxley_takes_powers() -> None:
    # sympy writes exp(-v/(18 mV)) as exp(v/mV)**(1/18) and so on
    found = standalone_operations([(MODELS["hodgkin_huxley"], "exponential_euler")])[0]
    assert not isinstance(found, NoValue)
    ours, _ = found
    counted = count("hodgkin_huxley", "exponential_euler").as_run
    assert counted["pow"] == 0
    assert ours.own["pow"] >= 1
    assert ours.own["exp"] + ours.own["pow"] > counted["exp"]


@pytest.mark.usefixtures("compiled_brian2")
def test_cython_lif_is_the_fused_step() -> None:
    found = cython_operations(MODELS["lif"], "euler")
    fused = count("lif", "euler").as_fused
    assert found.own["fma"] == fused["fma"] == 2
    assert found.own["add"] == fused["add"] == 1
    # in addition to the threshold's comparison, one per step for all neurons
    assert 1 <= found.own["compare"] <= 1 + 2 / brian2_operations.NEURONS


def test_what_was_executed_is_measured_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is kept is found again, and a model that cannot be measured leaves the others."""
    asked: list[str] = []

    def standalone(ways: list[tuple[Any, str]]) -> list[Any]:
        asked.extend(model.name for model, _ in ways)
        each = {model.name: Executed("cpp_standalone", "ours", {"add": len(model.name)}, {}, 9.0) for model, _ in ways}
        return [[each[model.name]] if model.name != "qif" else NoValue("no project of qif") for model, _ in ways]

    def compiled(model: Any, _method: str) -> Executed:
        return Executed("cython", "brian2", {"fma": len(model.name)}, {}, 8.0)

    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    monkeypatch.setattr(brian2_operations, "standalone_operations", standalone)
    monkeypatch.setattr(brian2_operations, "cython_operations", compiled)
    ways = [(MODELS[name], "euler") for name in ("lif", "qif", "izhikevich")]
    done: list[int] = []
    lif, qif, izhikevich = executed(ways, lambda: done.append(1))
    assert lif == [
        Executed("cpp_standalone", "ours", {"add": 3}, {}, 9.0),
        Executed("cython", "brian2", {"fma": 3}, {}, 8.0),
    ]
    assert qif == NoValue("no project of qif")
    assert isinstance(izhikevich, list)
    assert izhikevich[1].own == {"fma": len("izhikevich")}
    assert len(done) == len(ways)
    del asked[:]
    assert executed([ways[0], ways[2]]) == [lif, izhikevich]
    assert asked == []


def test_a_method_that_brian2_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METHODS["rk4"], "brian2", "")
    refused = "Brian2 has no method like 'rk4'"
    assert standalone_operations([(MODELS["lif"], "rk4")]) == [NoValue(refused)]
    with pytest.raises(UserError, match=refused):
        cython_operations(MODELS["lif"], "rk4")


@pytest.mark.usefixtures("callgrind")
def test_what_brian2_refuses_is_said() -> None:
    (found,) = standalone_operations([(MODELS["izhikevich"], "exponential_euler")])
    assert isinstance(found, NoValue)
    assert "could not build its standalone code of izhikevich:RS with exponential_euler" in found.reason


def test_a_model_that_brian2_refuses_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def build(_folder: str, ways: list[tuple[Any, str]], _flags: list[str]) -> None:
        built.append([model.name for model, _ in ways])
        if "izhikevich" in built[-1]:
            raise UserError("izhikevich is refused")

    monkeypatch.setattr(brian2_operations, "_build", build)
    monkeypatch.setattr(brian2_operations, "require", lambda _counter: None)
    monkeypatch.setattr(brian2_operations, "_count", lambda _folder, place: place)
    monkeypatch.setattr(brian2_operations, "_executed", lambda _target, flags, place, _parts: (flags, place))
    ways = [(MODELS[name], "euler") for name in ("lif", "izhikevich", "qif")]
    lif, refused, qif = standalone_operations(ways)
    assert lif == qif == [("ours", 0), ("brian2", 0)]
    assert refused == NoValue("izhikevich is refused")
    assert built[0] == ["lif", "izhikevich", "qif"]
    assert standalone_operations([ways[0], ways[2]])[1] == [("ours", 1), ("brian2", 1)]
