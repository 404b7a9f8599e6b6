"""`measure`: the Step's count and the counters' results for the same run."""

import json
from contextlib import contextmanager

import pytest

from spikecost.flops import count
from spikecost.flops.counters import COUNTERS, Retired, auto
from spikecost.flops.counters.base import ANY_WIDTH
from spikecost.flops.counters.hardware import perf_events
from spikecost.flops.counters.hardware.base import HardwareCounter, why_no_pmu
from spikecost.flops.counters.hardware.events import Formula
from spikecost.harness.measuring import measure as module
from spikecost.harness.measuring.measure import REPETITIONS, measure
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import UserError

from ...archetypes import applicable, choose, is_archetype

#: Every method on three models, one method on each other model; `test_counted_equals_retired` checks all combinations.
CELLS = choose(
    [
        (model, method)
        for model in MODELS
        for method in applicable(model)
        if model in ("lif", "izhikevich", "hodgkin_huxley") or method == "euler"
    ],
    lambda cell: is_archetype(cell[0]),
)
LEAVES_OUT = frozenset({"compare", "select", "sign"})


class Processor(HardwareCounter):
    """The result of a hardware counter: the sum over all images without comparisons, found by instrumentation."""

    name = "processor"
    formula = Formula("sum", "all but comparisons", (), LEAVES_OUT - {"compare"}, frozenset({"compare"}))

    def candidates(self):
        return iter(())

    def why_not(self):
        return ""

    def provenance(self):
        return {"counter": self.name}

    @contextmanager
    def measure(self):
        with COUNTERS["instrumented"].measure() as counts:
            yield counts
        uncounted = LEAVES_OUT | {"exp", "pow"}
        seen = Retired({key: n for key, n in counts.total.operations.items() if key[0] not in uncounted})
        counts.own = Retired({("flop", ANY_WIDTH): seen.flops()}, counts.total.instructions, 10**6)
        counts.libm = counts.other = None


@pytest.mark.parametrize(("model", "method"), CELLS)
def test_the_exact_witness_agrees_by_kind(model, method):
    found = measure(model, method, steps=50)
    assert found.per_step == count(model, method).as_run.present
    assert found.steps == 50
    witness = found.witnesses[0]
    assert witness.exact
    assert witness.operations == found.analytic
    assert witness.ratio == 1.0
    assert witness.instructions > 50


@pytest.mark.parametrize(("model", "method"), CELLS)
def test_a_sum_over_all_images_is_compared_with_like(model, method, monkeypatch):
    monkeypatch.setattr(module, "REPETITIONS", 3)
    monkeypatch.setattr(module, "why_not_trusted", lambda counter: counter.why_not())
    (witness,) = measure(model, method, counter=Processor(), steps=20).witnesses
    assert witness.repetitions == 3
    assert not witness.exact
    assert witness.operations == {"flop": witness.expected}
    assert witness.expected > 0
    assert witness.ratio == 1.0
    assert (witness.leaves_out, witness.not_documented) == (("select", "sign"), ("compare",))
    assert witness.libm is None
    assert witness.cycles == 10**6


def test_without_an_exact_counter_libm_is_not_guessed(monkeypatch):
    monkeypatch.setattr(module, "why_not_trusted", lambda counter: counter.why_not())
    monkeypatch.setattr(module, "REPETITIONS", 1)
    monkeypatch.setattr(module.auto, "best", lambda exact=None: None)
    (witness,) = measure("hodgkin_huxley", "euler", counter=Processor(), steps=5).witnesses
    assert witness.flops > 0
    assert (witness.expected, witness.ratio) == (None, None)
    (witness,) = measure("lif", "euler", counter=Processor(), steps=5).witnesses  # needs no libm
    assert (witness.flops, witness.expected) == (25, 25)  # 2 add, 1 sub, 2 mul per step


def test_auto_says_of_each_other_counter_why_it_does_not_count():
    found = measure("lif", "euler", steps=10)
    assert set(found.why_not) | {witness.counter for witness in found.witnesses} <= set(COUNTERS)
    assert found.why_not == auto.reasons()
    if why_no_pmu():
        assert [witness.counter for witness in found.witnesses] == [auto.best().name]
        assert found.why_not["perf"] == (perf_events.why_not_allowed() or why_no_pmu())
    else:
        assert all(abs(witness.ratio - 1) < 0.01 for witness in found.witnesses)
    assert REPETITIONS > 1


def test_it_goes_into_json():
    found = measure("hodgkin_huxley", "rk4", steps=10)
    assert json.loads(json.dumps(found.to_json())) == found.to_json()
    assert found.to_json()["witnesses"][0]["ratio"] == 1.0


def test_a_run_ends_before_a_spike():
    rising = MODELS["izhikevich"].replace(initial={"v": -40, "u": "b*v"})
    found = measure(rising, "euler")
    assert 1 < found.steps < 1000
    assert found.witnesses[0].operations == found.analytic


@pytest.mark.parametrize("detection", ["grid", "linear", "hermite"])
def test_a_run_ends_before_a_spike_however_it_is_detected(detection):
    found = measure(MODELS["izhikevich"].replace(initial={"v": -40, "u": "b*v"}), "rk4", detection)
    assert 1 < found.steps < 1000
    assert found.witnesses[0].operations == found.analytic


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps = 0: give at least 1"),
        ({"counter": "papy"}, "unknown counter 'papy': did you mean 'papi'"),
        ({"method": "rk5"}, "unknown method 'rk5'"),
        (
            {"model": MODELS["izhikevich"].replace(initial={"v": 29.9, "u": 0})},
            "spikes in its first step without input",
        ),
    ],
)
def test_bad_requests_are_refused(arguments, message):
    with pytest.raises(UserError) as error:
        measure(**{"model": "izhikevich", "method": "euler"} | arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("counter", ["papi", "perf"])
def test_a_counter_asked_for_counts_or_gives_its_reason(counter):
    reason = auto.reasons().get(counter)
    if reason:
        with pytest.raises(UserError) as error:
            measure("lif", "euler", counter=counter)
        assert str(error.value).startswith(f"the counter '{counter}' cannot count here: {reason}; ")
    else:
        (witness,) = measure("lif", "euler", counter=counter).witnesses
        assert abs(witness.ratio - 1) < 0.01
