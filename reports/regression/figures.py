"""Figures: the numbers of a run that a baseline keeps, each under a name that says what it is of.

A name is a path: ``lif/rk4/hermite/operations_per_step`` is of a Step, ``lif/rk4/hermite/constant/50 Hz/1000 ms/maximum
0.1 ms/dt_ms`` of a cell. Its last part is the kind of figure, one of `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...harness.sweep import RUNG
from ...models.errors import UserError
from ...models.expression import KINDS as OPERATIONS

#: Operations that cost as much as many others: their number is judged by itself.
DEAR = ("div", "sqrt", "exp", "pow")
#: What counts of retired instructions depend on, beside the program.
TOOLCHAIN = ("compiler", "flags", "libc", "processor", "vector instructions")


@dataclass(frozen=True)
class Kind:
    """What a figure is, and how far it may move."""

    what: str
    unit: str
    soft_percent: float | None
    """How much worse than the baseline it may be; None if it is only reported."""
    lower_is_worse: bool = False
    slack: float = 0.0
    """A difference that is no difference, in the figure's unit."""
    depends_on: tuple[str, ...] = ()
    """Facts of the environment that have to be the same for it to be comparable."""


#: Every kind of figure.
KINDS: dict[str, Kind] = {
    "operations_per_step": Kind("operations of a step without a spike, from the Step", "operations", 0.0),
    **{f"{kind}_per_step": Kind(f"of them {kind}", "operations", 0.0 if kind in DEAR else None)
       for kind in OPERATIONS},
    "operations_per_spike": Kind("operations that a spike adds", "operations", 0.0),
    "operations_per_block": Kind("operations of a block of an adaptive method's step", "operations", 0.0),
    "instrumented_per_step": Kind("operations of a step that an exact counter saw the kernel retire", "operations",
                                  0.0, depends_on=TOOLCHAIN),
    "instrumented_per_spike": Kind("operations that it saw a spike add to its step", "operations", 0.0,
                                   depends_on=TOOLCHAIN),
    "libm_per_step": Kind("operations of a step that it saw the mathematics library retire", "operations", 0.0,
                          depends_on=TOOLCHAIN),
    "instructions_per_step": Kind("instructions of a step of the kernel's own", "instructions", 0.0,
                                  depends_on=TOOLCHAIN),
    # references are good to 1e-12 ms; a last bit of another machine's exp may move a spike by as much
    "error_ms": Kind("largest spike-time error at a fixed time step", "ms", 1.0, slack=1e-9),
    # the largest dt is bisected until it is known within this factor
    "dt_ms": Kind("largest time step within the tolerance", "ms", round(100 * (RUNG - 1), 1), lower_is_worse=True),
    "flops_per_ms": Kind("operations of 1 ms of model time within the tolerance", "operations",
                         round(100 * (RUNG - 1), 1)),
}


@dataclass(frozen=True)
class Figures:
    """What a run gave, as far as a baseline keeps it."""

    values: Mapping[str, float | str]
    """By name: the number, or why there is none."""
    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By name of the kernel: samples of its time over that of the calibrating work."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Hash of the definition of each model that the figures are of."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Facts of the machine and toolchain, `TOOLCHAIN` among them."""
    made: Mapping[str, str] = field(default_factory=dict)
    """When and by what: ``date``, ``spikecost``, ``commit``."""


def number_of(name: str, figures: Figures) -> float | str | None:
    """Return a figure: its number, why there is none, or None where the run is not about it.

    A kind of operation that does not occur in a step that was counted occurs 0 times.
    """
    subject, _, last = name.rpartition("/")
    counted = last.removesuffix("_per_step") in OPERATIONS and f"{subject}/operations_per_step" in figures.values
    return figures.values.get(name, 0.0 if counted else None)


def kind_of(name: str) -> Kind:
    """Return the kind of a figure.

    Raises
    ------
    UserError
        If there is no such kind.
    """
    last = name.rpartition("/")[2]
    if last not in KINDS:
        raise UserError(f"unknown figure '{name}': its last part is one of {', '.join(KINDS)}")
    return KINDS[last]
