"""NEURON: identical neurons with a generated mechanism, run with each of several time steps."""

import json
import math
import sys
import time

import neuron
import numpy as np
from neuron import h

question = json.load(sys.stdin)
started = time.perf_counter()
h.nrn_load_dll(question["library"])
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
detectors = []
for section, instance in zip(sections, instances, strict=True):
    if question["point"]:
        detectors.append(h.NetCon(instance, None))
    else:
        detectors.append(h.NetCon(section(0.5)._ref_v, None, sec=section))
        detectors[-1].threshold = question["threshold"]
context = h.ParallelContext()
context.set_maxstep(10)
h.secondorder = question["secondorder"]
if question["variable"]:
    variable = h.CVode()
    variable.active(1)
built = time.perf_counter() - started


def set_input(value: float) -> None:
    """Set the input of every neuron."""
    if question["input"]:
        for instance in instances:
            setattr(instance, question["input"], value)


answers = []
playing: list[object] = []
for place, dt in enumerate(question["dts"]):
    events = h.Vector()
    detectors[0].record(events)
    if question["variable"]:
        variable.maxstep(dt)
    else:
        h.dt = dt
    for vector in playing:
        vector.play_remove()  # type: ignore[attr-defined]
    if question["input"] and f"input{place}" in question:
        times, values = (h.Vector(row) for row in np.load(question[f"input{place}"]))
        playing = [values, times]
        for instance in instances:
            values.play(getattr(instance, f"_ref_{question['input']}"), times, True)
    set_input(question["pieces"][0][1])
    h.finitialize(question["v"])
    seconds, end = 0.0, 0.0
    for duration, value in question["pieces"]:
        if not playing:
            set_input(value)
        end += duration
        started = time.perf_counter()
        context.psolve(end)
        seconds += time.perf_counter() - started
    answers.append({"times": events.to_python(), "seconds": seconds, "built": built})

with open(question["answer"], "w") as file:
    json.dump({"runs": answers, "version": f"NEURON {neuron.__version__}"}, file)
