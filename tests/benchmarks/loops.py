"""Loops in Python, as people write them: over arrays with numpy, and over neurons with numba. Printed from a Step."""

from __future__ import annotations

import math
import re
import time

import numpy as np

from spikecost.harness.kernels.c_blocks import c_block
from spikecost.models.methods import METHODS
from spikecost.models.number_formats import NUMBER_FORMATS

_DECLARED = re.compile(r"^(\s*)(?:const double|int) ", re.MULTILINE)
_NUMPY = """
def loop(steps, dt_, {input}_{parameters}, {state}):
    spikes = 0
{once}
    for k in range(steps):
{advance}
        fired = {spiked}
        if fired.any():
            spikes += np.count_nonzero(fired)
{spike}
{where}
        {state} = {next}
    return spikes
"""
_NUMBA = """
def loop(steps, dt_, {input}_{parameters}, {arrays}):
    spikes = 0
{once}
    for k in range(steps):
        for i in range(len({first})):
{load}
{advance_deep}
            if {spiked}:
                spikes += 1
{spike}
{assign}
{store}
    return spikes
"""


def source(step, form):
    """Print the function of a step in which neither refractoriness nor arrivals play a role."""
    number, spiked = NUMBER_FORMATS[step.precision], METHODS[step.method].given(step)["spiked"]

    def block(name, indent):
        text = c_block(step.blocks[name], indent, number=number)
        return _DECLARED.sub(r"\1", text).replace(";\n", "\n").rstrip("\n") or " " * indent + "pass"

    def each(line, indent, names=step.state):
        return "\n".join(" " * indent + line.replace("@", name) for name in names) or " " * indent + "pass"

    resets = step.state if step.model.reset else ()
    return form.format(
        input=step.model.input,
        parameters="".join(f", {name}_" for name in step.parameters),
        state=", ".join(f"{name}_" for name in step.state),
        next=", ".join(f"{name}_next_" for name in step.state),
        arrays=", ".join(f"{name}s" for name in step.state),
        first=f"{step.state[0]}s",
        load=each("@_ = @s[i]", 12),
        store=each("@s[i] = @_next_", 12),
        once=block("once", 4),
        advance=block("advance", 8),
        advance_deep=block("advance", 12),
        spike=block("spike", 12 if form is _NUMPY else 16),
        where=each("@_next_ = np.where(fired, @_reset_, @_next_)", 12, resets),
        assign=each("@_next_ = @_reset_", 16, resets),
        spiked=spiked,
    )


class Loop:
    """A loop that runs a step.

    Parameters
    ----------
    step : Step
    library : str
        ``numpy`` or ``numba``.
    """

    def __init__(self, step, library):
        self._step, self._library = step, library
        # what kernels hide from the C compiler
        names = {"np": np, "exp": np.exp, "fabs": np.abs, "choose": np.where, "hidden": lambda value: value}
        if library == "numba":
            from numba import njit

            choose = njit(lambda test, yes, no: yes if test else no)
            names = {"exp": math.exp, "fabs": abs, "choose": choose, "hidden": njit(names["hidden"])}
        exec(source(step, _NUMPY if library == "numpy" else _NUMBA), names)
        self._loop = names["loop"] if library == "numpy" else njit(error_model="numpy")(names["loop"])

    def seconds(self, value, dt, steps, neurons):
        """Return the wall time of a run, in s, and the number of spikes."""
        model = self._step.model
        state = [np.full(neurons, model.initial_values[name]) for name in self._step.state]
        given = float(dt), float(value), *(model.parameter_values[name] for name in self._step.parameters), *state
        start = time.perf_counter()
        spikes = self._loop(steps, *given)
        return time.perf_counter() - start, spikes
