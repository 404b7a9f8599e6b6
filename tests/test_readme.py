"""The results and examples of the README are true and run."""

import re
from pathlib import Path

import pytest
from brian2 import ms

import spikecost as sc

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.slow
def test_the_python_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "my-report" / "index.html").exists()


@pytest.mark.slow
def test_the_result_is_what_the_suite_gives():
    comparison = sc.compare(["lif", "izhikevich", "hodgkin_huxley"], 0.1 * ms, rates=[100])
    verdict = comparison.verdict.set_index("view")[["lif", "izhikevich:RS", "hodgkin_huxley"]]
    rows = re.findall(r"^\| ([a-z].*?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", README, re.MULTILINE)
    assert len(rows) == len(verdict) == 4
    for (_, *shown), (_, found) in zip(rows, verdict.iterrows(), strict=True):
        # the README rounds to two digits, the largest dt is bisected to 2 %
        assert [float(value) for value in shown] == pytest.approx(list(found), rel=0.06)
    best = comparison.cheapest.set_index("model")["flops_per_ms"]
    grid = comparison.table.query("model == 'izhikevich:RS' and detection == 'grid'")["flops_per_ms"].min()
    shown = re.search(r"it needs (\d+) operations per millisecond instead of (\d+ \d+)", README)
    assert float(shown[1]) == pytest.approx(best["izhikevich:RS"], rel=0.04)
    assert float(shown[2].replace(" ", "")) == pytest.approx(grid, rel=0.04)


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
