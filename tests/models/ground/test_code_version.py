"""The version of the computing code, asked for by several threads at once."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import spikecost
from spikecost.models.ground.code_version import version_of

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
