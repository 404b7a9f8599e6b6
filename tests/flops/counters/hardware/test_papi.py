"""PAPI: real software events, presence only by a started and read set, every refusal with its reason."""

import ctypes
import importlib.util
import sys
import time
import types
from functools import partial

import pytest

from spikecost.flops.counters.base import ANY_WIDTH
from spikecost.flops.counters.hardware import papi, papi_libraries
from spikecost.flops.counters.hardware.base import Candidate, HardwareCounter, Refused, why_no_pmu
from spikecost.flops.counters.hardware.events import Formula, Term, find_cpu
from spikecost.flops.counters.hardware.papi import PAPI, Papi, PapiSet
from spikecost.flops.counters.hardware.papi_libraries import PapiError, PythonPapi, SystemPapi, python_papi, system_papi
from spikecost.flops.counters.selftest import workload
from spikecost.models.ground.errors import NoValue

from .memory import check_page_faults

#: What PAPI says on a processor that is newer than its own tables.
NO_TABLE = "no default PMU found"
FAULTS, CLOCK = "perf::PAGE-FAULTS", "perf::TASK-CLOCK"


@pytest.fixture(scope="module")
def library():
    try:
        return system_papi()
    except Refused as refused:
        pytest.skip(str(refused))


@pytest.fixture(scope="module")
def known_processor(library, software_events):
    """PAPI knows this processor; one that is older than the processor does not count the kernel's own events either."""
    try:
        PapiSet(library, (CLOCK,)).close()
    except Refused as refused:
        if NO_TABLE not in str(refused):
            raise
        pytest.skip(f"this processor has no table in {refused}")


@pytest.fixture
def events(library, known_processor):
    events = PapiSet(library, (CLOCK, FAULTS))
    yield events
    events.close()


def test_page_faults_are_exact(events):
    check_page_faults(events)


def test_the_task_clock_runs(events):
    begun = time.perf_counter_ns()
    events.start()
    start = time.thread_time_ns()
    while time.thread_time_ns() - start < 20_000_000:
        pass
    spent = time.thread_time_ns() - start
    nanoseconds = events.stop()[0]
    # at least the thread's own time, except for interrupts of the kernel. On a shared machine the kernel's clock also
    # runs while the hypervisor runs others, which the thread's clock does not: at most the elapsed time
    assert 0.9 * spent < nanoseconds <= time.perf_counter_ns() - begun


class MultiplexOption(ctypes.Structure):
    """PAPI_multiplex_option_t, at the start of a PAPI_option_t."""

    _fields_ = (("handle", ctypes.c_int), ("ns", ctypes.c_int), ("flags", ctypes.c_int), ("rest", ctypes.c_byte * 4096))


def test_a_multiplexed_set_is_refused(library):
    option_multiplex, in_software = 3, 1
    library_itself = ctypes.CDLL(ctypes.util.find_library("papi"))
    events = PapiSet(library, ())
    assert not library.is_multiplexed(events._handle)
    assert library_itself.PAPI_multiplex_init() == 0
    assert library_itself.PAPI_assign_eventset_component(events._handle, 0) == 0
    option = MultiplexOption(events._handle, 0, in_software)
    assert library_itself.PAPI_set_opt(option_multiplex, ctypes.byref(option)) == 0
    with pytest.raises(Refused, match="multiplexed; its values would be estimates"):
        events.start()
    events.close()


def test_an_event_set_needs_its_events(library, known_processor):
    reason = why_no_pmu() or "NO_SUCH_EVENT: "
    with pytest.raises(Refused) as refused:
        PapiSet(library, (FAULTS, "NO_SUCH_EVENT"))
    assert str(refused.value).startswith(f"{library.title}: {reason}")
    with pytest.raises(PapiError, match=r"\(-\d+\)"):
        library.add(library.create(), "NO_SUCH_EVENT")


def test_stopping_what_was_not_started_is_refused(events):
    with pytest.raises(Refused, match="stop: EventSet is currently not running"):
        events.stop()


def test_the_library_says_its_version(library):
    major, minor = library.title.removeprefix("libpapi ").split(".")
    assert int(major) >= 7
    assert int(minor) >= 0


def test_a_counter_on_papi_counts_calls_and_the_rest(library, known_processor):
    """PAPI's software events replace those of the processor: nanoseconds as instructions and as operations."""

    class Clocks(HardwareCounter):
        name = "clocks"

        def candidates(self):
            terms = (Term("perf::CPU-CLOCK", 0, ANY_WIDTH, 1),)
            formula = Formula("clock", "the clock", terms, frozenset(), frozenset())
            names = (CLOCK, "perf::CPU-CLOCK")
            yield Candidate(formula, CLOCK, "", library.title, partial(PapiSet, library, names))

    counter = Clocks()
    assert counter.why_not() == ""
    with counter.measure() as counts:
        sum(range(1_000_000))
        counts.call(workload("arithmetic", 1_000_000))
    assert counts.own.instructions > 1_000_000
    assert counts.other.instructions > 1_000_000
    assert counts.total.instructions == counts.events[CLOCK]
    assert counts.total.by_kind == {"flop": counts.events["perf::CPU-CLOCK"]}
    assert counter.provenance()["through"] == library.title


