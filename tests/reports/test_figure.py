"""The work-precision figure."""

from __future__ import annotations

import io

from spikecost.accuracy.study import Study, Suite
from spikecost.reports.figure import work_precision


def test_a_study_without_a_point_is_drawn_too():
    # every run may have lost spikes or diverged; the table says so, and the figure has its axes and tolerances
    figure = work_precision(Study(Suite()))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg")
    assert drawn.getvalue().startswith(b"<?xml")
    (axis,) = figure.axes
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert sorted(line.get_ydata()[0] for line in axis.lines) == sorted(Suite().tolerances)
