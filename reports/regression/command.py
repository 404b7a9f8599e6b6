"""What ``spikecost check``, ``spikecost baseline`` and ``spikecost history`` do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ...accuracy.study.runner import check_jobs
from ...models.ground.errors import UserError
from ..comparison.run_folder import RunFolder
from ..results.suite_file import read_suite
from ..writing import escape
from ..writing.files import save_figure, write_file
from ..writing.records import dumps
from . import output
from .judge import different, judge, refuse_incomparable, refuse_wrong_counts
from .kept import baseline as baselines
from .kept.changes import Change, changes, plot
from .kept.figures import TIME, Figures
from .kept.history import Entry, History, store_path
from .of_run import figures_of
from .small_suite import SMALL, run_small

#: Most figures that are drawn one below the other.
MOST_DRAWN = 12
#: How many runs of a figure are listed: the last ones.
_SHOWN = 20


def check(
    run: Callable[[], Figures],
    baseline: str,
    *,
    gate_times: bool = False,
    only: str = "*",
    every: bool = False,
    as_json: bool = False,
    junit: str | None = None,
    markdown: str | None = None,
    github: bool = False,
    without_counter: bool = False,
) -> tuple[int, str]:
    """Compare a run with a baseline.

    Parameters
    ----------
    run : callable
        Gives the figures; called after the baseline has been read.
    baseline : str
        Its file.
    gate_times : bool
        Whether a slower kernel counts as regressed.
    only : str
        Pattern of the names that are judged.
    every : bool
        Whether the text also lists the figures that hold.
    as_json : bool
        Whether to return JSON instead of text.
    junit, markdown : str, optional
        Files to write.
    Whether to add annotations, and to add the table to the step summary.
        Whether to add annotations, and the table to the step summary.
    without_counter : bool
        Whether to accept counts that no exact counter confirms.

    Returns
    -------
    int, str
        Exit status (0 holds, 1 regressed, 2 not judged or improved), and what to print.
    """
    if github and as_json:
        raise UserError("--github writes annotations where --json writes JSON; give one of them")
    try:
        kept = baselines.read(baseline)
        judgement = judge(kept, run(), gate_times=gate_times, only=only, without_counter=without_counter)
    except UserError as error:
        if not github:
            raise
        message = " ".join(str(error).split())
        _add_summary(f"### spikecost: could not be judged\n\n{escape.markdown(message)}\n")
        return 2, f"{output.no_commands(f'spikecost: {message}')}\n{output.github_problem(message)}"
    if junit:
        write_file(junit, output.junit(judgement).encode())
    if markdown:
        write_file(markdown, output.markdown(judgement).encode())
    text = judgement.written(judgement.findings) if every else judgement.text
    said = [dumps(judgement.to_json()) if as_json else text]
    if github:
        _add_summary(output.markdown(judgement))
        said = [output.no_commands(said[0]), *output.github(judgement)]
    return judgement.status, "\n".join(said)


def source(
    folder: str | None,
    suite: str | None = None,
    jobs: int = 2,
    models: Sequence[str] = (),
    *,
    allow_python: bool = False,
) -> Callable[[], Figures]:
    """Return a function that gives the figures of a run's folder, or of a suite that it runs (default: the small one).

    Parameters
    ----------
    folder, suite : str, optional
    jobs : int
    models : sequence of str
        Instead of the models of the suite.
    allow_python : bool
        Whether the suite's file may name Python files.

    Raises
    ------
    UserError
        If a folder is named with one of the others, or the suite cannot be read.
    """
    check_jobs(jobs)
    if folder and suite:
        raise UserError(f"--suite {suite} is only run if no run is given; drop one of the two")
    if folder and models:
        raise UserError(f"--models {' '.join(models)}: they are only run if no run is given; drop one of the two")
    if folder:
        return lambda: figures_of(RunFolder.read(folder))
    if suite:
        chosen = read_suite(suite, SMALL, models=models, allow_python=allow_python)
    else:
        chosen = replace(SMALL, models=tuple(models)) if models else SMALL
    return lambda: figures_of(run_small(chosen, jobs))


def update(
    run: Callable[[], Figures],
    baseline: str,
    as_json: bool = False,
    without_counter: bool = False,
    accepted: Sequence[str] = (),
) -> str:
    """Make a baseline from a run, or renew the figures whose names match one of `accepted`; return what to print.

    Raises
    ------
    UserError
        If the counts differ from what the processor executed, or no exact counter confirms them and `without_counter`
        is false; if the file is not a baseline; or if only some figures are to be renewed, but the baseline is of
        another suite or machine.
    """
    old = baselines.read(baseline) if baselines.exists(baseline) or accepted else None  # any other file is left alone
    figures = run()
    refuse_wrong_counts(figures, without_counter)
    if old and accepted:
        refuse_incomparable(old, figures)
        if differences := different(old.figures, figures):
            raise UserError(
                f"{baseline} was made elsewhere ({'; '.join(differences.values())}): renew all its "
                "figures, not only some; nothing was written"
            )
    changed = baselines.update(baseline, figures, accepted)
    if as_json:
        return dumps(
            {"baseline": baseline, "added": changed.added, "changed": changed.changed, "removed": changed.removed}
        )
    return (
        f"{baseline}: {len(changed.added)} figures added, {len(changed.changed)} changed, "
        f"{len(changed.removed)} removed; review the difference and commit it"
    )


def add(history: str | Path | None, figures: Figures, commit: str | None = None, as_json: bool = False) -> str:
    """Add a run to the history; return what to print."""
    store = History(store_path(history))
    new = store.add(figures, commit or _commit(figures))
    if as_json:
        return dumps({"history": str(store.path), "added": new, "runs": len(store)})
    return f"{store.path}: {'added as' if new else 'this run is there already;'} " + (
        f"run {len(store)}" if new else f"{len(store)} runs"
    )


def show(
    history: str | Path | None,
    pattern: str | None = None,
    *,
    as_json: bool = False,
    file: str | None = None,
    data: str | None = None,
) -> str:
    """Show figures over the runs of a history and where they changed; without a pattern, all figures that ever changed.

    Raises
    ------
    UserError
        If there is no history, no figure matches, or there are too many to draw.
    """
    store = History(store_path(history))
    found = {name: store.series(name) for name in store.names(pattern or "*")}
    if not found:
        raise UserError(f"no figure of {store.path} is named '{pattern}'; give a pattern such as '*/dt_ms'")
    steps = {name: changes(series, is_noisy(name)) for name, series in found.items()}
    if pattern is None:
        found = {name: series for name, series in found.items() if steps[name]}
    if file:
        if not 0 < len(found) <= MOST_DRAWN:
            raise UserError(f"{len(found)} figures to draw; name 1 to {MOST_DRAWN} with --figure")
        save_figure(plot(found, is_noisy), file, data)
    if as_json:
        return dumps(
            {
                "history": str(store.path),
                "runs": len(store),
                "figures": {
                    name: {
                        "runs": [vars(entry) for entry in series],
                        "changes": [step.to_json() for step in steps[name]],
                    }
                    for name, series in found.items()
                },
            }
        )
    changed = sum(bool(each) for each in steps.values())
    lines = [f"{store.path}: {len(store)} runs, {len(steps)} figures, {changed} changed"]
    for name, series in found.items():
        lines += ["", *_listing(name, series, steps[name], whole=bool(pattern) and len(found) == 1)]
    return "\n".join(lines)


def is_noisy(figure: str) -> bool:
    """Whether a figure has noise: only times do."""
    return figure.endswith(f"/{TIME}")


def _listing(name: str, series: list[Entry], steps: list[Change], whole: bool) -> list[str]:
    lines = [name]
    if whole:
        at = {step.run: step for step in steps}
        if len(series) > _SHOWN:
            lines.append(f"  ({len(series) - _SHOWN} earlier runs)")
        for entry in series[-_SHOWN:]:
            mark = f"  <- {_change(at[entry.run])}" if entry.run in at else ""
            lines.append(f"  run {entry.run}  {entry.date[:10]}  {entry.commit[:10]:10}  {entry.value:.6g}{mark}")
        return lines
    lines += [f"  run {step.run}  {step.date[:10]}  {step.commit[:10]:10}  {_change(step)}" for step in steps]
    return lines if steps else [f"{name}: {series[-1].value:.6g}, never changed"]


def _change(step: Change) -> str:
    percent = "" if step.percent is None else f" ({step.percent:+.3g} %)"
    return f"{step.before:.6g} -> {step.after:.6g}{percent}"


def _commit(figures: Figures) -> str:
    """Return the commit of the run; if it has none, that of the working folder."""
    if known := figures.made.get("commit"):
        return known
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("GITHUB_SHA", "")
    return found.stdout.strip()


def _add_summary(markdown: str) -> None:
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(markdown + "\n")
        except OSError as error:
            raise UserError(f"cannot write GITHUB_STEP_SUMMARY {summary}: {error.strerror}") from error
