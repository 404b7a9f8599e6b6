"""A changed number is seen when a sample is computed again."""

import numpy as np
import pytest

from spikecost.models.ground.errors import UserError
from spikecost.reports.atlas import checking, kept
from spikecost.reports.atlas.checking import check, differences
from spikecost.reports.atlas.columns import PART


@pytest.fixture
def computed_again(small_atlas, monkeypatch):
    """Answer with the rows of the small atlas, as a computation would: with all digits."""
    rows = kept.read(small_atlas[0])

    def again(part, names, **_):
        key = rows[list(PART)].apply(tuple, axis=1) == part.key
        return rows[key & rows["method"].isin(names)]

    monkeypatch.setattr(checking, "computed", again)
    return rows


def test_a_sample_that_is_computed_again_is_the_same(small_atlas):
    found = check(0.01, "2026-11-29", folder=small_atlas[0], store="off")
    assert found.rows == found.wanted > 0
    assert found.different.empty


@pytest.mark.parametrize("name", ["dt_ms", "flops_per_ms", "error_ms", "add_per_ms", "checked_settings", "status"])
def test_a_changed_number_is_seen(small_atlas, computed_again, tmp_path, name):
    changed = computed_again.copy()
    place = changed.index[changed["flops_per_ms"].notna()][3]
    other = {"status": "at most", "checked_settings": 1 + changed.loc[place, "checked_settings"]}
    changed.loc[place, name] = other[name] if name in other else changed.loc[place, name] * 1.001
    kept.add(changed.astype(computed_again.dtypes.to_dict()), tmp_path)
    found = check(1.0, folder=tmp_path)
    assert found.rows == len(computed_again)
    assert list(found.different["column"]) == [name]
    assert found.different["method"].iloc[0] == changed.loc[place, "method"]


def test_a_row_that_is_missing_is_seen(computed_again):
    found = differences(computed_again, computed_again.iloc[1:])
    assert list(found["now"]) == ["missing"]


def test_rounding_is_not_a_difference(computed_again):
    again = computed_again.assign(flops_per_ms=np.nextafter(computed_again["flops_per_ms"], np.inf))
    assert differences(computed_again, again).empty


def test_the_seed_decides_what_is_drawn_and_the_time_how_much(small_atlas, computed_again, monkeypatch):
    answer, drawn = checking.computed, []
    monkeypatch.setattr(
        checking, "computed", lambda part, names, **_: drawn.append((part, *names)) or answer(part, names)
    )
    for seed in ("a", "a", *map(str, range(20))):
        check(0.01, seed, folder=small_atlas[0])
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 4  # two parts, two methods
    nothing = check(1.0, folder=small_atlas[0], seconds=0.0)
    assert nothing.rows == 0
    assert nothing.wanted == len(computed_again)


def test_what_cannot_be_checked_is_refused(tmp_path):
    with pytest.raises(UserError, match="no row with a cost"):
        check(folder=tmp_path)
    with pytest.raises(UserError, match="fraction = 2"):
        check(2.0, folder=tmp_path)
