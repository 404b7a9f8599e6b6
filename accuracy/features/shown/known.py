"""Results of searches in the catalogue's models with all their presets: catalogue.csv, for people to review.

``python -m spikecost.accuracy.features.shown.known`` searches all models and writes it (half an hour); the tests
compare it with the search.
"""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path

from ....models.catalogue import with_presets
from ....models.definition.neuron import NeuronModel
from ..protocols.base import FEATURES
from .search import CANNOT, FOUND, NOT_FOUND, NOT_TRIED, FeatureOutcome, search

FILE = Path(__file__).with_name("catalogue.csv")
#: The mark in the file for each outcome.
MARKS = {FOUND: "+", NOT_FOUND: "-", CANNOT: "x", NOT_TRIED: "?"}

_OUTCOMES = {mark: outcome for outcome, mark in MARKS.items()}


def known(model: NeuronModel) -> dict[str, FeatureOutcome] | None:
    """Return the outcomes of a model's search by feature; None if the file has none for its present definition."""
    row = _rows().get(model.label)
    if row is None or row["definition"] != digest(model):
        return None
    return {name: _OUTCOMES[row[name]] for name in FEATURES if name in row}


def digest(model: NeuronModel) -> str:
    """Return a digest of a model's definition, including parameters."""
    return hashlib.sha256(model.content.encode()).hexdigest()[:12]


@cache
def _rows() -> dict[str, dict[str, str]]:
    with FILE.open(newline="", encoding="utf-8") as file:
        return {row["model"]: row for row in csv.DictReader(line for line in file if not line.startswith("#"))}


def _write() -> None:
    rows = [[model.label, digest(model), *(MARKS[each.outcome] for each in search(model))] for model in with_presets()]
    with FILE.open("w", newline="", encoding="utf-8") as file:
        file.write(
            f"# The twenty features of Izhikevich 2004 in models with every preset: written by\n"
            f"# python -m {__spec__.name}, for people to review. "
            f"{', '.join(f'{mark} {outcome}' for outcome, mark in MARKS.items())}.\n"
            "# definition: the start of a digest of the model's equations and numbers.\n"
        )
        csv.writer(file, lineterminator="\n").writerows([["model", "definition", *FEATURES], *rows])


if __name__ == "__main__":
    _write()
