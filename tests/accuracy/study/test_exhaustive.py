"""A sweep that ends early gives the table of one that goes down to its finest setting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spikecost.accuracy.study.phases import sweeping
from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.suite import STANDARD

#: The default suite without what does not belong to the sweep.
WHOLE = replace(STANDARD, witnessed=False, thorough=False, features=False)
SMALL = replace(
    WHOLE,
    models=("izhikevich",),
    methods=("rk4",),
    stimuli=("constant",),
    rates=(100.0,),
    rates_of={},
    trials=4,
    horizons=(200.0,),
)


def table(suite, store):
    """The rows, and the number of settings that were run."""
    study = run_suite(suite, store=store)
    rows = [
        (
            case.curve.regime.model.label,
            case.curve.regime.key,
            case.curve.method,
            case.curve.detection,
            case.criterion,
            case.status,
            case.coarsest and (case.coarsest.setting, case.coarsest.rounded, [each.per_ms for each in case.costs()]),
        )
        for case in study.cases
    ]
    return rows, sum(len(curve.points) for curve in study.curves)


@pytest.mark.parametrize("suite", [SMALL, pytest.param(WHOLE, marks=pytest.mark.deep)], ids=["small", "default"])
def test_an_early_end_changes_no_row(suite, tmp_path, monkeypatch):
    found, settings = table(suite, tmp_path / "kept.db")
    # without criteria, a sweep does not end early
    monkeypatch.setattr(sweeping, "descend", lambda curve, sweep, _criteria: sweep.settings)
    exhaustive, all_settings = table(suite, tmp_path / "kept.db")
    assert all_settings > settings
    assert found == exhaustive
