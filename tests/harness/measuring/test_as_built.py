"""Builds for speed: every difference from the count is explained by kind."""

from __future__ import annotations

import re

import pytest

from spikecost.flops import count
from spikecost.flops.toolchain import BUILDS, find_compiler, simd_extensions
from spikecost.harness.measuring.as_built import as_built, explain
from spikecost.models.catalogue import MODELS
from spikecost.models.step import make_step

from ...archetypes import applicable, choose, is_archetype
from ...messages import mentions
from .levels import NEEDS, require_level

#: Models on which every method is checked; on the others only the simplest method, mainly their right-hand side.
EVERY_METHOD = ("lif", "izhikevich", "hodgkin_huxley")
WHOLE = [
    (model, method) for model in MODELS for method in applicable(model) if model in EVERY_METHOD or method == "euler"
]
#: A case is four compilations at -O3. Everyday tests have every kind of model with its simplest method, and one method
#: of each form: stages, a parabola, an exponential of the step, an exponential of a rate.
OF_EACH_FORM = (
    ("izhikevich", "rk4"),
    ("izhikevich", "esr_midpoint"),
    ("lif", "exact"),
    ("hodgkin_huxley", "rush_larsen"),
)
#: The right-hand sides of these models are in a case of another form.
OTHERWISE = {name for name, _ in OF_EACH_FORM} - {"lif"}
EVERYDAY = [
    cell
    for cell in WHOLE
    if (is_archetype(cell[0]) and cell[0] not in OTHERWISE and cell[1] == "euler") or cell in OF_EACH_FORM
]
CELLS = choose(WHOLE, lambda cell: cell in EVERYDAY)
#: The same builds for this processor, without what is known of one compiler: everyday tests have one case.
NATIVE = choose(WHOLE, lambda cell: cell == ("lif", "euler"))


#: Builds for a named level of x86-64 do not depend on the processor that compiles them, but on the compiler: of these
#: releases of gcc it is known that every change is explained at this level. What others do is reported, not expected.
LEVEL, KNOWN = "x86-64-v3", ("12",)


@pytest.fixture(scope="module")
def known_compiler() -> None:
    require_level(LEVEL)
    compiler = find_compiler().version
    release = re.search(r"\) (\d+)\.\d+\.\d+", compiler)  # gcc (Debian 12.2.0-14) 12.2.0, also under the name cc
    if release is None or release[1] not in KNOWN:
        pytest.skip(
            f"what the compiler changes is known of gcc {' and '.join(KNOWN)}: install one of these (Debian: "
            f"apt-get install gcc-{KNOWN[0]}) and set CC=gcc-{KNOWN[0]}"
        )


@pytest.mark.parametrize(("model", "method"), NATIVE)
def test_every_build_is_told_from_the_count(model: str, method: str) -> None:
    step = make_step(model, method)
    builds = {built.build.name: built for built in as_built(step)}
    assert set(builds) == set(BUILDS)
    counted = count(model, method).as_run.present
    assert builds["scalar"].own == counted
    for built in builds.values():
        assert bool(built.changes) == (built.own != counted)
        assert built.instructions > 0
    # each build may only do what its flags allow
    assert "fma" not in builds["simd"].own
    assert not [line for name in ("scalar", "simd", "fused") for line in builds[name].changes if "-ffast-math" in line]


@pytest.mark.parametrize(("model", "method"), CELLS)
def test_every_change_of_a_known_compiler_is_explained(model: str, method: str, known_compiler: None) -> None:
    step = make_step(model, method)
    found = as_built(step, builds=[build.for_processor(LEVEL) for build in BUILDS.values()])
    builds = dict(zip(BUILDS, found, strict=True))
    for built in builds.values():
        assert not [line for line in built.changes if line.startswith("not explained")]
    if not MODELS[model].tables:  # a lookup in lanes takes as many instructions as there are lanes
        assert builds["simd"].instructions < builds["scalar"].instructions / 2
    if any("of the same condition" in line for line in builds["fused"].changes):
        return  # fma1 fuses operations as written, not those that a compiler makes from two selects
    # the convention fma1 fuses what the compiler fuses
    fused, own, once = count(model, method).as_fused, builds["fused"].own, builds["fused"].once
    assert own["fma"] == fused["fma"] > 0
    # sums of only input and parameters are done once per piece of the stimulus, in addition to what runs once per run
    sums = sum(once.get(kind, 0) for kind in ("add", "sub", "fma"))
    moved = sums - sum(count(model, method).as_run_once[kind] for kind in ("add", "sub"))
    assert own.get("add", 0) + own.get("sub", 0) + moved == fused.get("add", 0) + fused.get("sub", 0)


@pytest.mark.parametrize(
    ("model", "level"),
    choose(((model, level) for level in NEEDS for model in ("lif", "hodgkin_huxley")), lambda cell: cell[0] == "lif"),
)
def test_builds_for_each_level_run_what_was_counted(model: str, level: str) -> None:
    require_level(level)
    step = make_step(model, "euler")
    builds = dict(
        zip(BUILDS, as_built(step, builds=[build.for_processor(level) for build in BUILDS.values()]), strict=True)
    )
    assert builds["scalar"].own == count(model, "euler").as_run.present
    assert builds["scalar"].changes == ()
    assert "fma" not in builds["simd"].own
    assert ("fma" in builds["fused"].own) == (
        level in ("x86-64-v3", "x86-64-v4") or (level == "native" and "fma" in simd_extensions())
    )


def test_fusing_lif_by_hand(known_compiler: None) -> None:
    # v + dt*((I + a) - b*v): I + a, fnmadd for - b*v, fmadd for v + dt*(...)
    step, own = make_step("lif", "euler"), {"fma": 2, "compare": 1, "add": 1}
    (change,) = explain(step, BUILDS["fused"], own, {})
    assert mentions(change, "2 multiplications", "fused")
    (built,) = as_built(step, builds=[BUILDS["fused"].for_processor(LEVEL)])
    assert built.own == own


def test_the_vector_library_computes_an_exponential_with_fewer_operations(vector_library: None) -> None:
    scalar, simd, *_ = as_built(make_step("hodgkin_huxley", "euler"))
    assert simd.own["exp"] == scalar.own["exp"] == 6
    assert 0 < sum(simd.libm.values()) < sum(scalar.libm.values())


def test_what_no_rule_accounts_for_is_said() -> None:
    step = make_step("lif", "euler")
    assert explain(step, BUILDS["simd"], {"add": 2, "sub": 1, "mul": 3, "compare": 1}, {}) == ("not explained: +1 mul",)
