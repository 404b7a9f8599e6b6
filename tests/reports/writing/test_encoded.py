"""Figures as files."""

import pytest
from matplotlib.figure import Figure

from spikecost.reports.writing.encoded import to_figures


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_the_same_figure_gives_the_same_file(kind):
    def drawn():
        figure = Figure(layout="constrained")
        figure.subplots().plot([1, 3, 2], marker="o")  # markers and clipped lines have names in an SVG
        return to_figures(figure, (kind,))[kind]

    assert drawn() == drawn()
