"""The table of what simulators cost in docs/simulators.md.

``python tests/reports/commands/costs_of_simulators.py`` measures it and writes it into the page, between two
comments, again after each row. The times are wall times, so nothing else should run. After an interruption,
``--missing`` measures only the rows that are not there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

from brian2 import ms

from spikecost.accuracy.study.study import OURS
from spikecost.flops.toolchain import cpu_model
from spikecost.harness.engines import named_engine
from spikecost.models.ground.errors import attempt
from spikecost.models.reading.by_name import get_model
from spikecost.reports.commands.engines import MODELS, driven, row_of
from spikecost.reports.writing.numbers import short

DOCUMENT = Path(__file__).parents[3] / "docs" / "simulators.md"
DASH = "\u2013"
FIRST, LAST = "<!-- costs -->", "<!-- end of costs -->"
#: Without Brian2: its start takes longer than the steps whose time is the difference of two simulations.
NAMES = (*("nest", "nestml", "neuron", "neuron:crank_nicolson", "neuron:cvode", "arbor"), OURS)
#: Of the row that `spikecost engines` prints; the engine is named as it is asked for.
COLUMNS = ("model", "engine", "method", "dt", "ns", "dt for 0.1 ms", "ns for 0.1 ms")
TIMES = "times ours"
LEFT = "Not measured yet: "
Row = Mapping[str, str]


def runnable() -> list[tuple[str, str]]:
    """Return the labels of the models with the names of the simulators that can run them here, ours first."""
    found = []
    for model in map(get_model, MODELS):
        for name in reversed(NAMES):
            engine, method = (None, "") if name == OURS else named_engine(name)
            if engine is None or not attempt(partial(engine.why_not, model, method)):
                found.append((model.label, name))
    return found


def rows_in(page: str) -> list[Row]:
    """Return the rows that a page has."""
    lines = page.split(FIRST)[1].split(LAST)[0].splitlines()
    cells = [[each.strip() for each in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def written(rows: Sequence[Row], said: str, left: Sequence[tuple[str, str]]) -> str:
    """Return the part of the page: each row has its time over ours.

    Parameters
    ----------
    rows : sequence of mapping
    said : str
        What was measured, and where.
    left : sequence of tuple
        Models and simulators without a row.
    """
    ours = {row["model"]: row["ns for 0.1 ms"] for row in rows if row["engine"] == OURS}
    places = {model: place for place, model in enumerate(dict.fromkeys(row["model"] for row in rows))}
    lines = [f"| {' | '.join(COLUMNS)} | {TIMES} |", "|---" * (len(COLUMNS) + 1) + "|"] if rows else []
    for row in sorted(rows, key=lambda row: (places[row["model"]], NAMES.index(row["engine"]))):
        needed, own = row["ns for 0.1 ms"], ours.get(row["model"], DASH)
        times = DASH if DASH in (needed, own) else short(float(f"{value(needed) / value(own):.2g}"))
        shown = {each: short(value(row[each])) for each in ("ns", "ns for 0.1 ms") if row[each] != DASH}
        lines.append(f"| {' | '.join({**row, **shown}[each] for each in COLUMNS)} | {times} |")
    by_model = {model: ", ".join(name for each, name in left if each == model) for model, _ in left}
    waiting = [f"{LEFT}{'; '.join(f'{model} in {names}' for model, names in by_model.items())}.", ""] if left else []
    return "\n".join([FIRST, *([said, ""] if rows else []), *waiting, *lines, LAST])


def value(text: str) -> float:
    """Return the number that a cell has."""
    return float(text.replace(",", ""))


def put(page: str, part: str) -> str:
    """Return the page with the part between the comments."""
    before, rest = page.split(FIRST)
    return before + part + rest.split(LAST)[1]


def main(*given: str) -> None:
    """Measure, and write the page after each row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--neurons", type=int, default=1024)
    parser.add_argument("--missing", action="store_true")
    options = parser.parse_args(given)
    rows = rows_in(DOCUMENT.read_text("utf-8")) if options.missing else []
    said = (
        f"ns of wall time per neuron and ms of model time, of {options.neurons} neurons with one thread "
        f"({cpu_model()}, {date.today():%Y-%m-%d})."
    )
    left = [each for each in runnable() if each not in {(row["model"], row["engine"]) for row in rows}]
    for model, name in [*left]:
        known = get_model(model)
        row, _ = row_of(known, driven(known, 200 * ms), name, neurons=options.neurons, shortest=Fraction(1, 400))
        sys.stdout.write(f"{model} {name}: {row['ns']}, {row['ns for 0.1 ms']} ns {row['note']}\n")
        sys.stdout.flush()
        if row["ns"] != DASH or row["ns for 0.1 ms"] != DASH:
            rows = [*rows, {**row, "engine": name}]
            left.remove((model, name))
        DOCUMENT.write_text(put(DOCUMENT.read_text("utf-8"), written(rows, said, left)), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
