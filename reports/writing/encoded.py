"""Tables and figures as the bytes of a file: one function for each format."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from .escape import markdown
from .numbers import number
from .text import numeric

#: Metadata that would differ each time a file is written: the same run gives the same file.
_NO_DATE: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def to_figure(figure: Figure, kind: str, dpi: float | None = 150) -> bytes:
    """Return a figure in a format, such as ``svg``; without `dpi`, in the resolution of the current style."""
    return to_figures(figure, (kind,), dpi)[kind]


def to_figures(
    figure: Figure, kinds: Iterable[str], dpi: float | None = 150, few_colours: bool = True
) -> dict[str, bytes]:
    """Return a figure in several formats, by format: it is laid out once, which takes longer than to draw it.

    Pictures in few colours are smaller.
    """
    found = {}
    engine = figure.get_layout_engine()
    # the first two would give a figure another layout engine in place of none; the last is for names within an SVG
    own = matplotlib.rc_context(
        {"figure.autolayout": False, "figure.constrained_layout.use": False, "svg.hashsalt": "spikecost"}
    )
    with warnings.catch_warnings(), own:
        # a letter that the font lacks, in the name of a model, is drawn as a box; the page has it as text
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine(None)
        try:
            for kind in kinds:
                if few_colours and kind == "png":
                    found[kind] = _in_few_colours(figure, dpi)
                    continue
                buffer = io.BytesIO()
                figure.savefig(buffer, format=kind, dpi=dpi, metadata=_NO_DATE.get(kind))
                found[kind] = buffer.getvalue()
        finally:
            figure.set_layout_engine(engine)
    return found


def _in_few_colours(figure: Figure, dpi: float | None) -> bytes:
    """Return a figure as a PNG picture with at most 256 colours: a third of the size, and no difference one can see.

    It is drawn once; `Figure.savefig` would draw it twice, and compress it before its colours are known.
    """
    before = figure.canvas
    canvas: Any = FigureCanvasAgg(figure)
    own_dpi = figure.dpi
    asked = matplotlib.rcParams["savefig.dpi"] if dpi is None else dpi
    try:
        figure.dpi = own_dpi if asked == "figure" else asked
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(256)
        found = io.BytesIO()
        picture.save(found, format="png", optimize=True, dpi=(figure.dpi, figure.dpi))
    finally:
        figure.dpi = own_dpi
        figure.set_canvas(before)
    return found.getvalue()


#: Measured numbers hardly repeat: a column of floating-point numbers with more distinct values than this part of its
#: rows is stored byte by byte (the first bytes of all numbers, then the second, ...), which compresses them to half.
_DISTINCT = 0.25


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet, its numbers with all digits."""
    buffer = io.BytesIO()
    apart = [
        str(name)
        for name, column in frame.items()
        if column.dtype.kind == "f" and column.nunique() > _DISTINCT * len(column)
    ]
    frame.to_parquet(
        buffer,
        index=False,
        compression="zstd",
        use_dictionary=[str(name) for name in frame if name not in apart] or False,
        use_byte_stream_split=apart or False,
    )
    return buffer.getvalue()


def to_markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown; columns of numbers are aligned right."""
    rows = (map(number, row) for row in frame.itertuples(index=False, name=None))
    return markdown_rows([str(name) for name in frame], rows, [numeric(frame[name]) for name in frame])


def markdown_rows(columns: Sequence[str], rows: Iterable[Iterable[str]], right: Sequence[bool]) -> str:
    """Return rows of texts as a Markdown table that shows the texts unchanged.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of iterable of str
    right : sequence of bool
        Whether a column is aligned right.
    """
    rule = "|".join("---:" if each else "---" for each in right)
    head, *body = (f"| {' | '.join(map(markdown, row))} |" for row in (columns, *rows))
    return "\n".join([head, f"|{rule}|", *body, ""])
