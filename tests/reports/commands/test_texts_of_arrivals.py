"""Texts and files say what a spike that arrives does, and what it costs."""

from __future__ import annotations

from brian2 import ms

from spikecost.models.step import make_step
from spikecost.reports.commands.about_models.counts import counted, said
from spikecost.reports.commands.about_models.show import show
from spikecost.reports.results.description import describe_model
from spikecost.reports.results.recorded_model import recorded_model

from ...harness.neurons_of_networks import CUBA


def test_texts():
    step = make_step(CUBA, "rk4", "hermite")
    assert "_ge_arrived = ge + we" in show(step)
    assert "added per arrival (inh)" in "\n".join(said(step, 0.1 * ms, "unit")["lines"])
    assert counted(step, 0.1 * ms, "unit")["as_run_arrivals"]["exc"]["add"] > 1


def test_a_run_keeps_the_statements():
    assert recorded_model("cuba", describe_model(CUBA)).content == CUBA.content
