"""Figures: the numbers of a run that a baseline keeps, each under a name that says what it describes.

A name is a path. ``lif/rk4/hermite/operations_per_step`` describes a Step; ``lif/rk4/hermite/constant/50 Hz/1000 ms/
maximum 0.1 ms/dt_ms`` describes a case. The last part is the kind of figure, one of `KINDS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ....accuracy.search.sweep import RUNG
from ....models.algebra.expression import KINDS as OPERATIONS
from ....models.algebra.functions import CALLS
from ....models.ground.errors import NoValue, UserError, short

#: Operations that cost as much as many others: the number of each is judged separately.
EXPENSIVE = ("div", "sqrt", *CALLS)
#: Last part of the name of a kernel's time.
TIME = "time"
#: Last part of the name of an error at a setting, and the part before it.
ERROR = "error_ms"
_SETTING = re.compile(
    r"/(?:dt (?P<dt>{0}) ms|tolerance (?P<tolerance>{0}))/error_ms$".format(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
)
#: What counts of retired instructions depend on, in addition to the program.
TOOLCHAIN = ("compiler", "flags", "libc", "processor", "vector instructions")
#: Fields of a suite that figures depend on and that are not in their names, and those that are.
SETTINGS = ("trials", "coarsest", "finest", "finest_varying", "per_decade", "seed", "convention")
NAMED = (
    "models",
    "methods",
    "detections",
    "stimuli",
    "rates",
    "rates_of",
    "rheobases",
    "horizons",
    "tolerances",
    "criteria",
)


@dataclass(frozen=True)
class Rule:
    """What a figure is, and how much it may change."""

    what: str
    unit: str
    soft_percent: float | None
    """How much worse than the baseline it may be; None if it is only reported."""
    lower_is_worse: bool = False
    slack: float = 0.0
    """A difference up to this size, in the figure's unit, counts as none."""
    depends_on: tuple[str, ...] = ()
    """Facts of the environment that must be equal for figures to be comparable."""


#: Every kind of figure.
KINDS: dict[str, Rule] = {
    "operations_per_step": Rule("operations per step without a spike, from the Step", "operations", 0.0),
    **{
        f"{kind}_per_step": Rule(f"{kind} per step", "operations", 0.0 if kind in EXPENSIVE else None)
        for kind in OPERATIONS
    },
    "operations_per_spike": Rule("operations that a spike adds", "operations", 0.0),
    "operations_per_block": Rule("operations per block in a step of an adaptive method", "operations", 0.0),
    "instrumented_per_step": Rule(
        "operations per step that an exact counter saw the kernel retire", "operations", 0.0, depends_on=TOOLCHAIN
    ),
    "instrumented_per_spike": Rule(
        "operations that it saw a spike add to its step", "operations", 0.0, depends_on=TOOLCHAIN
    ),
    "libm_per_step": Rule(
        "operations per step that it saw the mathematics library retire", "operations", 0.0, depends_on=TOOLCHAIN
    ),
    "instructions_per_step": Rule(
        "instructions per step in the kernel itself", "instructions", 0.0, depends_on=TOOLCHAIN
    ),
    # references are accurate to 1e-12 ms; the last bit of another machine's exp may move a spike by as much
    ERROR: Rule("largest spike-time error at a fixed time step", "ms", 1.0, slack=1e-9),
    # the largest dt is one of a ladder of settings; neighbours differ by this factor
    "dt_ms": Rule("largest time step within the tolerance", "ms", round(100 * (RUNG - 1), 1), lower_is_worse=True),
    "flops_per_ms": Rule(
        "operations per ms of model time within the tolerance", "operations", round(100 * (RUNG - 1), 1)
    ),
    # of `tests/benchmarks/test_peers.py`: times depend on the machine, their ratios less so
    "time_over_ours": Rule(
        "time per neuron and step of another program over ours, in one run", "1", None, lower_is_worse=True
    ),
    "reference_tolerance": Rule("loosest tolerance that a reference was computed with", "relative", 0.0),
    # rounding differs between processors by less than a factor of ten
    "reference_error_ms": Rule("largest stated error of the references", "ms", 900.0, slack=1e-10),
    "reference_checked_ms": Rule(
        "difference between a reference and a solution in 80-bit arithmetic", "ms", 900.0, slack=1e-10
    ),
}


@dataclass(frozen=True)
class Contradiction:
    """Operations whose number in a Step differs from what an exact counter saw its kernel execute."""

    subject: str
    """Such as ``lif/rk4/hermite``."""
    part: str
    """``step``, ``spike`` (operations that it adds to its step), or ``run`` of an adaptive method."""
    kind: str
    """Kind of operation."""
    counted: float
    """Number from the Step."""
    retired: float
    """Number that the processor retired."""
    counter: str
    """Name of the counter."""


@dataclass(frozen=True)
class Figures:
    """The part of a run's results that a baseline keeps."""

    values: Mapping[str, float | NoValue]
    """By name: the number, or why there is none."""
    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By name of the kernel: samples of its time divided by that of the calibrating work."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Hash of the definition of each model that has figures."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Facts of the machine and toolchain, including `TOOLCHAIN`."""
    made: Mapping[str, str] = field(default_factory=dict)
    """When it was made, and with what: ``date``, ``spikecost``, ``commit``."""
    suite: Mapping[str, Any] = field(default_factory=dict)
    """The settings that figures depend on; empty if the figures come from several suites."""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """File and line of the models that were given as files, by model."""
    contradictions: tuple[Contradiction, ...] = ()
    """Where the counts differ from what the processor executed."""
    unconfirmed: Mapping[str, str] = field(default_factory=dict)
    """Why no exact counter confirms the counts, by subject; empty where all are confirmed."""


def number_of(name: str, figures: Figures) -> float | NoValue | None:
    """Return a figure: its finite number, why there is none, or None if the run does not include it.

    A kind of operation that does not occur in a counted step occurs 0 times.
    """
    subject, _, last = name.rpartition("/")
    counted = last.removesuffix("_per_step") in OPERATIONS and f"{subject}/operations_per_step" in figures.values
    found = figures.values.get(name, 0.0 if counted else None)
    if isinstance(found, NoValue) or found is None or math.isfinite(found):
        return found
    return NoValue(f"it is {found:g}")


def setting_part(setting: float, controlled: bool) -> str:
    """Return the part of a name that gives the dt in ms, or the tolerance of an error control, of an error."""
    return f"tolerance {setting:g}" if controlled else f"dt {setting:.6g} ms"


def setting_of(name: str) -> float:
    """Return the dt in ms, or the tolerance, from the name of an error, as `setting_part` wrote it.

    Raises
    ------
    UserError
        If the name has no such part.
    """
    found = _SETTING.search(name)
    if not found:
        raise UserError(f"unknown figure '{short(name)}': the error of a setting is named .../dt 0.1 ms/error_ms")
    return float(found["dt"] or found["tolerance"])


def kind_of(name: str) -> Rule:
    """Return the kind of a figure.

    Raises
    ------
    UserError
        If there is no such kind, or an error does not say of which setting it is.
    """
    last = name.rpartition("/")[2]
    if last not in KINDS:
        raise UserError(f"unknown figure '{short(name)}': its last part is one of {', '.join(KINDS)}")
    if last == ERROR:
        setting_of(name)
    return KINDS[last]
