"""Figures for papers: the widths of columns, vector formats with text, and the run's own numbers."""

import re
import struct

import pytest

from spikecost.reports.papers.figures import WIDTHS, draw, ratios


@pytest.fixture(scope="module")
def drawn(small_run):
    return draw(small_run, ("svg", "pdf", "png"))


@pytest.mark.slow
def test_every_figure_in_every_format_and_width(drawn):
    assert set(drawn) == {
        f"{name}_{width}.{kind}"
        for name in ("work_precision", "ratios")
        for width in ("single", "double")
        for kind in ("svg", "pdf", "png")
    }


@pytest.mark.parametrize(("width", "millimetres"), [("single", 85), ("double", 178)])
@pytest.mark.parametrize("name", ["work_precision", "ratios"])
def test_the_width_is_that_of_the_columns(drawn, name, width, millimetres):
    points = 72 * millimetres / 25.4
    assert float(re.search(rb'width="([\d.]+)pt"', drawn[f"{name}_{width}.svg"])[1]) == pytest.approx(points)
    assert float(re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", drawn[f"{name}_{width}.pdf"])[1]) == pytest.approx(points)
    (across,) = struct.unpack(">I", drawn[f"{name}_{width}.png"][16:20])
    assert across == pytest.approx(600 * millimetres / 25.4, abs=1)


def test_text_stays_text_and_files_are_the_same_again(small_run, drawn):
    assert b">izhikevich:RS</text>" in drawn["work_precision_double.svg"]
    again = draw(small_run, ("svg",), ("single",))
    assert again == {name: content for name, content in drawn.items() if name.endswith("single.svg")}


def test_ratios_are_drawn_where_they_are(small_run):
    view = "cheapest method and detection"
    figure = ratios(small_run, WIDTHS["single"], [view])
    rows = small_run.ranking.query("view == @view and model == 'lif'")
    shown = figure.axes[0].containers[0].lines[0].get_xdata()
    assert list(shown) == list(rows["ratio"])


def test_names_are_no_mathematics(hostile_run):
    for content in draw(hostile_run, ("svg",), ("single",)).values():
        assert b"=1+2|&lt;script&gt;" in content
