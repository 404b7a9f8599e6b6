import contextlib
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random

import numpy as np
import pytest

from spikecost.models.ground.errors import UserError
from spikecost.reports.regression import command
from spikecost.reports.regression.kept.changes import changes
from spikecost.reports.regression.kept.figures import Figures
from spikecost.reports.regression.kept.history import Entry, History

from ....messages import mentions
from ..figures import figures

STEP = "lif/rk4/hermite/operations_per_step"
TIME = "lif/rk4/hermite/time"


def series(values):
    return [Entry(run, "2026-11-24", f"commit{run}", value) for run, value in enumerate(values, 1)]


@pytest.fixture
def store(tmp_path):
    return History(tmp_path / "history.sqlite")


def filled(store, values):
    for run, value in enumerate(values):
        assert store.add(figures({STEP: value}, {"lif/rk4/hermite": (1.0, 2.0, 6.0)}), f"commit{run}")
    return store


def test_a_run_is_kept(store):
    filled(store, [24.0, 25.0])
    assert len(store) == 2
    assert [(entry.run, entry.commit, entry.value) for entry in store.series(STEP)] == [
        (1, "commit0", 24.0),
        (2, "commit1", 25.0),
    ]
    assert [entry.value for entry in store.series(TIME)] == [2.0, 2.0]  # the median
    assert store.names("*/operations_per_step") == [STEP]


def test_a_run_is_added_once(store):
    assert store.add(figures())
    assert not store.add(figures())
    assert len(store) == 1
    assert store.add(figures(), "another commit")


@pytest.mark.parametrize("there", [True, False], ids=["to a history", "to none yet"])
def test_many_may_add_at_once(store, there):
    if there:
        store.add(figures())
    start = threading.Barrier(8)

    def add(value):
        start.wait()
        store.add(figures({STEP: float(value)}))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(add, range(8))) == [None] * 8
    assert sorted(entry.value for entry in store.series(STEP)) == [*range(8), *([24] if there else [])]


def test_a_history_that_cannot_be_written_is_read_all_the_same(store, monkeypatch):
    filled(store, [24.0, 25.0])
    assert [path.name for path in store.path.parent.iterdir()] == ["history.sqlite"]  # so a copy needs only this file
    connect = sqlite3.connect
    opened = []
    monkeypatch.setattr(sqlite3, "connect", lambda where, **given: opened.append(where) or connect(where, **given))
    assert [entry.value for entry in store.series(STEP)] == [24.0, 25.0]
    assert opened == [f"{store.path.as_uri()}?mode=ro"]


def test_an_empty_file_becomes_a_history(store):
    store.path.touch()
    store.check()
    with pytest.raises(UserError, match="there is no history"):
        store.names()
    assert store.add(figures())
    assert len(store) == 1


def test_a_name_is_no_part_of_an_address(tmp_path):
    store = History(tmp_path / "a?mode=memory&b%20#c.sqlite")
    store.add(figures())
    assert [path.name for path in tmp_path.iterdir()] == [store.path.name]
    assert len(store) == 1


def test_a_run_is_there_whole_or_not_at_all(store, monkeypatch):
    store.add(figures())
    broken = Figures({STEP: 1.0, "lif/x/operations_per_step": object()})
    with pytest.raises(Exception, match="object"):
        store.add(broken)
    assert len(store) == 1


def test_files_that_are_no_history_are_left_alone(tmp_path):
    text, other, newer = (tmp_path / name for name in ("text", "other.sqlite", "newer.sqlite"))
    text.write_text("mine, and long enough to be read as the header of a database file" * 20)
    with contextlib.closing(sqlite3.connect(other)) as file, file:
        file.execute("CREATE TABLE mine (x)")
    History(newer).add(figures())
    with contextlib.closing(sqlite3.connect(newer)) as file, file:
        file.execute("PRAGMA user_version = 9")
    for path, message in (
        (text, "file is not a database"),
        (other, "is not a history of spikecost"),
        (newer, "has format 9, this spikecost reads 1"),
    ):
        before = path.read_bytes()
        with pytest.raises(UserError, match=message):
            History(path).add(figures())
        assert path.read_bytes() == before
    with pytest.raises(UserError, match=r"there is no history .*none; add a run with spikecost history add RUN"):
        History(tmp_path / "none").names()
    with pytest.raises(UserError, match=r"cannot use the history .*: unable to open"):
        History(tmp_path / "no" / "folder").add(figures())


# --- where a figure changed ------------------------------------------------------------------------------------------


def test_a_count_changes_wherever_it_changes():
    found = changes(series([24, 24, 24, 25, 25, 23]))
    assert [(each.run, each.commit, each.before, each.after) for each in found] == [
        (4, "commit4", 24, 25),
        (6, "commit6", 25, 23),
    ]
    assert found[0].percent == pytest.approx(100 / 24)


