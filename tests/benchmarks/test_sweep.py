"""The sweep: wall time from a regime to the largest dt at a tolerance, with its numbers of runs and operations."""

from dataclasses import replace

import pytest

from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.suite import Suite

SUITE = Suite(
    methods=("rk4",),
    detections=("hermite",),
    rates=(100.0,),
    horizons=(300.0,),
    trials=4,
    tolerances=(0.1,),
    finest=5e-3,
    per_decade=4,
    repeats=1,
    time_lanes=False,
    thorough=False,
    features=False,
)


@pytest.mark.parametrize("model", ["lif", "izhikevich", "hodgkin_huxley"])
def test_sweep(benchmark, model):
    # compiles, and finds drives and references, which are kept
    study = benchmark.pedantic(run_suite, (replace(SUITE, models=(model,)), 1), rounds=1, warmup_rounds=1)
    case = study.cases[0]
    assert case.status == "reached"
    curve = case.curve
    steps = sum(curve.regime.horizon / float(point.setting) * len(point.runs) for point in curve.points)
    benchmark.extra_info |= {
        "time steps tried": len(curve.points),
        "stimuli": len(curve.regime.trials),
        "steps": round(steps),
        "largest dt in ms": float(case.setting),
        "operations per ms at it": case.cost().mean,
    }
