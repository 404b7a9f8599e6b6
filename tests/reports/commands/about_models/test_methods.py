"""Methods and detections are explained in one line each, and the documents say the same as the program."""

from pathlib import Path

import pytest

from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import METHODS
from spikecost.models.number_formats import NUMBER_FORMATS
from spikecost.reports.commands.about_models.methods import detections, methods

PAGE = Path(__file__).parents[4] / "docs" / "methods.md"


@pytest.mark.parametrize(("table", "registry"), [(methods(), METHODS), (detections(), DETECTIONS)])
def test_the_document_has_every_row_of_the_program(table, registry):
    assert list(table.iloc[:, 0]) == list(registry)
    text = PAGE.read_text()
    for name, order, what in table.itertuples(index=False, name=None):
        assert f"| {name} | {order} | {what} |" in text
        assert what.endswith(".")
        assert 20 < len(what) < 160


def test_the_document_has_every_number_format():
    assert all(f"| {name} | {each.description} |" in PAGE.read_text() for name, each in NUMBER_FORMATS.items())


def test_the_readme_names_every_detection_that_is_compared():
    readme = (PAGE.parents[1] / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in ("grid", "linear", "hermite", "dense"))
    assert "docs/methods.md" in readme
