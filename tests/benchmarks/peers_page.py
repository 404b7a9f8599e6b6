"""The table of times over ours in docs/simulators.md, which `test_peers.py` fills if it is told the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import not_

FIRST, LAST = "<!-- peers -->", "<!-- end of peers -->"
#: The columns before those of programs.
FIXED = ["model", "method", "neurons", "ours (ns)"]


def rows_in(page: str) -> list[dict[str, str]]:
    """Return the rows that a page has, by column."""
    lines = [line for line in page.split(FIRST)[1].split(LAST)[0].splitlines() if line.startswith("|")]
    if not lines:
        return []
    header, _, *rows = [[each.strip() for each in line.strip("|").split("|")] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


def put(page: str, model: str, method: str, table: Sequence[Mapping[str, object]], said: str) -> str:
    """Return the page with the rows of a model and a method, in the place of earlier ones.

    Parameters
    ----------
    page : str
    model, method : str
    table : sequence of mapping
        One row per number of neurons and program, ours first: ``neurons``, ``program`` (with its scheme in
        parentheses, if that is its own), ``ns``, ``over ours``, ``from`` and ``to``.
    said : str
        Where and when it was measured.
    """
    known = rows_in(page)
    is_earlier = [(row["model"], row["method"]) == (model, method) for row in known]
    made = []
    for neurons in dict.fromkeys(row["neurons"] for row in table):
        ours, *others = [row for row in table if row["neurons"] == neurons]
        cells = dict(zip(FIXED, [model, method, f"{neurons:,}", str(ours["ns"])], strict=True))
        for row in others:
            name, _, scheme = str(row["program"]).rstrip(")").partition(" (")
            spread = "" if row["from"] == row["to"] else f" ({row['from']} to {row['to']})"
            cells[name] = f"{row['over ours']}{spread}{scheme and f', {scheme}'}"
        made.append(cells)
    rows = list(compress(known, map(not_, is_earlier)))
    place = is_earlier.index(True) if any(is_earlier) else len(rows)
    rows[place:place] = made
    header = [*FIXED, *dict.fromkeys(name for row in rows for name in row if name not in FIXED)]
    lines = [header, ["---"] * len(header), *([row.get(name) or "-" for name in header] for row in rows)]
    before, rest = page.split(FIRST)
    written = "\n".join([FIRST, said, "", *(f"| {' | '.join(row)} |" for row in lines), LAST])
    return "".join([before, written, rest.split(LAST)[1]])
