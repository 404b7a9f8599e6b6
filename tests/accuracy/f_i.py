"""Spikes of every model and preset at its drive and at two stronger drives: the file f_i.csv, for people to review.

``python tests/accuracy/f_i.py`` writes it with the references' solver; test_presets.py compares it with that solver and
with a solver that shares nothing with it. A row: the spikes within `HORIZON`, and the times of the first ones in ms.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from spikecost.accuracy.references import closed_form, taylor
from spikecost.accuracy.regimes.drives import constant_drive
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.reading.by_name import get_model

#: In ms.
HORIZON = 300.0
#: Multiples of the preset's drive.
STRENGTHS = (1.0, 1.25, 1.6)
#: Number of spikes with times in the file.
TIMES = 5
FILE = Path(__file__).with_name("f_i.csv")


@dataclass(frozen=True)
class Point:
    """One row."""

    model: str
    """Name and preset."""
    strength: float
    spikes: int
    times: tuple[float, ...]


def presets() -> list[str]:
    """Return every model, once with each of its presets."""
    return [
        label
        for name, model in MODELS.items()
        for label in ([] if model.preset else [name]) + [f"{name}:{preset}" for preset in model.presets]
    ]


def drive(label: str, strength: float) -> float:
    """Return a multiple of a preset's drive, in its internal unit."""
    return strength * float(units.internal(get_model(label).drive))


def computed(label: str, strength: float) -> Point:
    """Return the row from the first of the reference's two computations; other tests check that both are equal."""
    model = get_model(label)
    stimulus = constant_drive(model, drive(label, strength), HORIZON)
    solve = closed_form.solve if closed_form.applies(model, stimulus) else taylor.solve
    times = solve(model, stimulus, taylor.FIRST).times
    return Point(label, strength, len(times), tuple(float(f"{time:.9f}") for time in times[:TIMES]))


def read() -> list[Point]:
    """Return the rows of the file."""
    with FILE.open(newline="") as file:
        return [
            Point(row["model"], float(row["strength"]), int(row["spikes"]), tuple(map(float, row["times"].split())))
            for row in csv.DictReader(file)
        ]


if __name__ == "__main__":
    with FILE.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["model", "strength", "spikes", "times"])
        for each in presets():
            for by in STRENGTHS:
                point = computed(each, by)
                writer.writerow([each, by, point.spikes, " ".join(f"{time:.9f}" for time in point.times)])
