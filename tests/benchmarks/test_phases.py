"""The phases of a run as a table: wall time, processor time and peak memory, by number of cells. No time fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

#: A suite that takes seconds; ``SPIKECOST_WHOLE=1`` runs the default suite instead.
SMALL = "Suite(models=MODELS, methods=('euler', 'rk4'), rates=(50.0, 100.0), horizons=(300.0,), trials=4, finest=4e-3, "
SMALL += "tolerances=(1.0, 0.1), repeats=1, thorough=False, features=False)"
#: Runs a suite in a new process, and prints the phases as JSON: the peak of memory is that of the process.
SCRIPT = """
import json, resource, time
from dataclasses import replace
from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.suite import STANDARD, Suite
from spikecost.reports.comparison.rendering import render
from spikecost.reports.comparison.run_folder import RunFolder

def spent():
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return time.perf_counter(), own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

MODELS = {models}
phases = [("start", 1, spent())]
study = run_suite({suite}, 2, Progress(begin=lambda phase, pieces: phases.append((phase, pieces, spent()))))
phases.append(("tables, page and figures", 1, spent()))
render(RunFolder.of(study, {{}}))
phases.append(("", 0, spent()))
print(json.dumps({{
    "phases": [
        (phase, pieces, *(after - before for before, after in zip(start, end)))
        for (phase, pieces, start), (_, _, end) in zip(phases[1:], phases[2:])
    ],
    "cells": len(study.curves),
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
}}))
"""
#: Phases that every run has.
ALWAYS = {"finding drives and references", "compiling kernels", "sweeping dt", "timing", "tables, page and figures"}


@pytest.mark.parametrize("models", [("lif",), ("lif", "izhikevich"), ("lif", "izhikevich", "hodgkin_huxley")])
def test_phases(benchmark, models, capsys):
    suite = "replace(STANDARD, models=MODELS)" if os.environ.get("SPIKECOST_WHOLE") else SMALL

    def run():
        code = SCRIPT.format(models=models, suite=suite)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    found = benchmark.pedantic(run, rounds=1)
    whole = sum(wall for _, _, wall, _ in found["phases"])
    lines = [f"{len(models)} models, {found['cells']} cells, {found['memory']:.2f} GiB"]
    for phase, pieces, wall, processor in found["phases"]:
        lines.append(f"{phase:45} {pieces:6} {wall:8.2f} s {100 * wall / whole:5.1f} %  processor {processor:8.2f} s")
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, ""]))
    assert {phase for phase, *_ in found["phases"]} >= ALWAYS
    benchmark.extra_info |= {
        "cells": found["cells"],
        "seconds per cell": whole / found["cells"],
        "GiB": found["memory"],
    }
    benchmark.extra_info |= {phase: wall / whole for phase, _, wall, _ in found["phases"]}
