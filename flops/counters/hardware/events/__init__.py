"""What can the processors of each vendor count? Event tables: data with explanations, one file per vendor.

A table gives the names of events in libpfm4's spelling (which PAPI accepts) and their codes for the kernel, and says
which sum of them is a number of floating-point operations. A CPU has one or more such formulas, the best first. Which
of them fit into its counters at once is known only after an event set was started and read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .....models.algebra.expression import KINDS
from .....models.ground.errors import NoValue, UserError
from ....toolchain import cpu_identity
from ...base import ANY_WIDTH


@dataclass(frozen=True)
class Term:
    """One event of a formula."""

    event: str
    """Name, in libpfm4's spelling."""
    code: int
    """Raw code for perf_event_open."""
    width: int
    """Vector width in numbers; `ANY_WIDTH` if the event does not separate widths."""
    operations: int
    """Operations per count of the event."""


@dataclass(frozen=True)
class Formula:
    """Events with a weighted sum that is a number of floating-point operations."""

    name: str
    title: str
    terms: tuple[Term, ...]
    leaves_out: frozenset[str]
    """Kinds of operation that are not counted."""
    not_documented: frozenset[str]
    """Kinds for which the vendor does not say whether they are counted."""

    def operations(self, values: Mapping[str, int]) -> dict[tuple[str, int], int]:
        """Return operations by (``flop``, width) from the values of the events, by name."""
        counted: dict[tuple[str, int], int] = {}
        for term in self.terms:
            key = ("flop", term.width)
            counted[key] = counted.get(key, 0) + term.operations * values[term.event]
        return counted


@dataclass(frozen=True)
class Cpu:
    """Processors with the same formulas, or with the same reason for having none."""

    title: str
    pmus: tuple[str, ...]
    """libpfm4's names of their counting units."""
    family: int
    models: tuple[tuple[int, int], ...]
    """Ranges of model numbers (of part numbers, for Arm), both ends included."""
    formulas: tuple[Formula, ...]
    """The best first."""
    reason: str
    """Why there are no formulas; empty if there are."""

    def is_cpu(self, family: int, model: int) -> bool:
        """Whether a family and model number are one of these processors."""
        return family == self.family and any(low <= model <= high for low, high in self.models)


@dataclass(frozen=True)
class EventTable:
    """The events of one vendor's processors."""

    vendor: str
    """Name of the vendor in /proc/cpuinfo."""
    title: str
    counts: str
    """Explanation: what is counted and what is not."""
    source: str
    cpus: tuple[Cpu, ...]


def find_cpu(vendor: str, family: int, model: int) -> tuple[EventTable, Cpu] | NoValue:
    """Return the table and the entry of a processor, or the reason why there is none."""
    for table in tables():
        if table.vendor == vendor:
            for cpu in table.cpus:
                if cpu.is_cpu(family, model):
                    return (table, cpu) if cpu.formulas else NoValue(f"{cpu.title}: {cpu.reason}")
    return NoValue(
        f"no event table contains this processor ({vendor or 'unknown vendor'}, family {family}, model {model})"
    )


def this_cpu() -> tuple[EventTable, Cpu] | NoValue:
    """Return the table and the entry of this machine's processor, or the reason why there is none."""
    return find_cpu(*cpu_identity())


@cache
def tables() -> tuple[EventTable, ...]:
    """Return all event tables."""
    return tuple(read_table(path) for path in sorted(Path(__file__).parent.glob("*.toml")))


def read_table(path: Path) -> EventTable:
    """Read an event table and check it.

    Raises
    ------
    UserError
        If something in it is missing, unknown or contradictory.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"event table {path.name}: {error}") from error
    _expect(
        path.name,
        data,
        {"vendor", "title", "counts", "source", "leaves_out", "not_documented", "formulas", "cpus"},
        {"without"},
    )
    for key in ("leaves_out", "not_documented"):
        _known(path.name, key, data[key], KINDS)
    left = frozenset(data["leaves_out"]), frozenset(data["not_documented"])
    formulas = {name: _formula(path.name, name, entry, *left) for name, entry in data["formulas"].items()}
    cpus = [_cpu(path.name, entry, formulas) for entry in data["cpus"]]
    used = {formula.name for cpu in cpus for formula in cpu.formulas}
    if set(formulas) - used:
        raise UserError(f"event table {path.name}: no CPU uses the formula {', '.join(sorted(set(formulas) - used))}")
    for entry in data.get("without", []):
        _expect(f"{path.name}: without", entry, {"title", "family", "models", "reason"})
        cpus.append(Cpu(entry["title"], (), entry["family"], _ranges(path.name, entry), (), entry["reason"]))
    _disjoint(path.name, cpus)
    return EventTable(data["vendor"], data["title"], data["counts"].strip(), data["source"].strip(), tuple(cpus))


def _formula(
    file: str, name: str, entry: Mapping[str, Any], leaves_out: frozenset[str], not_documented: frozenset[str]
) -> Formula:
    where = f"{file}: formula {name}"
    _expect(where, entry, {"title", "terms"})
    for term in entry["terms"]:
        _expect(where, term, {"event", "code", "width", "operations"})
        if term["operations"] <= 0 or term["code"] < 0 or term["width"] < ANY_WIDTH:
            raise UserError(f"event table {where}: {term['event']}: code, width and operations are positive numbers")
    events = [term["event"] for term in entry["terms"]]
    if not events or len(set(events)) < len(events):
        raise UserError(f"event table {where}: terms: got {', '.join(events) or 'none'}; give one or more, each once")
    return Formula(name, entry["title"], tuple(Term(**term) for term in entry["terms"]), leaves_out, not_documented)


def _cpu(file: str, entry: Mapping[str, Any], formulas: Mapping[str, Formula]) -> Cpu:
    where = f"{file}: cpus"
    _expect(where, entry, {"title", "pmus", "family", "models", "formulas"})
    _known(where, "formulas", entry["formulas"], formulas)
    return Cpu(
        entry["title"],
        tuple(entry["pmus"]),
        entry["family"],
        _ranges(where, entry),
        tuple(formulas[name] for name in entry["formulas"]),
        "",
    )


def _ranges(where: str, entry: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    ranges = tuple((item, item) if isinstance(item, int) else (item[0], item[1]) for item in entry["models"])
    if not ranges or any(low > high for low, high in ranges):
        raise UserError(f"event table {where}: {entry['title']}: models are numbers or [first, last], at least one")
    return ranges


def _disjoint(file: str, cpus: Iterable[Cpu]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for cpu in cpus:
        for low, high in cpu.models:
            for model in range(low, high + 1):
                other = taken.setdefault((cpu.family, model), cpu.title)
                if other is not cpu.title:
                    raise UserError(f"event table {file}: model {model} is both {other} and {cpu.title}")


def _expect(where: str, entry: Mapping[str, Any], keys: set[str], optional: Iterable[str] = ()) -> None:
    missing, unknown = keys - set(entry), set(entry) - keys - set(optional)
    if missing or unknown:
        parts = [f"{', '.join(sorted(missing))} missing"] if missing else []
        parts += [f"{', '.join(sorted(unknown))} unknown"] if unknown else []
        raise UserError(f"event table {where}: {'; '.join(parts)}; expected are {', '.join(sorted(keys))}")


def _known(where: str, key: str, given: Iterable[str], known: Iterable[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UserError(f"event table {where}: {key} = {', '.join(unknown)} unknown; known are {', '.join(known)}")
