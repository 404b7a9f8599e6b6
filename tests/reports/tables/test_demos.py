"""The demos of 2004 as a table, and the sentence that summarizes it."""

import pytest

from spikecost.accuracy.features import Verdict
from spikecost.accuracy.features.shown.demo_runs import DemoRun
from spikecost.reports.tables.demos import COLUMNS, demo_table, headline, runs_table, shown

from ...messages import mentions


@pytest.fixture(scope="module")
def demos():
    return demo_table()


def run(steps, converged=True, spikes=2):
    """Return an invented demo: (dt, shown, spikes) as published and at its halves, and the converged results."""
    return DemoRun(
        letter="A",
        feature="tonic_spiking",
        tau=steps[0][0],
        as_published=Verdict(steps[0][1], ""),
        spikes_as_published=(1.0,) * steps[0][2],
        converged=Verdict(converged, ""),
        spikes_converged=(1.0,) * spikes,
        error=0.0,
        steps=steps,
    )


def test_demo_table(demos):
    assert demos.columns.tolist() == list(COLUMNS)
    assert demos["shown_as_published"].all()
    assert demos["shown_converged"].sum() == 17
    findings = dict(zip(demos["letter"], demos["finding"], strict=True))
    assert {letter for letter, finding in findings.items() if finding.startswith("artefact")} == {"P", "Q", "T"}
    assert "runaway" in findings["T"]
    assert (findings["A"], findings["C"]) == ("shown", "shown, with other spikes")
    gone = demos.set_index("letter")["gone_from_ms"].dropna().to_dict()
    assert gone == {"P": 0.125, "Q": 0.05, "T": 0.25}


def test_the_headline(demos):
    of_the_step = (("bistability", 0.25, 0.125), ("depolarizing", 0.1, 0.05), ("inhibition-induced", 0.5, 0.25))
    gone = [part for name, shown, gone in of_the_step for part in (name, f"at dt = {shown} ms", f"gone at {gone} ms")]
    assert mentions(headline(demos), "3 of the 20", "only because of the time step", *gone, "17 show it", "6 of them")


def test_the_headline_follows_the_runs():
    same, other = run(((0.5, True, 2), (0.25, True, 2))), run(((0.5, True, 3), (0.25, True, 2)))
    artefact = run(((0.5, True, 2), (0.25, True, 2), (0.125, False, 2)), converged=False)
    to_the_last = run(((0.5, True, 2), (0.25, True, 2)), converged=False)
    assert headline(runs_table([])) == ""
    assert mentions(headline(runs_table([same])), "0 of the 1", "time step. 1 show it converged")
    assert mentions(headline(runs_table([same, other])), "2 show it converged, 1 of them")
    assert "step: tonic spiking (at dt = 0.25 ms, gone at 0.125 ms). 0" in headline(runs_table([artefact]))
    assert "step: tonic spiking (at dt = 0.25 ms). 0" in headline(runs_table([to_the_last]))


def test_what_fits_on_a_screen(demos):
    row = shown(demos).set_index("").loc["P"].to_list()
    assert row[:4] == ["bistability", "5 -> 7", "45.25 -> 44.16", "artefact of the step"]
    assert row[4:] == [0.25, 0.25, 0.125, 0.125]
