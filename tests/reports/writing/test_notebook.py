"""Results in notebooks: well-formed HTML with the numbers of the results, names escaped."""

from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.accuracy.references.reference import reference
from spikecost.harness.measuring.measure import measure
from spikecost.reports.comparison.recommendation.recommend import recommend
from spikecost.reports.comparison.run_comparison import compare_runs
from spikecost.reports.regression.judge import judge
from spikecost.reports.regression.kept.baseline import Baseline
from spikecost.reports.regression.kept.figures import Figures
from spikecost.reports.writing.notebook import frame_html

from ..conftest import HOSTILE
from ..regression.figures import baseline, figures


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
    assert page.cells[: page.cells.index("spike adds")] == [
        "add",
        "sub",
        "mul",
        "div",
        "compare",
        "step",
        "2",
        "1",
        "2",
        "0",
        "1",
    ]


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


def test_a_run_that_is_read_shows_what_the_comparison_shows(small_comparison, small_folder):
    read = sc.RunFolder.read(small_folder)
    page = shown(read)
    assert page.cells == shown(small_comparison).cells
    assert page.tags.count("img") == 1
    assert read._repr_mimebundle_()["text/plain"] == small_comparison.text
    assert repr(read).endswith(": lif, izhikevich:RS>")
    assert len(repr(read)) < 80


def test_a_check():
    judgement = judge(baseline(), figures({"lif/rk4/hermite/operations_per_step": 25.0}))
    page = shown(judgement)
    assert page.cells[6:11] == ["lif/rk4/hermite/operations_per_step", "regressed", "24", "25", "+1 (+4.17 %)"]
    assert judgement._repr_mimebundle_()["text/plain"] == judgement.text


def test_spikes_and_their_errors():
    train = sc.SpikeTrain([10, 20.5], 30)
    assert shown(train).tags.count("line") == 2
    cells = shown(sc.spike_time_error(train, sc.SpikeTrain([10, 20], 30))).cells
    assert dict(zip(cells[:7], cells[7:], strict=True)) == {
        "maximum error (ms)": "0.5",
        "mean error (ms)": "0.25",
        "rms error (ms)": "0.3536",
        "drift (ms/s)": "50",
        "matched": "2",
        "missing": "0",
        "extra": "0",
    }


def test_a_measurement():
    page = shown(measure("lif", "euler", steps=10))
    # 2 add, 1 sub, 2 mul and the threshold's compare per step
    assert page.cells[:10] == [
        "add",
        "sub",
        "mul",
        "compare",
        "measured over counted",
        "counted from the Step",
        "20",
        "10",
        "20",
        "10",
    ]


def results(run):
    """One object of every class that can show itself, with hostile names wherever users choose them."""
    yield run
    expensive = run.by_stimulus.assign(flops_per_ms=2 * run.by_stimulus["flops_per_ms"])
    yield compare_runs(run, replace(run, by_stimulus=expensive))
    yield recommend(50 * Hz, 0.3 * ms, run=run)
    yield judge(
        Baseline(Figures({f"{HOSTILE}/rk4/grid/operations_per_step": 1.0}), path=HOSTILE),
        Figures({f"{HOSTILE}/rk4/grid/operations_per_step": 2.0}),
    )


def test_names_are_escaped_in_every_result(hostile_run):
    for result in results(hostile_run):
        page = shown(result)
        assert not {"script", "a", "b"} & set(page.tags), result
        assert HOSTILE in "".join(page.cells), result


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b", '"x" y'])
def test_names_are_escaped(name, hostile_run):
    page = Page(frame_html(name, pd.DataFrame({name: [name]})))
    assert page.cells == [name, name]
    assert "script" not in page.tags
    assert "<script>" not in compare_runs(hostile_run, hostile_run)._repr_html_()
