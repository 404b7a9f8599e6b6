"""Groups as Brian2's users write them: the page about them says what is true."""

from __future__ import annotations

import re
import subprocess

import brian2
import pytest

from ...archetypes import choose
from . import examples_of_brian2
from .abroad_groups import DOCUMENT, EXAMPLES, GROUPS, HEAD, INTRODUCTION, line_of, row_of

#: These are run every day; the others in ``tox -e deep``.
EVERYDAY = ("leaky_currents", "gap_junctions", "table_of_values", "growing_refractory_time", "noise_by_an_operation")


@pytest.fixture(scope="module")
def page():
    return DOCUMENT.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def quiet():
    brian2.BrianLogger.suppress_name("unused_brian_object")


def lines(page):
    rows = [line for line in page.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    return {re.match(r"[| `]*(\w+)", line)[1]: line for line in rows}


def test_the_page_has_every_group(page):
    assert page.startswith(INTRODUCTION)
    assert HEAD in page
    assert list(lines(page)) == list(GROUPS)
    refused = sum("| refused: " in line for line in lines(page).values())
    assert f"Accepted: {len(GROUPS) - refused} of {len(GROUPS)} groups." in page
    equal = sum("| yes" in line for line in lines(page).values())
    assert f"Of these, {equal} have the same spikes as in Brian2." in page


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_converted_as_the_page_says(name, page):
    row, line = row_of(name, run=False), lines(page)[name]
    if row.refused:
        assert line_of(row) == line
    else:
        assert line.startswith(line_of(row).rpartition(" | None | ")[0])


@pytest.mark.parametrize("name", choose(GROUPS, EVERYDAY.__contains__))
def test_spikes_are_those_of_the_page(name, page):
    assert line_of(row_of(name)) == lines(page)[name]


def of_examples(page):
    return [line for line in page.partition(EXAMPLES)[2].splitlines() if line.startswith("| `")]


def test_the_sums_about_brian2s_examples_are_those_of_the_table(page):
    rows = of_examples(page)
    neurons = [row for row in rows if examples_of_brian2.NO_EQUATIONS not in row]
    accepted = [row for row in neurons if "| refused: " not in row]
    equal = [row for row in accepted if "| yes" in row]
    assert (
        f"{len(neurons)} groups have differential equations: {len(accepted)} are accepted, and {len(equal)} are\nequal"
        in page
    )
    assert f"{sum('| yes, in its state' in row for row in equal)} of these do not spike" in page
    assert f"{len(rows) - len(neurons)} groups are sources of spikes" in page
    assert len(neurons) >= 39
    assert len(equal) >= len(neurons) * 36 / 39


def told(line):
    file, _group, driven, method, _spikes, verdict = line.strip("| ").split(" | ")
    return file, driven, method, verdict


@pytest.mark.deep
def test_brian2s_examples_are_as_the_page_says(page, tmp_path):
    try:
        folder = examples_of_brian2.source(tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"Brian2's source distribution cannot be got here: {error}")
    found, _ = examples_of_brian2.census(folder)
    lines = list(examples_of_brian2.lines(found))
    if f"The examples of Brian2 {brian2.__version__}," in page:
        # how many spikes there are, and which of two equal groups is the first, is left to random numbers of the script
        assert sorted(map(told, lines)) == sorted(map(told, of_examples(page)))
    else:  # another release has other examples
        assert sum("| yes" in line for line in lines) > 50
    assert max(each.row.seconds for each in found) < 1
