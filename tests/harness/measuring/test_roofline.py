"""The shortest time of operations from the peaks of a processor."""

import json

import pytest

from spikecost.cli import main
from spikecost.flops.operations import count_step
from spikecost.harness.measuring.roofline import PEAKS, bound, peaks, roofline
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

#: Times per double on a Zen 5 core, in ns.
ZEN5 = {"add": 0.0147, "mul": 0.0147, "div": 0.119, "exp": 0.458}


def test_the_busiest_of_the_arithmetic_and_exp_are_added():
    assert bound({"add": 3, "sub": 2, "mul": 4, "div": 1, "exp": 2, "compare": 9}, ZEN5) == pytest.approx(0.119 + 0.916)
    assert bound({"add": 30, "mul": 4, "div": 1}, ZEN5) == pytest.approx(30 * 0.0147)


def test_the_bound_of_known_steps():
    # Izhikevich with Euler has additions and products only, Hodgkin-Huxley with Euler six exponentials per step
    steps = {name: count_step(make_step(name, "euler", "grid")).as_run for name in ("izhikevich", "hodgkin_huxley")}
    arithmetic = max(steps["izhikevich"]["add"] + steps["izhikevich"]["sub"], steps["izhikevich"]["mul"])
    assert bound(steps["izhikevich"], ZEN5) == pytest.approx(0.0147 * arithmetic)
    assert bound(steps["hodgkin_huxley"], ZEN5) == pytest.approx(6 * 0.458, rel=0.25)


def test_peaks_are_measured():
    found = peaks()
    assert set(found) == set(PEAKS)
    assert all(0 < time < 100 for time in found.values())
    assert found["exp"] > 2 * found["add"]


def test_a_kernel_is_compared_with_the_peaks(capsys):
    assert main(["measure", "hodgkin_huxley", "--method", "euler", "--roofline", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bound"] == pytest.approx(
        bound(count_step(make_step("hodgkin_huxley", "euler", "grid")).as_run, found["peaks"])
    )
    assert found["share"] == pytest.approx(found["bound"] / found["measured"])
    assert 0 < found["share"] < 2
    assert main(["measure", "hodgkin_huxley", "--method", "euler", "--roofline"]) == 0
    assert "share of the peak" in capsys.readouterr().out


def test_methods_that_choose_their_steps_have_no_bound():
    with pytest.raises(UserError, match="lanes"):
        roofline(get_model("lif"), "dormand_prince", "dense")
