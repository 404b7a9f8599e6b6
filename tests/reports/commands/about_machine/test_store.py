"""The export of the store of results."""

from fractions import Fraction

import pandas as pd
import pytest

from spikecost.accuracy.measures.spike_trains import SpikeTimeError
from spikecost.accuracy.regimes.regime import RegimeKey
from spikecost.accuracy.search.criterion import Run
from spikecost.accuracy.search.kept_runs import version
from spikecost.accuracy.search.runs_as_bytes import encoded
from spikecost.harness.store import Store
from spikecost.models.ground.errors import UserError
from spikecost.reports.commands.about_machine.store import AT_ONCE, SCHEMA, export

FAILED = Run(None, "diverged", {}, 0, {})
SOUND = Run(SpikeTimeError(0.1, 0.05, 0.06, 0.0, 7, 1, 0), "", {"gamma_2ms": 0.5}, 8, {}, 0.2)


def kept(path, *parts):
    """Make a store of parts: what is said of each, and its run or its bytes."""
    with Store(path) as store:
        for number, (about, run) in enumerate(parts):
            content = run if isinstance(run, bytes) else encoded({Fraction(1, 10): (run,)})
            store.keep(f"{number:04}", content, about, version())
    return str(path)


@pytest.fixture(params=[".parquet", ".csv"])
def written(request, tmp_path):
    """A function that exports a store and reads the table."""

    def write(*parts):
        file = tmp_path / f"runs{request.param}"
        said = export(kept(tmp_path / "kept.db", *parts), str(file))
        table = pd.read_parquet(file) if request.param == ".parquet" else pd.read_csv(file, dtype={"level": str})
        assert list(table.columns) == SCHEMA.names
        assert said.record["runs"] == len(table)
        return table

    return write


def test_a_column_may_be_empty_in_the_first_parts(written):
    table = written(*[({"model": "lif"}, FAILED)] * AT_ONCE, ({"model": "qif"}, SOUND))
    assert len(table) == AT_ONCE + 1
    assert list(table["failure"].dropna()[:AT_ONCE]) == ["diverged"] * AT_ONCE
    assert table["maximum"].notna().sum() == 1
    last = table.iloc[-1]
    assert (last["model"], last["maximum"], last["matched"], last["missing"]) == ("qif", 0.1, 7, 1)


def test_columns_are_those_of_every_part(written):
    first = {"model": "lif", "level": "50 Hz", "horizon": 1000.0}
    table = written(*[(first, SOUND)] * AT_ONCE, ({"level": "20 Hz", "model": "qif", "new": 1}, SOUND))
    assert list(table["model"]) == ["lif"] * AT_ONCE + ["qif"]
    assert list(table["level"]) == ["50 Hz"] * AT_ONCE + ["20 Hz"]
    assert list(table["horizon"].isna()) == [False] * AT_ONCE + [True]


def test_what_a_run_says_of_its_results_has_a_column():
    assert set(RegimeKey._fields) <= set(SCHEMA.names)


def test_what_has_another_form_is_left_out(written):
    assert list(written(({"model": "lif"}, b"another form"), ({"model": "qif"}, SOUND))["model"]) == ["qif"]


def test_a_store_without_a_readable_result_is_refused(tmp_path):
    store = kept(tmp_path / "kept.db", ({"model": "lif"}, b"another form"))
    with pytest.raises(UserError, match="no results to export"):
        export(store, str(tmp_path / "runs.parquet"))
