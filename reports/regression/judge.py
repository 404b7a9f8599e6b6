"""The verdict: every figure of a baseline against that of a run."""

from __future__ import annotations

import math
from dataclasses import replace
from fnmatch import fnmatchcase

from ...models.errors import UserError
from .baseline import Baseline
from .figures import TOOLCHAIN, Figures, Kind, kind_of, number_of
from .judgement import HOLDS, IMPROVED, NEW, NOT_COMPARABLE, NOT_JUDGED, REGRESSED, REPORTED, Finding, Judgement
from .limits import Limit, limit_for
from .timing_gate import LEAST_SAMPLES, slowdown

#: Last part of the name of a kernel's time.
TIME = "time"


def judge(baseline: Baseline, run: Figures, *, gate_times: bool = False, only: str = "*") -> Judgement:
    """Hold the figures of a run against a baseline.

    Parameters
    ----------
    baseline : Baseline
    run : Figures
    gate_times : bool
        Whether a kernel that became slower counts as regressed; it is only reported otherwise.
    only : str
        Pattern of the names that are judged.

    Raises
    ------
    UserError
        If the baseline is of other definitions of the models, or no figure matches the pattern.
    """
    _refuse_stale(baseline, run)
    names = sorted({*baseline.figures.values, *run.values})
    kernels = sorted({*baseline.figures.times, *run.times})
    if not any(fnmatchcase(name, only) for name in [*names, *(f"{kernel}/{TIME}" for kernel in kernels)]):
        raise UserError(f"no figure is named '{only}'; the baseline {baseline.path} has such as "
                        f"{next(iter(sorted(baseline.figures.values)), 'none')}")
    differences = different(baseline.figures, run)
    findings = [_figure(name, baseline, run, differences) for name in names if fnmatchcase(name, only)]
    findings += [_time(kernel, baseline, run, differences, gate_times) for kernel in kernels
                 if fnmatchcase(f"{kernel}/{TIME}", only)]
    return Judgement(tuple(found for found in findings if found), baseline.path, tuple(differences.values()))


def different(before: Figures, after: Figures) -> dict[str, str]:
    """Return which facts of the toolchain differ, and how, in words."""
    return {
        fact: f"{fact}: {before.environment.get(fact, 'unknown')} in the baseline, "
              f"{after.environment.get(fact, 'unknown')} here"
        for fact in TOOLCHAIN if before.environment.get(fact) != after.environment.get(fact)
    }


def _refuse_stale(baseline: Baseline, run: Figures) -> None:
    changed = [name for name, content in sorted(baseline.figures.models.items())
               if run.models.get(name, content) != content]
    if changed:
        made = baseline.figures.made.get("date", "at an unknown date")
        raise UserError(f"the baseline {baseline.path} of {made} is stale: {', '.join(changed)} "
                        f"{'has' if len(changed) == 1 else 'have'} another definition now; if that is meant, "
                        "make it anew with spikecost baseline update")


def _figure(name: str, baseline: Baseline, run: Figures, differences: dict[str, str]) -> Finding | None:
    kind = kind_of(name)
    before, after = number_of(name, baseline.figures), number_of(name, run)
    number = None if isinstance(after, str) else after
    limit = limit_for(name, kind, baseline.limits)
    found = Finding(name, HOLDS, None, number, kind.unit, _in_words(limit, kind))
    if before is None or isinstance(before, str):
        if number is None:
            return None  # had no number before, and has none now
        passed = _past_hard(number, limit, kind)
        return replace(found, verdict=REGRESSED if passed else NEW, limit=passed or found.limit)
    found = replace(found, before=before)
    if after is None:
        verdict, reason = _absent(name, run)
        return replace(found, verdict=verdict, reason=reason)
    unlike = [words for fact, words in differences.items() if fact in kind.depends_on]
    if unlike:
        return replace(found, verdict=NOT_COMPARABLE, reason="; ".join(unlike))
    if number is None:
        return replace(found, verdict=REGRESSED, reason=f"no number any more: {after}")
    if passed := _past_hard(number, limit, kind):
        return replace(found, verdict=REGRESSED, limit=passed)
    if limit.soft_percent is None:
        return replace(found, verdict=REPORTED)
    worse = before - number if kind.lower_is_worse else number - before
    allowed = max(abs(before) * limit.soft_percent / 100, kind.slack) * (1 + 1e-9)  # the file rounds at 12 digits
    if abs(worse) <= allowed or math.isclose(before, number, rel_tol=1e-11):
        return found
    return replace(found, verdict=REGRESSED if worse > 0 else IMPROVED)


def _absent(name: str, run: Figures) -> tuple[str, str]:
    """Say what it means that a run does not have a figure: of a curve that ended earlier, nothing."""
    if name.endswith("/error_ms"):
        curve = name.rpartition("/")[0].rpartition("/")[0]
        if any(other.startswith(f"{curve}/") and other.endswith("/error_ms") for other in run.values):
            return REPORTED, "this sweep ended at a coarser time step"
    if kind_of(name).depends_on and not any(kind_of(other).depends_on for other in run.values):
        return NOT_COMPARABLE, "no exact counter worked in this run"
    return NOT_JUDGED, "not in this run"


def _past_hard(value: float, limit: Limit, kind: Kind) -> str:
    """Return the hard limit that a value is past, in words; empty if it is not."""
    if limit.hard is None or not (value < limit.hard if kind.lower_is_worse else value > limit.hard):
        return ""
    return f"hard: at {'least' if kind.lower_is_worse else 'most'} {limit.hard:.6g}"


def _in_words(limit: Limit, kind: Kind) -> str:
    if limit.soft_percent is None:
        return "none"
    sign = "-" if kind.lower_is_worse else "+"
    return f"{sign}{limit.soft_percent:g} %"


def _time(kernel: str, baseline: Baseline, run: Figures, differences: dict[str, str], gate: bool) -> Finding | None:
    before, after = baseline.figures.times.get(kernel), run.times.get(kernel)
    words = f"+{baseline.gate.threshold_percent:g} %, p < {baseline.gate.alpha:g}" if gate else "none"
    found = Finding(f"{kernel}/{TIME}", REPORTED, None, None, "calibrations", words)
    if before is None or after is None:
        if before is None:
            return replace(found, verdict=NEW)
        return replace(found, verdict=NOT_JUDGED if gate else REPORTED, reason="not timed in this run")
    if differences:
        return replace(found, verdict=NOT_COMPARABLE, reason="; ".join(differences.values()))
    if min(len(before), len(after)) < LEAST_SAMPLES:
        return replace(found, verdict=NOT_JUDGED if gate else REPORTED,
                       reason=f"{len(before)} and {len(after)} samples; {LEAST_SAMPLES} each are needed")
    change = slowdown(before, after, baseline.gate)
    verdict = (REGRESSED if change.slower else HOLDS) if gate else REPORTED
    return replace(found, verdict=verdict, before=change.before, after=change.after,
                   reason=f"p = {change.probability:.1g}" + ("" if gate or not change.slower else ", slower"))
