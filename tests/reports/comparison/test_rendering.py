"""Files written in addition to a run's data: every file shows names as users wrote them."""

import csv
import io
import re
from unittest import mock
from xml.etree import ElementTree

import matplotlib
import pytest

from spikecost.harness.executors.beside import second_process
from spikecost.reports.comparison.rendering import drawn, render

from ..conftest import HOSTILE


@pytest.fixture(scope="module")
def written(hostile_run):
    """All files; of pictures only the names."""
    return render(hostile_run)


@pytest.fixture(scope="module")
def files(written, hostile_run, pictures):
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        return written | drawn(hostile_run, ("svg",))


def test_pictures_show_names_as_they_are(files):
    for name in ("work_precision", "winners", "parity"):
        root = ElementTree.fromstring(files[f"{name}.svg"])
        texts = [" ".join("".join(each.itertext()).split()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
        assert any(HOSTILE in text for text in texts), name
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_tables_have_no_formula_and_as_many_columns_everywhere(files):
    for name, content in files.items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(content.decode())))
            assert len({len(row) for row in rows}) == 1, name
            assert not [case for row in rows for case in row if re.match(r"\s*[=+@]|\s*-\D", case)], name
    lines = files["cheapest.md"].decode().splitlines()
    assert len({len(re.split(r"(?<!\\)\|", line)) for line in lines}) == 1
    assert not [line for line in lines if "<script" in line]


def test_the_page_holds_names_as_text(files):
    text = files["index.html"].decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in text
    # three elements of data and one with the scripts: no name has begun or ended an element
    assert text.count("<script") == text.count("</script>") == 3


@pytest.mark.slow
def test_a_second_process_draws_the_same_figures(small_run, pictures, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with second_process(worth_it=True) as second, mock.patch.object(second, "begin", wraps=second.begin) as begun:
        found = render(small_run, second=second)
    assert begun.call_count == 1
    assert list(found) == list(render(small_run))
    assert {name: found[name] for name in found if name.endswith(".png")} == drawn(small_run, ("png",))
