"""Tables and spike rasters as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def table_html(title: str, headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table; all texts are escaped."""
    lines = "".join([_row("th", headings), *(_row("td", row) for row in rows)])
    return f"<table><caption>{escape(title)}</caption>{lines}</table>"


def raster_html(times: Iterable[float], stop: float) -> str:
    """Return a raster plot of spike times in ms, from 0 to `stop`."""
    lines = "".join(f'<line x1="{time:.6g}" x2="{time:.6g}" y1="0" y2="1"/>' for time in times)
    return (
        f'<svg role="img" aria-label="spike times, 0 to {stop:g} ms" width="640" height="32" '
        f'viewBox="0 0 {stop:g} 1" preserveAspectRatio="none">'
        f'<g stroke="currentColor" stroke-width="{stop / 640:.4g}">{lines}</g></svg>'
    )


def _row(tag: str, entries: Iterable[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(str(entry))}</{tag}>' for entry in entries)}</tr>"
