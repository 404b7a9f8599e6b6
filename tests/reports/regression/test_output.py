import json
import re
import shlex
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from spikecost.models.ground.errors import UserError
from spikecost.reports.regression import command, output
from spikecost.reports.regression.guard import Guard, Regressed
from spikecost.reports.regression.judge import judge
from spikecost.reports.regression.judgement import COLUMNS, MOST_NOT_JUDGED
from spikecost.reports.regression.kept import baseline as baselines
from spikecost.reports.regression.kept.figures import Figures

from ...messages import mentions
from .figures import CASE, baseline, figures

STEP = "lif/rk4/hermite/operations_per_step"
DT = f"{CASE}/maximum 0.1 ms/dt_ms"
WORSE = {STEP: 25.0, DT: "not reached: 1 spikes missing", "lif/rk4/hermite/operations_per_spike": 50.0}
NASTY = 'x|<script>alert("%0A")</script>\x07:, `a` *b* [c](d)/rk4/grid/operations_per_step'


@pytest.fixture
def regressed():
    update = "spikecost baseline update --baseline baseline.json"
    return replace(judge(baseline(), figures(WORSE)), update=update, by_figure=True)


@pytest.fixture
def nasty():
    made = baseline(changes={NASTY: 1.0})
    return judge(made, figures({NASTY: 2.0}))


def test_text(regressed):
    lines = regressed.text.splitlines()
    assert mentions(lines[0], "2 of 7", "regressed", "baseline.json", "1 improved", "2 reported")
    assert lines[2].split() == ["figure", "verdict", "baseline", "now", "change", "limit"]
    step = next(line for line in lines if line.startswith(STEP))
    assert step.split() == [STEP, "regressed", "24", "25", "+1", "(+4.17", "%)", "+0", "%"]
    dt = next(line for line in lines if line.startswith(DT))
    assert dt.endswith("no longer a number: not reached: 1 spikes missing")
    assert [line.strip() for line in lines[-2:]] == [
        "spikecost baseline update --baseline baseline.json",
        f"spikecost baseline update --baseline baseline.json --figures '{CASE}/maximum 0.1 ms/*'",
    ]


def test_text_of_what_holds():
    judgement = judge(baseline(), figures())
    assert mentions(judgement.text, "7 figures hold", "baseline.json", "2 reported")
    assert "\n" not in judgement.text
    assert len(judgement.written(judgement.findings).splitlines()) == 3 + 9


def test_a_run_of_another_suite_lacks_many_figures_of_which_some_are_listed():
    changes = {f"m{i}/rk4/grid/operations_per_step": 1.0 for i in range(25)}
    lines = replace(judge(baseline(changes=changes), figures()), by_figure=True).text.splitlines()
    assert mentions(lines[0], "could not be judged", "baseline.json", "25 not judged", "2 reported")
    assert sum(" not judged " in line for line in lines[3:]) == MOST_NOT_JUDGED
    assert lines[-1].startswith("to judge all of them (15 more), give the run that the baseline was made from, ")


def shown(line):
    """Return what Markdown shows for escaped text."""
    return re.sub(r"\\([\\`*_{}\[\]()#+!|~$-])", r"\1", line)


def test_markdown(regressed):
    lines = output.markdown(regressed).splitlines()
    assert mentions(shown(lines[0]), "### spikecost", "2 of 7", "regressed", "1 improved", "2 reported")
    assert f"| {STEP} | regressed | 24 | 25 | +1 (+4.17 %) | +0 % |  |" in map(shown, lines)


def test_markdown_of_names_from_users(nasty):
    line = next(line for line in output.markdown(nasty).splitlines() if "script" in line)
    assert "<" not in line
    assert line.replace("\\|", "").count("|") == len(COLUMNS) + 1
    assert "\\[c\\]\\(d\\)" in line


def test_junit(regressed):
    suite = ElementTree.fromstring(output.junit(regressed)).find("testsuite")
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "9",
        "failures": "2",
        "errors": "1",
        "skipped": "2",
    }
    cases = suite.findall("testcase")
    assert len(cases) == 9
    failed = {
        f"{case.get('classname')}/{case.get('name')}": case.find("failure").get("message")
        for case in cases
        if case.find("failure") is not None
    }
    assert failed.keys() == {STEP, DT}
    assert mentions(failed[STEP], STEP, "regressed", "24 -> 25", "+1 (+4.17 %)", "+0 %")


def test_junit_of_names_from_users(nasty):
    cases = ElementTree.fromstring(output.junit(nasty)).iter("testcase")
    assert NASTY.rpartition("/")[0].replace("\x07", "?") in {case.get("classname") for case in cases}


def test_annotations(regressed):
    found = output.github(regressed)
    assert [each.partition(" ")[0] for each in found] == ["::error", "::error", "::warning"]
    said = "regressed; 24 -> 25 operations; +1 (+4.17 %25); limit +0 %25"
    assert f"::error title={STEP} regressed::{STEP}: {said}" in found


