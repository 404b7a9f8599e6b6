"""The atlas is made once: what its data have is not made again."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from spikecost.accuracy.study.runner import run_suite
from spikecost.flops.conventions import CONVENTIONS
from spikecost.reports.atlas import kept, making
from spikecost.reports.atlas.columns import BY_KIND, COLUMNS, KEY, PART
from spikecost.reports.atlas.plan import Part, parts
from spikecost.reports.tables.table import table

from .conftest import METHODS, PARTS

#: Presets with the same parameters, and other currents of their own.
_PAIR = ("mihalas_niebur:adapting", "mihalas_niebur:phasic")


@pytest.fixture
def of_small(monkeypatch):
    monkeypatch.setattr(making, "parts", lambda *_: list(PARTS))
    monkeypatch.setattr(making, "methods", lambda: METHODS)


def test_every_part_was_made_and_written(small_atlas):
    folder, made = small_atlas
    assert made.parts == PARTS
    assert made.left == 0
    assert made.seconds > 0
    rows = kept.read(folder)
    assert list(rows) == list(COLUMNS)
    assert set(map(tuple, rows[list(PART)].to_numpy())) == {part.key for part in PARTS}
    assert not rows.duplicated(list(KEY)).any()


def test_a_row_is_that_of_a_run(small_atlas):
    part = PARTS[0]
    study = run_suite(part.suite(METHODS), 1, store="off")
    expected = table(study).set_index(list(KEY))
    found = kept.read(small_atlas[0], wanted={"level": part.said}).set_index(list(KEY))
    judged = found[found["status"] != "not applicable"]
    assert len(judged) == 5 * 6  # tolerances; two methods on the grid, linear and hermite
    for key, row in judged.iterrows():
        there = expected.loc[key]
        assert row["status"] == there["status"]
        assert row["dt_ms"] == there["dt_ms"] or pd.isna(there["dt_ms"])
        if pd.notna(there["dt_ms"]):
            for name in ("flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "error_ms", "round_error_ms"):
                assert row[name] == pytest.approx(there[name], rel=2**-kept.BITS, nan_ok=True)


def test_a_way_that_cannot_run_the_model_has_one_row_with_its_reason(small_atlas):
    rows = kept.read(small_atlas[0])
    cannot = rows[rows["status"] == "not applicable"]
    assert cannot["tolerance"].isna().all()
    assert cannot["reason"].str.len().gt(0).all()
    assert set(cannot["detection"]) == {"dense"}


def test_operations_by_kind_add_up_to_the_cost(small_atlas):
    rows = kept.read(small_atlas[0])
    rows = rows[rows["flops_per_ms"].notna()]
    assert len(rows)
    # the cost is a geometric mean over the stimuli, whose rates differ by 2 %; the kinds are arithmetic means
    weights = {f"{kind}_per_ms": weight for kind, weight in CONVENTIONS["unit"].weights.items()}
    together = sum(rows[name] * weights[name] for name in BY_KIND)
    assert np.allclose(together, rows["flops_per_ms"], rtol=2e-3)


def test_rows_in_single_precision_stand_beside_those_in_double_precision(small_atlas, tmp_path):
    part = replace(PARTS[0], precision="single")
    rows = making.computed(part, METHODS, store="off")
    run = table(run_suite(part.suite(METHODS), 1, store="off"))
    expected = run[run["engine"] == "spikecost:single"].set_index(list(KEY))
    costs = rows[rows["flops_per_ms"].notna()].set_index(list(KEY))
    assert len(costs) > 10
    assert costs["flops_per_ms"].equals(expected.loc[costs.index, "flops_per_ms"])
    weights = {f"{kind}_per_ms": weight for kind, weight in CONVENTIONS["unit"].weights.items()}
    assert np.allclose(sum(costs[name] * weights[name] for name in BY_KIND), costs["flops_per_ms"], rtol=2e-3)
    kept.add(kept.read(small_atlas[0]), tmp_path)
    kept.add(rows, tmp_path)
    pd.testing.assert_frame_equal(kept.read(tmp_path), kept.read(small_atlas[0]))
    assert set(kept.read(tmp_path, precision="single")["engine"]) == {"spikecost:single"}
    assert len(kept.read(tmp_path, precision=None)) == len(kept.read(tmp_path)) + len(rows)


def test_what_is_there_is_not_made_again(small_atlas, of_small, monkeypatch):
    monkeypatch.setattr(making, "computed", lambda *_, **__: pytest.fail("a part was made again"))
    made = making.make(folder=small_atlas[0], store="off")
    assert made.parts == ()
    assert made.left == 0


def test_a_part_asked_for_otherwise_is_missing(small_atlas, monkeypatch):
    monkeypatch.setattr(making, "methods", lambda: (*METHODS, "rk4"))
    monkeypatch.setattr(making, "parts", lambda *_: [*PARTS, Part("lif", "constant", 20.0)])
    missing = making.missing(folder=small_atlas[0])
    assert missing == [(PARTS[0], ("rk4",)), (PARTS[1], ("rk4",)), (Part("lif", "constant", 20.0), (*METHODS, "rk4"))]


def test_an_interrupted_making_keeps_what_was_finished(small_atlas, tmp_path, of_small, monkeypatch):
    rows = kept.read(small_atlas[0], wanted={"level": PARTS[0].said})
    answers = iter([rows, None])
    monkeypatch.setattr(making, "computed", lambda *_, **__: next(answers))
    with pytest.raises(KeyboardInterrupt):
        making.make(folder=tmp_path, store="off")
    assert [part for part, _ in making.missing(folder=tmp_path)] == [PARTS[1]]


def test_no_part_is_begun_after_the_time(tmp_path, of_small, monkeypatch):
    monkeypatch.setattr(making, "computed", lambda *_, **__: pytest.fail("a part was begun"))
    made = making.make(folder=tmp_path, seconds=-1.0, store="off")
    assert made.parts == ()
    assert made.left == len(PARTS)


def test_a_preset_with_the_parameters_of_another_is_made_itself(tmp_path):
    adapting, phasic = (parts([label]) for label in _PAIR)
    assert adapting[0].identity("euler") == phasic[0].identity("euler")
    part = next(each for each in adapting if each.stimulus == "constant" and each.level == 5.0)
    kept.add(making.computed(part, making.methods(), store="off"), tmp_path)
    lacking = [each for each, _ in making.missing(["mihalas_niebur"], folder=tmp_path) if each.model in _PAIR]
    assert lacking == [each for each in parts(["mihalas_niebur"]) if each.model in _PAIR and each != part]


def test_rows_that_are_made_again_replace_the_others(small_atlas, tmp_path):
    rows = kept.read(small_atlas[0])
    kept.add(rows, tmp_path)
    again = rows[rows["method"] == "euler"].assign(flops_per_ms=1.0)
    kept.add(again, tmp_path)
    found = kept.read(tmp_path)
    assert len(found) == len(rows)
    assert (found.loc[found["method"] == "euler", "flops_per_ms"] == 1.0).all()
    unchanged = rows[rows["method"] != "euler"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[found["method"] != "euler"].reset_index(drop=True), unchanged)


def test_numbers_are_kept_to_five_digits_and_written_again_unchanged(small_atlas):
    rows = kept.read(small_atlas[0])
    values = pd.Series([1 / 3, 123456.789, 1e-9, np.nan, 0.0])
    once = kept.rounded(values)
    assert np.allclose(once, values, rtol=2**-kept.BITS, equal_nan=True)
    pd.testing.assert_series_equal(kept.rounded(once), once)
    assert kept.encoded(rows) == kept.encoded(rows.copy())


def test_identity_is_of_the_model_and_the_request():
    part = Part("izhikevich:RS", "constant", 20.0)
    others = [
        replace(part, model="izhikevich:CH"),
        replace(part, stimulus="ornstein_uhlenbeck"),
        replace(part, level=50.0),
        replace(part, of_rheobase=True),
        replace(part, horizon=10_000.0),
        replace(part, precision="single"),
    ]
    identities = {each.identity("euler") for each in (part, *others)} | {part.identity("rk4")}
    assert len(identities) == 8
    assert Part("izhikevich:RS", "constant", 20.0).identity("euler") == part.identity("euler")


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_rate_that_the_model_does_not_reach_is_one_row_per_way(precision):
    part = Part("izhikevich:LTS", "constant", 5.0, precision=precision)
    rows = making.computed(part, ("euler", "rk4"), store="off")
    assert set(rows["engine"]) == {part.engine}
    assert set(rows["status"]) == {"rate not reachable"}
    assert rows["reason"].str.contains("starts to fire at 5.012 Hz").all()
    assert rows["tolerance"].isna().all()
    assert len(rows) == 2 * 4
