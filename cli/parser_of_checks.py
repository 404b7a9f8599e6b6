"""The parsers of the commands that compare runs with a baseline and with a history."""

from __future__ import annotations

import argparse
import os
from typing import Any

from . import on_runs
from .options import Parser, add_consent, add_data, add_quiet


def add_checks(commands: Any) -> None:
    """Add the commands ``check``, ``baseline`` and ``history``."""
    check = commands.add_parser(
        "check",
        help="compare a run with a baseline: 0 it holds, 1 it regressed, "
        "2 it could not be judged, or improved so much that the baseline must be renewed",
    )
    baseline = commands.add_parser("baseline", help="make a baseline, or renew it")
    update = baseline.add_subparsers(metavar="update", required=True, parser_class=Parser).add_parser(
        "update", help="write the figures of a run to a baseline; its limits stay"
    )
    for command in (check, update):
        command.add_argument("folder", nargs="?", metavar="RUN", help="folder of a run (default: runs a small suite)")
        command.add_argument("--baseline", required=True, metavar="FILE", help="file of the baseline")
        command.add_argument("--suite", metavar="FILE", help="a suite in TOML to run instead of the small suite")
        add_consent(command)
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads")
        command.add_argument(
            "--models",
            nargs="+",
            action="names",
            default=(),
            metavar="MODEL",
            help="run these models instead of the suite's, such as my_model.py:model",
        )
        command.add_argument(
            "--without-counter",
            action="store_true",
            help="accept counts that no exact counter confirms, where none works (see doctor)",
        )
        add_quiet(command)
    update.add_argument(
        "--figures",
        nargs="+",
        default=(),
        metavar="PATTERN",
        help="renew only figures with these names, such as 'lif*dt_ms' (default: all)",
    )
    check.add_argument(
        "--only", default="*", metavar="PATTERN", help="judge only figures with these names, such as 'lif*dt_ms'"
    )
    check.add_argument(
        "--gate-times",
        action="store_true",
        help="a kernel that became slower counts as regressed; the toolchain must be the baseline's",
    )
    check.add_argument("--all", action="store_true", help="also list the figures that hold")
    check.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    check.add_argument("--markdown", metavar="FILE", help="write the table as Markdown")
    check.add_argument("--github", action="store_true", help="add annotations, and the table to the step summary")
    check.set_defaults(run=on_runs.check)
    update.set_defaults(run=on_runs.update)

    history = commands.add_parser("history", help="show figures over the runs of a history, and where they changed")
    add = history.add_subparsers(metavar="add", parser_class=Parser).add_parser("add", help="add a run")
    add.add_argument("folder", metavar="RUN", help="folder of a run")
    add.add_argument("--commit", metavar="HASH", help="commit that was run (default: from the run or folder)")
    for command in (history, add):
        command.add_argument(
            "--history",
            "--store",
            dest="history",
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="file of the history (default: SPIKECOST_HISTORY, or spikecost-history.sqlite here)",
        )
    history.add_argument("--figure", metavar="PATTERN", help="such as 'lif*dt_ms' (default: figures that changed)")
    history.add_argument(
        "--baseline", metavar="FILE", help="judge changes by the limits in this baseline (default: those of its kind)"
    )
    history.add_argument("--markdown", metavar="FILE", help="write the changes as Markdown")
    history.add_argument("--github", action="store_true", help="add the changes to the step summary")
    history.add_argument("--plot", metavar="FILE", help="plot the figures to a .png, .svg or .pdf")
    add_data(history)
    history.set_defaults(run=on_runs.history, history=None)
    add.set_defaults(run=on_runs.history_add)
