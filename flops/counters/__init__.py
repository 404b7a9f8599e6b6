"""Which operations did the processor really execute? One counter per file; importing it here registers it."""

from ...models.ground.registry import import_all

# isort: off
from . import auto
from .machine_code import callgrind, instrumented
from .hardware import papi, perf
from .machine_code import stepped

# isort: on
from .base import COUNTERS, Counter, Counts, NothingRetired, Retired, get_counter
from .workload import Argument, CFunction, Program, Records, Workload

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = [
    "COUNTERS",
    "Argument",
    "CFunction",
    "Counter",
    "Counts",
    "NothingRetired",
    "Program",
    "Records",
    "Retired",
    "Workload",
    "auto",
    "callgrind",
    "get_counter",
    "instrumented",
    "papi",
    "perf",
    "stepped",
]
