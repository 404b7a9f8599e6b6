"""NEST: identical neurons of a built-in model, run with each of several resolutions."""

import ctypes
import json
import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path

sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)  # modules find NEST's functions
import nest  # noqa: E402
import numpy as np  # noqa: E402

question = json.load(sys.stdin)
nest.verbosity = nest.VerbosityLevel.ERROR
library, entry = question.get("library"), question.get("input", "I_e")
if library:  # it is found by its name, and uses the GSL that NEST brings
    for bundled in (Path(nest.__file__).parent.parent / "nest_simulator.libs").glob("libgsl*"):
        ctypes.CDLL(str(bundled), ctypes.RTLD_GLOBAL)
    shutil.copy(library, Path(question["folder"], f"{question['module']}.so"))
    os.environ["LTDL_LIBRARY_PATH"] = question["folder"]


def set_input(neurons: object, value: float) -> None:
    """Set the input of neurons."""
    if entry:
        setattr(neurons, entry, value)


def advance(dt: float, steps: int) -> None:
    """Make some steps more."""
    nest.Run(steps * dt)


answers, operations = [], {}
for place, run in enumerate(question["runs"]):
    started = time.perf_counter()
    nest.ResetKernel()
    if library:
        nest.Install(question["module"])
    nest.set(tics_per_ms=run["tics_per_ms"], resolution=run["dt"])
    neurons = nest.Create(question["model"], question["neurons"], params=question["parameters"])
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons[0], recorder, syn_spec={"delay": run["dt"]})
    pieces, varying = question["pieces"], question.get(f"input{place}")
    if varying:  # a generator acts one step late, and not before the third step
        values = np.load(varying)
        pieces = [(run["dt"], value) for value in values[:2]] + [((len(values) - 2) * run["dt"], 0.0)]
        pieces = [piece for piece in pieces if piece[0] > 0]
        times = np.arange(1, len(values) - 1) * run["dt"]
        generator = nest.Create(
            "step_current_generator", params={"amplitude_times": times, "amplitude_values": values[2:]}
        )
        nest.Connect(generator, neurons, syn_spec={"delay": run["dt"], **question.get("port", {})})
    set_input(neurons, pieces[0][1])
    nest.Prepare()
    if "count" in question:
        from spikecost.harness.engines.seen import operations_seen

        operations = operations_seen(partial(advance, run["dt"]), question["count"])
        break
    built, seconds = time.perf_counter() - started, 0.0
    for duration, value in pieces:
        set_input(neurons, value)
        started = time.perf_counter()
        nest.Run(duration)
        seconds += time.perf_counter() - started
    nest.Cleanup()
    answers.append({"times": recorder.get("events", "times").tolist(), "seconds": seconds, "built": built})

with open(question["answer"], "w", encoding="utf-8") as file:
    json.dump({"runs": answers, "version": f"NEST {nest.__version__}", "operations": operations}, file)
