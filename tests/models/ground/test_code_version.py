"""The version of the computing code, asked for by several threads at once."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import spikecost
from spikecost.models.ground.code_version import text_version, version_of

ROOT = Path(spikecost.__file__).parent
FOLDERS = ("harness/kernels", "models/methods", "models/algebra")


def test_threads_that_ask_at_once_get_one_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a callback of the garbage collector is a moment at which threads change inside of ast.parse; hypothesis has one
    def noticed(*_: object) -> None:
        pass

    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    before = gc.get_threshold()
    gc.callbacks.append(noticed)
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: version_of(ROOT, FOLDERS), range(4)))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(noticed)
    assert len(set(found)) == 1


def test_the_version_of_a_text_parses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of every byte."""

    def parse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ast.parse", parse)
    first, other = text_version("models/algebra"), text_version("models/methods")
    assert first != other
    assert first == text_version("models/algebra")
