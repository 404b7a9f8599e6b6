"""Work in a second process."""

from __future__ import annotations

import os
import time
from functools import partial
from unittest import mock

import pytest

from spikecost.harness.executors.beside import second_process
from spikecost.models.ground.errors import NoThreadError, UserError


def work(folder, program):
    """Return work, which any process can import, that leaves the number of its process in a folder."""
    named = f"import os, pathlib\n(pathlib.Path({str(folder)!r}) / str(os.getpid())).touch()\n"
    return partial(exec, named + program.replace("HERE", str(os.getpid())))


def processes(folder):
    return {int(path.name) for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.parametrize(("cores", "worth_it"), [(1, True), (None, True), (2, False)])
def test_with_one_core_or_little_to_do_work_is_done_here(monkeypatch, cores, worth_it):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr("subprocess.Popen", mock.Mock(side_effect=AssertionError("a process was started")))
    with second_process(worth_it=worth_it) as second:
        second.prepare("no_such_module")  # only another process would import it
        assert second.begin(os.getpid)() == os.getpid()


def test_work_is_done_in_one_other_process():
    with second_process(worth_it=True) as second:
        second.prepare("spikecost.harness.executors")
        first, other = second.begin(os.getpid), second.begin(os.getpid)
        assert first() == other() != os.getpid()


@pytest.mark.parametrize("program", ["if os.getpid() != HERE: os.kill(os.getpid(), 9)", "assert os.getpid() == HERE"])
def test_work_whose_process_is_lost_or_fails_is_done_here(tmp_path, program):
    with second_process(worth_it=True) as second:
        second.begin(work(tmp_path, program))()
    assert len(processes(tmp_path)) == 2
    assert os.getpid() in processes(tmp_path)


def test_an_error_is_raised_here(tmp_path):
    refuse = "from spikecost.models.ground.errors import UserError\nraise UserError(f'in process {os.getpid()}')"
    with second_process(worth_it=True) as second, pytest.raises(UserError, match=f"in process {os.getpid()}"):
        second.begin(work(tmp_path, refuse))()
    assert len(processes(tmp_path)) == 2


@pytest.mark.parametrize(
    ("refuses", "error"),
    [("spikecost.harness.executors.processes.Pool", NoThreadError), ("subprocess.Popen", BlockingIOError)],
)
def test_without_another_process_work_is_done_here(monkeypatch, refuses, error):
    monkeypatch.setattr(refuses, mock.Mock(side_effect=error))
    with second_process(worth_it=True) as second:
        assert second.begin(os.getpid)() == os.getpid()


def interrupted(folder):
    """Do work, and stop when it has begun."""
    with second_process(worth_it=True) as second:
        second.begin(work(folder, "import time\ntime.sleep(60)"))
        while not processes(folder):
            time.sleep(0.01)
        raise KeyboardInterrupt


def test_the_process_ends_with_the_block(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path)
    (number,) = processes(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
