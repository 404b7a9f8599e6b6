"""PAPI: the performance API of high-performance computing, through the system's libpapi or python-papi."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from ....models.ground.errors import NoValue
from ..base import ANY_WIDTH, COUNTERS
from .base import Candidate, HardwareCounter, Refused, formulas_here, why_no_pmu
from .events import Formula, Term
from .papi_libraries import LIBRARIES, Library, PapiError

#: PAPI's presets, sums of events; PAPI's table of this processor says what they count.
#: PAPI_VEC_DP, vector instructions of double precision, is recorded as well; it is not a number of operations.
_PRESETS = (("PAPI_DP_OPS", "PAPI_VEC_DP"), ("PAPI_DP_OPS",), ("PAPI_FP_OPS",))
T = TypeVar("T")
_INSTRUCTIONS, _CYCLES = "PAPI_TOT_INS", "PAPI_TOT_CYC"


class PapiSet:
    """A PAPI event set.

    Raises
    ------
    Refused
        If PAPI refuses one of the events.
    """

    def __init__(self, library: Library, names: tuple[str, ...]) -> None:
        self.names = names
        self._library = library
        self._handle = self._try("an event set", library.create)
        for name in names:
            try:
                library.add(self._handle, name)
            except PapiError as error:
                self.close()
                raise Refused(f"{library.title}: {_cause(library, name, error)}") from error

    def start(self) -> None:
        """Start from zero; a multiplexed set is refused because its values are estimates."""
        if self._library.is_multiplexed(self._handle):
            raise Refused(f"{self._library.title}: {', '.join(self.names)}: multiplexed; its values would be estimates")
        self._try("start", lambda: self._library.start(self._handle))

    def read(self) -> tuple[int, ...]:
        """Return the values so far."""
        return self._try("read", lambda: self._library.read(self._handle, len(self.names)))

    def stop(self) -> tuple[int, ...]:
        """Stop and return the values."""
        return self._try("stop", lambda: self._library.stop(self._handle, len(self.names)))

    def close(self) -> None:
        """Release the set."""
        self._library.destroy(self._handle)

    def _try(self, what: str, action: Callable[[], T]) -> T:
        try:
            return action()
        except PapiError as error:
            raise Refused(f"{self._library.title}: {what}: {error}") from error


def _cause(library: Library, name: str, error: PapiError) -> str:
    # PAPI says "Event does not exist" both for a processor without a counting unit and for an unknown processor
    return library.why_disabled() or why_no_pmu() or f"{name}: {error}"


class Papi(HardwareCounter):
    """Native events of the event tables, then PAPI's presets; the system's library, then python-papi's."""

    name = "papi"

    def why_not(self) -> str:
        """Return why PAPI cannot count here; without a counting unit, no missing library is mentioned."""
        return why_no_pmu() or super().why_not()

    def candidates(self) -> Iterator[Candidate | NoValue]:
        """Yield every formula with every library, first with cycles and then without."""
        for load in LIBRARIES:
            try:
                library = load()
            except Refused as refusal:
                yield NoValue(str(refusal))
                continue
            for formula in _formulas():
                yield _candidate(library, formula, (_INSTRUCTIONS, _CYCLES))
                yield _candidate(library, formula, (_INSTRUCTIONS,))


def _formulas() -> Iterator[Formula]:
    leaves_out, not_documented = frozenset({"select", "sign"}), frozenset({"compare", "round"})
    native = formulas_here()
    if not isinstance(native, NoValue):
        yield from native
        leaves_out, not_documented = native[0].leaves_out, native[0].not_documented
    for names in _PRESETS:
        terms = tuple(Term(name, 0, ANY_WIDTH, 0 if name == "PAPI_VEC_DP" else 1) for name in names)
        yield Formula(names[0], f"PAPI's preset {names[0]}", terms, leaves_out, not_documented)


def _candidate(library: Library, formula: Formula, first: tuple[str, ...]) -> Candidate:
    names = (*first, *(term.event for term in formula.terms))
    cycles = _CYCLES if _CYCLES in first else ""
    return Candidate(formula, _INSTRUCTIONS, cycles, library.title, partial(PapiSet, library, names))


PAPI = COUNTERS.register(Papi())
