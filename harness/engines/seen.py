"""What a simulator executes per neuron and step, seen by the counter that goes through native code step by step.

Its own code, the mechanisms that it compiled, and the libraries that it brings all count; a function of the mathematics
library is one operation. The program of the simulator calls `operations_seen` in its own process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...flops.conventions import get_convention
from ...flops.counters import Retired, get_counter
from ...flops.counters.base import machine
from ...flops.counters.machine_code.image import loaded_images
from ...flops.counters.workload import python_call
from ...models.ground import cache as kept
from ...models.ground.code_version import code_version

#: Number of neurons: what is computed once per step for all of them is then about a hundredth of a step.
NEURONS = 64
#: Two simulations of so many steps: what it costs to start is left out.
STEPS = (4, 8)


def operations_seen(advance: Callable[[int], object], library: str) -> dict[str, float]:
    """Return the operations per neuron and step by kind, of `NEURONS` neurons.

    Parameters
    ----------
    advance : callable
        Makes a number of steps.
    library : str
        The name of a file of the simulator whose code runs in a step.
    """
    advance(1)
    own = next(each.path for each in loaded_images() if each.path.name.startswith(library))
    found: list[Retired] = []
    for steps in STEPS:
        with get_counter("stepped").measure() as counts:
            counts.call(python_call(own, advance, steps))
        found.append(counts.own + (counts.other or Retired(instructions=0)))
    less, more = (each.by_kind for each in found)
    parts = (STEPS[1] - STEPS[0]) * NEURONS
    return {kind: n for kind in {**less, **more} if (n := (more.get(kind, 0) - less.get(kind, 0)) / parts)}


def operations_of(version: str, text: str, ask_for: Callable[[], Mapping[str, Any]]) -> float:
    """Return what a simulator executes per neuron and step, in the convention ``unit``; it is counted once.

    Parameters
    ----------
    version : str
        Of the simulator.
    text : str
        The model as it reads it, and the scheme.
    ask_for : callable
        Runs the simulator's program, which returns what `operations_seen` found as ``operations``.
    """
    key = "\0".join([version, text, *machine().values(), code_version("flops/counters", "harness/engines")])
    found = kept.recall("simulators", key, lambda: dict(ask_for()["operations"]))
    return get_convention("unit").weigh(found)
