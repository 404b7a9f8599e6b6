"""Figures: the numbers of a run that a baseline keeps, each under a name that says what it is of.

A name is a path: ``lif/rk4/hermite/operations_per_step`` is of a Step, ``lif/rk4/hermite/constant/50 Hz/1000 ms/maximum
0.1 ms/dt_ms`` of a case. Its last part is the kind of figure, one of `KINDS`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ....accuracy.search.sweep import RUNG
from ....models.algebra.expression import KINDS as OPERATIONS
from ....models.ground.errors import NoValue, UserError, short

#: Operations that cost as much as many others: their number is judged by itself.
DEAR = ("div", "sqrt", "exp", "pow")
#: Last part of the name of a kernel's time.
TIME = "time"
#: What counts of retired instructions depend on, beside the program.
TOOLCHAIN = ("compiler", "flags", "libc", "processor", "vector instructions")
#: Fields of a suite that figures depend on without being named after them, and those that are in their names.
SETTINGS = ("trials", "coarsest", "finest", "finest_varying", "per_decade")
NAMED = ("models", "methods", "detections", "stimuli", "rates", "rheobases", "horizons", "tolerances", "criteria")


@dataclass(frozen=True)
class Rule:
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
KINDS: dict[str, Rule] = {
    "operations_per_step": Rule("operations of a step without a spike, from the Step", "operations", 0.0),
    **{f"{kind}_per_step": Rule(f"of them {kind}", "operations", 0.0 if kind in DEAR else None)
       for kind in OPERATIONS},
    "operations_per_spike": Rule("operations that a spike adds", "operations", 0.0),
    "operations_per_block": Rule("operations of a block of an adaptive method's step", "operations", 0.0),
    "instrumented_per_step": Rule("operations of a step that an exact counter saw the kernel retire", "operations",
                                  0.0, depends_on=TOOLCHAIN),
    "instrumented_per_spike": Rule("operations that it saw a spike add to its step", "operations", 0.0,
                                   depends_on=TOOLCHAIN),
    "libm_per_step": Rule("operations of a step that it saw the mathematics library retire", "operations", 0.0,
                          depends_on=TOOLCHAIN),
    "instructions_per_step": Rule("instructions of a step of the kernel's own", "instructions", 0.0,
                                  depends_on=TOOLCHAIN),
    # references are good to 1e-12 ms; a last bit of another machine's exp may move a spike by as much
    "error_ms": Rule("largest spike-time error at a fixed time step", "ms", 1.0, slack=1e-9),
    # the largest dt is one of a ladder of settings, whose rungs are apart by this factor
    "dt_ms": Rule("largest time step within the tolerance", "ms", round(100 * (RUNG - 1), 1), lower_is_worse=True),
    "flops_per_ms": Rule("operations of 1 ms of model time within the tolerance", "operations",
                         round(100 * (RUNG - 1), 1)),
    "reference_tolerance": Rule("loosest tolerance that a reference was computed with", "relative", 0.0),
    # rounding differs between processors, by less than a power of ten
    "reference_error_ms": Rule("largest stated error of the references", "ms", 900.0, slack=1e-10),
    "reference_checked_ms": Rule("difference of a reference from a solution in 80-bit arithmetic", "ms", 900.0,
                                 slack=1e-10),
}


@dataclass(frozen=True)
class Contradiction:
    """Operations of which a Step says another number than an exact counter saw its kernel execute."""

    subject: str
    """Such as ``lif/rk4/hermite``."""
    part: str
    """``step``, ``spike`` (what it adds to its step), or ``run`` of an adaptive method."""
    kind: str
    """Of operation."""
    counted: float
    """From the Step."""
    retired: float
    """By the processor."""
    counter: str
    """Which one saw it."""


@dataclass(frozen=True)
class Figures:
    """What a run gave, as far as a baseline keeps it."""

    values: Mapping[str, float | NoValue]
    """By name: the number, or why there is none."""
    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By name of the kernel: samples of its time over that of the calibrating work."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Hash of the definition of each model that the figures are of."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Facts of the machine and toolchain, `TOOLCHAIN` among them."""
    made: Mapping[str, str] = field(default_factory=dict)
    """When and by what: ``date``, ``spikecost``, ``commit``."""
    suite: Mapping[str, Any] = field(default_factory=dict)
    """What was run, as far as figures depend on it; empty if they are of several suites."""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """File and line of the models that were given as files, by model."""
    contradictions: tuple[Contradiction, ...] = ()
    """Where the counts are not what the processor executed."""
    unconfirmed: Mapping[str, str] = field(default_factory=dict)
    """Why no exact counter confirms the counts, by subject; empty where all are confirmed."""


def number_of(name: str, figures: Figures) -> float | NoValue | None:
    """Return a figure: its number, which is finite, why there is none, or None where the run is not about it.

    A kind of operation that does not occur in a step that was counted occurs 0 times.
    """
    subject, _, last = name.rpartition("/")
    counted = last.removesuffix("_per_step") in OPERATIONS and f"{subject}/operations_per_step" in figures.values
    found = figures.values.get(name, 0.0 if counted else None)
    if isinstance(found, NoValue) or found is None or math.isfinite(found):
        return found
    return NoValue(f"it is {found:g}")


def setting_part(setting: float, controlled: bool) -> str:
    """Return the part of a name that says at which dt in ms, or tolerance of an error control, an error is."""
    return f"tolerance {setting:g}" if controlled else f"dt {setting:.6g} ms"


def setting_of(name: str) -> float:
    """Return the dt in ms, or the tolerance, of the name of an error: what `setting_part` has written."""
    return float(name.split("/")[-2].split(" ")[1])


def kind_of(name: str) -> Rule:
    """Return the kind of a figure.

    Raises
    ------
    UserError
        If there is no such kind.
    """
    last = name.rpartition("/")[2]
    if last not in KINDS:
        raise UserError(f"unknown figure '{short(name)}': its last part is one of {', '.join(KINDS)}")
    return KINDS[last]
