"""A drive at which a model has several rates: the run folder and the page say so."""

from __future__ import annotations

import pytest

import spikecost as sc
from spikecost.accuracy.study.suite import Suite
from spikecost.reports.comparison.run_folder import RunFolder
from spikecost.reports.page.tables import several_rates

#: Rate at which rest and firing coexist in the Hodgkin-Huxley model: Rinzel and Miller 1980.
SUITE = Suite(
    models=("lif", "hodgkin_huxley"),
    methods=("rk4",),
    detections=("hermite",),
    rates=(60.0,),
    trials=2,
    tolerances=(1.0,),
    witnessed=False,
    thorough=False,
    features=False,
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return sc.compare(SUITE.models, suite=SUITE).save(tmp_path_factory.mktemp("bistable") / "report")


@pytest.mark.slow
def test_the_run_folder_keeps_them(page):
    regimes = RunFolder.read(page.parent).regimes.set_index("model")["several_rates"]
    assert regimes["lif"] == ""
    assert "0 Hz if it is raised slowly" in regimes["hodgkin_huxley"]
    assert "Hz if it is switched on" in regimes["hodgkin_huxley"]


def test_the_page_says_them(page):
    sentences = several_rates(RunFolder.read(page.parent))
    assert len(sentences) == 1
    assert f'<p class="note">{sentences[0]}.</p>' in page.read_text()
