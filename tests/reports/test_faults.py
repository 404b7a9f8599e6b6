"""What goes wrong around a run: signals, full disks, models that raise, kills, two runs at once, changed files."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import spikecost as sc
from spikecost.accuracy.regimes import regime
from spikecost.accuracy.study.phases import measuring, sweeping
from spikecost.accuracy.study.suite import Suite
from spikecost.models.ground.errors import UserError
from spikecost.models.ground.interruption import SIGNALS
from spikecost.reports.comparison import run_folder
from spikecost.reports.comparison.files_of_run import _checksum
from spikecost.reports.comparison.places import MANIFEST
from spikecost.reports.comparison.run_folder import RunFolder
from spikecost.reports.writing import bars, files

from ..messages import tells

pytestmark = pytest.mark.slow

#: Replaces the page and the figures, which take seconds to draw.
DRAWN = {"index.html": b"page", "work_precision.png": b"figure"}
SUITE = """
models = ["lif"]
methods = ["euler", "rk4"]
detections = ["grid"]
rates = [50.0]
tolerances = ["1 ms"]
horizons = ["0.1 second"]
trials = 1
per_decade = 3
repeats = 1
thorough = false
features = false
time_lanes = false
"""


@pytest.fixture
def spikecost_run(said, tmp_path, monkeypatch):
    """Run a tiny suite from the command line, in its own folder."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(SUITE)
    monkeypatch.setattr(run_folder, "render", lambda *_: DRAWN)
    return lambda *more: said("run", "--suite", "tiny.toml", "--out", "out", *more)


@pytest.fixture
def computed(spikecost_run, small_comparison, monkeypatch):
    """The same, but the results that it compares have been computed before."""
    monkeypatch.setattr("spikecost.reports.comparison.run.compare", lambda *_, **__: small_comparison)
    return spikecost_run


@pytest.fixture(params=SIGNALS, ids=lambda number: signal.Signals(number).name)
def number(request):
    return request.param


def signalled(monkeypatch, owner, name, number, times=1):
    """Send a signal to this process whenever a function is called, then call it."""
    called = getattr(owner, name)

    def send(*arguments, **named):
        for _ in range(times):
            signal.raise_signal(number)
        return called(*arguments, **named)

    monkeypatch.setattr(owner, name, send)


# --- signals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name"),
    [(run_folder, "render"), (files, "_sweep"), (files, "_to_disk"), (Path, "replace")],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_signal_while_the_report_is_written_loses_nothing(computed, monkeypatch, owner, name, number):
    with monkeypatch.context() as patch:
        signalled(patch, owner, name, number, times=2)
        status, out, err = computed()
    assert status == 130
    assert "open out/index.html" in out
    assert "Traceback" not in err
    assert RunFolder.read("out").about["interrupted"] is False


def test_what_was_finished_is_kept_whichever_signal_comes(spikecost_run, monkeypatch, number):
    with monkeypatch.context() as patch:
        # while it is timed, and again when what was finished is written
        signalled(patch, measuring, "measure", number, times=2)
        signalled(patch, run_folder, "render", number)
        status, out, _ = spikecost_run()
    assert status == 130
    assert "interrupted: what was finished is in out/interrupted" in out
    kept = RunFolder.read("out/interrupted")
    assert kept.about["interrupted"] is True
    assert set(kept.table["status"]) <= {"reached", "at least"}
    # the next run that ends deletes it, and no file of the user
    Path("out/interrupted/mine.txt").write_text("mine")
    assert spikecost_run()[0] == 0
    assert [path.name for path in Path("out/interrupted").iterdir()] == ["mine.txt"]


def test_before_anything_is_finished_there_is_nothing_to_keep(spikecost_run, monkeypatch, number):
    with monkeypatch.context() as patch:
        signalled(patch, sweeping, "kernels_of", number)
        status, _, err = spikecost_run()
    assert status == 130
    assert "interrupted before" in err.splitlines()[-1]
    assert not Path("out").exists()


