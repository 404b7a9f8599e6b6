"""The results and examples of the README are true and run."""

import re
from pathlib import Path

import pytest
from brian2 import ms

import spikecost as sc
from spikecost.reports.tables.ratios import GRID

from . import readme

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.slow
def test_the_python_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "my-report" / "index.html").exists()


def test_the_result_is_that_of_the_run_in_the_example():
    assert readme.with_result(README, readme.result(readme.read("ratios"), readme.read("ranking"))) == README
    assert "special case" in README


@pytest.mark.slow
@pytest.mark.parametrize(("stimulus", "level"), readme.SHOWN)
def test_the_result_is_what_the_suite_gives(stimulus, level):
    kept = {name: readme.read(name) for name in ("ratios", "ranking")}
    here = {name: (table["stimulus"] == stimulus) & (table["level"] == level) for name, table in kept.items()}
    ratios = kept["ratios"][here["ratios"]]
    if not len(ratios):
        pytest.fail(f"the example has no {stimulus} at {level}: run tox -e suite and tests/readme.py")
    # the strictest tolerance that all reach with spikes on the grid, too
    tolerance = ratios.loc[ratios["view"] == GRID, "tolerance"].min()
    # the cheapest of all methods is the cheapest of those that are the cheapest somewhere
    methods = list(dict.fromkeys([*ratios.loc[ratios["tolerance"] == tolerance, "method"], "euler"]))
    comparison = sc.compare(
        list(readme.NAMES), tolerance * ms, stimuli=[stimulus], rates=[float(level.split()[0])], methods=methods
    )
    for name, table in kept.items():
        shown = table[(here[name] & (table["tolerance"] == tolerance)) | (table["view"] == readme.PUBLISHED)]
        found = getattr(comparison, name)
        found = found[(found["tolerance"] == tolerance) | (found["view"] == readme.PUBLISHED)]
        both = shown.merge(found, on=["view", "model"], suffixes=("_kept", ""))
        assert len(both) == len(shown) >= 6
        # the largest dt is searched to about 2 %, for each of two models
        assert list(both["ratio_kept"]) == pytest.approx(list(both["ratio"]), rel=0.06)


def test_what_it_says_of_the_demos():
    demos = sc.demo_table()
    found = re.search(r"(\d+) show their feature converged, (\d+) of them with other spike counts", README)
    shown, other = found.groups()
    assert int(shown) == demos["shown_converged"].sum()
    assert int(other) == (demos["finding"] == "shown, with other spikes").sum()
    artefacts = demos[demos["finding"].str.startswith("artefact")]
    published = [float(dt) for dt in re.findall(r"at dt = ([\d.]+) ms \|", README)]
    assert artefacts["artefact_from_ms"].tolist() == published == [0.25, 0.1, 0.5]
    assert "702 by 171.6 ms" in README
    assert "702 spikes by 171.55 ms" in artefacts["reason_converged"].iloc[-1]
