"""The numbers of a figure as data: everything that is drawn, and nothing else."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from spikecost.models.catalogue import MODELS
from spikecost.reports.figures.features_figure import features_against_cost
from spikecost.reports.figures.portrait import portrait
from spikecost.reports.regression.kept.changes import plot
from spikecost.reports.regression.kept.history import Entry
from spikecost.reports.writing.drawn import drawn
from spikecost.reports.writing.escape import in_figure
from spikecost.reports.writing.files import save_figure


def test_points_gaps_and_names(tmp_path):
    figure = Figure()
    axis = figure.subplots()
    axis.plot([1, np.nan, 3], [4, 5, 6], label=in_figure("=$x$"))
    axis.plot([7], [8])
    axis.axhline(9)
    axis.set(title="two\nlines", xlabel="x (ms)", ylabel=in_figure("$y$"))
    assert drawn(figure).to_numpy().tolist() == [
        ["two lines", "x (ms)", "$y$", "=$x$", 1, 4],
        ["two lines", "x (ms)", "$y$", "=$x$", 3, 6],
        ["two lines", "x (ms)", "$y$", "", 7, 8],
    ]
    save_figure(figure, tmp_path / "figure.svg", tmp_path / "figure.csv")
    assert pd.read_csv(tmp_path / "figure.csv")["curve"].tolist()[:2] == ["'=$x$"] * 2  # not a formula
    assert drawn(Figure()).columns.tolist() == ["panel", "across", "up", "curve", "x", "y"]


def test_a_portrait():
    found = drawn(portrait(MODELS["izhikevich"]))
    rates = found[found["up"] == "firing rate (Hz)"]
    assert len(rates) == 33
    assert (rates["curve"] == "izhikevich:RS").all()
    assert rates["y"].max() > 40
    assert set(found.loc[found["up"] == "u", "curve"]) == {"300 ms", "dv/dt = 0", "du/dt = 0"}
    line = found[found["curve"] == "du/dt = 0"]
    np.testing.assert_allclose(line["y"], 0.2 * line["x"], atol=0.01)


def test_features_against_cost():
    found = pd.DataFrame(
        {"model": "lif", "parameters": "", "feature": ["class_1", "integrator"], "outcome": ["found", "not found"]}
    )
    costs = pd.DataFrame({"model": ["lif", "lif"], "flops_per_ms": [10.0, 40.0]})
    rows = drawn(features_against_cost(found, costs)).query("up == ''")
    assert rows[["curve", "x", "y"]].round(9).to_numpy().tolist() == [
        ["lif, from lowest to highest cost", 10, 1],
        ["lif, from lowest to highest cost", 40, 1],
        ["lif", 20, 1],
    ]


def test_a_history():
    series = [Entry(i, "2026-11-24", "c0ffee", value) for i, value in enumerate([1.0, 1.0, 2.0], 1)]
    found = drawn(plot({"lif/rk4/grid/operations_per_step": series}, lambda _: False))
    assert found[["curve", "x", "y"]].to_numpy().tolist() == [
        ["lif/rk4/grid/operations_per_step", i, value] for i, value in enumerate([1, 1, 2], 1)
    ]
