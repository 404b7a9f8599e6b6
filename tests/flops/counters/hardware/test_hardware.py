"""The common part of papi and perf, on real event sets: software events of the kernel replace those of the PMU."""

import ctypes
from functools import partial

import numpy as np
import pytest

from spikecost.flops.counters import CFunction, NothingRetired, Program
from spikecost.flops.counters.hardware.base import Candidate, HardwareCounter, Refused, prove
from spikecost.flops.counters.hardware.events import ANY_WIDTH, Formula, Term
from spikecost.flops.counters.hardware.perf_events import PAGE_FAULTS, SOFTWARE, TASK_CLOCK, Event, EventGroup
from spikecost.flops.toolchain import SCALAR, compile_library
from spikecost.models.ground.errors import NoValue, UserError

pytestmark = pytest.mark.usefixtures("software_events")
CPU_CLOCK = Event("cpu-clock", SOFTWARE, 0)
BUSY = """
void busy(long n, double *x) { for (long i = 0; i < n; i++) *x = *x * 0.5 + 1.0; }
"""


def formula(event):
    return Formula(
        "test", f"{event.name} as operations", (Term(event.name, 0, ANY_WIDTH, 1),), frozenset(), frozenset()
    )


def candidate(first, counted, cycles=""):
    return Candidate(formula(counted), first.name, cycles, "the kernel", partial(EventGroup, (first, counted)))


def refused():
    raise Refused("there is none")


class Clocks(HardwareCounter):
    """Processor time in ns as instructions, wall time in ns as operations."""

    name = "clocks"

    def candidates(self):
        yield NoValue("no first set")
        yield Candidate(formula(TASK_CLOCK), "-", "", "nothing", refused)
        yield candidate(TASK_CLOCK, PAGE_FAULTS)
        yield candidate(TASK_CLOCK, CPU_CLOCK)


class Hopeless(HardwareCounter):
    name = "hopeless"

    def candidates(self):
        yield NoValue("no first set")
        yield candidate(TASK_CLOCK, PAGE_FAULTS)
        yield NoValue("no first set")


@pytest.fixture(scope="module")
def busy():
    return CFunction(compile_library(BUSY, SCALAR), "busy", (2_000_000, np.zeros(1)))


def test_the_first_set_that_really_counts_is_taken():
    counter = Clocks()
    assert counter.why_not() == ""
    assert counter.formula.title == "cpu-clock as operations"
    assert counter.provenance()["events"] == "1 x cpu-clock"
    assert counter.provenance()["through"] == "the kernel"


def test_a_set_that_starts_but_does_not_see_the_work_is_no_proof():
    with pytest.raises(Refused, match=r"started but do not count: .* 10000 multiplications "):
        prove(candidate(TASK_CLOCK, PAGE_FAULTS))


def test_every_reason_is_kept_once():
    reason = Hopeless().why_not()
    assert reason.startswith("no first set; page-faults as operations: the events were started but do not count")
    assert reason.count("no first set") == 1


def test_a_counter_that_cannot_count_raises_its_reason():
    with pytest.raises(UserError, match="the counter 'hopeless' cannot count here: no first set"), Hopeless().measure():
        pass


def test_a_block_without_calls_is_counted_whole():
    with Clocks().measure() as counts:
        sum(range(1_000_000))
    assert counts.own.instructions == counts.events["task-clock"] > 1_000_000
    assert counts.own.by_kind == {"flop": counts.events["cpu-clock"]}
    assert counts.libm is None
    assert counts.other is None


def test_what_is_called_is_told_from_the_rest_of_the_block(busy):
    with Clocks().measure() as counts:
        sum(range(1_000_000))
        counts.call(busy)
        counts.call(busy)
    assert counts.own.instructions > 1_000_000
    assert counts.other.instructions > 1_000_000
    assert counts.total.instructions == counts.events["task-clock"]
    assert counts.total.by_kind == {"flop": counts.events["cpu-clock"]}
    assert counts.total.cycles is None
    assert 1.999 < busy.arguments[1][0] <= 2.0


def test_a_program_is_not_run_in_this_process():
    with pytest.raises(UserError, match="cannot run a program"), Clocks().measure() as counts:
        counts.call(Program(["true"], "true"))


def test_nothing_retired_is_an_error():
    class Still(Clocks):
        def candidates(self):
            yield candidate(TASK_CLOCK, CPU_CLOCK)

    counter = Still()
    assert counter.why_not() == ""
    counter._chosen = candidate(PAGE_FAULTS, CPU_CLOCK)  # an empty block has none
    with pytest.raises(NothingRetired), counter.measure():
        pass


def test_counts_that_are_lost_are_an_error():
    class Lost(EventGroup):
        def stop(self):
            raise Refused("multiplexed")

    counter = Clocks()
    counter.why_not()
    counter._chosen = Candidate(formula(CPU_CLOCK), TASK_CLOCK.name, "", "", partial(Lost, (TASK_CLOCK, CPU_CLOCK)))
    with pytest.raises(UserError, match="the counter 'clocks' lost its events: multiplexed"), counter.measure():
        pass


def test_an_error_in_the_block_comes_through():
    with pytest.raises(ZeroDivisionError), Clocks().measure():
        ctypes.c_int(1 // 0)
