"""The figures of a run, from its tables."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from spikecost.accuracy.study.study import OURS
from spikecost.reports.regression import of_run

CASE = {
    "model": "lif",
    "method": "rk4",
    "detection": "grid",
    "stimulus": "constant",
    "horizon_ms": 1000.0,
    "level": "50 Hz",
    "measure": "maximum",
    "tolerance": 0.1,
}


@pytest.mark.parametrize(("control", "expected"), [(math.nan, 2.0), (1e-3, 8.0)])
def test_times_are_per_step_or_per_ms_if_the_method_chooses_its_steps(control, expected):
    own = pd.DataFrame([{**CASE, "error_control": control, "dt_ms": 0.25}])
    timed = [{**CASE, "build": build, "engine": OURS, "calibrations_per_ms": 8.0} for build in ("scalar", "simd")]
    assert of_run._times(SimpleNamespace(own=own, timings=pd.DataFrame(timed))) == {"lif/rk4/grid": (expected,)}
