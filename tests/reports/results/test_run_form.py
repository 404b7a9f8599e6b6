"""The form of a run: a run from another person without this form is refused when it is read."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json

import pandas as pd
import pytest

from spikecost.models.ground.errors import UserError
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.regression.of_run import figures_of
from spikecost.reports.results.run_form import COLUMNS, TEXT, check_about, check_names, check_table


def test_every_run_has_it(small_run):
    check_about(json.loads(json.dumps(small_run.about)), small_run.provenance)
    assert set(COLUMNS) == set(TABLES)
    for name in TABLES:
        check_table(name, getattr(small_run, name))
    check_names(small_run.about, {name: getattr(small_run, name) for name in TABLES})


def test_columns_of_text_are_those_that_hold_text(small_run):
    held = {
        column
        for name in TABLES
        for column, values in getattr(small_run, name).items()
        if any(isinstance(value, str) for value in values)
    }
    assert held <= TEXT


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("made",), 3, "made = 3: give text"),
        (("interrupted",), "no", "interrupted = 'no': give true or false"),
        (("suite", "trials"), "3", "suite.trials = '3': give a whole number"),
        (("suite", "models"), "lif", "suite.models = 'lif': give a list"),
        (("suite", "rates"), [float("nan")], "suite.rates = nan: give a finite number"),
        (("suite",), [], "suite = .*: give a table"),
        (("models", "lif"), "lif", "models.lif = 'lif': give a table"),
        (("models", "lif", "source"), None, "models.lif.source = None: give text"),
        (("measures", "maximum", "perfect"), "0", "measures.maximum.perfect = '0': give a number"),
        (("criteria",), {}, "criteria = .*: give a list"),
        (("seeds", "stimuli"), ["x"], "seeds.stimuli = 'x': give a whole"),
    ],
)
def test_what_a_run_says_of_itself(small_run, path, value, problem):
    about = copy.deepcopy(dict(small_run.about))
    inner = about
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(UserError, match=problem):
        check_about(about, {})
    del inner[path[-1]]
    if path[0] not in ("models", "measures") or len(path) > 2:
        with pytest.raises(UserError, match=f"no {'.'.join(path)}"):
            check_about(about, {})


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (lambda frame: frame.drop(columns="dt_ms"), "has no column 'dt_ms'"),
        (lambda frame: frame.assign(dt_ms="1"), "has '1' in the column 'dt_ms' of numbers"),
        (lambda frame: frame.assign(dt_ms=[[1]] * len(frame)), "in the column 'dt_ms' of numbers"),
        (lambda frame: frame.assign(model=1), "has 1 in the column 'model' of text"),
        (lambda frame: frame.assign(model=b"lif"), "has b'lif' in the column 'model' of text"),
        (lambda frame: frame.assign(dt_ms=float("inf")), "column 'dt_ms' that is not finite"),
        (
            lambda frame: frame.assign(dt_ms=pd.Series([-float("inf")] * len(frame), dtype=object)),
            "column 'dt_ms' of numb",
        ),
        (lambda frame: frame.assign(dt_ms=pd.Timestamp("2024-01-01")), "column 'dt_ms' of datetime"),
        (lambda frame: frame.assign(model=frame["model"].astype("category")), "column 'model' of category"),
    ],
)
def test_what_a_table_holds(small_run, tmp_path, changed, problem):
    frame = changed(small_run.table)
    with pytest.raises(UserError, match=problem):
        check_table("table", frame)


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("table", "model", "zzz"),
        ("points", "detection", "zzz"),
        ("points", "method", ""),
        ("ranking", "view", "zzz"),
        ("winners", "winner", "zzz"),
        ("candidates", "measure", "zzz"),
    ],
)
def test_what_tables_name_is_of_the_run(small_run, tmp_path, table, column, name):
    frame = getattr(small_run, table).copy()
    frame.loc[len(frame) - 1, column] = name
    dataclasses.replace(small_run, **{table: frame}).write(tmp_path)
    with pytest.raises(UserError, match=f"table '{table}' has '{name}' in the column '{column}'"):
        RunFolder.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"[" * 100_000])
def test_what_is_no_table(small_run, tmp_path, content):
    small_run.write(tmp_path)
    _replaced(tmp_path, "data/table.parquet", content)
    with pytest.raises(UserError, match=r"differs; run it again|cannot be read"):
        RunFolder.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"{", b"NaN", b"[]", b'{"format": NaN}', b"[" * 100_000, b"\xff", b'{"a": 1, "a": 2}']
)
def test_what_is_no_manifest(small_run, tmp_path, content):
    small_run.write(tmp_path)
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(UserError) as refused:
        RunFolder.read(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_time_of_a_case_that_is_not_there(small_run):
    broken = dataclasses.replace(small_run, table=small_run.table.iloc[:0])
    with pytest.raises(UserError, match="damaged"):
        figures_of(broken)


def _replaced(folder, name, content):
    """Replace a file of a run, and its checksum in the manifest."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "run.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "run.json").write_text(json.dumps(manifest))