def test_annotations_of_names_from_users(nasty):
    line = output.github(nasty)[0]
    title = line.removeprefix("::error title=").partition("::")[0]
    assert "%2500A" not in title
    assert "%250A" in title
    assert ":" not in title
    assert "," not in title
    assert output.github_problem("two\nlines") == "::error title=spikecost check::two%0Alines"


def test_a_name_is_no_workflow_command(tmp_path):
    name = "\n::add-mask::x/rk4/grid/operations_per_step"
    kept = str(tmp_path / "kept.json")
    baselines.write(baseline(changes={name: 1.0}), kept)
    for now in (lambda: figures({name: 2.0}), lambda: figures(models={"lif": "other"})):
        _, said = command.check(now, kept, github=True)
        lines = said.splitlines()
        stop = re.fullmatch("::stop-commands::([0-9a-f]{32})", lines[0])[1]
        go = lines.index(f"::{stop}::")
        # GitHub reads no command between the two; after them come spikecost's own, one per line
        assert [line for line in lines[go + 1 :] if not re.match("::(error|warning) title=", line)] == []
        assert len(lines) > go + 1


def test_github_shows_ten_annotations_a_step():
    changes = {f"m{i}/rk4/grid/operations_per_step": 1.0 for i in range(25)}
    worse = judge(baseline(changes=changes), figures(dict.fromkeys(changes, 2.0)))
    found = output.github(worse)
    assert len(found) == 10
    assert mentions(found[-1], "::error ", "::16 more")


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "baseline.json"
    baselines.write(baseline(), path)
    return str(path)


def test_check_writes_what_it_is_asked_for(kept, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    status, said = command.check(
        lambda: figures(WORSE),
        kept,
        junit=str(tmp_path / "junit.xml"),
        markdown=str(tmp_path / "check.md"),
        github=True,
    )
    assert status == 1
    assert said.count("\n::error ") == 2
    assert summary.read_text().startswith("before\n### spikecost: 2 of 7 figures regressed")
    assert (tmp_path / "check.md").read_text().startswith("### spikecost: 2 of 7")
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"


def test_check_in_json(kept):
    status, said = command.check(lambda: figures(WORSE), kept, as_json=True)
    assert status == json.loads(said)["status"] == 1
    with pytest.raises(UserError, match="give one of them"):
        command.check(figures, kept, as_json=True, github=True)


def test_what_cannot_be_judged_is_an_annotation_too(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    stale = lambda: replace(figures(), suite={"trials": 3})  # noqa: E731
    status, said = command.check(stale, kept, github=True)
    assert status == 2
    assert said.splitlines()[-1].startswith("::error title=spikecost check::the baseline ")
    assert "does not say which suite it is of" in (tmp_path / "summary.md").read_text()
    with pytest.raises(UserError, match="which suite it is of"):
        command.check(stale, kept, junit=str(tmp_path / "junit.xml"))
    assert not (tmp_path / "junit.xml").exists()


def test_a_file_that_cannot_be_written(kept, tmp_path):
    with pytest.raises(UserError, match=r"cannot write .*none/junit.xml: .*; give another file"):
        command.check(figures, kept, junit=str(tmp_path / "none" / "junit.xml"))


def test_the_update_that_is_named_is_of_the_same_figures(kept):
    _, said = command.check(lambda: figures(WORSE), kept, arguments=("--suite", "my suite.toml"), without_counter=True)
    update = next(line for line in said.splitlines() if "baseline update" in line).split("baseline update ")[1]
    assert shlex.split(update) == ["--suite", "my suite.toml", "--without-counter", "--baseline", kept]


def test_a_test_that_fails_names_the_update_of_its_own_tests():
    guard = Guard(baseline=baseline(), without_counter=True)
    with pytest.raises(Regressed) as failed:
        guard._hold(figures(WORSE))
    assert "spikecost baseline update" not in str(failed.value)
    assert "--figures" not in str(failed.value)
    command_of_tests = "pytest --spikecost-update --spikecost-without-counter --spikecost-baseline=baseline.json"
    assert command_of_tests in [line.strip() for line in str(failed.value).splitlines()]


def test_update_says_what_it_did(kept):
    said = command.update(lambda: figures({STEP: 25.0}), kept)
    assert mentions(said, str(kept), "0 figures added", "1 changed", "0 removed", "; ")
    assert json.loads(command.update(lambda: figures(), kept, as_json=True))["changed"] == [STEP]


def test_a_run_is_not_run_for_a_baseline_that_cannot_be_read(tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text("mine")
    ran = []
    run = lambda: ran.append(1) or Figures({})  # noqa: E731
    for use in (lambda: command.check(run, str(path)), lambda: command.update(run, str(path))):
        with pytest.raises(UserError, match="is not JSON"):
            use()
    assert not ran
