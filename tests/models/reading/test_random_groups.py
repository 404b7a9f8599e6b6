"""Random Brian2 groups have Brian2's spikes."""

from __future__ import annotations

import brian2
import pytest

from ...archetypes import DEEP
from .random_groups import row_of

#: The groups of every day, and of ``tox -e deep``.
SEEDS = range(500 if DEEP else 8)


@pytest.fixture(autouse=True)
def quiet():
    brian2.BrianLogger.suppress_name("unused_brian_object")


def test_random_groups_have_brian2s_spikes():
    found = {seed: row_of(seed) for seed in SEEDS}
    taken = {seed: each for seed, each in found.items() if each is not None}
    assert len(taken) > 0.7 * len(SEEDS)
    wrong = {seed: f"{row.refused or row.note}\n{draft}" for seed, (draft, row) in taken.items() if not row.equal}
    assert not wrong
    assert sum(row.spikes for _, row in taken.values()) > 10 * len(taken)
