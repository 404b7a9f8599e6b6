"""What figures have in common: colours that everybody can distinguish, and the labels of axes."""

from __future__ import annotations

from typing import TypeVar

from ...accuracy.measures import MEASURES
from ...accuracy.search.voltage import VoltageRms

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


def pick(items: tuple[_Item, ...], index: int) -> _Item:
    """Return an item, the first again after the last."""
    return items[index % len(items)]


def axis_label(measure: str) -> str:
    """Return the label of an axis of errors."""
    known = {
        "maximum": "largest spike-time error (ms), worst stimulus",
        "rms": "root mean square spike-time error (ms), mean over the stimuli",
        "mean": "mean spike-time error (ms), late or early, mean over the stimuli",
        "drift": "drift of the spike-time error (ms/s), late or early, mean over the stimuli",
        VoltageRms.name: "error of the voltage between spikes, median stimulus",
    }
    if measure in known:
        return known[measure]
    unit = MEASURES[measure].unit
    away = f"1 - {measure}" if MEASURES[measure].perfect else f"|{measure}|"
    return f"{away}, mean" if unit == "1" else f"{away} ({unit}), mean"
