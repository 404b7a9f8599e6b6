"""A finished run keeps what it prints: every winning way is run again, at its dt and at fresh smaller ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from spikecost.accuracy.search.tolerance import ErrorCurve
from spikecost.accuracy.study.winners import cheapest_cells, winners
from spikecost.harness.kernels.kernels import kernels_of
from spikecost.harness.stimuli import common_divisor
from spikecost.reports.results.verdict import VIEWS
from spikecost.reports.tables.shared_columns import SITUATION

KEYS = list(SITUATION)
#: Fresh settings of each way: most of them down to half of its dt, some further down.
FRESH = 12


def winning_cells(study):
    """Return the cells that the map and the verdict print, and of every view each model's cheapest."""
    cells = [cell for winner in winners(study) for cell in winner.candidates]
    for wanted in VIEWS.values():
        admitted = [cell for cell in study.cells
                    if all(getattr(cell.curve, name) == value for name, value in wanted.items())]
        cells += [cell for together in cheapest_cells(admitted).values() for cell in together]
    return list({id(cell): cell for cell in cells}.values())


@pytest.fixture(scope="module")
def again(small_comparison):
    """Run the trials of a cell at a setting."""
    study = small_comparison.study
    ways = {(cell.curve.regime.model, cell.curve.method, cell.curve.detection) for cell in winning_cells(study)}
    models = {model: kernels_of(model, sorted((method, detection) for of, method, detection in ways if of is model),
                                varying=False, alone=False)
              for model in {model for model, _, _ in ways}}
    curves = {}

    def run(cell, setting):
        curve = cell.curve
        if id(curve) not in curves:
            kernel = models[curve.regime.model].compiled[curve.method, curve.detection].lanes
            curves[id(curve)] = ErrorCurve(kernel, curve.regime.trials, small_comparison.study.suite.all_measures)
        return curves[id(curve)](setting)

    return run


def fresh_settings(cell, generator):
    octaves = np.concatenate([generator.uniform(0, 1, FRESH - 3), generator.uniform(1, 4, 3)])
    unit = common_divisor(trial.stimulus.unit for trial in cell.curve.regime.trials)
    for octave in octaves:
        below = float(cell.setting) * 2**-octave
        yield min(unit / max(round(float(unit) / below), 1), cell.setting) if cell.curve.by_dt else Fraction(below)


def test_every_winning_way_holds_at_its_dt_and_at_fresh_smaller_ones(small_comparison, again):
    seed = int(np.random.SeedSequence().generate_state(1)[0])  # another one every time
    generator = np.random.default_rng(seed)
    cells = winning_cells(small_comparison.study)
    assert len(cells) > 20
    broken = []
    for cell in cells:
        assert again(cell, cell.setting) == cell.runs  # what is printed is what is run
        what = (cell.curve.regime.model.label, cell.curve.method, cell.curve.detection, cell.curve.regime.level,
                str(cell.criterion), float(cell.setting))
        broken += [(*what, float(setting)) for setting in (cell.setting, *fresh_settings(cell, generator))
                   if not all(map(cell.criterion.holds, again(cell, setting)))]
    assert not broken, f"seed {seed}: {broken}"


def test_a_round_dt_holds_too(small_comparison, again):
    rounded = [cell for cell in winning_cells(small_comparison.study) if cell.coarsest.rounded]
    assert rounded
    for cell in rounded:
        assert cell.coarsest.rounded <= cell.setting
        assert all(map(cell.criterion.holds, again(cell, cell.coarsest.rounded)))


def test_a_row_is_one_dt_one_cost_one_error(small_comparison, small_run):
    rows = small_run.table.set_index([*SITUATION, "model", "method", "detection"])
    for cell in (cell for cell in small_comparison.study.cells if cell.coarsest):
        regime, criterion = cell.curve.regime, cell.criterion
        row = rows.loc[regime.stimulus, regime.horizon, regime.level, criterion.measure, criterion.tolerance,
                       regime.model.label, cell.curve.method, cell.curve.detection]
        assert row["dt_ms"] == float(cell.setting)
        assert row["error_ms"] == max(run.error.maximum for run in cell.runs) <= criterion.tolerance
        assert row["flops_per_ms"] == pytest.approx(
            np.exp(np.mean([np.log(cell.curve.cost(cell.setting, run).per_ms) for run in cell.runs])))


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
            first[name] for name in ("model", "method", "detection", "dt_ms", "status", "flops_per_ms")]
        assert winner["second"] == second["model"]
        assert winner["lead"] == pytest.approx(second["flops_per_ms"] / first["flops_per_ms"], rel=1e-12)
        costs = cheapest.loc[[situation]].set_index("model")["flops_per_ms"]
        ratios = ranked.loc[[situation]].set_index("model")["ratio"]
        pd.testing.assert_series_equal(ratios, (costs / costs[baseline])[ratios.index], check_names=False)


def test_a_bound_is_never_printed_as_a_number(small_run):
    """The coarsest dt of the sweep holds somewhere in the run: its dt is a lower bound, its cost an upper one."""
    least = small_run.cheapest[small_run.cheapest["status"] == "at least"]
    assert len(least)
    lines = small_run.text.splitlines()
    assert sum("\u2265 5" in line for line in lines) == sum("\u2264" in line for line in lines) == len(least)
