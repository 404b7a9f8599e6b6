"""One small run for all tests of reports."""

from __future__ import annotations

import pytest

import spikecost as sc
from spikecost.accuracy.suite import Suite

SUITE = Suite(models=("lif", "izhikevich"), methods=("euler", "rk4"), detections=("grid", "hermite"),
              rates=(50.0, 100.0), tolerances=(1.0, 0.3), horizons=(200.0,), trials=3, per_decade=4, repeats=2,
              measures=("gamma_2ms",), thorough=False)


@pytest.fixture(scope="session")
def small_comparison():
    return sc.compare(SUITE.models, suite=SUITE)


@pytest.fixture(scope="session")
def small_run(small_comparison):
    return small_comparison.run
