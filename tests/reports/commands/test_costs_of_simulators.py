"""The table of costs in docs/simulators.md: where it is, and what is in it."""

from __future__ import annotations

import pytest

from . import costs_of_simulators as costs
from .costs_of_simulators import COLUMNS, DASH, DOCUMENT, FIRST, LAST, LEFT, put, rows_in, runnable, value, written

ROWS = [
    dict(zip(COLUMNS, row, strict=True))
    for row in (
        ("lif", "spikecost", "rk4 hermite", "0.025", "40", "1", "2.4"),
        ("lif", "neuron:cvode", "cvode", "0.025", "900", "< 0.0025", DASH),
        ("lif", "nest", "exact", "0.1", "120", "0.01", "1200"),
    )
]
ALL = [("lif", name) for name in ("spikecost", "neuron:cvode", "nest")]


def test_the_part_of_the_page():
    part = written(ROWS, "a processor, today", [("lif", "arbor"), ("lif", "nestml"), ("adex", "arbor")])
    assert part.splitlines() == [
        *(FIRST, "a processor, today", "", "Not measured yet: lif in arbor, nestml; adex in arbor.", ""),
        "| model | engine | method | dt | ns | dt for 0.1 ms | ns for 0.1 ms | times ours |",
        "|---|---|---|---|---|---|---|---|",
        "| lif | nest | exact | 0.1 | 120 | 0.01 | 1,200 | 500 |",
        f"| lif | neuron:cvode | cvode | 0.025 | 900 | < 0.0025 | {DASH} | {DASH} |",
        "| lif | spikecost | rk4 hermite | 0.025 | 40 | 1 | 2.4 | 1 |",
        LAST,
    ]
    page = put(f"a\n{FIRST}\nold\n{LAST}\nb\n", part)
    assert page == f"a\n{part}\nb\n"
    assert put(page, part) == page
    known = [{name: row[name].replace(",", "") for name in COLUMNS} for row in rows_in(page)]
    assert sorted(known, key=str) == sorted(ROWS, key=str)
    assert rows_in(put(page, written([], "", ALL))) == []


@pytest.mark.parametrize("broken_at", [0, 1, 2])
def test_each_row_is_kept_as_soon_as_it_is_known(tmp_path, monkeypatch, capsys, broken_at):
    page = tmp_path / "page.md"
    page.write_text(f"a\n{FIRST}\n{LAST}\nb\n")
    asked = []

    def row_of(model, stimulus, name, *, neurons, shortest):
        asked.append(name)
        if len(asked) == broken_at + 1:
            raise KeyboardInterrupt
        return {**next(row for row in ROWS if row["engine"] == name), "note": ""}, ""

    monkeypatch.setattr(costs, "DOCUMENT", page)
    monkeypatch.setattr(costs, "runnable", lambda: ALL)
    monkeypatch.setattr(costs, "row_of", row_of)
    with pytest.raises(KeyboardInterrupt):
        costs.main()
    assert len(rows_in(page.read_text())) == broken_at
    costs.main("--missing")
    assert asked == [*(name for _, name in ALL[: broken_at + 1]), *(name for _, name in ALL[broken_at:])]
    assert len(rows_in(page.read_text())) == len(ALL)
    assert LEFT not in page.read_text()
    assert "lif nest: 120, 1200 ns" in capsys.readouterr().out


def test_what_the_page_has_and_what_it_says_is_missing_is_complete():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count(FIRST) == text.count(LAST) == 1
    part, rows = text.split(FIRST)[1].split(LAST)[0], rows_in(text)
    measured = [(row["model"], row["engine"]) for row in rows]
    said = [line.removeprefix(LEFT).rstrip(".") for line in part.splitlines() if line.startswith(LEFT)]
    by_model = [each.split(" in ") for line in said for each in line.split("; ")]
    left = [(model, name) for model, names in by_model for name in names.split(", ")]
    assert len(set(measured)) == len(measured)
    assert not set(measured) & set(left)
    assert set(runnable()) <= {*measured, *left}
    for row in rows:
        for name in ("ns", "ns for 0.1 ms", "times ours"):
            assert row[name] == DASH or value(row[name]) > 0
