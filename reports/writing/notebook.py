"""How notebooks show results: tables and figures."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ...models.ground.html import table_html
from .encoded import to_figure
from .numbers import number


class Shown(ABC):
    """A result that notebooks show as tables and figures, and terminals as text."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The text for a terminal."""

    @abstractmethod
    def _repr_html_(self) -> str: ...

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return both HTML and text; the notebook chooses."""
        del include, exclude
        return {"text/plain": self.text, "text/html": self._repr_html_()}


class Picture(Figure):
    """A figure that notebooks show by itself, without a magic command."""

    def _repr_png_(self) -> bytes:
        return to_figure(self, "png", dpi=100)


def frame_html(title: str, frame: pd.DataFrame, columns: Sequence[str] = ()) -> str:
    """Return some columns of a table, all of them by default, as HTML; its texts are escaped."""
    columns = list(columns) or list(frame.columns)
    rows = frame[columns].itertuples(index=False, name=None)
    return table_html(title, columns, (map(number, row) for row in rows))


def figure_html(figure: Figure, label: str) -> str:
    """Return a figure as HTML that needs no other file."""
    data = base64.b64encode(to_figure(figure, "png", dpi=80)).decode()
    return f'<img alt="{escape(label)}" src="data:image/png;base64,{data}">'
