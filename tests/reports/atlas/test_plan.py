"""The parts of the atlas: every model with every preset under every drive, the most useful first."""

import pytest

from spikecost.models.catalogue import OWN
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.reports.atlas import kept
from spikecost.reports.atlas.columns import COLUMNS, PART
from spikecost.reports.atlas.plan import DRIVES, FIRST, SECOND, labels, methods, parts


def test_every_model_has_every_preset():
    found = labels()
    assert len(found) == len(set(found))
    for name in OWN:
        model = get_model(name)
        assert model.label in found
        assert all(f"{name}:{preset}" in found for preset in model.presets)
    assert {*FIRST, *SECOND} <= set(found)


def test_each_part_is_planned_once_and_the_most_useful_come_first():
    planned = parts()
    keys = [part.key for part in planned]
    assert len(set(keys)) == len(keys)
    for label in labels():
        own = [part for part in planned if part.model == label and part.horizon == 1000.0]
        assert sum(part.precision == "double" for part in own) == len(DRIVES) * 5  # four rates, a multiple of rheobase
        assert sum(part.precision == "single" for part in own) == (2 * 5 if label in FIRST else 0)
    assert {part.model for part in planned[:6]} == set(FIRST)
    assert {part.model for part in planned if part.horizon > 1000.0} == set(FIRST)
    places = {label: min(keys.index(key) for key in keys if key[0] == label) for label in labels()}
    assert max(places[label] for label in FIRST) < min(places[label] for label in SECOND)


def test_parts_of_some_models_and_drives():
    assert {part.model for part in parts(["adex"])} == {label for label in labels() if label.startswith("adex:")}
    assert {part.model for part in parts(["adex:bursting"])} == {"adex:bursting"}
    assert {part.stimulus for part in parts(["lif"], ["constant"])} == {"constant"}


@pytest.mark.parametrize(
    ("models", "drives", "said"), [(["no_model"], [], "no_model"), ([], ["ramp"], "ramp"), (["adex:none"], [], "none")]
)
def test_what_is_not_in_the_plan_is_refused(models, drives, said):
    with pytest.raises(UserError, match=said):
        parts(models, drives)


def test_the_data_that_are_shipped_are_of_the_models_as_they_are():
    """If it fails: ``spikecost atlas make --models MODEL`` makes the parts of a model that was changed again."""
    columns = [*PART, "method", "identity"]
    rows = kept.read(columns=columns, precision=None)[columns].drop_duplicates()
    planned = {part.key: part for part in parts()}
    assert len(rows)
    for *key, method, identity in rows.itertuples(index=False, name=None):
        assert method in methods()
        assert planned[tuple(key)].identity(method) == identity


def test_the_data_that_are_shipped_have_every_column():
    rows = kept.read(precision=None)
    assert list(rows) == list(COLUMNS)
    costs = rows["status"].isin(["reached", "at least"])
    for name in ("dt_ms", "flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "error_ms", "reference_error_ms"):
        assert rows.loc[costs, name].notna().all()
    assert rows.loc[~costs, "flops_per_ms"].isna().all()
    assert rows.loc[~costs, "reason"].str.len().gt(0).all()
    assert (rows.loc[costs, "error_ms"] <= rows.loc[costs, "tolerance"] * (1 + 2**-kept.BITS)).all()
    assert (rows.loc[costs, "reference_error_ms"] * 1000 <= rows.loc[costs, "tolerance"] * 1.001).all()
