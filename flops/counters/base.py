"""A counter: how operations are counted while code runs."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ...models.algebra.expression import KINDS
from ...models.ground.errors import UserError
from ...models.ground.registry import Registry
from ..toolchain import cpu_model
from .workload import Workload

K = TypeVar("K")

#: Kinds that a counter reports: those of the Step; a fused multiply-add; and ``flop`` if a counter cannot separate the
#: kinds. Exponentials and powers are calls: their operations are in the counts of libm.
COUNTED_KINDS = (*KINDS, "fma", "flop")

#: Vector width of a count if only the sum over all widths is known.
ANY_WIDTH = 0


@dataclass(frozen=True)
class Retired:
    """What the processor executed in one image, or in all images."""

    operations: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """Operations by (kind, vector width in numbers). An instruction on four numbers counts as four operations; a fused
    multiply-add counts as one ``fma``."""
    instructions: int | None = None
    cycles: int | None = None
    single: Mapping[str, int] = field(default_factory=dict)
    """Of the operations those on 32-bit numbers, by kind; empty if a counter cannot separate them."""

    whole: Mapping[str, int] = field(default_factory=dict)
    """Operations of fixed point, on 32-bit integers, by kind; empty if a counter cannot see them. (Code that is not of
    fixed point also compares and adds such integers.)"""

    def __add__(self, other: Retired) -> Retired:
        return Retired(
            _sums(self.operations, other.operations),
            _sum(self.instructions, other.instructions),
            _sum(self.cycles, other.cycles),
            _sums(self.single, other.single),
            _sums(self.whole, other.whole),
        )

    @property
    def by_kind(self) -> dict[str, int]:
        """Operations by kind, summed over all widths; only kinds that occur."""
        totals = {kind: sum(n for (k, _), n in self.operations.items() if k == kind) for kind in COUNTED_KINDS}
        return {kind: n for kind, n in totals.items() if n}

    def flops(self, fma: int = 2, compare: int = 1, select: int = 0) -> int:
        """Return the number of floating-point operations; changes of sign and drawn random numbers are not counted."""
        weights = {"fma": fma, "compare": compare, "select": select, "sign": 0, "random": 0}
        return sum(weights.get(kind, 1) * n for kind, n in self.by_kind.items())


def _sums(a: Mapping[K, int], b: Mapping[K, int]) -> dict[K, int]:
    return {key: n for key in {**a, **b} if (n := a.get(key, 0) + b.get(key, 0))}


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


class Counts:
    """Counts of one ``with`` block, available when the block has ended.

    Parameters
    ----------
    run : callable
        How this counter runs a workload.
    """

    def __init__(self, run: Callable[[Workload], None]) -> None:
        self._run = run
        self.own = Retired(instructions=0)
        """The kernel's own image; everything that was counted, if a counter cannot separate images."""
        self.libm: Retired | None = None
        """The mathematics library; None if a counter cannot separate images."""
        self.other: Retired | None = None
        """All other images; None if a counter cannot separate images or leaves them out. Of the C library only
        floating-point operations are counted: how it copies memory depends on the processor."""

    def call(self, workload: Workload) -> None:
        """Run a workload under this counter. It may be called more than once.

        Raises
        ------
        UserError
            If this counter cannot run such a workload.
        """
        self._run(workload)

    @property
    def total(self) -> Retired:
        """Sum over all images."""
        return sum((part for part in (self.libm, self.other) if part is not None), self.own)


class Counter(Protocol):
    """A way to count retired operations.

    ``with counter.measure() as counts: counts.call(workload)`` works with every counter. If `counts_any_code` is true,
    everything else in the block is counted too, so that the block may contain Python.
    """

    name: str
    exact: bool
    """Whether two runs of the same work give the same counts, to the operation."""
    tells_kinds: bool
    """Whether kinds are counted separately; otherwise they are summed as ``flop``."""
    tells_images: bool
    """Whether the kernel's own image and libm are counted separately."""
    counts_any_code: bool
    """Whether all code in the block is counted, not only calls through `Counts.call`."""

    def why_not(self) -> str:
        """Return why this counter cannot count here, in one line; empty if it can."""
        ...

    def measure(self) -> AbstractContextManager[Counts]:
        """Count what happens in a ``with`` block.

        Raises
        ------
        UserError
            If the counter cannot count here.
        NothingRetired
            At the end of the block, if the kernel's own image retired no instruction.
        """
        ...

    def provenance(self) -> dict[str, str]:
        """Release the counter's resources and return its provenance: versions, processor, event names."""
        ...


class NothingRetired(UserError):
    """A counter saw no instruction of the image that it should count: this is an error, never a count of zero."""


COUNTERS: Registry[Counter] = Registry("counter", "spikecost.counters")


def get_counter(counter: str | Counter) -> Counter:
    """Return a counter given as an object or by name.

    Raises
    ------
    UserError
        If there is no such counter.
    """
    return COUNTERS[counter] if isinstance(counter, str) else counter


def require(counter: Counter) -> None:
    """Raise an error if the requested counter cannot count here.

    Raises
    ------
    UserError
        With the reason that the counter gives.
    """
    reason = counter.why_not()
    if reason:
        raise UserError(f"the counter '{counter.name}' cannot count here: {reason}")


def require_retired(counter: Counter, counts: Counts) -> None:
    """Raise an error if the kernel's own image retired nothing.

    Raises
    ------
    NothingRetired
    """
    if not counts.own.instructions:
        raise NothingRetired(
            f"the counter '{counter.name}' saw no instruction of the kernel: nothing was run within "
            "the block, or another image than the kernel's; pass the workload to counts.call"
        )


def machine() -> dict[str, str]:
    """Return what counts depend on in addition to the counter: processor and C library."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        libc = ""
    return {"cpu": cpu_model(), "libc": libc or " ".join(platform.libc_ver()).strip() or "unknown"}
