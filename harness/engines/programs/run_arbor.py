"""Arbor: identical cells of one compartment with a generated mechanism, run with each of several time steps."""

import json
import math
import sys
import time
from functools import partial

import arbor
import numpy as np
from arbor import units

question = json.load(sys.stdin)
started = time.perf_counter()
radius = math.sqrt(100 / (4 * math.pi))  # 100 um2
tree = arbor.segment_tree()
tree.append(arbor.mnpos, arbor.mpoint(-radius, 0, 0, radius), arbor.mpoint(radius, 0, 0, radius), tag=1)
points, end = [], 0.0
for duration, value in question["pieces"]:  # an envelope is linear between its points: two at a jump
    points += [(time_, value) for time_ in (end, end + duration)]
    end += duration


def cell_with(points: list[tuple[float, float]]) -> object:
    """Return a cell with an input: points with straight lines between them."""
    # 1 uA/cm2 on 100 um2 is 1e-3 nA
    envelope = [(time_ * units.ms, 1e-3 * (question["scale"] * value) * units.nA) for time_, value in points]
    decor = (
        arbor.decor()
        .set_property(Vm=question["v"] * units.mV, cm=0.01 * question["capacitance"] * units.F / units.m2)
        .paint("(all)", arbor.density(question["mechanism"], question["settings"]))
        .place("(location 0 0.5)", arbor.i_clamp(envelope))
        .place("(location 0 0.5)", arbor.threshold_detector(question["threshold"] * units.mV), "spikes")
    )
    for ion, value in question["reversals"].items():
        decor.set_ion(ion, rev_pot=value * units.mV)
    return arbor.cable_cell(tree, decor, discretization=arbor.cv_policy_single())


catalogue = arbor.load_catalogue(question["library"]) if question["library"] else arbor.default_catalogue()


class Cells(arbor.recipe):  # type: ignore[misc]
    """Cells without connections."""

    def __init__(self, cell: object) -> None:
        arbor.recipe.__init__(self)
        self._cell = cell

    def num_cells(self) -> int:
        """Return their number."""
        return int(question["neurons"])

    def cell_kind(self, gid: int) -> object:  # noqa: ARG002 - all are alike
        """Return the kind of cells that have mechanisms."""
        return arbor.cell_kind.cable

    def cell_description(self, gid: int) -> object:  # noqa: ARG002 - all are alike
        """Return the cell."""
        return self._cell

    def global_properties(self, kind: object) -> object:  # noqa: ARG002 - there is one
        """Return NEURON's default properties, with the mechanism."""
        properties = arbor.neuron_cable_properties()
        properties.catalogue = catalogue
        return properties


def advance(simulation: object, dt: float, steps: int) -> None:
    """Make some steps more."""
    made.append(made[-1] + steps)
    simulation.run(made[-1] * dt * units.ms, dt * units.ms)  # type: ignore[attr-defined]


made = [0]
context = arbor.context(threads=1)
built = time.perf_counter() - started
answers, operations = [], {}
for place, dt in enumerate(question["dts"]):
    started = time.perf_counter()
    varying = question.get(f"input{place}")
    cell = cell_with(np.load(varying).T.tolist() if varying else points)
    simulation = arbor.simulation(Cells(cell), context)
    simulation.record(arbor.spike_recording.local)
    if "count" in question:
        from spikecost.harness.engines.seen import operations_seen

        operations = operations_seen(partial(advance, simulation, dt), question["count"])
        break
    built_again, started = time.perf_counter() - started, time.perf_counter()
    simulation.run(end * units.ms, dt * units.ms)
    seconds = time.perf_counter() - started
    times = [float(time_) for (gid, _), time_ in simulation.spikes() if gid == 0]
    answers.append({"times": sorted(times), "seconds": seconds, "built": built + built_again})

with open(question["answer"], "w", encoding="utf-8") as file:
    json.dump({"runs": answers, "version": f"Arbor {arbor.__version__}", "operations": operations}, file)
