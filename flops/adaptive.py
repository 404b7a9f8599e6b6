"""The cost of a run of an adaptive method: how often each block ran, times the cost of that block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..models.adaptive import AdaptiveStep
from .operations import Operations, count_block


@dataclass(frozen=True)
class AdaptiveCount:
    """Operations of the blocks of an adaptive step."""

    step: AdaptiveStep
    by_block: Mapping[str, Operations]
    """One run of each block."""

    def of(self, tallies: Mapping[str, int]) -> Operations:
        """Return the operations of a run.

        Parameters
        ----------
        tallies : mapping
            How often each block ran. Other entries (steps accepted, steps rejected) cost nothing.
        """
        counts = dict.fromkeys(Operations(), 0)
        for name, operations in self.by_block.items():
            for kind, n in operations.items():
                counts[kind] += tallies.get(name, 0) * n
        return Operations(counts)


def count_adaptive(step: AdaptiveStep) -> AdaptiveCount:
    """Count the operations of the blocks of an adaptive step."""
    return AdaptiveCount(step, {name: count_block(block) for name, block in step.blocks.items()})
