"""The table of costs in docs/simulators.md: where it is, and what is in it."""

from __future__ import annotations

import pandas as pd

from spikecost.harness.engines import named_engine
from spikecost.reports.commands.engines import MODELS

from .costs_of_simulators import COLUMNS, DASH, DOCUMENT, FIRST, LAST, NAMES, put, written

ROWS = [
    ("lif", "NEST", "exact", "0.1", "120", "0.01", "1200"),
    ("lif", "NEURON", "cvode", "0.025", "900", "< 0.0025", DASH),
    ("lif", "Arbor", DASH, DASH, DASH, DASH, DASH),
    ("lif", "spikecost", "rk4 hermite", "0.025", "40", "1", "2.4"),
]


def test_the_part_of_the_page():
    part = written(pd.DataFrame(ROWS, columns=COLUMNS), 64, "a processor, today")
    assert "| lif | NEST | exact | 0.1 | 120 | 0.01 | 1200 | 5e+02 |" in part
    assert f"| lif | NEURON | cvode | 0.025 | 900 | < 0.0025 | {DASH} | {DASH} |" in part
    assert "Arbor" not in part
    assert "of 64 neurons with one thread (a processor, today)" in part
    page = put(f"a\n{FIRST}\nold\n{LAST}\nb\n", part)
    assert page == f"a\n{part}\nb\n"
    assert put(page, part) == page


def test_the_page_has_a_place_for_it_and_what_is_there_is_complete():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count(FIRST) == text.count(LAST) == 1
    part = text.split(FIRST)[1].split(LAST)[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if "|" in line][2:]
    for row in rows:
        assert len(row) == len(COLUMNS) + 1
        assert float(row[4]) > 0
    assert bool(rows) != ("not measured yet" in part)  # a missing table is said to be missing
    if rows:
        assert len({row[0] for row in rows}) == len(MODELS)
        assert {named_engine(name)[0].title for name in NAMES} | {"spikecost"} == {row[1] for row in rows}
