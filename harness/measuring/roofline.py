"""How near is a kernel to what the processor can do: the shortest time of its operations, and the kernel's time.

The peak of each operation is measured on one core, without fused multiply-add, in full vector registers and in the
first-level cache. Additions, multiplications and divisions may run at the same time, so the shortest time of a step is
that of the busiest of the three, in addition to the calls of exp, which use all of them. Operations that are not in
`PEAKS` (comparisons, selects, other functions) count nothing: the bound is then lower than what can be reached.
Williams, Waterman and Patterson 2009, Communications of the ACM 52(4):65.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from brian2 import ms

from ...flops.operations import count_step
from ...flops.toolchain import SIMD, compile_library, cpu_model, has_vector_exp, load_library
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.methods import DOUBLE, METHODS
from ...models.step import make_step
from ..kernels.kernel import compile_kernels
from ..stimuli import as_it_stands, constant
from .timing import NEURONS, many_neurons

#: The operations whose peak is measured: the C of one operation on v, its numbers a and b, and the kinds of operation
#: that take as long. a and b alternate, so that v does not leave its range. The last number is how many operations
#: follow each other on v: enough that loads and stores do not matter, and one for calls, which are too long to overlap.
PEAKS: Mapping[str, tuple[str, float, float, tuple[str, ...], int]] = {
    "add": ("v + {}", 0.3, -0.3, ("add", "sub"), 16),
    "mul": ("v * {}", 1.25, 0.8, ("mul",), 16),
    "div": ("{} / v", 2.0, 2.0, ("div",), 16),
    "exp": ("exp({} * v)", -1.0, -1.0, ("exp",), 1),
}
#: Doubles that are worked on, turns of a timed run, and number of runs.
_SIZE, _TURNS, _RUNS = 512, 200, 25
#: Steps of a timed run of a kernel, so few that another process seldom interrupts it, and dt in ms.
_STEPS, _DT = 100, Fraction(1, 100)
_PEAK = """
void peak_{name}(long turns, double a, double b, double *x)
{{
    for (long turn = 0; turn < turns; turn++) {{
        #pragma omp simd
        for (int i = 0; i < {size}; i++) {{
            double v = x[i];
            {chain}
            x[i] = v;
        }}
        __asm__ volatile("" : : : "memory");
    }}
}}
"""


@dataclass(frozen=True)
class Roofline:
    """A kernel in SIMD lanes compared with the peaks of the processor; times in ns per neuron and step."""

    model: str
    method: str
    detection: str
    processor: str
    peaks: Mapping[str, float]
    """By operation: the shortest time in ns of one on a double, in full vector registers."""
    bound: float
    """The shortest time in which the operations of a step can be done (see the module)."""
    measured: float
    """Of the kernel with 1024 neurons, in the first ms at the model's drive: the shortest of several runs."""

    @property
    def share(self) -> float:
        """The bound over the measured time: 1 if the kernel does nothing but its operations at their peak."""
        return self.bound / self.measured

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        return {**asdict(self), "peaks": dict(self.peaks), "share": self.share}


def roofline(model: NeuronModel, method: str = "euler", detection: str = "grid", precision: str = DOUBLE) -> Roofline:
    """Measure the peaks of this machine, and a kernel's time per neuron and step at the model's drive.

    Raises
    ------
    UserError
        If the method or the detection cannot be used with the model, the method does not run neurons in lanes, or the
        precision is not double.
    """
    if precision != DOUBLE:
        raise UserError(f"the peaks of {precision} precision are not measured; use --roofline with precision double")
    step = make_step(model, method, detection)
    if not METHODS[method].template.in_lanes:
        raise UserError(f"{method} does not run neurons in SIMD lanes, so no peak limits it; give a method of fixed dt")
    kernel = compile_kernels([step], SIMD)[0]
    length = float(_DT) * _STEPS * ms
    drive = units.quantity(0.0, model.input_dimension) if model.drive is None else model.drive
    job = many_neurons(kernel, constant(drive, length) if model.input else as_it_stands(length), _DT)
    seconds = min(kernel.seconds(job.stimuli, job.setting) for _ in range(_RUNS))
    return Roofline(
        model=model.label,
        method=method,
        detection=detection,
        processor=cpu_model(),
        peaks=peaks(),
        bound=bound(count_step(step).as_run, peaks()),
        measured=1e9 * seconds / (_STEPS * NEURONS),
    )


def bound(operations: Mapping[str, float], peak: Mapping[str, float]) -> float:
    """Return the shortest time of some operations, from the time of one of each."""
    each = {name: peak[name] * sum(operations.get(kind, 0) for kind in kinds) for name, (*_, kinds, _) in PEAKS.items()}
    return each.pop("exp") + max(each.values())


@cache
def peaks() -> Mapping[str, float]:
    """Measure the shortest time in ns of each operation of `PEAKS` on a double.

    Raises
    ------
    UserError
        If there is no C compiler.
    """
    attribute = '__attribute__((simd("notinbranch"))) ' if has_vector_exp() else ""
    source = f"{attribute}double exp(double);\n"
    for name, (form, *_, count) in PEAKS.items():
        chain = " ".join(f"v = {form.format('ab'[i % 2])};" for i in range(count))
        source += _PEAK.format(name=name, size=_SIZE, chain=chain)
    library = load_library(compile_library(source, SIMD))
    return {name: _peak(name, getattr(library, f"peak_{name}")) for name in PEAKS}


def _peak(name: str, function: Any) -> float:
    _, a, b, _, count = PEAKS[name]
    function.restype = None
    function.argtypes = [ctypes.c_long, ctypes.c_double, ctypes.c_double, ctypes.c_void_p]
    x = np.linspace(1.0, 1.5, _SIZE)
    seconds = []
    for _ in range(_RUNS):
        before = time.perf_counter()
        function(_TURNS, a, b, x.ctypes.data)
        seconds.append(time.perf_counter() - before)
    return 1e9 * min(seconds) / (_SIZE * count * _TURNS)
