"""The verdict: every figure of a baseline compared with that of a run, and counted with retired operations."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from ...models.ground.errors import NoValue, UserError
from .judgement import (
    CONTRADICTED,
    HOLDS,
    IMPROVED,
    NEW,
    NOT_COMPARABLE,
    NOT_JUDGED,
    REGRESSED,
    REPORTED,
    FigureVerdict,
    Judged,
    Judgement,
)
from .kept.baseline import Baseline
from .kept.figures import NAMED, SETTINGS, TIME, TOOLCHAIN, Figures, Rule, kind_of, number_of, setting_of
from .kept.limits import Given, Limit, limit_for, refuse_idle
from .kept.timing_gate import FASTER, LEAST_SAMPLES, slowdown


def judge(
    baseline: Baseline, run: Figures, *, gate_times: bool = False, only: str = "*", without_counter: bool = False
) -> Judgement:
    """Compare the figures of a run with a baseline, and its counts with what the processor executed.

    Parameters
    ----------
    baseline : Baseline
    run : Figures
    gate_times : bool
        Whether a kernel that became slower counts as regressed; otherwise it is only reported. If true, times and
        counts that cannot be compared are no success.
    only : str
        Pattern of the names that are judged.
    without_counter : bool
        Whether to accept counts that no exact counter confirms.

    Raises
    ------
    UserError
        If the baseline is of another suite, a limit applies to no figure, or no figure matches the pattern.
    """
    refuse_incomparable(baseline, run)
    names = sorted({*baseline.figures.values, *run.values})
    kernels = sorted({*baseline.figures.times, *run.times})
    refuse_idle(baseline.limits, names, f"the baseline {baseline.path}")
    chosen = [name for name in names if fnmatchcase(name, only)]
    timed = [kernel for kernel in kernels if fnmatchcase(f"{kernel}/{TIME}", only)]
    if not (chosen or timed):
        raise UserError(
            f"no figure is named '{only}'; a figure of the baseline {baseline.path} is "
            f"{next(iter(sorted(baseline.figures.values)), 'none')}"
        )
    differences = different(baseline.figures, run)
    findings = [*counted_against_retired(run, [*chosen, *(f"{kernel}/{TIME}" for kernel in timed)], without_counter)]
    findings += [found for name in chosen if (found := _figure(name, baseline, run, differences, without_counter))]
    times = [_time(kernel, baseline, run, differences, gate_times) for kernel in timed]
    if gate_times and not any(each.verdict in (HOLDS, REGRESSED, IMPROVED) for each in times):
        times.append(
            Judged(
                TIME,
                NOT_JUDGED,
                None,
                None,
                "calibrations",
                reason="times should be judged, but none can be compared between the baseline and this run",
            )
        )
    return Judgement(
        (*findings, *times),
        baseline.path,
        tuple(differences.values()),
        strict=gate_times or "flags" in differences,
        changed=changed_models(baseline.figures, run),
        places=run.places,
    )


def counted_against_retired(run: Figures, chosen: Collection[str], without_counter: bool) -> Iterator[Judged]:
    """Yield where the counts behind some figures differ from what the processor executed, or are not confirmed.

    Parameters
    ----------
    run : Figures
    chosen : collection of str
        Names of the figures.
    without_counter : bool
        Whether to accept counts that no exact counter confirms.
    """

    def is_asked_for(subject: str) -> bool:
        return any(name.startswith(f"{subject}/") for name in chosen)

    for each in run.contradictions:
        if is_asked_for(each.subject):
            yield Judged(
                f"{each.subject}/retired/{each.kind}_per_{each.part}",
                CONTRADICTED,
                None,
                None,
                "operations",
                "counted = retired",
                f"{each.kind}: {each.counted:.15g} counted, {each.retired:.15g} retired by the processor "
                f"({each.counter}); the count is wrong",
            )
    for subject, reason in run.unconfirmed.items():
        if is_asked_for(subject):
            yield Judged(
                f"{subject}/retired",
                REPORTED if without_counter else NOT_JUDGED,
                None,
                None,
                "operations",
                "counted = retired",
                f"no exact counter confirms the counts: {reason}; if none works here, "
                "accept them with --without-counter",
            )


def refuse_wrong_counts(run: Figures, without_counter: bool) -> None:
    """Check that the counts of figures are right before the figures become a baseline.

    Raises
    ------
    UserError
        If a count differs from what the processor executed, or is not confirmed and this is not accepted.
    """
    wrong = [
        each for each in counted_against_retired(run, list(run.values), without_counter) if each.verdict != REPORTED
    ]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        raise UserError(f"no baseline was written: {wrong[0].figure}: {wrong[0].reason}{more}")


def different(before: Figures, after: Figures) -> dict[str, str]:
    """Return which facts of the toolchain differ, and how, as text."""
    return {
        fact: f"{fact}: {before.environment.get(fact, 'unknown')} in the baseline, "
        f"{after.environment.get(fact, 'unknown')} here"
        for fact in TOOLCHAIN
        if before.environment.get(fact) != after.environment.get(fact)
    }


def changed_models(before: Figures, after: Figures) -> tuple[str, ...]:
    """Return the models whose definition has changed: their figures are judged for this change."""
    return tuple(name for name, content in sorted(before.models.items()) if after.models.get(name, content) != content)


def refuse_incomparable(baseline: Baseline, run: Figures) -> None:
    """Check that figures with the same name describe the same thing.

    Raises
    ------
    UserError
        If the baseline does not say what its figures describe, or is of a suite with other settings.
    """
    known, where = baseline.figures, f"the baseline {baseline.path}"
    unknown = sorted({name.partition("/")[0] for name in known.values} & run.models.keys() - known.models.keys())
    if unknown:
        raise UserError(
            f"{where} does not say to which definition its figures of {', '.join(unknown)} belong; make it "
            "again with spikecost baseline update"
        )
    if run.suite and not known.suite:
        raise UserError(f"{where} does not say which suite it is of; make it again with spikecost baseline update")
    other = [
        f"{name} = {known.suite[name]} in the baseline, {run.suite[name]} in this run"
        for name in SETTINGS
        if name in known.suite and name in run.suite and known.suite[name] != run.suite[name]
    ]
    if other:
        raise UserError(
            f"{where} is of another suite: {'; '.join(other)}; give the run that it was made from, or make "
            "it again with spikecost baseline update"
        )


def _figure(
    name: str, baseline: Baseline, run: Figures, differences: dict[str, str], without_counter: bool
) -> Judged | None:
    kind = kind_of(name)
    before, after = number_of(name, baseline.figures), number_of(name, run)
    number = None if isinstance(after, NoValue) else after
    limit = limit_for(name, kind, baseline.limits)
    found = Judged(name, HOLDS, None, number, kind.unit, _in_words(limit, kind))
    if before is None or isinstance(before, NoValue):
        if number is None:
            return None  # it had no number before and has none now
        if passed := _past_hard(number, limit, kind):
            return replace(found, verdict=REGRESSED, limit=passed)
        lacking = _lacking(name, baseline.figures, run)
        return replace(found, verdict=NOT_JUDGED if lacking else NEW, reason=lacking)
    found = replace(found, before=before)
    if after is None:
        verdict, reason = _absent(name, run, without_counter)
        return replace(found, verdict=verdict, reason=reason)
    unlike = [words for fact, words in differences.items() if fact in kind.depends_on]
    if unlike:
        return replace(found, verdict=NOT_COMPARABLE, reason="; ".join(unlike))
    if isinstance(after, NoValue):
        return replace(found, verdict=NOT_JUDGED if after.failed else REGRESSED, reason=f"no longer a number: {after}")
    return moved(name, before, after, baseline.limits)


def moved(name: str, before: float, after: float, limits: Given) -> Judged:
    """Judge the change of a figure by its limit alone.

    Parameters
    ----------
    name : str
    before, after : float
    limits : mapping
        Those of a baseline; a figure without one has the limit of its kind.
    """
    kind = kind_of(name)
    limit = limit_for(name, kind, limits)
    found = Judged(name, HOLDS, before, after, kind.unit, _in_words(limit, kind))
    if passed := _past_hard(after, limit, kind):
        return replace(found, verdict=REGRESSED, limit=passed)
    if limit.soft_percent is None:
        return replace(found, verdict=REPORTED)
    return _moved(found, before, after, limit, kind)


def _moved(found: Judged, before: float, after: float, limit: Limit, kind: Rule) -> Judged:
    """Judge a number against another number."""
    worse = before - after if kind.lower_is_worse else after - before
    allowed = limit.soft_percent if worse > 0 else limit.improved_percent
    if allowed is None or math.isclose(before, after, rel_tol=1e-11):  # the file rounds at 12 digits
        return found
    # "900 % better" is a tenth of it: the base is the smaller of both if that is better, else the baseline's
    size = abs(before) if worse > 0 else min(abs(before), abs(after))
    if abs(worse) <= max(size * allowed / 100, kind.slack) * (1 + 1e-9):
        return found
    if worse > 0:
        return replace(found, verdict=REGRESSED)
    sign = "+" if kind.lower_is_worse else "-"
    return replace(found, verdict=IMPROVED, limit=f"{sign}{allowed:g} %")


def _lacking(name: str, before: Figures, run: Figures) -> str:
    """Say why a figure that only the run has should also be in the baseline; empty if it is new."""
    reason = "not in the baseline, although it is of the same suite; renew it"
    if kind_of(name).depends_on and not any(kind_of(other).depends_on for other in before.values):
        return ""  # made on a machine without a working exact counter
    if name.endswith("/error_ms"):
        settings = _settings(name, before)
        if settings and setting_of(name) < min(settings):
            return ""  # this sweep continued to finer time steps
        if settings:
            return reason
    same = [before.suite.get(field) == run.suite.get(field) for field in NAMED]
    if before.suite and all(same):
        return reason
    subject = name.rpartition("/")[0]
    return reason if any(other.rpartition("/")[0] == subject for other in before.values) else ""


def _absent(name: str, run: Figures, without_counter: bool) -> tuple[FigureVerdict, str]:
    """Say what it means that a run lacks a figure: it means nothing if the curve ended earlier."""
    if name.endswith("/error_ms"):
        settings = _settings(name, run)
        if settings and setting_of(name) < min(settings):
            return REPORTED, "this sweep ended at a coarser time step"
    if kind_of(name).depends_on and not any(kind_of(other).depends_on for other in run.values):
        return NOT_COMPARABLE if without_counter else NOT_JUDGED, "no exact counter worked in this run"
    return NOT_JUDGED, "not in this run"


def _settings(name: str, figures: Figures) -> list[float]:
    """Return the settings of all errors of the same curve."""
    curve = name.rpartition("/")[0].rpartition("/")[0]
    return [
        setting_of(other) for other in figures.values if other.endswith("/error_ms") and other.startswith(f"{curve}/")
    ]


def _past_hard(value: float, limit: Limit, kind: Rule) -> str:
    """Return the hard limit that a value exceeds, as text; empty if it exceeds none."""
    if limit.hard is None or not (value < limit.hard if kind.lower_is_worse else value > limit.hard):
        return ""
    return f"hard: at {'least' if kind.lower_is_worse else 'most'} {limit.hard:.6g}"


def _in_words(limit: Limit, kind: Rule) -> str:
    if limit.soft_percent is None:
        return "none"
    sign = "-" if kind.lower_is_worse else "+"
    return f"{sign}{limit.soft_percent:g} %"


def _time(kernel: str, baseline: Baseline, run: Figures, differences: dict[str, str], gate: bool) -> Judged:
    before, after = baseline.figures.times.get(kernel), run.times.get(kernel)
    words = f"+{baseline.gate.threshold_percent:g} %, p < {baseline.gate.alpha:g}" if gate else "none"
    found = Judged(f"{kernel}/{TIME}", REPORTED, None, None, "calibrations", words)
    if before is None:
        known = gate and any(name.startswith(f"{kernel}/") for name in baseline.figures.values)
        return replace(found, verdict=NOT_JUDGED if known else NEW, reason="not timed in the baseline")
    if after is None:
        return replace(found, verdict=NOT_JUDGED if gate else REPORTED, reason="not timed in this run")
    if differences:
        return replace(found, verdict=NOT_COMPARABLE, reason="; ".join(differences.values()))
    if min(len(before), len(after)) < LEAST_SAMPLES:
        return replace(
            found,
            verdict=NOT_JUDGED if gate else REPORTED,
            reason=f"{len(before)} and {len(after)} samples; {LEAST_SAMPLES} each are needed",
        )
    if not all(math.isfinite(each) and each > 0 for each in after):
        return replace(found, verdict=NOT_JUDGED, reason="a time of this run is not a number above 0")
    change = slowdown(before, after, baseline.gate)
    found = replace(found, before=change.before, after=change.after, reason=f"p = {change.probability:.1g}")
    if gate and change.faster:
        return replace(found, verdict=IMPROVED, limit=f"at least 1/{FASTER:g}")
    if gate:
        return replace(found, verdict=REGRESSED if change.slower else HOLDS)
    return replace(found, reason=f"{found.reason}, slower" if change.slower else found.reason)
