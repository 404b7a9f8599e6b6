"""NEST: identical neurons of a built-in model, run with each of several resolutions."""

import json
import sys
import time

import nest

question = json.load(sys.stdin)
nest.verbosity = nest.VerbosityLevel.ERROR
answers = []
for run in question["runs"]:
    started = time.perf_counter()
    nest.ResetKernel()
    nest.set(tics_per_ms=run["tics_per_ms"], resolution=run["dt"])
    neurons = nest.Create(question["model"], question["neurons"], params=question["parameters"])
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons[0], recorder, syn_spec={"delay": run["dt"]})
    neurons.I_e = question["pieces"][0][1]
    nest.Prepare()
    built, seconds = time.perf_counter() - started, 0.0
    for duration, value in question["pieces"]:
        neurons.I_e = value
        started = time.perf_counter()
        nest.Run(duration)
        seconds += time.perf_counter() - started
    nest.Cleanup()
    answers.append({"times": recorder.get("events", "times").tolist(), "seconds": seconds, "built": built})

with open(question["answer"], "w") as file:
    json.dump({"runs": answers, "version": f"NEST {nest.__version__}"}, file)
