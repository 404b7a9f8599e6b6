"""Hypothesis strategies for whatever users give: models, groups, suites, stimuli, trains, run folders, baselines.

Each draws what is well-formed, and small. `damaged` makes it ill-formed: a text with parts left out, doubled,
exchanged or replaced. ``tests/test_fuzz.py`` tries all of them, and other tests use single ones.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from spikecost.accuracy.measures.spike_trains import SpikeTrain
from spikecost.harness.stimuli import Stimulus
from spikecost.harness.stimuli.parts.shape import Shape
from spikecost.models.definition.language import units
from spikecost.reports.regression.kept.figures import ERROR, KINDS

from .archetypes import DEEP


def fuzzed(everyday: int, deep: int = 10_000) -> settings:
    """Return the settings of a test that tries so many examples: each day the same, and each night others."""
    return settings(
        max_examples=deep if DEEP else everyday,
        derandomize=not DEEP,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


# --- spike trains ----------------------------------------------------------------------------------------------------

START, STOP = 100.0, 1100.0


def train(*times: float, stop: float = 100.0, start: float = 0.0) -> SpikeTrain:
    """Return a train."""
    return SpikeTrain(np.array(times, dtype=float), stop, start)


# on a grid of 5 ms, trains share spike times and edges; otherwise times are arbitrary
_times = st.one_of(st.integers(0, 200).map(lambda k: START + 5.0 * k), st.floats(START, STOP))


def trains(least: int = 0, most: int = 8) -> st.SearchStrategy[SpikeTrain]:
    """Draw trains from `START` to `STOP`."""
    times = st.lists(_times, min_size=least, max_size=most)
    return times.map(lambda times: train(*sorted(times), stop=STOP, start=START))


# --- texts -----------------------------------------------------------------------------------------------------------

#: What replaces a part of a text: parts of the language, of other languages, and what is hard to read.
_PIECES = ["", "v", "I", "*", "**", "/", "-", "(", ")", "[", "]", "{", "}", "=", "'", '"', ":", ",", "\n", "\0", "é",
           "0", "1e999", "nan", "-1", "mV", "ms", "1 :", "exp(", "int(", "and", "not", "unless refractory", "#", "\\",
           "\ud800", "9" * 40, "true", "null", "[[", "\u202e", "xi", "t", "dt", "lambda:", "__import__"]  # fmt: skip


@st.composite
def damaged(draw: Any, text: str) -> str:
    """Draw a text with one to three parts left out, doubled, exchanged or replaced."""
    for _ in range(draw(st.integers(1, 3))):
        first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        last = min(last, first + draw(st.sampled_from([1, 3, 10, 100])))
        part = text[first:last]
        changed = draw(st.one_of(st.sampled_from(_PIECES), st.just(part * 2), st.just(part[::-1]), st.text(max_size=4)))
        text = text[:first] + changed + text[last:]
    return text


def toml(value: Any) -> str:
    """Write a value as TOML."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def document(fields: dict[str, Any]) -> str:
    """Write fields as a TOML file."""
    return "".join(f"{key} = {toml(value)}\n" for key, value in fields.items())


# --- models ----------------------------------------------------------------------------------------------------------

#: Names of variables and parameters: of one letter, with several, and such that are names elsewhere.
_NAMES = ["w", "x", "gate", "n_inf", "tau_s", "E", "k1", "alpha", "spike", "u_2", "Vm", "lane", "h", "step"]
_numbers = st.sampled_from(["0.02", "0.3", "1", "1.5", "2", "-0.7", "4"])
_positive = st.sampled_from(["0.5", "1", "3", "7.5"])


@st.composite
def terms(draw: Any, names: list[str]) -> str:
    """Draw a term of a right-hand side of these variables, dimensionless and bounded where they are."""
    x, y = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    a, c, k = draw(_numbers), draw(_numbers), draw(_positive)
    return draw(
        st.sampled_from(
            [f"({a})*{x}", f"({a})*tanh(({x} - ({c}))/{k})", f"({a})*exp(-(({x} - ({c}))/{k})**2)",
             f"({a})/(1 + exp(-({x} - ({c}))/{k}))", f"({a})*{x}*{y}/(1 + {y}**2)", f"({a})*sin({x}/{k})", f"({a})",
             f"({a})*{x}**2/(1 + {x}**2)", f"({a})*int({x} > {c})", f"({a})*abs({x})/(1 + abs({y}))"]
        )
    )  # fmt: skip


