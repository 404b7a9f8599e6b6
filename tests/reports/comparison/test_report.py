"""``spikecost report``: every format, and mistakes, which leave an earlier report unchanged."""

import csv
import dataclasses
import io
import json
from unittest import mock

import pandas as pd
import pytest

from spikecost.harness.executors.beside import second_process
from spikecost.models.ground.errors import UserError
from spikecost.reports.comparison import formats
from spikecost.reports.comparison.formats import FORMATS, render
from spikecost.reports.comparison.report import SIGN, report
from spikecost.reports.comparison.run_folder import TABLES

#: One quick format of each kind, without figures.
QUICK = ("md", "tex", "csv", "parquet", "json", "bib", "txt")


@pytest.fixture
def folder(small_run, tmp_path):
    small_run.write(tmp_path / "run")
    return tmp_path / "run"


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_of_each_format(folder):
    written = {path.name for path in report(folder, QUICK)}
    assert written == {
        "tables.md",
        "tables.tex",
        *(f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")),
        "run.json",
        "references.bib",
        "methods.txt",
    }
    assert {path.name for path in (folder / "report").iterdir()} == written | {SIGN}
    assert json.loads((folder / "report" / SIGN).read_text())["files"] == sorted(written)


def test_markdown_has_the_demos_and_what_they_come_to(looked_at, small_run):
    text = render(looked_at, ["md"])["tables.md"].decode()
    assert "3 of the 20 demos of Izhikevich" in text
    assert r"| P | bistability | 5 \-&gt; 7 |" in text
    assert "demos" not in render(small_run, ["md"])["tables.md"].decode()


def test_long_tables_are_parquet_alone_in_a_report_of_all_formats(small_run, monkeypatch):
    most = max(len(getattr(small_run, name)) for name in TABLES) - 1
    (longest,) = (name for name in TABLES if len(getattr(small_run, name)) > most)
    monkeypatch.setattr(formats, "LONG", most)
    monkeypatch.setattr(formats, "draw", lambda *_: {})
    found = render(small_run)
    assert f"{longest}.parquet" in found
    assert f"{longest}.csv" not in found
    data = json.loads(found["run.json"])
    assert data["only in Parquet"] == [longest]
    assert longest not in data
    asked = render(small_run, ["csv", "json"])
    assert f"{longest}.csv" in asked
    assert longest in json.loads(asked["run.json"])


@pytest.mark.slow
def test_a_second_process_draws_figures(small_run, monkeypatch):
    monkeypatch.setattr(formats, "WIDTHS", ["single"])
    monkeypatch.setattr(formats, "drawn", lambda *_: {})
    with second_process(worth_it=True) as second, mock.patch.object(second, "begin", wraps=second.begin) as begun:
        found = render(small_run, ["svg", "md"], second)
    assert begun.call_count == 1
    assert set(found) == {"ratios_single.svg", "tables.md", "work_precision_single.svg"}
    assert all(b"<svg" in content for name, content in found.items() if name.endswith("svg"))


def test_the_page_is_that_of_the_run(small_run):
    assert render(small_run, ["html"])["index.html"].startswith(b"<!")


def test_every_number_can_be_had_as_data(small_run, folder):
    report(folder, ["csv", "parquet", "json"])
    data = json.loads((folder / "report" / "run.json").read_text())
    for name in ("table", "points", "ranking"):
        expected = getattr(small_run, name)
        numbers = expected.select_dtypes("number").columns
        read = pd.read_csv(folder / "report" / f"{name}.csv")
        # numbers of seven digits are written as such
        short = expected.select_dtypes("float32").columns
        read = read.astype(dict.fromkeys(short, "float32"))
        pd.testing.assert_frame_equal(read[numbers], expected[numbers], check_dtype=False, rtol=1e-14)
        stored = pd.read_parquet(folder / "report" / f"{name}.parquet")
        pd.testing.assert_frame_equal(stored, expected, check_dtype=False)
        assert pd.DataFrame(data[name])[numbers].astype(float).to_numpy() == pytest.approx(
            expected[numbers].astype(float).to_numpy(), rel=0, nan_ok=True
        )


def test_no_table_has_a_formula_whatever_the_names(hostile_run):
    found = render(hostile_run, ["csv"])
    named = 0
    for content in found.values():
        for row in csv.reader(io.StringIO(content.decode())):
            assert not any(entry.startswith(("=", "+", "@")) for entry in row)
            named += sum(entry.startswith("'=1+2|") for entry in row)
    assert named > 10


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        (["md", "docx"], "unknown format 'docx': known are html, md, tex, csv, parquet, "),
        ([], "no format was given: give one or more of html"),
    ],
)
def test_an_unknown_or_empty_selection_overwrites_nothing(folder, formats, message):
    report(folder, ["txt", "bib"])
    before = contents(folder)
    with pytest.raises(UserError, match=message):
        report(folder, formats)
    assert contents(folder) == before


def test_an_incomplete_run_overwrites_nothing(folder):
    report(folder, ["txt"])
    (folder / "data" / "points.parquet").unlink()
    before = contents(folder)
    with pytest.raises(UserError, match=r"is incomplete: data/points\.parquet"):
        report(folder, ["txt"])
    assert contents(folder) == before


def test_a_folder_that_cannot_be_written(folder, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="cannot write the folder"):
        report(folder, ["txt"], tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_in_which_nothing_was_reached(small_run, tmp_path):
    empty = dataclasses.replace(small_run, table=small_run.table.assign(flops_per_ms=float("nan")))
    with pytest.raises(UserError, match="there is nothing to report"):
        render(empty, FORMATS)
