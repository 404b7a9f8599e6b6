"""The parser of the command ``atlas``."""

from __future__ import annotations

import argparse
import os
from typing import Any

from . import on_atlas
from .options import Parser, add_open, add_quiet, add_store


def add_atlas(commands: Any) -> None:
    """Add the command."""
    atlas = commands.add_parser("atlas", help="look up which model, method and dt, without a run")
    actions = atlas.add_subparsers(metavar="info|show|page|make|check", required=True, parser_class=Parser)
    info = _action(actions, "info", "say what the atlas has, what it lacks, and how long it took")
    show = _action(actions, "show", "show the cheapest way to run a model in each regime")
    show.add_argument("model", metavar="MODEL", help="such as adex or adex:bursting")
    show.add_argument("--drive", metavar="KIND", help="such as constant or ornstein_uhlenbeck (default: all)")
    show.add_argument("--precision", default="double", metavar="FORMAT", help="double (default) or single")
    page = _action(actions, "page", "write the atlas as one HTML file, to choose a model in a browser")
    page.add_argument("--out", default="atlas.html", metavar="FILE", help="file (default: atlas.html)")
    add_open(page)
    make = _action(actions, "make", "make the parts that are missing, the most useful first")
    make.add_argument(
        "--models", nargs="+", action="names", default=(), metavar="MODEL", help="only these, such as lif adex:bursting"
    )
    make.add_argument(
        "--drives", nargs="+", action="names", default=(), metavar="KIND", help="only these, such as constant"
    )
    make.add_argument("--for", dest="limit", metavar="TIME", help="begin no part after this time, such as 1200s")
    check = _action(actions, "check", "compute a random sample again: 0 it is the same, 2 it is not")
    check.add_argument("--fraction", type=float, default=0.01, metavar="F", help="part of the rows (default 0.01)")
    check.add_argument("--seed", default="", metavar="TEXT", help="decides what is drawn, such as a date")
    check.add_argument("--for", dest="limit", metavar="TIME", help="leave out what would take longer, such as 60s")
    for each in (make, check):
        each.add_argument(
            "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads (default: all cores)"
        )
        add_store(each)
        add_quiet(each)
    for each in (info, show, page, make, check):
        each.add_argument("--folder", metavar="DIR", help="folder of the data (default: those of spikecost)")


def _action(actions: Any, name: str, said: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=said)
    parser.set_defaults(run=on_atlas.atlas, action=name)
    return parser