# --- disks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_folder_that_cannot_be_written_at_the_end_has_a_stand_in(computed, monkeypatch, reason):
    write = Path.write_bytes

    def full(path, content):
        if "out" in path.parts and path.suffix == ".png":
            raise OSError(reason, os.strerror(reason), str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    status, out, err = computed()
    (line,) = [line for line in err.splitlines() if os.strerror(reason) in line]
    stand_in = Path(line.rpartition("the report is in ")[2].removesuffix(" instead"))
    assert (status, stand_in.parent) == (2, Path.cwd())
    assert f"open {stand_in}/index.html" in out
    assert RunFolder.read(stand_in).models == ["lif", "izhikevich:RS"]
    assert not [path for path in Path("out").rglob("*") if path.is_file()]


def test_a_page_that_cannot_be_drawn_does_not_lose_the_data(computed, monkeypatch):
    monkeypatch.setattr(run_folder, "render", lambda *_: 1 / 0)
    status, _, err = computed()
    assert status == 2
    assert "The results are kept: spikecost report out/interrupted" in err
    assert len(RunFolder.read("out/interrupted").table)


# --- models that raise -----------------------------------------------------------------------------------------------


SMALL = Suite(
    models=("lif",),
    methods=("euler", "rk4"),
    detections=("grid",),
    rates=(50.0,),
    tolerances=(1.0,),
    horizons=(100.0,),
    trials=1,
    per_decade=3,
    repeats=1,
    thorough=False,
    features=False,
)


def test_one_model_that_raises_costs_its_own_rows_alone(monkeypatch):
    find = regime.drive_for

    def fails(model, *arguments):
        return 1 / 0 if model.name == "izhikevich" else find(model, *arguments)

    monkeypatch.setattr(regime, "drive_for", fails)
    suite = replace(SMALL, models=("izhikevich", "lif"))
    table = sc.compare(suite.models, suite=suite).table.set_index("model")
    assert set(table.loc["lif", "status"]) <= {"reached", "at least"}
    failed = table.loc["izhikevich:RS"]
    assert list(failed["status"]) == ["failed", "failed"]
    assert all("ZeroDivisionError: division by zero" in reason for reason in failed["reason"])
    assert failed["flops_per_ms"].isna().all()


@pytest.mark.parametrize(
    "name",
    [
        "kernels_of",
        "descend",
        "record",
        "record_reference",
        "measure",
        "kept_measurement",
        "kept_step_and_spike",
        "stability",
        *(pytest.param(name, marks=pytest.mark.deep) for name in ("kept_builds", "executed", "search")),
    ],
)
def test_whatever_one_piece_raises_is_a_reason_and_not_the_end(monkeypatch, tmp_path, name):
    calls = []
    phase = sweeping if hasattr(sweeping, name) else measuring
    called = getattr(phase, name)

    def fails_once(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 1:
            raise ZeroDivisionError("division by zero")
        return called(*arguments, **named)

    monkeypatch.setattr(phase, name, fails_once)
    suite = replace(SMALL, thorough=name in ("kept_builds", "executed"), features=name == "search")
    found = sc.compare(suite.models, suite=suite, jobs=1)
    assert calls
    assert found.table["flops_per_ms"].notna().any()
    found.write(tmp_path)
    assert RunFolder.read(tmp_path).models == ["lif"]


# --- two at once -----------------------------------------------------------------------------------------------------


def test_a_second_run_into_a_folder_is_refused_before_it_computes(spikecost_run, monkeypatch):
    Path("out").mkdir()
    monkeypatch.setattr("spikecost.reports.comparison.run.compare", lambda *_, **__: pytest.fail("it computes"))
    other = os.open("out", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    status, _, err = spikecost_run()
    os.close(other)
    assert status == 2
    assert tells(err, "spikecost: another run writes into the folder out: wait until it has ended")
    assert "the folder out" in err


def test_a_leftover_is_told_by_its_lock_whatever_processes_there_are(tmp_path):
    with files._aside(tmp_path) as alive, files._aside(tmp_path) as other:
        dead = alive.with_name(alive.name + "x")
        dead.mkdir()
        (dead / "file").write_text("left")
        files.replace_all(tmp_path, {"a": b"a"}, "sign", b"sign")
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a", "sign", alive.name, other.name])


# --- kills at every file operation -----------------------------------------------------------------------------------

KILLER = """
import json, os, signal, sys
from pathlib import Path
from spikecost.reports.writing.files import replace_all, write_file

what, folder, stride = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
old, new = ({f"data/{n}": word * 9000 for n in range(6)} | {"page": word} for word in (b"old", b"new"))
CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "fcntl.flock", "shutil.rmtree")

def write(files):
    if what == "folder":
        replace_all(folder, files, "run.json", files["page"])
    else:
        write_file(folder / "file", files["data/0"])

def killed_at(k):
    # whether a process that writes was killed at its k-th operation on files
    child = os.fork()
    if not child:
        left = k
        def count(event, arguments):
            nonlocal left
            if event in CHANGES:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        write(new)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

def there():
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: text for name, text in files.items() if not name.startswith(".spikecost-")}

states, k = [], 0
while True:
    write(old)
    leftovers = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    if what == "folder":
        assert not leftovers, leftovers
    killed = killed_at(k)
    now = there()
    if what == "folder":
        whole = [files for files in (old, new) if now == files | {"run.json": files["page"]}]
        states.append("whole" if whole else "no sign" if "run.json" not in now else "mixed")
    else:
        states.append("whole" if now["file"] in (old["data/0"], new["data/0"]) else "mixed")
    if not killed:
        break
    k += stride
print(json.dumps(states))
"""


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.deep)])
def test_a_kill_at_any_file_operation_leaves_nothing_mixed(tmp_path, what, stride):
    ran = subprocess.run(
        [sys.executable, "-c", KILLER, what, str(tmp_path), str(stride)], capture_output=True, text=True, check=True
    )
    states = json.loads(ran.stdout)
    assert "mixed" not in states
    assert len(states) > (40 if what == "folder" else 3) / stride
    if what == "folder" and stride == 1:
        assert {"whole", "no sign"} == set(states)


