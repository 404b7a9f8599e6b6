"""Tables and sentences for a terminal: they use its whole width, and no line is wider."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from spikecost.reports.comparison.run import answer, summary
from spikecost.reports.writing.text import rows

LONG = "one two three four five six seven eight nine ten " * 3


@pytest.fixture(autouse=True)
def columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def widest(text):
    return max(map(cell_len, text.splitlines()))


def test_columns_of_prose_share_the_whole_width():
    """Whichever of them needs the most."""
    for first, second in ((LONG, LONG[:60]), (LONG[:60], LONG)):
        said = rows("", ("why", "how"), [{"why": first, "how": second}])
        assert 100 - len(" three ") < widest(said) <= 100


def test_a_first_column_of_prose_is_wrapped_where_the_others_are_written_below_it():
    values = [{"why": LONG, **{f"path_{i}": "x" * 60 for i in range(3)}}]
    assert widest(rows("", list(values[0]), values)) <= 100


def test_the_answer_of_a_run_fits_the_terminal(small_comparison, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    said = summary(small_comparison, Path("index.html"))
    assert max(map(cell_len, answer(small_comparison))) > 60
    assert widest(said) <= 60
