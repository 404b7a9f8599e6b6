"""Baselines: the figures that a run is held against, in a file that people review.

JSON, sorted, one figure a line, so that a change of one figure is a change of one line::

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

``limits`` and ``gate`` are people's to edit; an update keeps them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ...models.errors import NoValue, UserError
from ...models.reading import each_once
from ..files import write_file
from .figures import TIME, Figures, kind_of
from .limits import Given, read_limits
from .timing_gate import Gate

#: Version of the format.
FORMAT = 1
_SECTIONS = ("made", "environment", "models", "limits", "gate", "figures", "times")


@dataclass(frozen=True)
class Baseline:
    """What a baseline file holds."""

    figures: Figures
    """Numbers alone: what had no number is not kept."""
    limits: Given = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    path: str = ""


def read(path: str | Path) -> Baseline:
    """Read a baseline.

    Raises
    ------
    UserError
        If the file cannot be read, is no baseline, or of another format.
    """
    where = f"the baseline {path}"
    try:
        content = json.loads(Path(path).read_bytes(), object_pairs_hook=each_once)
    except OSError as error:
        raise UserError(f"cannot read {where}: {error.strerror}; make one with spikecost baseline update") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is not JSON: {error}; restore it, or make another one") from error
    if not (isinstance(content, dict) and "spikecost_baseline" in content):
        raise UserError(f"{where} is no baseline of spikecost's; make one with spikecost baseline update")
    if content["spikecost_baseline"] != FORMAT or content["spikecost_baseline"] is True:
        raise UserError(f"{where} has format {content['spikecost_baseline']!r}, this spikecost reads {FORMAT}; "
                        "use the spikecost that made it, or make another one")
    try:
        return _parsed(content, path, where)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{where} is incomplete or damaged ({error}); restore it, or make another one") from error


def exists(path: str | Path) -> bool:
    """Whether there is such a file, be it a baseline or not."""
    return Path(path).exists()


def _parsed(content: dict[str, Any], path: str | Path, where: str) -> Baseline:
    missing = [name for name in _SECTIONS if name not in content]
    if missing:
        raise UserError(f"{where} is incomplete: it has no {', '.join(missing)}; restore it, or make another one")
    values = {name: _finite(value, where, name) for name, value in content["figures"].items()}
    for name in values:
        kind_of(name)
    figures = Figures(
        values=values,
        times={name: tuple(_above_0(each, where, f"times of {name}") for each in samples)
               for name, samples in content["times"].items()},
        models=_texts(content["models"]), environment=_texts(content["environment"]), made=_texts(content["made"]),
        suite=dict(content.get("suite", {})),  # an older one does not say, and is then of no suite that is known
    )
    gate = Gate(**{name: _above_0(value, where, name) for name, value in content["gate"].items()})
    return Baseline(figures, read_limits(content["limits"], where), gate, str(path))


def _texts(section: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in section.items()}


def _finite(value: Any, where: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
        raise UserError(f"{where}: '{name}' is {str(value)[:40]!r}; give a finite number")
    return float(value)


def _above_0(value: Any, where: str, name: str) -> float:
    number = _finite(value, where, name)
    if number <= 0:
        raise UserError(f"{where}: '{name}' is {number:g}; give a number above 0")
    return number


def to_text(baseline: Baseline) -> str:
    """Return what the file holds."""
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
    """Write a baseline: beside the file, then into its place.

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


def update(path: str | Path, figures: Figures, accepted: Sequence[str] = ()) -> Update:
    """Make the file a baseline of these figures; the limits of the one that is there stay.

    Parameters
    ----------
    path : str or Path
    figures : Figures
    accepted : sequence of str
        Patterns of names: only such figures are renewed, times of kernels as ``.../time``; all without one.

    Raises
    ------
    UserError
        If there is no figure, no figure matches, or what is there is no baseline: it is left as it is.
    """
    if not any(not isinstance(value, NoValue) for value in figures.values.values()):
        raise UserError("the run has no figure to keep: every cell failed; nothing was written")
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

    times = {name.removesuffix(f"/{TIME}") for name in chosen(f"{kernel}/{TIME}" for kernel in
                                                              {*old.figures.times, *figures.times})}
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
