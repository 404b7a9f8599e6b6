"""The table of what simulators cost in docs/simulators.md.

``python tests/reports/commands/costs_of_simulators.py`` measures it and writes it into the page, between two
comments. It takes more than nine minutes, in which nothing else should run: the times are wall times.
"""

from __future__ import annotations

import sys
from datetime import date
from fractions import Fraction
from pathlib import Path

import pandas as pd
from brian2 import ms

from spikecost.flops.toolchain import cpu_model
from spikecost.reports.commands.engines import engines

DOCUMENT = Path(__file__).parents[3] / "docs" / "simulators.md"
DASH = "\u2013"
FIRST, LAST = "<!-- costs -->", "<!-- end of costs -->"
NAMES = ("brian2:cython", "nest", "nestml", "neuron", "neuron:crank_nicolson", "neuron:cvode", "arbor")
#: Of the table that `spikecost engines` prints.
COLUMNS = ("model", "engine", "method", "dt", "ns", "dt for 0.1 ms", "ns for 0.1 ms")


def written(table: pd.DataFrame, neurons: int, where: str) -> str:
    """Return the part of the page: rows without a time are left out, and each has its time over ours."""
    rows = table[table["ns"] != DASH]
    ours = rows[rows["engine"] == "spikecost"].set_index("model")["ns for 0.1 ms"].to_dict()
    lines = [f"| {' | '.join(COLUMNS)} | times ours |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row in rows[list(COLUMNS)].to_dict("records"):
        needed, own = row["ns for 0.1 ms"], ours.get(row["model"], DASH)
        times = DASH if DASH in (needed, own) else f"{float(needed) / float(own):.2g}"
        lines.append(f"| {' | '.join(str(row[each]) for each in COLUMNS)} | {times} |")
    said = f"ns of wall time per neuron and ms of model time, of {neurons} neurons with one thread ({where})."
    return "\n".join([FIRST, said, "", *lines, LAST])


def put(page: str, part: str) -> str:
    """Return the page with the part between the comments."""
    before, rest = page.split(FIRST)
    return before + part + rest.split(LAST)[1]


def main(neurons: int = 1024) -> None:
    """Measure, and write the page."""
    found = engines([], NAMES, horizon=200 * ms, neurons=neurons, shortest=Fraction(1, 400))
    where = f"{cpu_model()}, {date.today():%Y-%m-%d}"
    DOCUMENT.write_text(put(DOCUMENT.read_text(encoding="utf-8"), written(found.table, neurons, where)), "utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
