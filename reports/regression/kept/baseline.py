"""Baselines: the figures that a run is compared with, in a file that people review.

JSON, sorted, one figure per line, so that the change of one figure changes one line::

    {
     "spikecost_baseline": 1,
     "made": {"commit": "...", "date": "2026-11-24", "spikecost": "0.1.0"},
     "environment": {"compiler": "...", ...},
     "models": {"lif": "4a1d...", ...},
     "suite": {"trials": 20, ...},
     "limits": {"*/dt_ms": {"soft_percent": 5}},
     "gate": {"alpha": 0.0001, "threshold_percent": 40.0},
     "figures": {"lif/rk4/grid/operations_per_step": 23.0, ...},
     "times": {"lif/rk4/grid": [0.0004, ...], ...}
    }

People edit ``limits`` and ``gate``; an update keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ....models.ground.errors import NoValue, UserError, quoted
from ....models.reading.data import Positive, read_bytes, read_json, structure
from ...writing.files import write_file
from ...writing.text import how_many
from .figures import TIME, Figures, kind_of
from .limits import Given, LimitForm, given_limits
from .timing_gate import Gate

#: Version of the format.
FORMAT = 1
#: The largest file that is read, in bytes.
LARGEST = 100_000_000


@dataclass(frozen=True)
class Baseline:
    """The content of a baseline file."""

    figures: Figures
    """Only numbers: a figure without a number is not kept."""
    limits: Given = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    path: str = ""


@dataclass(frozen=True)
class _File:
    """The form of the file."""

    spikecost_baseline: int
    made: Mapping[str, str]
    environment: Mapping[str, str]
    models: Mapping[str, str]
    limits: Mapping[str, LimitForm]
    gate: Gate
    figures: Mapping[str, float]
    times: Mapping[str, tuple[Positive, ...]]
    suite: Mapping[str, Any] = field(default_factory=dict)
    """Missing in older files; the suite of such a baseline is unknown."""


def read(path: str | Path) -> Baseline:
    """Read a baseline.

    Raises
    ------
    UserError
        If the file cannot be read, is not a baseline, or has another format.
    """
    where = f"the baseline {path}"
    try:
        content = read_json(read_bytes(Path(path), "the baseline", LARGEST, "make one with spikecost baseline update"))
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{where} is not JSON: {error}; restore it, or make another one") from error
    if not (isinstance(content, dict) and "spikecost_baseline" in content):
        raise UserError(f"{where} is not a baseline of spikecost; make one with spikecost baseline update")
    version = content["spikecost_baseline"]
    if type(version) is not int or version != FORMAT:
        raise UserError(
            f"{where} has format {quoted(version)}, this spikecost reads {FORMAT}; use the spikecost "
            "that made it, or make another one"
        )
    found = structure(content, _File, where)
    for name in found.figures:
        kind_of(name)
    figures = Figures(
        values=found.figures,
        times=found.times,
        models=found.models,
        environment=found.environment,
        made=found.made,
        suite=found.suite,
    )
    return Baseline(figures, given_limits(content["limits"], where), found.gate, str(path))


def exists(path: str | Path) -> bool:
    """Whether there is such a file, baseline or not."""
    return Path(path).exists()


def to_text(baseline: Baseline) -> str:
    """Return the content of the file."""
    figures = baseline.figures
    sections: dict[str, Mapping[str, Any]] = {
        "made": figures.made,
        "environment": figures.environment,
        "models": figures.models,
        "suite": figures.suite,
        "limits": baseline.limits,
        "gate": asdict(baseline.gate),
        "figures": {name: _rounded(value) for name, value in figures.values.items() if not isinstance(value, NoValue)},
        "times": {name: [_rounded(each, 4) for each in samples] for name, samples in figures.times.items()},
    }
    lines = ["{", f' "spikecost_baseline": {FORMAT}']
    for name, section in sections.items():
        lines[-1] += ","
        entries = [f"  {json.dumps(key)}: {json.dumps(section[key], sort_keys=True)}" for key in sorted(section)]
        lines += [f" {json.dumps(name)}: {{", ",\n".join(entries), " }"] if entries else [f" {json.dumps(name)}: {{}}"]
    return "\n".join([*lines, "}"]) + "\n"


def write(baseline: Baseline, path: str | Path) -> None:
    """Write a baseline: first to a temporary file, which then replaces the old one.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    write_file(path, to_text(baseline).encode())


@dataclass(frozen=True)
class Update:
    """What an update changed, by name of figure."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def said(self, more: str = "") -> str:
        """Say what was changed, and what to do."""
        if not (self.added or self.changed or self.removed):
            return f"nothing changed{more}"
        return (
            f"{how_many(len(self.added), 'figure')} added, {len(self.changed)} changed, {len(self.removed)} removed"
            f"{more}; review the difference and commit it"
        )


def update(path: str | Path, figures: Figures, accepted: Sequence[str] = ()) -> Update:
    """Make the file a baseline of these figures; limits in an existing file stay.

    Parameters
    ----------
    path : str or Path
    figures : Figures
    accepted : sequence of str
        Patterns of names: only such figures are renewed (times of kernels are ``.../time``); without patterns, all are.

    Raises
    ------
    UserError
        If there is no figure, no figure matches, or the file is not a baseline: it is left as it is.
    """
    if not any(not isinstance(value, NoValue) for value in figures.values.values()):
        raise UserError("the run has no figures to keep: every case failed; nothing was written")
    old = read(path) if exists(path) else Baseline(Figures({}))
    new = Baseline(_accepted(old, figures, accepted) if accepted else figures, old.limits, old.gate, str(path))
    write(new, path)
    before, after = old.figures.values, read(path).figures.values
    return Update(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _accepted(old: Baseline, figures: Figures, patterns: Sequence[str]) -> Figures:
    """Return the figures of a baseline with some of them renewed."""

    def chosen(names: Iterable[str]) -> set[str]:
        return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}

    times = {
        name.removesuffix(f"/{TIME}")
        for name in chosen(f"{kernel}/{TIME}" for kernel in {*old.figures.times, *figures.times})
    }
    renewed = chosen({*old.figures.values, *figures.values})
    if not (renewed or times):
        raise UserError(f"no figure is named {' or '.join(map(repr, patterns))}; nothing was written")
    models = {name.partition("/")[0] for name in renewed | times}
    return replace(
        old.figures,
        values={name: value for name, value in old.figures.values.items() if name not in renewed}
        | {name: value for name, value in figures.values.items() if name in renewed},
        times={name: value for name, value in old.figures.times.items() if name not in times}
        | {name: value for name, value in figures.times.items() if name in times},
        models={**old.figures.models, **{name: content for name, content in figures.models.items() if name in models}},
        made=figures.made,
    )


def _rounded(value: float, digits: int = 12) -> float:
    return float(f"{value:.{digits}g}")
