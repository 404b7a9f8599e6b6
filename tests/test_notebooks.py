"""The notebooks of the documents run as a reader runs them, and show what their text says.

``tox -e docs`` runs this, because it takes as long as the documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"


@pytest.fixture
def outputs_of(tmp_path: Path) -> Callable[[str], list[dict[str, str]]]:
    """Return what each code cell of a notebook shows, by MIME type; what it prints is ``text/plain``, too."""

    def run(name: str) -> list[dict[str, str]]:
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
        nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
        shown = []
        for cell in notebook.cells:
            if cell.cell_type == "code":
                found: dict[str, str] = {}
                for each in cell.outputs:
                    # a command in a notebook has a terminal: it draws bars in colours
                    printed = re.sub(r"\x1b\[[?;\d]*[A-Za-z]", "", each.get("text", "").replace("\r\n", "\n"))
                    for kind, text in (each.get("data") or {"text/plain": printed}).items():
                        found[kind] = found.get(kind, "") + text
                shown.append(found)
        return shown

    return run


def test_every_notebook_has_a_test():
    names = {path.stem for path in FOLDER.glob("*.ipynb")}
    assert names == set(re.findall(r"outputs_of\(\"(\w+)\"\)", Path(__file__).read_text()))
    assert len(names) == 3


def test_two_models_are_compared(outputs_of):
    comparison, picture, cheapest, counted = outputs_of("compare_two_models")
    assert "text/html" in comparison
    assert "image/png" in picture
    lif, izhikevich = (line.split() for line in cheapest["text/plain"].splitlines()[1:])
    # "at least" is two words
    assert lif[1:6] == ["lif", "rk4", "hermite", "at", "least"]
    assert izhikevich[1:5] == ["izhikevich:RS", "rk4", "hermite", "reached"]
    # a table row ends with dt, the cost, and the largest error of a spike
    dt, cost, error = map(float, izhikevich[-3:])
    # rk4 makes 67 operations per step, and each spike a few more
    assert cost == pytest.approx(67 / dt, rel=0.05)
    assert 0.3 < error <= 1
    assert "30 add, 8 sub, 28 mul, 1 compare per step" in counted["text/plain"]


def test_a_brian2_model_gets_its_dt(outputs_of):
    _, spikes, error, table = outputs_of("a_brian2_model_and_its_dt")
    # the cell itself compares each spike with Brian2's
    assert spikes["text/plain"].count(".") == 12
    # a spike is late by up to dt (0.1 ms), and the next period starts then
    assert "matched=12, missing=0, extra=0" in error["text/plain"]
    rows = [line.split() for line in table["text/plain"].splitlines()[1:]]
    assert [row[1:4] for row in rows] == [
        [method, detection, "reached"] for method in ("euler", "exact") for detection in ("grid", "linear")
    ]
    assert all(float(row[-1]) <= 0.5 for row in rows)
    dt = {tuple(row[1:3]): float(row[-3]) for row in rows}
    assert dt["exact", "linear"] > 10 * dt["exact", "grid"]


def test_a_gate_notices_one_more_tanh(outputs_of):
    _, accepted, held, _, failed = (each.get("text/plain", "") for each in outputs_of("gate_a_model_in_ci"))
    assert re.search(r"^costs.json: \d+ figures added, 0 changed, 0 removed", accepted, re.MULTILINE)
    assert re.search(r"^\d+ figures hold against costs.json", held, re.MULTILINE)
    assert held.endswith("exit status 0\n")
    # tanh x = 1 - 2/(exp(2 x) + 1): exp, add, div, sub and a mul; the sum and the factor of its argument, and its own
    assert re.search(r"mine/euler/grid/operations_per_step\s.*\b7\b.*\b15\b.*\+8 \(\+114 %\)", failed, re.DOTALL)
    assert "spikecost baseline update --suite small.toml --baseline costs.json" in failed
    assert failed.endswith("exit status 1\n")
