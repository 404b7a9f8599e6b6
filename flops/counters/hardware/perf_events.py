"""Event groups of perf_event_open, through the system call."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from .base import Refused, why_no_pmu

#: Types of event (linux/perf_event.h).
HARDWARE, SOFTWARE, RAW = 0, 1, 4

_SYSCALL = {"x86_64": 298, "aarch64": 241}
_ENABLE, _DISABLE, _RESET = 0x2400, 0x2401, 0x2403
_ALL_OF_GROUP = 1
_CLOSE_ON_EXEC = 8
_TIME_ENABLED, _TIME_RUNNING, _GROUP = 1, 2, 8
_DISABLED, _PINNED, _EXCLUDE_KERNEL, _EXCLUDE_HYPERVISOR = 1 << 0, 1 << 2, 1 << 5, 1 << 6


class _Attributes(ctypes.Structure):
    """The first published form of perf_event_attr, which every kernel accepts."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("config", ctypes.c_uint64),
        ("sample_period", ctypes.c_uint64),
        ("sample_type", ctypes.c_uint64),
        ("read_format", ctypes.c_uint64),
        ("flags", ctypes.c_uint64),
        ("wakeup_events", ctypes.c_uint32),
        ("bp_type", ctypes.c_uint32),
        ("config1", ctypes.c_uint64),
    )


@dataclass(frozen=True)
class Event:
    """One event, as given to the kernel."""

    name: str
    type: int
    config: int


#: Software events, which need no counting unit: time on the processor in ns, and page faults.
TASK_CLOCK = Event("task-clock", SOFTWARE, 1)
PAGE_FAULTS = Event("page-faults", SOFTWARE, 2)


class EventGroup:
    """Events that are counted together in the calling thread, during the whole time or not at all.

    Raises
    ------
    Refused
        If the kernel refuses one of them.
    """

    def __init__(self, events: tuple[Event, ...]) -> None:
        self.names = tuple(event.name for event in events)
        self._files: list[int] = []
        for event in events:
            try:
                self._files.append(_open(event, self._files[0] if self._files else -1))
            except OSError as error:
                self.close()
                raise Refused(_why(event, error.errno or 0)) from error

    def start(self) -> None:
        """Start from zero."""
        fcntl.ioctl(self._files[0], _RESET, _ALL_OF_GROUP)
        fcntl.ioctl(self._files[0], _ENABLE, 0)  # this starts the whole group

    def read(self) -> tuple[int, ...]:
        """Return the values so far."""
        return values(os.read(self._files[0], 8 * (3 + len(self.names))), self.names)

    def stop(self) -> tuple[int, ...]:
        """Stop and return the values."""
        fcntl.ioctl(self._files[0], _DISABLE, 0)
        return self.read()

    def close(self) -> None:
        """Close the events."""
        while self._files:
            os.close(self._files.pop())


def values(data: bytes, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the values read from a group, if it was counting for the whole time that it was enabled.

    Raises
    ------
    Refused
        If it was not: the kernel then expects the reader to scale the values, and a scaled count is an estimate.
    """
    if len(data) < 8 * (3 + len(names)):
        raise Refused(
            f"{', '.join(names)}: there are not enough free counters for them together; another profiler or "
            "the NMI watchdog may hold some"
        )
    count, enabled, running, *numbers = struct.unpack(f"{3 + len(names)}Q", data)
    if count != len(names):
        raise Refused(f"{', '.join(names)}: the kernel returned {count} values for {len(names)} events")
    if running < enabled:
        raise Refused(
            f"{', '.join(names)}: multiplexed, counted {running} of {enabled} ns: a scaled count would be an estimate"
        )
    return tuple(numbers)


def why_not_allowed() -> str:
    """Return why this process may not count at all; empty if it may.

    To find out, a software event is opened, which needs no counting unit.
    """
    if platform.machine() not in _SYSCALL:
        return f"perf_event_open is not supported for {platform.machine()}; supported are {', '.join(_SYSCALL)}"
    try:
        EventGroup((TASK_CLOCK,)).close()
    except Refused as refused:
        return str(refused)
    return ""


def _open(event: Event, leader: int) -> int:
    flags = _EXCLUDE_KERNEL | _EXCLUDE_HYPERVISOR
    if leader < 0:
        flags |= _DISABLED | _PINNED
    attributes = _Attributes(
        type=event.type,
        size=ctypes.sizeof(_Attributes),
        config=event.config,
        flags=flags,
        read_format=_TIME_ENABLED | _TIME_RUNNING | _GROUP,
    )
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    result = int(
        syscall(
            ctypes.c_long(_SYSCALL[platform.machine()]),
            ctypes.byref(attributes),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            ctypes.c_int(leader),
            ctypes.c_ulong(_CLOSE_ON_EXEC),
        )
    )
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _why(event: Event, number: int) -> str:
    """Return the reason for a refusal, in one line."""
    paranoid, filtered = paranoid_level(), why_filtered()
    if number in (errno.EACCES, errno.EPERM):
        if paranoid is not None and paranoid > 2:
            return (
                f"{event.name}: kernel.perf_event_paranoid is {paranoid}; "
                "2 is needed (sysctl kernel.perf_event_paranoid=2)"
            )
        return f"{event.name}: not permitted, {filtered or 'by a security module'}; grant CAP_PERFMON"
    if number == errno.ENOSYS:
        return f"{event.name}: the kernel has no perf_event_open{', or it is hidden ' + filtered if filtered else ''}"
    if number in (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV, errno.ENXIO) and event.type != SOFTWARE:
        return why_no_pmu() or f"{event.name}: the PMU does not have this event"
    if number in (errno.EINVAL, errno.ENOSPC):
        return f"{event.name}: refused in this group ({os.strerror(number)}): not known, or no counter is left"
    return f"{event.name}: {os.strerror(number)}"


def paranoid_level() -> int | None:
    """Return the level of kernel.perf_event_paranoid; None if there is none."""
    try:
        return int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    except (OSError, ValueError):
        return None


def why_filtered() -> str:
    """Return a text if system calls of this process are filtered, as in containers; empty if not."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return ""
    return "by a seccomp filter (as in containers)" if re.search(r"^Seccomp:\s*2", status, re.MULTILINE) else ""
