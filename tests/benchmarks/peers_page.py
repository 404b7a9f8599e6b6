"""The table of times over ours in docs/simulators.md, which `test_peers.py` fills if it is told the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FIRST, LAST = "<!-- peers -->", "<!-- end of peers -->"
HEADER = ["model", "method", "neurons", "our ns", "time over ours (range of the rounds)"]


def rows_in(page: str) -> list[list[str]]:
    """Return the rows that a page has."""
    lines = [line for line in page.split(FIRST)[1].split(LAST)[0].splitlines() if line.startswith("|")]
    return [[each.strip() for each in line.strip("|").split("|")] for line in lines[2:]]


def put(page: str, model: str, method: str, table: Sequence[Mapping[str, object]], said: str) -> str:
    """Return the page with the rows of a model and a method, which replace earlier ones.

    Parameters
    ----------
    page : str
    model, method : str
    table : sequence of mapping
        One row per number of neurons and program, ours first: ``neurons``, ``program``, ``ns``, ``over ours``, ``from``
        and ``to``.
    said : str
        Where and when it was measured.
    """
    rows = [row for row in rows_in(page) if row[:2] != [model, method]]
    for neurons in dict.fromkeys(row["neurons"] for row in table):
        ours, *others = [row for row in table if row["neurons"] == neurons]
        one = all(row["from"] == row["to"] for row in others)
        parts = [
            f"{row['program']} {row['over ours']}" + ("" if one else f" ({row['from']}-{row['to']})") for row in others
        ]
        rows.append([model, method, str(neurons), str(ours["ns"]), "; ".join(parts)])
    lines = [f"| {' | '.join(row)} |" for row in (HEADER, *rows)]
    lines.insert(1, "|---" * len(HEADER) + "|")
    before, rest = page.split(FIRST)
    return "".join([before, "\n".join([FIRST, said, "", *lines, LAST]), rest.split(LAST)[1]])
