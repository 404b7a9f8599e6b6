"""perf_event_open: the kernel's own interface to the counting unit, with raw codes from the event tables."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import partial

from ....models.ground.errors import NoValue
from ..base import COUNTERS
from . import perf_events
from .base import Candidate, HardwareCounter, formulas_here, why_no_pmu
from .events import Formula
from .perf_events import Event, EventGroup

INSTRUCTIONS = Event("instructions", perf_events.HARDWARE, 1)
CYCLES = Event("cycles", perf_events.HARDWARE, 0)


class Perf(HardwareCounter):
    """Raw events of the event tables through perf_event_open; needs no library."""

    name = "perf"

    def candidates(self) -> Iterator[Candidate | NoValue]:
        """Yield each formula, first with cycles and then without: there may be more events than counters."""
        formulas = formulas_here()
        if reason := perf_events.why_not_allowed() or why_no_pmu():
            yield NoValue(reason)
        elif isinstance(formulas, NoValue):
            yield formulas
        else:
            for formula in formulas:
                yield _candidate(formula, (INSTRUCTIONS, CYCLES))
                yield _candidate(formula, (INSTRUCTIONS,))


def _candidate(formula: Formula, first: tuple[Event, ...]) -> Candidate:
    events = (*first, *(Event(term.event, perf_events.RAW, term.code) for term in formula.terms))
    cycles = CYCLES.name if CYCLES in first else ""
    return Candidate(formula, INSTRUCTIONS.name, cycles, f"Linux {platform.release()}", partial(EventGroup, events))


PERF = COUNTERS.register(Perf())
