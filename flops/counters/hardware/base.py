"""The common part of the counters that read the processor's counting unit: event sets, and when to trust them."""

from __future__ import annotations

import ctypes
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ....models.ground.errors import NoValue, UserError
from ...toolchain import has_cpu_flag
from ..base import Counts, Retired, machine, require, require_retired
from ..workload import Program, Workload
from .events import Formula, this_cpu

#: Names of counting units in sysfs: a single unit; the two units of a hybrid processor; Arm's.
_UNITS = ("cpu", "cpu_core", "cpu_atom", "armv*")
#: Multiplications that an event set must see before it is trusted.
_PROBE = 10_000


class Refused(Exception):
    """An event set is not available; the message is the reason, in one line."""


class EventSet(Protocol):
    """Events that are counted together, in this thread, in user mode, during the whole time or not at all."""

    names: tuple[str, ...]

    def start(self) -> None:
        """Start from zero."""
        ...

    def read(self) -> tuple[int, ...]:
        """Return the values so far, in the order of `names`.

        Raises
        ------
        Refused
            If the events were not counted during the whole time.
        """
        ...

    def stop(self) -> tuple[int, ...]:
        """Stop and return the values, as `read` does."""
        ...

    def close(self) -> None:
        """Release the set."""
        ...


@dataclass(frozen=True)
class Candidate:
    """An event set that might count operations here."""

    formula: Formula
    instructions: str
    """Name of the event that counts instructions."""
    cycles: str
    """Name of the event that counts cycles; empty if it is left out because there are too few counters."""
    through: str
    """Software through which the events are read, with its version."""
    open: Callable[[], EventSet]
    """Opens the event set, or raises `Refused`."""


class HardwareCounts(Counts):
    """Counts, with the values of the events from which they were computed.

    What `call` runs is `own`; everything else in the block, including Python itself, is `other`. If nothing is called,
    everything is `own`.
    """

    def __init__(self, candidate: Candidate, events: EventSet) -> None:
        super().__init__(self._within)
        self.events: dict[str, int] = {}
        """Values over the whole block, by event name."""
        self._candidate = candidate
        self._set = events
        self._called = [0] * len(events.names)
        self._was_called = False

    def _within(self, workload: Workload) -> None:
        if isinstance(workload, Program):
            raise UserError(
                "a hardware counter counts in this process; it cannot run a program: give a C function, "
                "or take the counter 'callgrind'"
            )
        self._was_called = True
        # bound beforehand: loading the library must not be counted
        function, arguments = ctypes.CFUNCTYPE(None, *workload.parameter_types)(workload.address), workload.values()
        before = self._set.read()
        function(*arguments)
        after = self._set.read()
        self._called = [sum_ + b - a for sum_, a, b in zip(self._called, before, after, strict=True)]

    def close(self, values: Sequence[int]) -> None:
        """Compute the counts from the values at the end of the block."""
        self.events = dict(zip(self._set.names, values, strict=True))
        if not self._was_called:
            self.own = self._retired(values)
            return
        self.own = self._retired(self._called)
        self.other = self._retired([all_ - own for all_, own in zip(values, self._called, strict=True)])

    def _retired(self, values: Sequence[int]) -> Retired:
        by_name = dict(zip(self._set.names, values, strict=True))
        return Retired(
            self._candidate.formula.operations(by_name),
            by_name[self._candidate.instructions],
            by_name.get(self._candidate.cycles),
        )


class HardwareCounter(ABC):
    """Base of the counters that read the processor's counting unit."""

    name: str
    exact = False
    tells_kinds = False
    tells_images = False
    counts_any_code = True

    def __init__(self) -> None:
        self._chosen: Candidate | None = None
        self._reason: str | None = None

    @abstractmethod
    def candidates(self) -> Iterator[Candidate | NoValue]:
        """Yield the event sets to try, the best first, and the reasons for those that do not exist."""

    def why_not(self) -> str:
        """Return why this counter cannot count here; only starting and reading an event set proves that it can."""
        if self._reason is None:
            self._reason = self._choose()
        return self._reason

    @property
    def formula(self) -> Formula | None:
        """The formula in use; None if this counter cannot count here."""
        return self._chosen.formula if not self.why_not() and self._chosen else None

    @contextmanager
    def measure(self) -> Iterator[HardwareCounts]:
        """Count what happens in a ``with`` block, in this thread, in user mode."""
        require(self)
        assert self._chosen is not None
        try:
            events = self._chosen.open()
            counts = HardwareCounts(self._chosen, events)
            try:
                events.start()
                yield counts
                counts.close(events.stop())
            finally:
                events.close()
        except Refused as refusal:
            raise UserError(f"the counter '{self.name}' lost its events: {refusal}") from refusal
        require_retired(self, counts)

    def provenance(self) -> dict[str, str]:
        """Return the provenance; no resources are held between blocks."""
        found = {"counter": self.name, **machine()}
        if self._chosen is not None:
            formula = self._chosen.formula
            found["through"] = self._chosen.through
            found["formula"] = formula.title
            found["events"] = " + ".join(f"{term.operations} x {term.event}" for term in formula.terms)
        return found

    def _choose(self) -> str:
        refusals: list[str] = []
        for candidate in self.candidates():
            if isinstance(candidate, NoValue):
                refusals.append(candidate.reason)
                continue
            try:
                prove(candidate)
            except Refused as refusal:
                refusals.append(str(refusal))
            else:
                self._chosen = candidate
                return ""
        return "; ".join(dict.fromkeys(refusals))


def prove(candidate: Candidate) -> None:
    """Start an event set, do known work, and read the set.

    Raises
    ------
    Refused
        If it cannot be opened, started or read, or sees less work than was done.
    """
    events = candidate.open()
    try:
        events.start()
        math.prod(_FACTORS)
        values = dict(zip(events.names, events.stop(), strict=True))
    finally:
        events.close()
    operations = Retired(candidate.formula.operations(values)).flops()
    if values[candidate.instructions] < _PROBE or operations < _PROBE:
        raise Refused(
            f"{candidate.formula.title}: the events were started but do not count: "
            f"{values[candidate.instructions]} instructions and {operations} operations while {_PROBE} "
            "multiplications were executed"
        )


_FACTORS = [1.0] * _PROBE


def formulas_here() -> tuple[Formula, ...] | NoValue:
    """Return the formulas of this processor, or the reason why there are none."""
    found = this_cpu()
    return found if isinstance(found, NoValue) else found[1].formulas


def why_no_pmu() -> str:
    """Return why no counting unit is visible here; empty if there is one."""
    if any(next(Path("/sys/bus/event_source/devices").glob(unit), None) for unit in _UNITS):
        return ""
    return "no PMU exposed by the hypervisor" if has_cpu_flag("hypervisor") else "no PMU exposed by the kernel"
