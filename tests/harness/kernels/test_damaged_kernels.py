"""Damaged files of compiled kernels are detected and made again, and the spike times do not change."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.ground import cache, private
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a separate cache."""
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(private, "_told", set())
    return tmp_path / "cache"


def scalar() -> bytes:
    return run(make_kernel(SCALAR))


def simd() -> bytes:
    return run(make_kernel(SIMD))


def adaptive() -> bytes:
    return run(compile_kernels([make_step(get_model("lif"), "dormand_prince", "dense")])[0], Fraction(1, 10**6))


def make_kernel(build):  # type: ignore[no-untyped-def]
    return compile_kernels([make_step(get_model("lif"), "euler", "linear")], build)[0]


def run(kernel, setting=Fraction(1, 64)) -> bytes:  # type: ignore[no-untyped-def]
    outcome = kernel.run([constant(2 * mV / ms, 200 * ms)], setting)[0]
    return np.concatenate([outcome.spike_times, outcome.state]).tobytes()


def in_another_process(work: Callable[[], bytes]) -> bytes:
    """Return the result of a forked process; there is none if the process crashes on what it loads."""
    reads, writes = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.write(writes, work())
        finally:
            os._exit(0)
    os.close(writes)
    with open(reads, "rb") as pipe:
        found = pipe.read()
    os.waitpid(process, 0)
    return found


def regions(content: bytes) -> list[tuple[int, int]]:
    """Return the positions of the parts of an ELF file: headers, each section, the table of sections, the rest."""
    (table,) = struct.unpack_from("<Q", content, 40)
    size, count = struct.unpack_from("<HH", content, 58)
    parts = [(0, 64), (table, table + size * count), (table + size * count, len(content))]
    for i in range(count):
        (kind,) = struct.unpack_from("<I", content, table + i * size + 4)
        offset, length = struct.unpack_from("<QQ", content, table + i * size + 24)
        if kind != 8 and length:  # 8: no bits in the file
            parts.append((offset, offset + length))
    return parts


def test_damage_is_found_before_it_is_loaded(folder: Path) -> None:
    attack(folder, scalar, 3)


@pytest.mark.deep
@pytest.mark.parametrize("work", [scalar, simd, adaptive])
def test_damage_in_every_region_is_found(folder: Path, work: Callable[[], bytes]) -> None:
    attack(folder, work, 70)


def attack(folder: Path, work: Callable[[], bytes], tries: int) -> None:
    right = in_another_process(work)
    assert len(right) > 50
    (path,) = (folder / "kernels").iterdir()
    content = path.read_bytes()
    chance = random.Random(7)
    parts = regions(content)
    for attempt in range(tries):
        first, last = parts[attempt % len(parts)] if tries > len(parts) else chance.choice(parts)
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 1, 3, 40))):
            damaged[chance.randrange(first, last)] ^= chance.randrange(1, 256)
        if damaged == content:
            continue
        path.write_bytes(damaged)
        assert in_another_process(work) == right, (attempt, first, last)
        assert path.read_bytes() == content  # made again, with the same bytes if the compiler is reproducible
    path.write_bytes(content[: len(content) // 2])
    assert in_another_process(work) == right


def test_kernels_that_changed_places_are_found(folder: Path) -> None:
    a, b = in_another_process(scalar), in_another_process(simd)
    first, second = (folder / "kernels").iterdir()
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    assert sum(len(each.damaged) for each in cache.holdings()) == 2
    assert (in_another_process(scalar), in_another_process(simd)) == (a, b)
    assert sum(len(each.damaged) for each in cache.holdings()) == 0
