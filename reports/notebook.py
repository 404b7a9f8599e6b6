"""What a notebook shows of results: tables and figures as HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd
from matplotlib.figure import Figure

from .page import number


def table_html(title: str, frame: pd.DataFrame, columns: Sequence[str] = ()) -> str:
    """Return some columns of a table, all of them by default, as HTML; its texts are escaped."""
    columns = columns or list(frame.columns)
    rows = [_row("th", columns), *(_row("td", map(number, row))
                                   for row in frame[list(columns)].itertuples(index=False, name=None))]
    return f"<table><caption>{escape(title)}</caption>{''.join(rows)}</table>"


def figure_html(figure: Figure, label: str) -> str:
    """Return a figure as HTML that needs no other file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{escape(label)}" src="data:image/png;base64,{data}">'


def _row(tag: str, entries: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(str(entry))}</{tag}>' for entry in entries)}</tr>"
