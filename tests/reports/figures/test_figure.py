"""The work-precision figure."""

from __future__ import annotations

import io

from spikecost.accuracy.study.study import Study
from spikecost.accuracy.study.suite import Suite
from spikecost.reports.comparison.run_folder import RunFolder
from spikecost.reports.figures.figure import work_precision


def test_a_study_without_a_point_is_drawn_too():
    # all runs may have missing spikes or diverge: the table says so, and the figure still has axes and tolerances
    study = Study(Suite())
    figure = work_precision(RunFolder.of(study, {}))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg")
    assert drawn.getvalue().startswith(b"<?xml")
    (axis,) = figure.axes
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert sorted(line.get_ydata()[0] for line in axis.lines) == sorted(Suite().tolerances)
