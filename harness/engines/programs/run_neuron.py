"""NEURON: identical neurons with a generated or built-in mechanism, run with each of several time steps."""

import json
import math
import sys
import time

import neuron
from neuron import h

question = json.load(sys.stdin)
started = time.perf_counter()
if question["library"]:
    h.nrn_load_dll(question["library"])
h.celsius = 6.3  # where the built-in hh has no temperature factor
for name, value in question["globals"].items():
    setattr(h, name, value)
mechanism, sections, instances = question["mechanism"], [], []
for _ in range(question["neurons"]):
    section = h.Section()
    section.L = section.diam = 10 / math.sqrt(math.pi)  # 100 um2: 1 nA is 1 mA/cm2
    section.cm = 1
    if question["point"]:
        instances.append(getattr(h, mechanism)(section(0.5)))
    else:
        section.insert(mechanism)
        instances.append(getattr(section(0.5), mechanism))
    sections.append(section)
for instance in instances:
    for name, value in question["values"].items():
        setattr(instance, name, value)
clamps = []
if question["clamp"]:
    for section in sections:
        clamps.append(h.IClamp(section(0.5)))
        clamps[-1].dur = 1e9
detectors = []
for section, instance in zip(sections, instances, strict=True):
    if question["point"]:
        detectors.append(h.NetCon(instance, None))
    else:
        detectors.append(h.NetCon(section(0.5)._ref_v, None, sec=section))
        detectors[-1].threshold = question["threshold"]
cvode, context = h.CVode(), h.ParallelContext()
context.set_maxstep(10)
built = time.perf_counter() - started


def set_input(value: float) -> None:
    """Set the input of every neuron."""
    for clamp in clamps:
        clamp.amp = value * 1e-3  # 1 uA/cm2 on 100 um2 is 1e-3 nA
    if question["input"]:
        for instance in instances:
            setattr(instance, question["input"], value)


answers = []
for run in question["runs"]:
    events = h.Vector()
    detectors[0].record(events)
    cvode.active(run["tolerance"] is not None)
    if run["tolerance"] is not None:
        cvode.atol(run["tolerance"])
        cvode.rtol(run["tolerance"])
        cvode.condition_order(2)
    h.secondorder = run["secondorder"]
    h.dt = run["dt"]
    set_input(question["pieces"][0][1])
    h.finitialize(question["v"])
    seconds, end = 0.0, 0.0
    for duration, value in question["pieces"]:
        set_input(value)
        if end and run["tolerance"] is not None:
            cvode.re_init()
        end += duration
        started = time.perf_counter()
        context.psolve(end)
        seconds += time.perf_counter() - started
    answers.append({"times": events.to_python(), "seconds": seconds})

with open(question["answer"], "w") as file:
    json.dump({"runs": answers, "built": built, "version": f"NEURON {neuron.__version__}"}, file)
