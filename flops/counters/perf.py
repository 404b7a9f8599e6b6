"""perf_event_open: the kernel's own interface to the counting unit, with raw codes from the event tables."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass

from . import perf_events
from .base import COUNTERS
from .events import Formula
from .hardware import HardwareCounter, Refused, no_pmu, table_here
from .perf_events import Event, Group

INSTRUCTIONS = Event("instructions", perf_events.HARDWARE, 1)
CYCLES = Event("cycles", perf_events.HARDWARE, 0)


@dataclass(frozen=True)
class _Candidate:
    formula: Formula
    cycles: str
    instructions: str = INSTRUCTIONS.name

    def open(self) -> Group:
        first = (INSTRUCTIONS, CYCLES) if self.cycles else (INSTRUCTIONS,)
        return Group((*first, *(Event(term.event, perf_events.RAW, term.code) for term in self.formula.terms)))


class Perf(HardwareCounter):
    """Raw events of the event tables through perf_event_open; needs no library."""

    name = "perf"

    def candidates(self) -> Iterator[_Candidate]:
        """Yield each formula, with cycles and then without: they may be the counter that is one too many."""
        if reason := perf_events.refusal():
            raise Refused(reason)
        if reason := no_pmu():
            raise Refused(reason)
        for formula in table_here()[1]:
            yield _Candidate(formula, CYCLES.name)
            yield _Candidate(formula, "")

    def provenance(self) -> dict[str, str]:
        """Return the kernel's version."""
        return {"kernel": platform.release()}


PERF = COUNTERS.register(Perf())