# --- files that changed ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(small_folder, tmp_path):
    return Path(shutil.copytree(small_folder, tmp_path / "run"))


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.deep)])
def test_no_file_of_a_run_changes_unnoticed(kept, step):
    names = sorted(path for path in kept.rglob("*") if path.is_file())
    assert len(names) > 30
    for path in names[::step] if step > 1 else names:
        whole = path.read_bytes()
        places = 0, len(whole) // 2, len(whole) - 1
        flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
        for harmed in (*flipped, whole[:-1], whole + b" x", b""):
            path.write_bytes(harmed)
            with pytest.raises(UserError) as refused:
                RunFolder.read(kept)
            assert "\n" not in str(refused.value)
        path.unlink()
        with pytest.raises(UserError):
            RunFolder.read(kept)
        path.write_bytes(whole)
    RunFolder.read(kept)


def test_a_digit_in_the_manifest_is_noticed_wherever_it_is(kept):
    path = kept / MANIFEST
    text = path.read_text()
    places = [at for at, sign in enumerate(text) if sign.isdigit()]
    for at in places[:: len(places) // 40]:
        path.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])
        with pytest.raises(UserError):
            RunFolder.read(kept)


@pytest.mark.parametrize(
    "name",
    [
        "/dev/zero",
        "/etc/passwd",
        "../other",
        "data/../../other",
        "data//points.parquet",
        "./table.csv",
        "",
        ".",
        "..",
        "link",
        "linked/file",
        "pipe",
        "data",
        "a\0b",
        "\ud800",
        "x" * 5000,
        "C:\\\\x",
    ],
)
def test_a_manifest_leads_nowhere_but_into_its_folder(kept, name):
    (kept.parent / "other").write_text("secret")
    (kept / "link").symlink_to(kept.parent / "other")
    (kept.parent / "elsewhere").mkdir()
    (kept.parent / "elsewhere" / "file").write_text("secret")
    (kept / "linked").symlink_to(kept.parent / "elsewhere")
    os.mkfifo(kept / "pipe")
    manifest = json.loads((kept / MANIFEST).read_text())
    manifest["files"][name] = "0" * 64
    (kept / MANIFEST).write_text(json.dumps(manifest | {"checksum": _checksum(manifest)}))
    start = time.monotonic()
    with pytest.raises(UserError) as refused:
        RunFolder.read(kept)
    assert time.monotonic() - start < 60  # a read that waits for a pipe or a device never ends
    assert "secret" not in str(refused.value)
    assert len(str(refused.value)) < 1000
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)], ids=["pipe", "folder", "device"]
)
def test_a_manifest_that_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / MANIFEST)
    with pytest.raises(UserError, match=r"cannot read .*run\.json"):
        RunFolder.read(tmp_path)


