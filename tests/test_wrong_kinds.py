"""Every public function says in one line what is wrong with an argument of a wrong kind."""

from __future__ import annotations

import inspect
import re

import brian2
import numpy as np
import pandas as pd
import pytest
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.models.ground.errors import UserError

WRONG = [
    3,
    -1.5,
    float("nan"),
    10**400,
    True,
    "x",
    "",
    "\n",
    b"x",
    None,
    object(),
    [],
    [3],
    ["x"],
    (1, 2),
    {},
    {"a": 1},
]
WRONG += [5 * ms, 3 * mV, -7 * ms, -8 * Hz, np.array([1.0, 2.0]), [1, 2] * mV, [5 * ms, 3 * mV], (6 * ms, 4 * mV), len]

#: How Brian2 prints a quantity, and its repr: ``8. Hz``, ``8. * hertz``.
NOT_AS_PEOPLE_WRITE = re.compile(r"\d\.\]? [A-Za-z]|\d\.? \* [a-z]*(volt|second|hertz)\b")

EQUATIONS = "dv/dt = I - v/(20*ms) : volt\nI : volt/second"
DRIVE = sc.constant(10 * mV / ms, 50 * ms)
TRAIN = sc.SpikeTrain([1.0, 2.0], 10.0)
MODEL = {
    "name": "mine",
    "equations": EQUATIONS,
    "threshold": "v > 15*mV",
    "reset": "v = 0*mV",
    "initial": {"v": 0 * mV},
}

NOISE = {"tau": 5 * ms, "grid": 1 * ms, "duration": 50 * ms, "seed": 0}


def group():
    return brian2.NeuronGroup(1, EQUATIONS, threshold="v > 15*mV", reset="v = 0*mV", method="euler")


#: Arguments with which a function works; each is replaced by wrong ones, one at a time.
WORKING = {
    sc.NeuronModel: MODEL,
    sc.get_model: {"model": "lif"},
    sc.make_step: {"model": "lif", "method": "rk4"},
    sc.count: {"model": "lif", "method": "rk4"},
    sc.simulate: {"model": "lif", "stimulus": DRIVE, "dt": 0.1 * ms},
    sc.reference: {"model": "lif", "stimulus": DRIVE},
    sc.spike_time_error: {"train": TRAIN, "reference": TRAIN},
    sc.SpikeTrain: {"times": [1.0], "stop": 2.0},
    sc.Criterion: {"measure": "maximum", "tolerance": 0.1},
    sc.Convention: {"name": "mine", "counts": "run", "weights": {}, "unit": "operations", "source": "ours"},
    sc.Suite: {"models": ("lif",)},
    sc.from_brian2: {"group": group},
    sc.settings_from_brian2: {"group": group},
    sc.arrivals_from_brian2: {"group": group, "duration": 50 * ms},
    sc.stimulus_from_brian2: {"array": lambda: brian2.TimedArray([1, 2] * mV, dt=1 * ms), "duration": 2 * ms},
    sc.constant: {"value": 1 * mV, "duration": 50 * ms},
    sc.piecewise_constant: {"pieces": [(5 * ms, 1 * mV)]},
    sc.piecewise_random: {"low": 0 * mV, "high": 1 * mV, "piece": 5 * ms, "duration": 50 * ms, "seed": 0},
    sc.step: {"before": 0 * mV, "after": 1 * mV, "at": 5 * ms, "duration": 50 * ms},
    sc.ramp: {"start": 0 * mV, "stop": 1 * mV, "duration": 50 * ms},
    sc.sine: {"mean": 0 * mV, "amplitude": 1 * mV, "frequency": 10 * Hz, "duration": 50 * ms},
    sc.chirp: {"mean": 0 * mV, "amplitude": 1 * mV, "start": 1 * Hz, "stop": 9 * Hz, "duration": 50 * ms},
    sc.ornstein_uhlenbeck: {
        "mean": 0 * mV,
        "sd": 1 * mV,
        "tau": 5 * ms,
        "grid": 1 * ms,
        "duration": 50 * ms,
        "seed": 0,
    },
    sc.poisson_conductance: {
        "rate": 10 * Hz,
        "weight": 1 * mV,
        "tau": 5 * ms,
        "grid": 1 * ms,
        "duration": 50 * ms,
        "seed": 0,
    },
    sc.poisson_train: {"rate": 10 * Hz, "duration": 50 * ms},
    sc.regular_train: {"interval": 5 * ms, "duration": 50 * ms},
    sc.recorded_train: {"times": [1, 2] * ms},
    sc.atlas: {},
    sc.as_it_stands: {"duration": 50 * ms},
    sc.with_conductance: {"model": sc.get_model("lif"), "reversal": 0 * mV},
    sc.with_synapses: {"model": sc.get_model("lif"), "exc": (0 * mV, 5 * ms)},
    sc.features_against_cost: {"found": pd.DataFrame(), "costs": pd.DataFrame()},
    sc.RunFolder.read: {"folder": "none"},
}
#: What would run for long if a wrong argument passed: only values that are always wrong are given.
LONG = {
    sc.compare: {"models": ["lif"], "rates": [50], "tolerance": 0.1 * ms},
    sc.recommend: {"rate": 20 * Hz, "tolerance": 0.1 * ms},
    sc.features: {"models": ["lif"]},
}
ALWAYS_WRONG = [object(), -1.5, b"x", 3 * mV, len]


