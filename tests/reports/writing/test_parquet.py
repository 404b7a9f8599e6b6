"""Tables as Parquet: every digit, in less space."""

import io

import numpy as np
import pandas as pd
import pytest

from spikecost.reports.writing.encoded import to_parquet


@pytest.mark.parametrize("rows", [0, 1, 3000])
def test_a_table_is_read_as_it_was_written(rows):
    chance = np.random.default_rng(0)
    measured = 10.0 ** chance.uniform(-12, 3, rows)
    table = pd.DataFrame(
        {
            "model": ["lif", "izhikevich:RS", ""][:rows] * (rows // 3 or 1),
            "repeated": np.repeat(0.1, rows),
            "measured": measured,
            "some": np.where(chance.random(rows) < 0.5, measured, np.nan),
            "none": np.full(rows, np.nan),
            "short": measured.astype(np.float32),
            "count": np.arange(rows),
            "holds": measured > 1,
        }
    )
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(to_parquet(table))), table, check_exact=True)


def test_measured_numbers_take_less_space_than_by_dictionary():
    times = np.cumsum(np.random.default_rng(0).normal(20, 1, 5000))
    table = pd.DataFrame({"time_ms": times})
    plain = io.BytesIO()
    table.to_parquet(plain, index=False, compression="zstd")
    assert len(to_parquet(table)) < 0.9 * len(plain.getvalue())
