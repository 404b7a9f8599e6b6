import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikecost.models.ground.errors import NoValue, UserError
from spikecost.reports.regression.judge import judge
from spikecost.reports.regression.kept import baseline as baselines
from spikecost.reports.regression.kept.baseline import Baseline
from spikecost.reports.regression.kept.figures import Figures, setting_of, setting_part

from ....strategies import fuzzed
from ..figures import VALUES, baseline, figures

STEP = "lif/rk4/hermite/operations_per_step"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "baseline.json"
    baselines.write(baseline({"*/dt_ms": {"soft_percent": 5.0}}, times={"lif/rk4/hermite": (0.5, 0.25)}), path)
    return path


def test_what_is_written_is_read(file):
    kept = baselines.read(file)
    assert kept.figures == figures(times={"lif/rk4/hermite": (0.5, 0.25)})
    assert kept.limits == {"*/dt_ms": {"soft_percent": 5.0}}


def test_a_figure_is_a_line_and_lines_are_sorted(file):
    lines = file.read_text().splitlines()
    of_figures = [line for line in lines if line.startswith('  "lif/')]
    assert len(of_figures) == len(VALUES) + 1
    assert of_figures[:-1] == sorted(of_figures[:-1])
    assert f'  "{STEP}": 24.0,' in lines
    assert '  "lif/rk4/hermite": [0.5, 0.25]' in lines
    baselines.update(file, figures({STEP: 25.0}, times={"lif/rk4/hermite": (0.5, 0.25)}))
    now = file.read_text().splitlines()
    assert [(a, b) for a, b in zip(lines, now, strict=True) if a != b] == [(f'  "{STEP}": 24.0,', f'  "{STEP}": 25.0,')]


def test_an_update_says_what_changed_and_keeps_the_limits(file):
    changed = baselines.update(
        file, figures({STEP: 25.0, "lif/rk4/instructions_per_step": None, "lif/euler/grid/operations_per_step": 6.0})
    )
    assert (changed.added, changed.changed, changed.removed) == (
        ("lif/euler/grid/operations_per_step",),
        (STEP,),
        ("lif/rk4/instructions_per_step",),
    )
    assert baselines.read(file).limits == {"*/dt_ms": {"soft_percent": 5.0}}


def test_what_has_no_number_is_not_kept(tmp_path):
    path = tmp_path / "new.json"
    baselines.update(path, figures({STEP: "not applicable"}))
    assert STEP not in baselines.read(path).figures.values


@given(st.dictionaries(st.sampled_from(sorted(VALUES)), st.floats(1e-12, 1e12), min_size=1))
def test_a_run_holds_against_the_baseline_made_of_it(tmp_path_factory, values):
    # the file rounds at twelve digits: that must never be a regression
    path = tmp_path_factory.mktemp("baseline") / "baseline.json"
    found = Figures({STEP: 1.0, **values})
    baselines.update(path, found)
    assert judge(baselines.read(path), found).status == 0


