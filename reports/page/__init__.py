"""The page of a run: one HTML file that opens from disk and needs no network."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import plotly.offline
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from ..figures.look import COLOURS, ON_DARK, pick
from ..results.run_tables import RunTables
from ..writing.numbers import number, short
from . import tables
from .claims import claims
from .embedded import data

#: The scripts of the page, in the order in which they are read; the last one starts them.
SCRIPTS = (
    "tools.js",
    "plot.js",
    "ratios.js",
    "work_precision.js",
    "breakdown.js",
    "recorded.js",
    "features.js",
    "cells.js",
    "choosing.js",
    "start.js",
)


def page(run: RunTables) -> str:
    """Return the page as HTML.

    Everything that must be readable without scripts (verdict, winner map, failed cases, provenance) is text; plots and
    the table of all cases are drawn from data within the page. Data and plotly.js are compressed and encoded, so no
    name in them can end a script.
    """
    verdict = tables.verdict(run)
    return template("page.html").render(
        run=run,
        named=tables.models_text(run.models),
        about=run.about,
        suite=run.about["suite"],
        verdict=verdict,
        in_short=tables.in_short(verdict),
        answer=tables.answer(run),
        lacking=tables.lacking(verdict),
        several_rates=tables.several_rates(run),
        published=tables.published(run),
        maps=tables.winner_maps(run),
        failed=tables.failed(run),
        stability=tables.stability(run),
        features=tables.features(run),
        demos=tables.demos(run),
        peers=tables.peers(run),
        claims=claims(),
        style=style_of(max(len(run.models), run.by_kind["kind"].nunique())),
        script=script_of(SCRIPTS),
        plotly=plotly_packed(),
        data=packed(json.dumps(data(run), separators=(",", ":"), allow_nan=False)),
    )


def style_of(models: int) -> Markup:
    """Return the style of a page with colours for so many models."""
    return _own("style.css") + _colours(models)


def script_of(names: Sequence[str]) -> Markup:
    """Return scripts in their order."""
    return Markup("\n").join(_own(name) for name in names)


def _own(name: str) -> Markup:
    """Return a file of `browser` unchanged: it is part of spikecost and contains no name from a user."""
    return Markup(files(__name__).joinpath("browser", name).read_text("utf-8"))  # noqa: S704


def _colours(number: int) -> Markup:
    """Return the colours of models, and of kinds of operation, as a style: on a light page and on a dark one."""
    light, dark = (
        " ".join(f"--m{place}: {pick(colours, place)};" for place in range(number)) for colours in (COLOURS, ON_DARK)
    )
    text = f"\n:root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return Markup(text)  # noqa: S704 - made of numbers


def breakable(name: str) -> Markup:
    """Return a name that a browser may break after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


@cache
def plotly_packed() -> str:
    """Return the plotting library as `packed`."""
    return packed(plotly.offline.get_plotlyjs())


def packed(text: str) -> str:
    """Return a text compressed, in letters that cannot end a script."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


@cache
def template(name: str) -> Template:
    """Return a template of `browser`."""
    environment = Environment(
        loader=PackageLoader(__name__, "browser"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    filters: dict[str, Any] = {
        "number": number,
        "short": short,
        "dt": tables.dt_text,
        "cost": tables.cost_text,
        "times": tables.times_text,
        "breakable": breakable,
    }
    environment.filters.update(filters)
    return environment.get_template(name)
