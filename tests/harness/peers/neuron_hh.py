"""NEURON's hh, without its tables, in one compartment of 1e4 um2: its crossings of 0 mV under several solvers."""

import json
import math
import sys

from neuron import h

question = json.load(sys.stdin)
h.load_file("stdrun.hoc")
h.celsius = 6.3  # where hh has no temperature factor
h.usetable_hh = 0
section = h.Section(name="axon")
section.L = section.diam = 100 / math.sqrt(math.pi)
section.insert("hh")
section.cm = 1
middle = section(0.5)
middle.hh.el = question["EL"]
clamp = h.IClamp(middle)
clamp.delay, clamp.dur = 0, 1e9
# 1 uA/cm2 on 1e-4 cm2 is 0.1 nA
amplitudes, changes = h.Vector([0.1 * value for value in question["values"]]), h.Vector(question["from"])
amplitudes.play(clamp._ref_amp, changes, False)  # a jump where the value changes
detector = h.NetCon(middle._ref_v, None, sec=section)
detector.threshold = 0
cvode = h.CVode()

answers = []
for run in question["runs"]:
    events, voltage = h.Vector(), h.Vector()
    detector.record(events)
    voltage.record(middle._ref_v)
    if "atol" in run:
        cvode.active(True)
        cvode.atol(run["atol"])
        cvode.rtol(run["rtol"])
        cvode.condition_order(2)  # events at the crossing, by the solver's own interpolation
    else:
        cvode.active(False)
        h.secondorder = run["secondorder"]
        h.dt, h.steps_per_ms = run["dt"], 1 / run["dt"]
    h.finitialize(-65)
    h.continuerun(question["horizon"])
    answers.append({"events": events.to_python(), "voltage": voltage.to_python()})
json.dump(answers, sys.stdout)