@pytest.mark.parametrize("values", [[], [24], [24] * 50, [0.0] * 10, [1e-6, 1e-6 * (1 + 1e-9)]])
def test_what_never_changed_has_no_step(values):
    assert changes(series(values)) == []


def test_the_last_run_and_the_second():
    assert [each.run for each in changes(series([24] * 49 + [25]))] == [50]
    assert [each.run for each in changes(series([24, 25]))] == [2]


def test_a_step_in_noise():
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(1.0, 0.05, 15), random.normal(2.0, 0.05, 15)])
    assert [each.run for each in changes(series(values), noisy=True)] == [16]


def test_noise_alone_has_hardly_ever_a_step():
    random = np.random.default_rng(4)
    marked = sum(bool(changes(series(random.normal(1.0, 0.1, 30)), noisy=True)) for _ in range(100))
    assert marked <= 2


def test_one_run_that_was_held_up_is_no_step():
    random = np.random.default_rng(5)
    values = random.normal(1.0, 0.05, 30)
    values[20] = 1.3
    assert changes(series(values), noisy=True) == []


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_shown_without_a_name_is_what_changed(store):
    filled(store, [24.0, 24.0, 25.0])
    said = command.show(store.path)
    title, _, commit, head, row = said.splitlines()
    assert mentions(title, "history.sqlite", "3 runs", "10 figures", "1 changed", "1 ", "limit")
    assert mentions(commit, "commit2", "2026-11-24", "1 changed", "1 ", "limits")
    assert row.split() == [STEP, "24", "25", "+1", "(+4.17", "%)", "+0", "%", "beyond", "its", "limit"]
    assert head.split() == ["figure", "before", "after", "change", "limit"]


def test_the_file_is_read_as_often_for_many_figures_as_for_one(store, monkeypatch):
    # reading checks the whole file, so that once per figure would take minutes for a long history
    checked = []
    check = History._refuse_damaged
    monkeypatch.setattr(History, "_refuse_damaged", lambda self, opened: checked.append(1) or check(self, opened))
    for value in range(3):
        store.add(figures({f"lif/method{n}/hermite/operations_per_step": float(value) for n in range(40)}))
    read = []
    for pattern in ("lif/method7/*", "*"):
        checked.clear()
        command.show(store.path, pattern)
        read.append(len(checked))
    assert read[0] == read[1]


def test_what_never_changed_is_listed_if_it_is_named(store):
    filled(store, [24.0, 25.0])
    said = command.show(store.path, "*")
    assert next(line for line in said.splitlines() if line.startswith(TIME)).split() == [TIME, "2"]
    assert said.index(STEP) < said.index("never changed")


def test_changes_are_grouped_by_commit_and_the_worst_come_first(store):
    better, cheap = "lif/rk4/hermite/operations_per_spike", "lif/rk4/hermite/mul_per_step"
    for run, values in enumerate([(24.0, 9.0, 3.0), (24.0, 8.0, 4.0), (24.0, 8.0, 4.0), (30.0, 7.0, 5.0)]):
        store.add(figures(dict(zip((STEP, better, cheap), values, strict=True))), f"commit{run}")
    said = command.show(store.path, "lif/rk4/hermite/*_per_*").splitlines()
    assert [line.split()[0] for line in said if line.startswith("commit")] == ["commit1", "commit3"]  # not commit2
    names = [line.split()[0] for line in said[said.index(next(each for each in said if "commit3" in each)) :][2:5]]
    assert names == [STEP, better, cheap]
    assert sum("beyond its limit" in line for line in said[1:]) == 1
    found = json.loads(command.show(store.path, STEP, as_json=True))["figures"][STEP]["changes"]
    assert [(each["run"], each["verdict"], each["limit"]) for each in found] == [(4, "regressed", "+0 %")]


def test_a_baseline_gives_the_limits_of_a_history(store, tmp_path):
    filled(store, [24.0, 25.0])
    kept = tmp_path / "kept.json"
    command.update(lambda: figures({}), str(kept), without_counter=True)
    content = json.loads(kept.read_text())
    content["limits"] = {STEP: {"soft_percent": 10}}
    kept.write_text(json.dumps(content))
    assert "beyond" in command.show(store.path)
    assert "beyond" not in command.show(store.path, baseline=str(kept))


