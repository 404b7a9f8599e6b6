"""One small run for all tests of reports."""

from __future__ import annotations

import dataclasses
import json

import pytest

import spikecost as sc
from spikecost.accuracy.study.suite import Suite
from spikecost.reports.comparison.run_folder import TABLES

SUITE = Suite(
    models=("lif", "izhikevich"),
    methods=("euler", "rk4"),
    detections=("grid", "hermite"),
    rates=(50.0, 100.0),
    tolerances=(1.0, 0.3),
    horizons=(200.0,),
    trials=3,
    per_decade=4,
    repeats=2,
    measures=("gamma_2ms",),
    thorough=False,
    features=False,
)


@pytest.fixture(scope="session")
def small_comparison():
    return sc.compare(SUITE.models, suite=SUITE)


@pytest.fixture(scope="session")
def small_folder(small_comparison, tmp_path_factory):
    return small_comparison.save(tmp_path_factory.mktemp("small") / "report").parent


@pytest.fixture(scope="session")
def small_run(small_comparison):
    return small_comparison


@pytest.fixture(scope="session")
def looked_at(small_run):
    """The run, with the features of its models and the demos."""
    return dataclasses.replace(small_run, features=sc.features(SUITE.models), demos=sc.demo_table())


#: A name that is a formula, a tag, a table's border, LaTeX and Markdown at once.
HOSTILE = '=1+2|<script>alert("x")</script>&_$%#{}~^\\*[a](b)`'


@pytest.fixture(scope="session")
def hostile_run(small_run):
    """The run, its first model under another name."""

    def renamed(frame):
        return frame.replace({"lif": HOSTILE}).rename(columns={"lif": HOSTILE})

    about = json.loads(json.dumps(small_run.about))
    about["models"] = {HOSTILE if label == "lif" else label: model for label, model in about["models"].items()}
    about["models"][HOSTILE] |= {"source": "", "description": HOSTILE}
    return dataclasses.replace(small_run, about=about, **{name: renamed(getattr(small_run, name)) for name in TABLES})
