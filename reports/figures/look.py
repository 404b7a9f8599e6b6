"""What figures have in common: colours that everybody can distinguish, and legends."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..writing.escape import in_figure

_Item = TypeVar("_Item", bound=str)

#: Colours of models. The first seven can be distinguished by colour-blind readers (Okabe and Ito 2008); each of the
#: others is as far from all before it as is possible in CIELAB, between the lightness 18 and 76.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
    *("#0000F0", "#00D000", "#F020E0", "#301080", "#505000", "#E00050", "#601000"),
    *("#A0C040", "#C0B090", "#A080F0", "#600040", "#306060", "#F08070", "#107000"),
    *("#0050F0", "#D02090", "#F00010", "#00D070", "#705040", "#8000C0", "#303060"),
)
#: The same on a dark page, between the lightness 52 and 97.
ON_DARK = (
    *("#3C8CE0", "#FF8A3D", "#2FC99A", "#E39AC6", "#F0C04A", "#9FD3F5", "#F5F5F5"),
    *("#E000F0", "#00F000", "#F02060", "#60A000", "#808050", "#B070F0", "#E0F000"),
    *("#F030B0", "#D0F0A0", "#C07060", "#00F080", "#309090", "#F03000", "#F0C090"),
    *("#8080A0", "#60F0F0", "#90F050", "#908010", "#209040", "#E05040", "#D05080"),
)
#: Markers, as many as there are methods.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "h", "<", ">", "d", "8")
#: With more models, colours alone do not distinguish them: each has a marker, too.
MOST_BY_COLOUR = 8
_Line = Literal["-", "--", ":", "-."]
_LINES: tuple[_Line, ...] = ("-", ":", "-.")


def line_of(detection: str, detections: Sequence[str]) -> _Line:
    """Return the line of a detection: a dashed line always means spikes at the end of a step."""
    others = [each for each in detections if each != "grid"]
    return "--" if detection == "grid" else pick(_LINES, others.index(detection))


def pick(items: tuple[_Item, ...], index: int) -> _Item:
    """Return an item, the first again after the last."""
    return items[index % len(items)]


#: Sizes of a legend in inches: the width of a letter, the height of a line, and the width of a sample with its gaps.
_LETTER, _LINE, _SAMPLE = 0.078, 0.19, 0.65


def legend_below(figure: Figure, handles: Sequence[Artist], most: int) -> None:
    """Put a legend below a figure: as many columns as fit, at most `most`, and a higher figure if it has many lines.

    Names that are wider than the figure are continued on another line, after an underscore, a colon or a space.
    """
    if not handles:
        return
    width = figure.get_figwidth() - 0.3
    for each in handles:
        each.set_label(folded(str(each.get_label()), int((width - _SAMPLE) / _LETTER)))
    labels = [str(each.get_label()).split("\n") for each in handles]
    for across in range(min(most, len(handles)), 0, -1):
        columns = np.array_split(np.arange(len(labels)), across)  # as matplotlib fills them
        letters = [max(len(line) for i in column for line in labels[i]) for column in columns]
        if _SAMPLE * across + _LETTER * sum(letters) <= width:
            break
    lines = max(sum(len(labels[i]) for i in column) for column in columns)
    # the usual height has room for two lines
    figure.set_figheight(figure.get_figheight() + _LINE * max(lines - 2, 0))
    figure.legend(handles=handles, loc="outside lower center", ncols=across, frameon=False, fontsize=9)


@dataclass(frozen=True)
class End:
    """The end of a line that is named beside its panel."""

    name: str
    x: float
    """In the units of the axis."""
    y: float
    colour: str


#: Height of a name beside a panel, in inches.
NAME = 0.115


def name_ends(axis: Axes, ends: Sequence[End], height: float) -> None:
    """Write names beside a panel with logarithmic axes, each connected with its end.

    Names of `height`, a part of the panel's, never cover others.
    """
    ordered = sorted(ends, key=lambda end: -end.y)
    low, high = (math.log10(value) for value in axis.get_ylim())
    places: list[float] = []
    for end in ordered:
        own = (math.log10(end.y) - low) / (high - low)
        places.append(min(own, places[-1] - height) if places else own)
    lowest = -0.12  # beside the label of the axis
    for i in reversed(range(len(places))):
        places[i] = max(places[i], lowest + height * (len(places) - 1 - i))
    for place, end in zip(places, ordered, strict=True):
        axis.annotate(
            in_figure(end.name),
            xy=(end.x, end.y),
            xytext=(1.04, place),
            textcoords="axes fraction",
            va="center",
            fontsize=7,
            arrowprops={
                "arrowstyle": "-",
                "color": end.colour,
                "linewidth": 0.6,
                "shrinkA": 0,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )


def folded(name: str, width: int) -> str:
    """Return a name in lines of at most `width` letters if it has places to break it."""
    lines = [""]
    for part in re.findall(r"[^_: ]*[_: ]*", name):
        if lines[-1] and len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
