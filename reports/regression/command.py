"""What ``spikecost check``, ``spikecost baseline`` and ``spikecost history`` do."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.runner import check_jobs
from ...models.ground.errors import UserError
from ..comparison.run_folder import RunFolder
from ..results.suite_file import read_suite
from ..writing import escape
from ..writing.files import save_figure, write_file
from ..writing.records import dumps
from ..writing.text import how_many, prose
from . import history_text, output
from .judge import different, judge, refuse_incomparable, refuse_wrong_counts
from .kept import baseline as baselines
from .kept.changes import Change, changes, plot
from .kept.figures import TIME, Figures
from .kept.history import Entry, History, store_path
from .of_run import figures_of
from .small_suite import SMALL, run_small

#: Most figures that are drawn one below the other.
MOST_DRAWN = 12


@dataclass(frozen=True)
class Source:
    """Where figures come from: a run in a folder, or a suite that is run when they are needed."""

    run: Callable[[], Figures]
    arguments: tuple[str, ...] = ()
    """What a command must be given to use the same figures."""
    whose: str = ""
    """Whose figures these are, if nobody named a model, a suite or a run."""

    def __call__(self) -> Figures:
        """Return the figures."""
        return self.run()


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
    arguments: Sequence[str] = (),
    whose: str = "",
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
    github : bool
        Whether to add annotations, and the table to the step summary.
    without_counter : bool
        Whether to accept counts that no exact counter confirms.
    arguments : sequence of str
        What ``spikecost baseline update`` must be given to use the same figures.
    whose : str
        Whose figures these are, if nobody named a model, a suite or a run.

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
        same = (*arguments, *(["--without-counter"] if without_counter else []), "--baseline", baseline)
        accepting = shlex.join(["spikecost", "baseline", "update", *same])
        judgement = replace(judgement, update=accepting, by_figure=True, whose=whose)
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
    progress: Progress | None = None,
) -> Source:
    """Return where the figures come from: a run's folder, or a suite that is run (default: the small one).

    Parameters
    ----------
    folder, suite : str, optional
    jobs : int
    models : sequence of str
        Instead of the models of the suite.
    allow_python : bool
        Whether the suite's file may name Python files.
    progress : Progress, optional
        Told how far a run is.

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
        return Source(lambda: figures_of(RunFolder.read(folder)), (folder,))
    if suite:
        chosen = read_suite(suite, SMALL, models=models, allow_python=allow_python)
    else:
        chosen = replace(SMALL, models=tuple(models)) if models else SMALL
    arguments = (
        *(("--suite", suite) if suite else ()),
        *(("--models", *map(str, models)) if models else ()),
        *(("--allow-python",) if allow_python else ()),
    )
    whose = f"spikecost's own models {', '.join(map(str, SMALL.models))}" if not (suite or models) else ""
    return Source(lambda: figures_of(run_small(chosen, jobs, progress)), arguments, whose)


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
    return prose(f"{baseline}: {changed.said()}")


def add(history: str | Path | None, figures: Figures, commit: str | None = None, as_json: bool = False) -> str:
    """Add a run to the history; return what to print."""
    store = History(store_path(history))
    new = store.add(figures, commit or _commit(figures))
    if as_json:
        return dumps({"history": str(store.path), "added": new, "runs": len(store)})
    what = f"added as run {len(store)}" if new else f"this run is there already; {how_many(len(store), 'run')}"
    return prose(f"{store.path}: {what}")


def show(
    history: str | Path | None,
    pattern: str | None = None,
    *,
    as_json: bool = False,
    file: str | None = None,
    data: str | None = None,
    baseline: str | None = None,
    markdown: str | None = None,
    github: bool = False,
) -> str:
    """Show figures over the runs of a history and where they changed, by commit.

    Parameters
    ----------
    history : str or Path, optional
    pattern : str, optional
        Pattern of names; by default all figures that ever changed.
    as_json : bool
    file, data : str, optional
        Files for the figure, and for its numbers.
    baseline : str, optional
        File with limits; by default the limits of the kinds of figures apply.
    markdown : str, optional
        File for the changes as Markdown.
    github : bool
        Whether to add the changes to the step summary.

    Raises
    ------
    UserError
        If there is no history, no figure matches, or there are too many to draw.
    """
    store = History(store_path(history))
    limits = baselines.read(baseline).limits if baseline else {}
    series = store.all_series(pattern or "*")
    if not series and pattern is None:
        raise UserError(f"the history {store.path} has no runs; add one with `spikecost history add RUN`")
    if not series:
        raise UserError(f"no figure of {store.path} is named '{pattern}'; give a pattern such as '*/dt_ms'")
    steps = {name: changes(each, is_noisy(name)) for name, each in series.items()}
    found = series if pattern else {name: each for name, each in series.items() if steps[name]}
    if file:
        if not 0 < len(found) <= MOST_DRAWN:
            raise UserError(f"{len(found)} figures to draw; name 1 to {MOST_DRAWN} with --figure")
        save_figure(plot(found, is_noisy), file, data)
    commits = history_text.by_commit(steps, limits)
    title = _title(store, steps, commits)
    if markdown:
        write_file(markdown, history_text.as_markdown(title, commits).encode())
    if github:
        _add_summary(history_text.as_markdown(title, commits))
    if as_json:
        return dumps(_history_json(store, found, steps, commits))
    if pattern and len(found) == 1:
        ((name, entries),) = found.items()
        said = {step.change.run: _change(step) for commit in commits for step in commit.steps}
        return "\n".join([title, "", name, *history_text.runs_listed(entries, steps[name], said)])
    return history_text.as_text(
        title, commits, {name: each[-1].value for name, each in found.items() if not steps[name]}
    )


def _title(store: History, steps: Mapping[str, Sequence[Change]], commits: Sequence[history_text.Commit]) -> str:
    changed = sum(bool(each) for each in steps.values())
    beyond = len({step.judged.figure for commit in commits for step in commit.steps if step.beyond})
    more = f", {beyond} of them beyond {'their limits' if beyond > 1 else 'its limit'}" if beyond else ""
    return f"{store.path}: {how_many(len(store), 'run')}, {how_many(len(steps), 'figure')}, {changed} changed{more}"


def _history_json(
    store: History,
    found: Mapping[str, Sequence[Entry]],
    steps: Mapping[str, Sequence[Change]],
    commits: Sequence[history_text.Commit],
) -> dict[str, Any]:
    verdicts = {(step.judged.figure, step.change.run): step.judged for commit in commits for step in commit.steps}
    return {
        "history": str(store.path),
        "runs": len(store),
        "figures": {
            name: {
                "runs": [vars(entry) for entry in series],
                "changes": [
                    {
                        **step.to_json(),
                        "limit": verdicts[name, step.run].limit,
                        "verdict": verdicts[name, step.run].verdict,
                    }
                    for step in steps[name]
                ],
            }
            for name, series in found.items()
        },
    }


def is_noisy(figure: str) -> bool:
    """Whether a figure has noise: only times do."""
    return figure.endswith(f"/{TIME}")


def _change(step: history_text.JudgedChange) -> str:
    change = step.change
    percent = "" if change.percent is None else f" ({change.percent:+.3g} %)"
    beyond = f", beyond its limit {step.judged.limit}" if step.beyond else ""
    return f"{change.before:.6g} -> {change.after:.6g}{percent}{beyond}"


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
