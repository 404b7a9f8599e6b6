"""What figures have in common: colours that everybody can distinguish, and the labels of axes."""

from __future__ import annotations

from typing import TypeVar

from ...accuracy.measures import MEASURES
from ...accuracy.search.voltage import VoltageRms

_Item = TypeVar("_Item", bound=str)

#: Colours that colour-blind readers can distinguish (Okabe and Ito 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
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
