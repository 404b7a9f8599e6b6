"""Published costs compared with counted costs."""

import pytest
from brian2 import ms

from spikecost.flops.operations import count
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.parts.published_cost import PublishedCost
from spikecost.models.ground.errors import UserError
from spikecost.reports.commands.about_models import published as module
from spikecost.reports.commands.about_models.published import UNEXPLAINED, published


def test_the_eleven_models_of_2004():
    frame = published().set_index("model")
    # as widely quoted, per ms of model time
    assert frame.published_per_ms.round().to_dict() == {
        "lif": 5,
        "adaptive_lif": 10,
        "ifb": 13,
        "resonate_and_fire": 10,
        "qif": 7,
        "izhikevich": 13,
        "izhikevich_mv": 13,
        "fitzhugh_nagumo": 72,
        "hindmarsh_rose": 120,
        "morris_lecar": 600,
        "wilson": 180,
        "hodgkin_huxley": 1200,
    }
    assert (frame.counted_step - frame.published_step == frame.difference).all()
    # the integrate-and-fire family and Izhikevich's model have the published costs
    assert set(frame.index[frame.difference == 0]) == {
        "lif",
        "adaptive_lif",
        "resonate_and_fire",
        "qif",
        "izhikevich",
        "izhikevich_mv",
    }


def test_counted_is_the_count():
    frame = published().set_index("model")
    for name, row in frame.iterrows():
        assert row.counted_step == count(name, "euler").flops_per_step("izhikevich2004", row.dt_ms * ms)
        assert row.counted_per_ms == pytest.approx(row.counted_step / row.dt_ms)
    # 13 + 14 + 26 + 10 + 60 + 1
    assert frame.operations["hodgkin_huxley"] == "13 add + 14 sub + 26 mul + 10 div + 6 exp x 10 + 1 compare"


def test_every_difference_is_explained_by_operation():
    frame = published().set_index("model")
    for name, row in frame.iterrows():
        parts = [float(part.split()[0]) for part in row.why.split("; ") if part]
        assert sum(parts) == row.difference, name
        assert UNEXPLAINED not in row.why


def test_a_difference_without_a_reason_is_named(monkeypatch):
    wrong = MODELS["lif"].replace(published_costs={"izhikevich2004": PublishedCost(4, 1 * ms)})
    monkeypatch.setattr(module, "MODELS", {"lif": wrong})
    row = published().iloc[0]
    assert (row.difference, row.why) == (1, f"+1 {UNEXPLAINED}")


def test_tables_have_no_published_cost():
    assert "hodgkin_huxley_tables" not in set(published().model)


def test_a_convention_without_published_costs():
    with pytest.raises(UserError, match=r"no model .*'unit'; .*izhikevich2004"):
        published("unit")
