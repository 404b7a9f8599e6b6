"""The demos of 2004 as a table, and the sentence that summarizes it."""

import pytest

from spikecost.accuracy.features import Verdict
from spikecost.accuracy.features.shown.demo_runs import DemoRun
from spikecost.reports.tables.demos import COLUMNS, demo_table, headline, runs_table, shown


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
    assert findings["T"] == "artefact of the step, converged: a runaway"
    assert (findings["A"], findings["C"]) == ("shown", "shown, with other spikes")
    gone = demos.set_index("letter")["gone_from_ms"].dropna().to_dict()
    assert gone == {"P": 0.125, "Q": 0.05, "T": 0.25}


def test_the_headline(demos):
    assert headline(demos) == (
        "3 of the 20 demos of Izhikevich (2004) show their feature only because of the time step: "
        "bistability (at dt = 0.25 ms, gone at 0.125 ms); depolarizing after-potential (at dt = 0.1 ms, gone at "
        "0.05 ms); inhibition-induced bursting (at dt = 0.5 ms, gone at 0.25 ms). 17 show it converged, 6 of them "
        "with another number of spikes."
    )


def test_the_headline_follows_the_runs():
    same, other = run(((0.5, True, 2), (0.25, True, 2))), run(((0.5, True, 3), (0.25, True, 2)))
    artefact = run(((0.5, True, 2), (0.25, True, 2), (0.125, False, 2)), converged=False)
    to_the_last = run(((0.5, True, 2), (0.25, True, 2)), converged=False)
    assert headline(runs_table([])) == ""
    assert headline(runs_table([same])).endswith(
        "0 of the 1 demos of Izhikevich (2004) show their feature only because of the time step. 1 show it converged."
    )
    assert headline(runs_table([same, other])).endswith("2 show it converged, 1 of them with another number of spikes.")
    assert "step: tonic spiking (at dt = 0.25 ms, gone at 0.125 ms). 0" in headline(runs_table([artefact]))
    assert "step: tonic spiking (at dt = 0.25 ms). 0" in headline(runs_table([to_the_last]))


def test_what_fits_on_a_screen(demos):
    row = shown(demos).set_index("").loc["P"].to_list()
    assert row[:4] == ["bistability", "5 -> 7", "45.25 -> 44.16", "artefact of the step"]
    assert row[4:] == [0.25, 0.25, 0.125, 0.125]