# --- messages of a run, and what is refused --------------------------------------------------------------------------


def test_a_line_is_printed_now_and_then_where_there_is_no_terminal(capsys, monkeypatch):
    assert bars.HEARTBEAT <= 30
    monkeypatch.setattr(bars, "HEARTBEAT", 0.02)
    with bars.bars() as progress:
        progress.begin("working", 3)
        progress.done()
        printed, until = "", time.monotonic() + 60
        while printed.count("\n") < 4 and time.monotonic() < until:
            time.sleep(0.02)
            printed += capsys.readouterr().err
    lines = printed.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("spikecost: working: 1 of 3 done after ") for line in lines[2:])


def test_a_standard_error_that_is_gone_ends_nothing(monkeypatch):
    class Gone:
        def isatty(self):
            return False

        def write(self, _text):
            raise OSError(errno.EIO, "Input/output error")

        def flush(self):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Gone())
    with bars.bars() as progress:
        progress.begin("working", 1)
        progress.done()


LONG = "a" * 300
NOT_UTF8 = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--out", LONG),
        ("run", "--out", "a/" * 3000),
        ("report", LONG),
        ("compare", LONG, LONG),
        ("check", "--baseline", LONG),
        ("history", "--store", LONG),
        ("run", "--history", LONG),
        ("run", "--suite", LONG),
        ("run", "--models", f"{LONG}.toml"),
        ("show", "lif", "--plot", f"{LONG}.png"),
        ("report", NOT_UTF8),
        ("history", "--store", NOT_UTF8),
        ("check", "--baseline", NOT_UTF8),
        ("run", "--suite", NOT_UTF8),
        ("run", "--models", NOT_UTF8),
        ("run", "--models", f"{NOT_UTF8}.toml"),
        ("run", "--jobs", "100000"),
        ("recommend", "--rate", "20Hz", "--tolerance", "1ms", "--jobs", "100000"),
        ("count", "lif", "--dt", "1e308second"),
        ("count", "lif", "--dt", "1e-308second"),
        ("measure", "lif", "--steps", "1e20"),
        ("measure", "lif", "--steps", "1" + 20 * "0"),
        ("run", "--horizons", "1e308second"),
        ("run", "--horizons", "1e9second"),
        ("run", "--trials", "1" + 12 * "0"),
    ],
    ids=lambda arguments: " ".join(arguments)[:40].encode("ascii", "replace").decode(),
)
def test_what_cannot_be_is_refused_in_one_line(said, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    status, out, err = said(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("spikecost")
    assert err.count("\n") == 1
    assert len(err) < 1000
    err.encode()


def test_a_run_is_written_under_names_that_are_no_utf8(small_run, tmp_path):
    folder = tmp_path / NOT_UTF8
    small_run.write(folder)
    assert RunFolder.read(folder).models == small_run.models
    shutil.rmtree(folder)
