"""What ``spikecost atlas show`` prints of the atlas that comes with spikecost."""

from __future__ import annotations

import pandas as pd
import pytest

from spikecost.models.ground.errors import UserError
from spikecost.reports.commands.atlas import SHOWN, show
from spikecost.reports.tables.table import SITUATION


def test_what_is_shown_tells_all_rows_apart():
    best = pd.DataFrame(show("lif").record["cheapest"])
    assert best["horizon_ms"].nunique() == 2
    shown = [name for name in ("model", *SITUATION) if name in SHOWN]
    assert not best.duplicated(shown).any()


def test_rates_are_in_their_order_and_multiples_of_the_rheobase_last():
    best = pd.DataFrame(show("lif").record["cheapest"])
    drives = list(dict.fromkeys(best["stimulus"]))
    assert drives[:2] == ["ornstein_uhlenbeck", "constant"]
    for drive in drives:
        levels = list(dict.fromkeys(best.loc[best["stimulus"] == drive, "level"]))
        order = [level for level in ("5 Hz", "20 Hz", "50 Hz", "100 Hz", "1.5 x rheobase") if level in levels]
        assert levels == order


@pytest.mark.parametrize(
    ("model", "precision", "said"),
    [
        ("lif", "half", "the atlas has no precision 'half': known are double, single; give one of them"),
        ("adex", "single", "the atlas has nothing of adex with these choices; `spikecost atlas info` says what it has"),
    ],
)
def test_a_number_format_that_the_atlas_does_not_have_is_refused(model, precision, said):
    with pytest.raises(UserError) as refused:
        show(model, precision=precision)
    assert str(refused.value) == said
