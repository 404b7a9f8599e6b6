"""A finished run is true to what it prints: every winner is run again, at its dt and at new smaller ones."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import spikecost as sc
from spikecost.accuracy.search.tolerance import ErrorCurve
from spikecost.accuracy.study.winners import cheapest_cases, winners
from spikecost.harness.kernels.kernels import kernels_of
from spikecost.harness.stimuli import common_divisor
from spikecost.reports.tables.ratios import VIEWS
from spikecost.reports.tables.shared_columns import SITUATION

from .conftest import SUITE

KEYS = list(SITUATION)
#: New settings for each winner: most of them between its dt and half of it, some smaller.
FRESH = 12


def winning_cases(study):
    """Return the cases that the map and the verdict print, and the cheapest case of each model in every view."""
    cases = [case for winner in winners(study) for case in winner.candidates]
    for wanted in VIEWS.values():
        admitted = [
            case for case in study.cases if all(getattr(case.curve, name) == value for name, value in wanted.items())
        ]
        cases += [case for together in cheapest_cases(admitted).values() for case in together]
    return list({id(case): case for case in cases}.values())


@pytest.fixture(scope="module")
def fluctuating_comparison():
    """The drive of the default suite: a current that fluctuates."""
    suite = dataclasses.replace(SUITE, stimuli=("ornstein_uhlenbeck",), rates=(50.0,))
    return sc.compare(suite.models, suite=suite)


@pytest.fixture(scope="module")
def again():
    """Run the trials of a case at a setting."""
    compiled, curves = {}, {}

    def run(case, setting):
        curve = case.curve
        model, varying, way = curve.regime.model, curve.regime.varying, (curve.method, curve.detection)
        if (model, varying) not in compiled:
            compiled[model, varying] = kernels_of(model, SUITE.pairs, varying=varying, alone=False).compiled
        if id(curve) not in curves:
            kernel = compiled[model, varying][way].lanes
            curves[id(curve)] = ErrorCurve(kernel, curve.regime.trials, SUITE.all_measures)
        return curves[id(curve)](setting)

    return run


def fresh_settings(case, generator):
    octaves = np.concatenate([generator.uniform(0, 1, FRESH - 3), generator.uniform(1, 4, 3)])
    unit = common_divisor(trial.stimulus.unit for trial in case.curve.regime.trials)
    for octave in octaves:
        below = float(case.setting) * 2**-octave
        yield min(unit / max(round(float(unit) / below), 1), case.setting) if case.curve.by_dt else Fraction(below)


@pytest.mark.slow
@pytest.mark.parametrize(("drive", "least"), [("small", 20), ("fluctuating", 10)])
def test_every_winning_way_holds_at_its_dt_and_at_fresh_smaller_ones(request, again, drive, least):
    study = request.getfixturevalue(f"{drive}_comparison").study
    seed = int(np.random.SeedSequence().generate_state(1)[0])  # a new one every time
    generator = np.random.default_rng(seed)
    cases = winning_cases(study)
    assert len(cases) > least
    broken = []
    for case in cases:
        assert again(case, case.setting) == case.runs  # the printed result equals that of a new run
        what = (
            case.curve.regime.model.label,
            case.curve.method,
            case.curve.detection,
            case.curve.regime.level,
            str(case.criterion),
            float(case.setting),
        )
        broken += [
            (*what, float(setting))
            for setting in (case.setting, *fresh_settings(case, generator))
            if not all(map(case.criterion.holds, again(case, setting)))
        ]
    assert not broken, f"seed {seed}: {broken}"


def test_a_round_dt_holds_too(small_comparison, again):
    rounded = [case for case in winning_cases(small_comparison.study) if case.coarsest.rounded]
    assert rounded
    for case in rounded:
        assert case.coarsest.rounded <= case.setting
        assert all(map(case.criterion.holds, again(case, case.coarsest.rounded)))


def test_a_row_is_one_dt_one_cost_one_error(small_comparison, small_run):
    rows = small_run.table.set_index([*SITUATION, "model", "method", "detection"])
    for case in (case for case in small_comparison.study.cases if case.coarsest):
        regime, criterion = case.curve.regime, case.criterion
        row = rows.loc[
            regime.stimulus,
            regime.horizon,
            regime.level,
            criterion.measure,
            criterion.tolerance,
            regime.model.label,
            case.curve.method,
            case.curve.detection,
        ]
        assert row["dt_ms"] == float(case.setting)
        assert row["error_ms"] == max(run.error.maximum for run in case.runs) <= criterion.tolerance
        assert row["flops_per_ms"] == pytest.approx(
            np.exp(np.mean([np.log(case.curve.cost(run).per_ms) for run in case.runs]))
        )


def test_verdict_table_and_map_name_the_same_costs(small_run):
    """In every situation of the suite: the same model, the same way, the same number, the same ratio."""
    cheapest, baseline = small_run.cheapest.set_index(KEYS), small_run.baseline
    found = small_run.winners.set_index(KEYS)
    ranked = small_run.ranking[small_run.ranking["view"] == "cheapest method and detection"].set_index(KEYS)
    situations = small_run.table[KEYS].drop_duplicates().itertuples(index=False, name=None)
    for situation in situations:
        first, second = cheapest.loc[[situation]].iloc[0], cheapest.loc[[situation]].iloc[1]
        winner = found.loc[situation]
        assert [winner[name] for name in ("winner", "method", "detection", "dt_ms", "status", "flops_per_ms")] == [
            first[name] for name in ("model", "method", "detection", "dt_ms", "status", "flops_per_ms")
        ]
        assert winner["second"] == second["model"]
        assert winner["lead"] == pytest.approx(second["flops_per_ms"] / first["flops_per_ms"], rel=1e-12)
        costs = cheapest.loc[[situation]].set_index("model")["flops_per_ms"]
        ratios = ranked.loc[[situation]].set_index("model")["ratio"]
        pd.testing.assert_series_equal(ratios, (costs / costs[baseline])[ratios.index], check_names=False)


def test_a_bound_is_never_printed_as_a_number(small_run):
    """The coarsest dt of the sweep holds for some case of the run: its dt is a lower bound, its cost an upper bound."""
    least = small_run.cheapest[small_run.cheapest["status"] == "at least"]
    assert len(least)
    lines = small_run.text.splitlines()
    assert sum("\u2265 5" in line for line in lines) == sum("\u2264" in line for line in lines) == len(least)