def tried(function, given, name, value):
    arguments = {key: of() if inspect.isfunction(of) else of for key, of in given.items()}
    try:
        function(**arguments | {name: value})
    except UserError as error:
        return str(error)
    return "accepted"


def asked(function, given):
    names = [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
    ]
    return [*names, *(name for name in given if name not in names)]


def names_of(functions):
    return [each.__qualname__ for each in functions]


@pytest.mark.parametrize("function", WORKING, ids=names_of(WORKING))
def test_a_wrong_argument_is_one_line(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in asked(function, WORKING[function]):
        for value in WRONG:
            said = tried(function, WORKING[function], name, value)
            assert "\n" not in said, name
            assert not NOT_AS_PEOPLE_WRITE.search(said), said


@pytest.mark.parametrize("function", LONG, ids=names_of(LONG))
def test_a_wrong_argument_of_a_long_computation_is_one_line(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in asked(function, LONG[function]):
        for value in ALWAYS_WRONG:
            said = tried(function, LONG[function], name, value)
            assert "\n" not in said
            assert said != "accepted", name
            assert not NOT_AS_PEOPLE_WRITE.search(said), said


def test_a_message_has_the_name_of_the_argument():
    for function, given, name in ((sc.atlas, {}, "stimulus"), (sc.recommend, LONG[sc.recommend], "atlas")):
        assert tried(function, given, name, 5).startswith(f"{name} = 5: give ")


@pytest.mark.parametrize("name", ["trials", "repeats", "per_decade", "seed"])
def test_a_whole_number_of_a_suite_is_one_of_python_or_numpy(name):
    for value in (2.5, 2.0, True, np.float64(2)):
        assert re.match(
            rf"{name} = .*: give a (whole )?number from", tried(sc.Suite, {"models": ("lif",)}, name, value)
        )
    suite = sc.Suite(models=("lif",), **{name: np.int64(2)})
    assert type(getattr(suite, name)) is int
    assert "jobs = 0: give 1 or more" in tried(sc.compare, LONG[sc.compare], "jobs", np.int64(0))


def test_quantities_that_are_not_as_people_write_them_would_be_seen():
    for value in (8 * Hz, [5 * ms, 3 * mV], [1, 2] * mV):
        assert any(NOT_AS_PEOPLE_WRITE.search(text) for text in (f"x = {value}", f"x = {value!r}"))
    assert "8 Hz" in tried(sc.poisson_train, WORKING[sc.poisson_train], "rate", -8 * Hz)


def test_every_public_function_is_tried():
    callables = {each for each in (getattr(sc, name) for name in sc.__all__) if callable(each)}
    made_inside = {
        sc.UserError, sc.Step, sc.Brian2Settings, sc.Count, sc.Stimulus, sc.Train, sc.Reference, sc.SpikeTimeError,
        sc.Comparison, sc.RunFolder, sc.Recommendation, sc.demo_table,
    }  # fmt: skip
    assert callables - made_inside == {each for each in (*WORKING, *LONG) if each != sc.RunFolder.read}
