"""Builds for speed: what differs from the count is explained by kind."""

from __future__ import annotations

import pytest

from spikecost.flops import count
from spikecost.flops.toolchain import BUILDS
from spikecost.harness.as_built import as_built, explain
from spikecost.models.catalogue import MODELS
from spikecost.models.methods import METHODS
from spikecost.models.step import applies, make_step

#: On these every method is looked at; on the others the one that is their right-hand side and little else.
EVERY_METHOD = ("lif", "izhikevich", "hodgkin_huxley")
CELLS = [(model, method) for model in MODELS for method in METHODS
         if (model in EVERY_METHOD or method == "euler") and not applies(MODELS[model], method)]


@pytest.mark.parametrize(("model", "method"), CELLS)
def test_every_change_is_explained(model: str, method: str) -> None:
    step = make_step(model, method)
    builds = {built.build.name: built for built in as_built(step)}
    assert set(builds) == set(BUILDS)
    assert builds["scalar"].own == count(model, method).as_run.present
    assert builds["scalar"].changes == ()
    for built in builds.values():
        assert not [line for line in built.changes if line.startswith("not explained")]
    assert "fma" not in builds["simd"].own
    if not MODELS[model].tables:  # a look-up in lanes takes as many instructions as there are lanes
        assert builds["simd"].instructions < builds["scalar"].instructions / 2
    if any("of the same condition" in line for line in builds["fused"].changes):
        return  # fma1 fuses what is written, not what a compiler makes of two selects
    # the convention fma1 fuses what the compiler fuses
    fused, own, once = count(model, method).as_fused, builds["fused"].own, builds["fused"].once
    assert own["fma"] == fused["fma"] > 0
    # sums of the input and parameters alone are done once a piece of the stimulus, beside what the Step does once a run
    sums = sum(once.get(kind, 0) for kind in ("add", "sub", "fma"))
    moved = sums - sum(count(model, method).as_run_once[kind] for kind in ("add", "sub"))
    assert own.get("add", 0) + own.get("sub", 0) + moved == fused.get("add", 0) + fused.get("sub", 0)


def test_fusing_lif_by_hand() -> None:
    # v + dt*((I + a) - b*v): I + a, fnmadd for - b*v, fmadd for v + dt*(...)
    fused = as_built(make_step("lif", "euler"))[2]
    assert fused.own == {"fma": 2, "compare": 1, "add": 1}
    assert fused.changes == ("2 multiplications are fused with an addition or subtraction",)


def test_the_vector_library_computes_an_exponential_with_fewer_operations() -> None:
    scalar, simd, *_ = as_built(make_step("hodgkin_huxley", "euler"))
    assert simd.own["exp"] == scalar.own["exp"] == 6
    assert 0 < sum(simd.libm.values()) < sum(scalar.libm.values())


def test_what_no_rule_accounts_for_is_said() -> None:
    step = make_step("lif", "euler")
    assert explain(step, BUILDS["simd"], {"add": 2, "sub": 1, "mul": 3, "compare": 1}, {}) == ("not explained: +1 mul",)
