"""perf_event_open: real software events, every refusal with its reason, scaled values refused."""

import errno
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikecost.flops.counters.hardware import perf_events
from spikecost.flops.counters.hardware.base import Refused, why_no_pmu
from spikecost.flops.counters.hardware.perf import INSTRUCTIONS, PERF
from spikecost.flops.counters.hardware.perf_events import (
    HARDWARE,
    PAGE_FAULTS,
    RAW,
    SOFTWARE,
    TASK_CLOCK,
    Event,
    EventGroup,
)

from .memory import check_page_faults


@pytest.fixture
def group(software_events):
    group = EventGroup((TASK_CLOCK, PAGE_FAULTS))
    yield group
    group.close()


def test_page_faults_are_exact(group):
    check_page_faults(group)


def test_the_task_clock_agrees_with_the_clock_of_the_thread(group):
    begun = time.perf_counter_ns()
    group.start()
    start = time.thread_time_ns()
    while time.thread_time_ns() - start < 20_000_000:
        pass
    spent = time.thread_time_ns() - start
    nanoseconds = group.stop()[0]
    # at least the thread's own time, except for interrupts of the kernel. On a shared machine the kernel's clock also
    # runs while the hypervisor runs others, which the thread's clock does not: at most the elapsed time
    assert 0.9 * spent < nanoseconds <= time.perf_counter_ns() - begun


@pytest.mark.parametrize("leader", [0, 1])
def test_a_group_starts_from_zero_each_time_whoever_leads(leader, software_events):
    events = (TASK_CLOCK, PAGE_FAULTS)
    group = EventGroup(events if leader == 0 else events[::-1])
    for _ in range(3):
        group.start()
        early = group.read()[leader]
        sum(range(5_000_000))  # long compared with a delay between a start and a read
        late = group.stop()[leader]
        assert 0 < early < late / 2
        assert group.read()[leader] == late
    group.close()


@pytest.mark.parametrize(
    ("running", "reason"),
    [
        (99, "multiplexed, counted 99 of 100 ns: a scaled count would be an estimate"),
        (0, "multiplexed, counted 0 of 100 ns"),
    ],
)
def test_values_that_would_need_scaling_are_refused(running, reason):
    with pytest.raises(Refused) as refused:
        perf_events.values(struct.pack("5Q", 2, 100, running, 7, 8), ("a", "b"))
    assert reason in str(refused.value)


def test_values_that_were_counted_all_the_time_are_taken():
    assert perf_events.values(struct.pack("5Q", 2, 100, 100, 7, 8), ("a", "b")) == (7, 8)


def test_a_group_that_never_got_its_counters_is_refused():
    with pytest.raises(Refused, match="not enough free counters"):
        perf_events.values(b"", ("a", "b"))


def test_a_hardware_event_counts_or_says_that_there_is_no_pmu(software_events):
    if why_no_pmu():
        with pytest.raises(Refused) as refused:
            EventGroup((INSTRUCTIONS,))
        assert str(refused.value) == why_no_pmu()
        assert PERF.why_not() == why_no_pmu()
    else:
        group = EventGroup((INSTRUCTIONS,))
        group.start()
        assert group.stop()[0] > 0
        group.close()


def test_an_event_that_the_kernel_does_not_know_is_named():
    with pytest.raises(Refused, match="no-such-event: "):
        EventGroup((Event("no-such-event", SOFTWARE, 9999),))


def test_no_file_is_left_open_by_a_refused_group():
    before = open_files()
    for _ in range(3):
        with pytest.raises(Refused):
            EventGroup((TASK_CLOCK, Event("no-such-event", SOFTWARE, 9999)))
    assert open_files() == before


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("number", "paranoid", "filtered", "pmu", "reason"),
    [
        (errno.EACCES, 3, "", "", "kernel.perf_event_paranoid is 3; 2 is needed"),
        (errno.EPERM, 2, "by a seccomp filter (as in containers)", "", "not permitted, by a seccomp filter"),
        (errno.EPERM, 2, "", "", "not permitted, by a security module; grant CAP_PERFMON"),
        (errno.ENOSYS, None, "", "", "the kernel has no perf_event_open"),
        (errno.ENOENT, 2, "", "no PMU exposed by the hypervisor", "no PMU exposed by the hypervisor"),
        (errno.ENOENT, 2, "", "", "the PMU does not have this event"),
        (errno.EINVAL, 2, "", "", "refused in this group (Invalid argument)"),
        (errno.ENOSPC, 2, "", "", "no counter is left"),
        (errno.EMFILE, 2, "", "", "Too many open files"),
    ],
)
def test_the_kernel_s_refusals_are_given_their_reason(monkeypatch, number, paranoid, filtered, pmu, reason):
    def refuse(event, leader):
        raise OSError(number, "")

    monkeypatch.setattr(perf_events, "_open", refuse)
    monkeypatch.setattr(perf_events, "paranoid_level", lambda: paranoid)
    monkeypatch.setattr(perf_events, "why_filtered", lambda: filtered)
    monkeypatch.setattr(perf_events, "why_no_pmu", lambda: pmu)
    with pytest.raises(Refused) as refused:
        EventGroup((Event("flops", RAW, 0x0F03), Event("instructions", HARDWARE, 1)))
    assert reason in str(refused.value)


def test_the_paranoid_level_and_the_filter_are_read_from_the_kernel():
    assert perf_events.paranoid_level() in (None, *range(-1, 5))
    assert perf_events.why_filtered() in ("", "by a seccomp filter (as in containers)")


FILTERED = """
import ctypes, sys
from spikecost.flops.counters.hardware.perf import PERF
from spikecost.flops.counters.hardware.perf_events import _SYSCALL
import platform

class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint)]

class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(Instruction))]

answer = 0x00050000 | int(sys.argv[1])
instructions = (Instruction * 4)(
    Instruction(0x20, 0, 0, 0),                                 # load the number of the system call
    Instruction(0x15, 0, 1, _SYSCALL[platform.machine()]),      # perf_event_open?
    Instruction(0x06, 0, 0, answer),                            # then this errno
    Instruction(0x06, 0, 0, 0x7fff0000))                        # else go on
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(4, instructions)), 0, 0) == 0
print(PERF.why_not())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EPERM, "task-clock: not permitted, by a seccomp filter (as in containers); grant CAP_PERFMON"),
        (errno.ENOSYS, "task-clock: the kernel has no perf_event_open, or it is hidden by a seccomp filter"),
    ],
)
def test_a_seccomp_filter_is_named(number, reason, software_events):
    """A real filter as in containers, set in a separate process."""
    answer = subprocess.run([sys.executable, "-c", FILTERED, str(number)], capture_output=True, text=True, check=True)
    assert reason in answer.stdout
