"""Tables and figure of the features."""

import pandas as pd
import pytest

from spikecost.accuracy.features import FEATURES
from spikecost.accuracy.features.shown.search import FOUND
from spikecost.models.ground.errors import UserError
from spikecost.reports.figures.features_figure import features_against_cost, published_flops_per_ms
from spikecost.reports.tables.demos import demo_table
from spikecost.reports.tables.features import COLUMNS, STATED, counts, feature_table, features, stated, title


@pytest.fixture(scope="module")
def lif():
    return features(["lif"])


@pytest.fixture(scope="module")
def demos():
    return demo_table()


def test_features(lif):
    assert lif.columns.tolist() == list(COLUMNS)
    assert lif["feature"].tolist() == list(FEATURES)
    # integrate-and-fire shows the features that Izhikevich 2004 states, and no others
    assert ((lif["outcome"] == FOUND) == (lif["stated_2004"] == "+")).all()
    assert counts(lif) == {"lif": 3}


def test_what_is_stated():
    assert stated("izhikevich", "bistability") == "+"
    assert (stated("lif", "integrator"), stated("lif", "resonator")) == ("+", "-")
    assert stated("hodgkin_huxley", "resonator") == ""  # its marks were not available
    assert (len(STATED["izhikevich"]), len(STATED["lif"])) == (20, 3)


def test_feature_table(lif):
    shown = feature_table(lif)
    assert shown.columns.tolist() == ["letter", "feature", "lif"]
    assert shown["lif"].tolist()[:2] == ["found", "cannot"]
    assert shown.iloc[-1].tolist() == ["", "found", "3 of 20"]


def test_titles():
    assert title("spike_latency") == "spike latency"
    assert title("depolarizing_after_potential") == "depolarizing after-potential"
    assert title("of_mine") == "of mine"


def test_a_model_is_found_to_show_what_any_of_its_parameters_show(demos):
    two = pd.DataFrame(
        {
            "model": "izhikevich",
            "parameters": ["RS", "RS", "CH", "CH"],
            "outcome": ["found", "not found", "found", "found"],
            "feature": ["tonic_spiking", "bistability"] * 2,
        }
    )
    assert counts(two) == {"izhikevich": 2}
    assert counts(two, demos) == {"izhikevich": 18}  # 17 of the demos, and the bistability
    assert counts(two.assign(model="lif"), demos) == {"lif": 2}


def test_published_flops():
    # Izhikevich 2004, as widely quoted
    assert [published_flops_per_ms(name) for name in ("lif", "izhikevich", "hodgkin_huxley")] == [5, 13, 1200]
    assert published_flops_per_ms("mine") is None


def test_the_picture(lif, demos):
    found = pd.concat([lif.assign(model=name) for name in ("lif", "izhikevich", "hodgkin_huxley", "mine")])
    costs = pd.DataFrame(
        {
            "model": ["lif", "izhikevich:RS", "izhikevich:RS", "hodgkin_huxley"],
            "level": "100 Hz",
            "flops_per_ms": [10.0, 100.0, 400.0, None],
            "tolerance": 0.1,
        }
    )
    figure = features_against_cost(found, costs, demos)
    left, right = figure.axes
    points = [
        [
            (float(line.get_xdata()[0]), int(line.get_ydata()[0]), line.get_markerfacecolor())
            for line in axis.lines
            if line.get_marker() == "o"
        ]
        for axis in (left, right)
    ]
    assert [point[:2] for point in points[0]] == [(5, 3), (13, 20), (1200, 3)]
    assert [point[2] == "white" for point in points[0]] == [False, False, True]
    # the geometric mean of its costs, and the features shown by its converged demos
    assert [point[:2] for point in points[1]] == [(pytest.approx(10), 3), (pytest.approx(200), 17)]
    assert "(100 Hz; spike times within 0.1 ms)" in right.get_title()
    assert [text.get_text() for text in right.texts][-1] == "no cost known: hodgkin_huxley, mine"


def test_names_of_marks_do_not_cover_each_other(lif):
    found = pd.concat([lif.assign(model=f"model_{i}") for i in range(8)])  # all of three features
    costs = pd.DataFrame({"model": found["model"].unique(), "flops_per_ms": [100.0 * 1.2**i for i in range(8)]})
    figure = features_against_cost(found, costs)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[1].texts]
    assert len(boxes) == 8
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_costs_need_their_columns(lif):
    with pytest.raises(UserError, match="costs have columns model; expected model and flops_per_ms"):
        features_against_cost(lif, pd.DataFrame({"model": ["lif"]}))


def test_every_preset():
    found = features(["izhikevich:CH", "lif"], presets=True)
    assert found[["model", "parameters"]].drop_duplicates().to_numpy().tolist() == [["izhikevich", "CH"], ["lif", ""]]