DAMAGED = {
    "no JSON": ("{", "is not JSON"),
    "another file": ('{"name": "x"}', "is not a baseline of spikecost"),
    "a list": ("[]", "is not a baseline of spikecost"),
    "another format": ('{"spikecost_baseline": 2}', "has format 2, this spikecost reads 1"),
    "a format in words": ('{"spikecost_baseline": "1"}', "has format '1', this spikecost reads 1"),
    "marks of a merge": ('{\n<<<<<<< HEAD\n "spikecost_baseline": 1\n}', "is not JSON: .*line 2 column 1"),
    "both sides of a merge": ('{"spikecost_baseline": 1, "made": {"a": 1, "a": 2}}', "is not JSON: 'a' is there twice"),
    "brackets without end": ("[" * 100_000, "is not JSON: "),
    "bytes that are no text": (b"\xff\xfe{", "is not JSON: "),
    "half of it": ('{"spikecost_baseline": 1, "made": {}, "models": {}}', "no environment; it is incomplete"),
}


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_baseline_that_cannot_be_read_is_refused_and_left_alone(tmp_path, content, message):
    path = tmp_path / "baseline.json"
    content = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(content)
    for use in (lambda: baselines.read(path), lambda: baselines.update(path, figures())):
        with pytest.raises(UserError, match=message) as raised:
            use()
        assert "\n" not in str(raised.value)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["baseline.json"]


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("figures", {STEP: "23"}, "= '23': give a number without quotes"),
        ("figures", {STEP: True}, "= true: give a number without quotes"),
        ("figures", {STEP: None}, "= None: give a number without quotes"),
        ("figures", {STEP: 10**400}, r"= 10+\.\.\.: give a finite number"),
        ("figures", {STEP: float("nan")}, "NaN is not a number"),
        ("figures", {"lif/speed": 1.0}, "unknown figure 'lif/speed': its last part is one of operations_per_step"),
        ("figures", [], r"figures = \[\]: give a table"),
        ("times", {"lif": 3}, "times.lif = 3: give a list"),
        ("times", {"lif": [1.0, float("nan")]}, "NaN is not a number"),
        ("times", {"lif": [1.0, 0.0]}, "times.lif = 0.0: give a number above 0"),
        ("limits", {"*": {"soft": 3}}, r"unknown soft; did you mean 'soft_percent'\?"),
        ("limits", {"*": {}}, "limit '\\*': give soft_percent, hard, or both"),
        ("limits", {"*": {"hard": "low"}}, "hard = 'low': give a number without quotes"),
        ("limits", {"*": {"hard": float("nan")}}, "NaN is not a number"),
        ("limits", {"*": {"soft_percent": 1e308 * 10}}, "Infinity is not a number"),
        ("limits", {"*": {"soft_percent": -1}}, "soft_percent is below 0"),
        ("limits", [], r"limits = \[\]: give a table"),
        ("gate", {"alpha": 0.1, "power": 2}, "unknown power; known are alpha, threshold_percent"),
        ("gate", {"alpha": "low"}, "alpha = 'low': give a number without quotes"),
        ("gate", {"threshold_percent": -40}, "threshold_percent = -40: give a number above 0"),
    ],
)
def test_a_damaged_section_is_named(file, section, value, message):
    content = json.loads(file.read_text())
    content[section] = value
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        baselines.read(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@fuzzed(200, 20_000)
@given(st.data())
def test_any_change_of_a_file_is_a_baseline_or_refused_in_one_line(file, data):
    content = json.loads(file.read_text())
    holder, path = content, []
    while True:
        path.append(data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder)))))
        inner = holder[path[-1]]
        if not (isinstance(inner, dict | list) and inner and data.draw(st.booleans())):
            break
        holder = inner
    if data.draw(st.booleans()) and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = data.draw(JSON)
    changed = file.with_name("changed.json")
    changed.write_text(json.dumps(content), errors="surrogatepass")
    said = ""
    try:
        assert judge(baselines.read(changed), figures()).text
    except UserError as error:
        said = str(error)
    assert "\n" not in said


def test_a_file_without_end():
    with pytest.raises(UserError, match="larger than 100 MB"):
        baselines.read("/dev/zero")


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"cannot read the baseline .*: No such file or directory; make one with"):
        baselines.read(tmp_path / "none.json")
    with pytest.raises(UserError, match=r"cannot write .*baseline.json: .*; give another file"):
        baselines.write(Baseline(figures()), tmp_path / "none" / "baseline.json")


def test_a_run_without_figures_is_no_baseline(tmp_path):
    path = tmp_path / "baseline.json"
    with pytest.raises(UserError, match="the run has no figures to keep"):
        baselines.update(path, Figures({STEP: NoValue("not applicable")}))
    assert not path.exists()


@given(st.sampled_from(["dt 0.1", "dt ms", "tolerance x", "dt 0.1 ms/", "dt -0.1 ms", "dt 1.2.3 ms", "", "dt"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_error_without_its_setting_is_refused(file, part):
    before = json.loads(file.read_text())
    changed = {**before, "figures": {**before["figures"], f"lif/rk4/hermite/{part}/error_ms": 1.0}}
    other = file.with_name("other.json")
    other.write_text(json.dumps(changed))
    with pytest.raises(UserError, match="unknown figure"):
        baselines.read(other)


@given(st.floats(1e-12, 1e3), st.booleans())
def test_the_setting_of_an_error_is_read_from_its_name(setting, controlled):
    name = f"lif/rk4/hermite/{setting_part(setting, controlled)}/error_ms"
    assert setting_of(name) == pytest.approx(setting, rel=1e-5)
