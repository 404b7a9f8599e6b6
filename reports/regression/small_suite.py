"""The small fixed suite that a check runs if it is given no run."""

from __future__ import annotations

from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.runner import run_suite
from ...accuracy.study.suite import Suite
from ..comparison.run_folder import RunFolder
from ..results.provenance import provenance

#: Three kinds of model, three kinds of method, spikes at the end of a step and located within it; enough timed runs for
#: a rank test.
SMALL = Suite(
    models=("lif", "izhikevich", "hodgkin_huxley"),
    methods=("euler", "rk4", "exponential_euler"),
    detections=("grid", "hermite"),
    rates=(100.0,),
    horizons=(300.0,),
    trials=4,
    tolerances=(0.1,),
    finest=2e-3,
    per_decade=6,
    repeats=20,
    time_lanes=False,
    thorough=False,
    features=False,
)


def run_small(suite: Suite = SMALL, jobs: int = 2, progress: Progress | None = None) -> RunFolder:
    """Run a suite and return the result; write no file."""
    return RunFolder.of(run_suite(suite, jobs, progress), provenance())
