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
if question["library"]:
    h.nrn_load_dll(question["library"])
mechanism, sections, instances, inputs = question["mechanism"], [], [], []
entry = question["input"] or ("amp" if question["settings"] else "")
scale = 1e-3 * question["scale"] if question["settings"] else 1.0  # 1 uA/cm2 on 100 um2 is 1e-3 nA
for _ in range(question["neurons"]):
    section = h.Section()
    section.L = section.diam = 10 / math.sqrt(math.pi)  # 100 um2: 1 nA is 1 mA/cm2
    section.cm = question["capacitance"]
    if question["point"]:
        instances.append(getattr(h, mechanism)(section(0.5)))
    else:
        section.insert(mechanism)
        instances.append(getattr(section(0.5), mechanism))
        for name, value in question["settings"].items():
            setattr(instances[-1], name, value)
        for ion, value in question["reversals"].items():
            setattr(section, f"e{ion}", value)
    inputs.append(instances[-1])
    if question["settings"]:  # a mechanism of NEURON's own has no input
        inputs[-1] = h.IClamp(section(0.5))
        inputs[-1].delay, inputs[-1].dur = 0, 1e12
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
    if entry:
        for each in inputs:
            setattr(each, entry, scale * value)


answers, operations = [], {}
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
    if entry and f"input{place}" in question:
        points = np.load(question[f"input{place}"])
        times, values = h.Vector(points[0]), h.Vector(scale * points[1])
        playing = [values, times]
        for each in inputs:
            values.play(getattr(each, f"_ref_{entry}"), times, True)
    set_input(question["pieces"][0][1])
    h.finitialize(question["v"])
    if "count" in question:
        from spikecost.harness.engines.seen import operations_seen

        operations = operations_seen(lambda steps: [h.fadvance() for _ in range(steps)], question["count"])
        break
    seconds, end = 0.0, 0.0
    for duration, value in question["pieces"]:
        if not playing:
            set_input(value)
        end += duration
        started = time.perf_counter()
        context.psolve(end)
        seconds += time.perf_counter() - started
    answers.append({"times": events.to_python(), "seconds": seconds, "built": built})

with open(question["answer"], "w", encoding="utf-8") as file:
    json.dump({"runs": answers, "version": f"NEURON {neuron.__version__}", "operations": operations}, file)
