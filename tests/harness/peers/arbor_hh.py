"""Arbor's hh in one compartment of 1e4 um2, driven by constant pieces: its voltage at the start of every step."""

import json
import math
import sys

import arbor as A
from arbor import units as U

question = json.load(sys.stdin)
radius = 50 / math.sqrt(math.pi)
tree = A.segment_tree()
tree.append(A.mnpos, A.mpoint(-radius, 0, 0, radius), A.mpoint(radius, 0, 0, radius), tag=1)
ends = [*question["from"][1:], question["horizon"]]
# an envelope is linear between its points: two at a jump. 1 uA/cm2 on 1e-4 cm2 is 0.1 nA
envelope = [
    (time * U.ms, 0.1 * value * U.nA)
    for start, end, value in zip(question["from"], ends, question["values"], strict=True)
    for time in (start, end)
]
decor = (
    A.decor()
    .set_property(Vm=-65 * U.mV, cm=0.01 * U.F / U.m2, tempK=279.45 * U.Kelvin)  # 6.3 degrees: no temperature factor
    .set_ion("na", rev_pot=50 * U.mV)
    .set_ion("k", rev_pot=-77 * U.mV)
    .paint("(all)", A.density("hh", {"el": question["EL"]}))
    .place("(location 0 0.5)", A.i_clamp(envelope))
)
cell = A.cable_cell(tree, decor, discretization=A.cv_policy_single())


class OneCell(A.recipe):
    def num_cells(self):
        return 1

    def cell_kind(self, gid):
        return A.cell_kind.cable

    def cell_description(self, gid):
        return cell

    def global_properties(self, kind):
        return A.neuron_cable_properties()

    def probes(self, gid):
        return [A.cable_probe_membrane_voltage("(location 0 0.5)", "v")]


answers = []
for dt in question["dts"]:
    simulation = A.simulation(OneCell())
    handle = simulation.sample((0, "v"), A.regular_schedule(dt * U.ms))
    simulation.run(question["horizon"] * U.ms, dt * U.ms)
    data, _ = simulation.samples(handle)[0]
    answers.append(data[:, 1].tolist())
json.dump(answers, sys.stdout)