def test_a_step_summary_shows_what_is_beyond_its_limit_and_folds_the_rest(store, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    for value in (3.0, 4.0):
        store.add(figures({"lif/rk4/hermite/mul_per_step": value}), "f<o>ld")
    store.add(figures({"lif/rk4/hermite/mul_per_step": 4.0, STEP: 99.0}), "shown")
    command.show(store.path, github=True, markdown=str(tmp_path / "changes.md"))
    said = (tmp_path / "summary.md").read_text()
    assert said.strip() == (tmp_path / "changes.md").read_text().strip()
    assert said.count("<details>") == said.count("</details>") == 1
    assert "<o>" not in said
    assert said.index("</details>") < said.index("#### shown")
    assert "| beyond its limit |" in said


def test_shown_by_name_is_every_run_and_runs_of_one_value_are_one_line(store):
    filled(store, [24.0, 24.0, 25.0])
    # a run is added once, so that the second differs by its commit alone
    lines = command.show(store.path, STEP).splitlines()
    assert mentions(lines[-2], "1 to 2", "2026-11-24", "commit0", "24")
    assert mentions(lines[-1], "3", "2026-11-24", "commit2", "25", "24 -> 25 (+4.17 %)", "limit +0 %")


def test_drawn(store, tmp_path):
    filled(store, [24.0, 24.0, 25.0])
    picture = tmp_path / "history.svg"
    command.show(store.path, STEP, file=str(picture))
    text = picture.read_text()
    assert text.count("<!-- commit2 +4.17 % -->") == 1
    assert text.count(f"<!-- {STEP} -->") == 1


@pytest.mark.parametrize(
    ("pattern", "file", "message"),
    [
        ("*/speed", None, "no figure of .* is named"),
        ("*", "all.pdf", "10 figures to draw"),
        (STEP, "picture.bmp", "give a name that ends in "),
    ],
)
def test_what_cannot_be_shown(store, tmp_path, pattern, file, message):
    filled(store, [24.0])
    if message.startswith("10"):
        store.add(figures({f"lif/rk{n}/hermite/operations_per_step": 1.0 for n in range(9)}))
        message = "18 figures to draw; name 1 to 12 with --figure"
    with pytest.raises(UserError, match=message):
        command.show(store.path, pattern, file=file and str(tmp_path / file))
    assert [each.name for each in tmp_path.iterdir() if not each.name.startswith("history")] == []


# --- damage ----------------------------------------------------------------------------------------------------------


def harmed(content, random):
    """Return the file with one change: a bit, a range of zeros, the end cut off, or two parts swapped."""
    found = bytearray(content)
    at, other = random.randrange(len(found)), random.randrange(len(found))
    length = random.choice([1, 1, 8, 100])
    match random.randrange(4):
        case 0:
            found[at] ^= 1 << random.randrange(8)
        case 1:
            found[at : at + length] = bytes(len(found[at : at + length]))
        case 2:
            del found[at:]
        case _:
            first, second = bytes(found[at : at + length]), bytes(found[other : other + length])
            if len(first) == len(second) == length and abs(at - other) >= length:
                found[at : at + length], found[other : other + length] = second, first
    return bytes(found)


@pytest.mark.parametrize("rounds", [150, pytest.param(3000, marks=pytest.mark.deep)])
def test_a_damaged_history_is_told_in_one_line_and_not_written(store, rounds):
    for value in range(12):
        store.add(figures({f"lif/method{n}/hermite/operations_per_step": float(value + n) for n in range(20)}))
    whole = store.path.read_bytes()
    expected = {name: store.series(name) for name in store.names()}
    random = Random(rounds)
    refused = 0
    for _ in range(rounds):
        content = harmed(whole, random)
        store.path.write_bytes(content)
        found = None
        with contextlib.suppress(UserError):
            found = {name: store.series(name) for name in store.names()}
        if found is not None:  # unused parts of a page may contain anything
            assert found == expected
        elif content:  # an empty file is not damaged: it becomes a history
            refused += 1
            with pytest.raises(UserError) as told:
                store.add(figures({STEP: 1.0}))
            assert "\n" not in str(told.value)
            assert store.path.read_bytes() == content
    assert refused > rounds / 3


@pytest.mark.parametrize(
    "facts",
    [
        '"x"',
        "[]",
        "3",
        "null",
        "{",
        '{"made": 1}',
        '{"made": {}, "made": {}}',
        "[" * 9999,
        '{"made": {}, "models": {}, "environment": {}, "checksum": 3}',
        '{"made": {"a": NaN}, "models": {}, "environment": {}}',
    ],
)
def test_facts_of_a_run_that_are_of_another_form(store, facts):
    store.add(figures({STEP: 1.0}))
    with contextlib.closing(sqlite3.connect(store.path)) as opened, opened:
        opened.execute("UPDATE runs SET facts = ?", (facts,))
    with pytest.raises(UserError, match="is damaged") as told:
        store.names()
    assert "\n" not in str(told.value)