@st.composite
def models(draw: Any) -> dict[str, Any]:
    """Draw the fields of a model's file: one to three variables, a threshold, a reset, maybe refractoriness."""
    others = draw(st.lists(st.sampled_from(_NAMES), max_size=4, unique=True))
    state, parameters = ["v", *others[:2]], others[2:]
    names = [*state, *parameters]

    def side(draw: Any) -> str:
        return " + ".join(draw(st.lists(terms(names), max_size=2)) or ["0.1"])

    lines = [
        f"d{name}/dt = ({'I ' if name == 'v' else ''}- {name} + {side(draw)})/({draw(_positive)}*ms) : 1"
        f"{' (unless refractory)' if name == 'v' and draw(st.booleans()) else ''}"
        for name in state
    ]
    held = "unless refractory" in lines[0]
    resets = ["v = 0", *(f"{name} {draw(st.sampled_from(['+=', '=']))} {draw(_numbers)}" for name in others[:1])]
    fields = {
        "equations": "\n".join([*lines, *(f"{name} : 1" for name in [*parameters, "I"])]),
        "threshold": draw(st.sampled_from(["v > 1", "v >= 1", "v > 1.25"])),
        "reset": "; ".join(resets),
        "initial": dict.fromkeys(state, "0"),
        "drive": draw(st.sampled_from(["2", "3.5"])),
    }
    if parameters:
        fields["parameters"] = {name: draw(_numbers) for name in parameters}
    if held or draw(st.booleans()):
        fields["refractory"] = draw(st.sampled_from(["2*ms", "0.3*ms"]))
    return fields


def groups() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a model's file and what Brian2's ``NeuronGroup`` is given for the same model."""
    return models().map(
        lambda fields: {
            "file": fields,
            "model": fields["equations"],
            "given": {name: fields[name] for name in ("threshold", "reset", "refractory") if name in fields},
            "values": {**fields.get("parameters", {}), "I": fields["drive"]},
        }
    )


# --- stimuli ---------------------------------------------------------------------------------------------------------


@st.composite
def stimuli(draw: Any, unit: Fraction = Fraction(1, 2)) -> Stimulus:
    """Draw a dimensionless stimulus of one to four pieces, each some units long (in ms) and of its own shape."""
    lengths = draw(st.lists(st.integers(2, 40), min_size=1, max_size=4))
    level, small = st.sampled_from([0.0, 1.3, 2.0, 4.0]), st.sampled_from([0.0, 0.4, -0.3])
    shapes = [Shape(draw(level), slope=draw(small) / 10, amplitude=draw(small), omega=0.2) for _ in lengths]
    return Stimulus([n * unit for n in lengths], shapes, units.DIMENSIONLESS)


# --- suites, run folders and baselines -------------------------------------------------------------------------------

SUITE = {
    "models": st.lists(st.sampled_from(["lif", "izhikevich:CH", "qif", "adex"]), min_size=1, max_size=3, unique=True),
    "methods": st.lists(st.sampled_from(["euler", "rk4", "heun", "dormand_prince"]), min_size=1, unique=True),
    "detections": st.lists(st.sampled_from(["grid", "linear", "hermite", "dense"]), min_size=1, unique=True),
    "stimuli": st.lists(st.sampled_from(["constant", "ornstein_uhlenbeck"]), min_size=1, unique=True),
    "trials": st.integers(1, 50),
    "seed": st.integers(0, 1000),
    "tolerances": st.lists(st.sampled_from(["0.1ms", "1*ms", "0.03 ms"]), min_size=1, unique=True),
    "rates": st.lists(st.sampled_from([5, 20.5, 50]), min_size=1, unique=True),
    "horizons": st.lists(st.sampled_from(["100ms", "1s"]), min_size=1, unique=True),
    "per_decade": st.integers(1, 20),
    "finest": st.sampled_from(["0.05ms", "0.001*ms"]),
    "thorough": st.booleans(),
}


def suites() -> st.SearchStrategy[dict[str, Any]]:
    """Draw the fields of a suite's file."""
    return st.fixed_dictionaries({}, optional=SUITE)


def baselines() -> st.SearchStrategy[dict[str, float]]:
    """Draw figures of a baseline."""
    subject = st.sampled_from(["lif", "izhikevich:CH", "é"]).flatmap(
        lambda model: st.sampled_from(
            [f"{model}/rk4/hermite", f"{model}/euler/grid/constant/50 Hz/1000 ms/maximum 0.1 ms"]
        )
    )
    setting = st.sampled_from(["dt 0.1 ms", "dt 1.25e-05 ms", "tolerance 1e-09"])
    kind = st.sampled_from(sorted(KINDS)).flatmap(
        lambda kind: setting.map(lambda part: f"{part}/{kind}") if kind == ERROR else st.just(kind)
    )
    names = st.tuples(subject, kind).map("/".join)
    return st.dictionaries(names, st.floats(1e-12, 1e12), min_size=1, max_size=8)


#: Values that take the place of any value in what describes a run.
_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**70), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.just([[["v"]]]), st.just({"models": 3}),
)  # fmt: skip


@st.composite
def run_descriptions(draw: Any, about: Any) -> Any:
    """Draw the description of a run with one of its values, anywhere in it, replaced or left out."""
    about = json.loads(json.dumps(about))
    place = about
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        if draw(st.integers(0, 3)):
            place[key] = draw(_ODD)
        else:
            del place[key]
        return about
