"""Counters, one a file; importing one here registers it."""

from .base import COUNTERS, Counter, Counts, NothingRetired, Retired, get_counter
from .workload import CFunction, Program, Records, Workload

__all__ = [
    "COUNTERS",
    "CFunction",
    "Counter",
    "Counts",
    "NothingRetired",
    "Program",
    "Records",
    "Retired",
    "Workload",
    "get_counter",
]
