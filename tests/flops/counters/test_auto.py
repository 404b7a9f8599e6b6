"""The best counter that counts here, and why each of the others does not."""

import pytest

from spikecost.flops.counters import COUNTERS, auto
from spikecost.flops.counters.auto import AUTO
from spikecost.flops.counters.hardware import perf_events
from spikecost.flops.counters.hardware.base import why_no_pmu
from spikecost.flops.counters.selftest import why_not_trusted, workload
from spikecost.models.ground.errors import UserError

from ...messages import mentions


class Other:
    """A counter as registered by another package."""

    tells_images = False

    def __init__(self, name, *, exact=True, kinds=True, any_code=False, reason=""):
        self.name, self.exact, self.tells_kinds, self.counts_any_code = name, exact, kinds, any_code
        self.reason = reason

    def why_not(self):
        return self.reason

    def measure(self):
        raise NotImplementedError

    def provenance(self):
        return {"counter": self.name}


@pytest.fixture
def registered(monkeypatch):
    def register(*counters, wrong=()):
        monkeypatch.setattr(auto, "COUNTERS", {c.name: c for c in (*counters, AUTO)})
        monkeypatch.setattr(
            auto, "why_not_trusted", lambda c: c.why_not() or ("it got it wrong" if c.name in wrong else "")
        )

    return register


def test_the_best_is_exact_then_tells_kinds_then_comes_first(registered):
    noisy, sums = Other("noisy", exact=False, any_code=True), Other("sums", kinds=False)
    first, second, any_code = Other("first"), Other("second"), Other("any", any_code=True)
    other_process = Other("callgrind")
    for counters, best in [
        ((noisy, sums), sums),
        ((sums, first), first),
        ((first, second), first),
        ((first, any_code), any_code),
        ((other_process, first), first),
        ((noisy,), noisy),
    ]:
        registered(*counters)
        assert auto.best() is best
        assert AUTO.provenance() == {"counter": best.name}
        assert AUTO.exact == best.exact
    registered(noisy, sums)
    assert auto.best(exact=False) is noisy
    assert auto.best(exact=True) is sums


def test_a_counter_that_fails_its_self_test_is_named_and_not_used(registered):
    registered(Other("first"), Other("second"), Other("third", reason="no PMU"), wrong=("first",))
    assert auto.best().name == "second"
    assert auto.reasons() == {"first": "it got it wrong", "third": "no PMU"}


def test_where_nothing_counts_every_reason_is_given(registered):
    registered(Other("first", reason="no PMU"), Other("second", reason="paranoid"))
    assert auto.best() is None
    assert mentions(AUTO.why_not(), "first", "no PMU", "second", "paranoid")
    with pytest.raises(UserError, match="no counter counts here: first: no PMU; second: paranoid"):
        AUTO.measure()


def test_auto_is_the_best_one_here_and_the_others_have_reasons():
    assert why_not_trusted(AUTO) == ""
    best = auto.best()
    assert best is not None
    assert best.name != "auto"
    with AUTO.measure() as counts:
        counts.call(workload("arithmetic", 10))
    assert counts.own.by_kind["mul"] == 50
    reasons = auto.reasons()
    assert best.name not in reasons
    assert all("\n" not in reason for reason in reasons.values())
    if why_no_pmu():
        assert reasons["papi"] == why_no_pmu()
        assert reasons["perf"] == (perf_events.why_not_allowed() or why_no_pmu())


def test_only_its_own_attributes_are_asked_of_the_counter_taken():
    assert COUNTERS["auto"] is AUTO
    with pytest.raises(AttributeError):
        AUTO.no_such_thing  # noqa: B018
