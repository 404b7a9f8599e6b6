"""What notebooks show: well-formed HTML with the numbers of the results, names escaped."""

from html.parser import HTMLParser

import pytest
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.accuracy.reference import reference
from spikecost.reports.notebook import frame_html
from spikecost.reports.recommend import recommend
from spikecost.reports.run_comparison import compare_runs


class Page(HTMLParser):
    """Texts of cells, and tags that were opened and not closed."""

    VOID = ("img", "line")

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] in (["td"], ["th"]):
            self.cells.append(data)


def shown(result):
    page = Page(result._repr_html_())
    assert page.open == []
    return page


def test_a_count():
    page = shown(sc.count("lif", "euler", "linear"))
    # by hand: v' = I + a - b v, v + dt v': 2 additions and a subtraction, 2 multiplications, the threshold
    assert page.cells[: page.cells.index("a spike adds")] == ["add", "sub", "mul", "div", "compare", "a step", "2", "1",
                                                              "2", "0", "1"]


def test_a_reference():
    found = reference(sc.get_model("lif"), sc.constant(2 * mV / ms, 100 * ms))
    page = shown(found)
    assert page.cells[4] == str(len(found.train))
    assert page.tags.count("line") == len(found.train)


def test_a_comparison_shows_tables_and_figure(small_comparison):
    page = shown(small_comparison)
    assert {"lif", "izhikevich:RS", "50 Hz"} <= set(page.cells)
    assert page.tags.count("img") == 1
    bundle = small_comparison._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "izhikevich:RS" in bundle["text/plain"]


def test_two_runs_and_a_recommendation(small_run):
    assert "operations per ms of model time" in shown(compare_runs(small_run, small_run)).cells
    assert "hermite" in shown(recommend(50 * Hz, 0.3 * ms, run=small_run)).cells


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b", '"x" y'])
def test_names_are_escaped(name, hostile_run):
    import pandas as pd

    page = Page(frame_html(name, pd.DataFrame({name: [name]})))
    assert page.cells == [name, name]
    assert "script" not in page.tags
    assert "<script>" not in compare_runs(hostile_run, hostile_run)._repr_html_()
