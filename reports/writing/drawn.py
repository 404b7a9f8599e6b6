"""The numbers of a figure, as they are drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

#: Columns and their meaning.
COLUMNS = {
    "panel": "title of the panel",
    "across": "label of the horizontal axis",
    "up": "label of the vertical axis",
    "curve": "curve that the points belong to",
    "x": "",
    "y": "",
}


def drawn(figure: Figure) -> pd.DataFrame:
    """Return one row per point of every curve of a figure; columns as in `COLUMNS`.

    Lines that mark a place across a whole panel are left out; a gap in a curve has no row.
    """
    parts = []
    for axis in figure.axes:
        for line in axis.get_lines():
            x, y = (np.asarray(values, dtype=float) for values in line.get_data())
            there = np.isfinite(x) & np.isfinite(y)
            if line.get_transform() != axis.transData or not there.any():
                continue
            label, title = str(line.get_label()), axis.get_title() or axis.get_title(loc="left")
            parts.append(
                pd.DataFrame({"x": x[there], "y": y[there]}).assign(
                    panel=_plain(title),
                    across=_plain(axis.get_xlabel()),
                    up=_plain(axis.get_ylabel()),
                    curve="" if label.startswith("_") else _plain(label),
                )
            )
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))


def _plain(text: str) -> str:
    return " ".join(text.replace(r"\$", "$").split())  # as `escape.in_figure` has written it
