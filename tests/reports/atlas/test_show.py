"""What ``spikecost atlas show`` prints of the atlas that comes with spikecost."""

from __future__ import annotations

import pandas as pd

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