def test_native_events_are_tried_before_presets_and_cycles_before_none(monkeypatch, library):
    monkeypatch.setattr(papi, "formulas_here", lambda: find_cpu("GenuineIntel", 6, 85)[1].formulas)
    monkeypatch.setattr(papi, "LIBRARIES", (lambda: library,))
    sets = [candidate.open.args[1] for candidate in papi.PAPI.candidates()]
    assert sets[0][:3] == ("PAPI_TOT_INS", "PAPI_TOT_CYC", "FP_ARITH_INST_RETIRED:SCALAR_DOUBLE")
    assert sets[1] == ("PAPI_TOT_INS", *sets[0][2:])
    assert sets[2::2] == [
        ("PAPI_TOT_INS", "PAPI_TOT_CYC", "PAPI_DP_OPS", "PAPI_VEC_DP"),
        ("PAPI_TOT_INS", "PAPI_TOT_CYC", "PAPI_DP_OPS"),
        ("PAPI_TOT_INS", "PAPI_TOT_CYC", "PAPI_FP_OPS"),
    ]
    (preset,) = {candidate.formula for candidate in papi.PAPI.candidates() if len(candidate.formula.terms) == 2}
    # vector instructions are recorded, but do not count as operations
    assert preset.operations({"PAPI_DP_OPS": 7, "PAPI_VEC_DP": 3}) == {("flop", ANY_WIDTH): 7}
    assert preset.leaves_out == {"compare", "round", "select", "sign"}


def test_without_an_event_table_the_presets_are_tried(monkeypatch, library):
    monkeypatch.setattr(papi, "formulas_here", lambda: NoValue("no event table"))
    monkeypatch.setattr(papi, "LIBRARIES", (lambda: library,))
    assert [candidate.formula.name for candidate in papi.PAPI.candidates()] == [
        "PAPI_DP_OPS",
        "PAPI_DP_OPS",
        "PAPI_DP_OPS",
        "PAPI_DP_OPS",
        "PAPI_FP_OPS",
        "PAPI_FP_OPS",
    ]


def test_papi_counts_or_says_why_not():
    reason = PAPI.why_not()
    assert "\n" not in reason
    assert (PAPI.formula is None) == bool(reason)
    if why_no_pmu():
        assert reason == why_no_pmu()


@pytest.mark.parametrize("pmu", ["", "no PMU exposed by the hypervisor"])
def test_a_library_is_asked_for_only_where_there_is_something_to_count(pmu, monkeypatch):
    def not_here():
        raise Refused("libpapi is not installed (Debian: apt-get install libpapi-dev)")

    monkeypatch.setattr(papi, "why_no_pmu", lambda: pmu)
    monkeypatch.setattr(papi, "LIBRARIES", (not_here, not_here))
    assert Papi().why_not() == (pmu or "libpapi is not installed (Debian: apt-get install libpapi-dev)")


def test_python_papi_counts_or_gives_its_reason(software_events):
    if importlib.util.find_spec("pypapi") is None:
        with pytest.raises(Refused, match="python-papi is not installed"):
            PythonPapi()
        return
    library = python_papi()
    if library.why_disabled():  # its tables are older than this processor: it has no event at all then
        with pytest.raises(Refused, match=r"python-papi with PAPI 6\.0: perf_event disabled"):
            PapiSet(library, (FAULTS,))
    else:
        events = PapiSet(library, (FAULTS,))
        events.start()
        assert events.stop()[0] >= 0
        events.close()


def test_a_package_that_took_the_name_pypapi_is_told_apart(monkeypatch):
    other = types.ModuleType("pypapi")
    other.__spec__ = importlib.util.spec_from_loader("pypapi", None)
    for name in [name for name in sys.modules if name.startswith("pypapi")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pypapi", other)
    with pytest.raises(Refused, match="the installed pypapi does not belong to python-papi"):
        PythonPapi()


def test_a_machine_without_libpapi_says_what_to_install(monkeypatch):
    monkeypatch.setattr(papi_libraries.ctypes.util, "find_library", lambda name: "libpapi-that-is-not-here.so")
    with pytest.raises(Refused, match="libpapi is not installed"):
        SystemPapi()


def test_an_old_libpapi_is_refused(library, monkeypatch):
    with pytest.raises(Refused, match=r"libpapi\.so\.6\.0 is older than PAPI 7"):
        papi_libraries._initialize(ctypes.CDLL(None), "libpapi.so.6.0")
    other = types.SimpleNamespace(PAPI_library_init=lambda version: -1)
    with pytest.raises(Refused, match=r"does not start: PAPI_library_init returned -1"):
        papi_libraries._initialize(other, "libpapi.so")
