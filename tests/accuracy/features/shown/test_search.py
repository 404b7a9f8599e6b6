"""Features of any model: which are found, which are not found, and which are impossible."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.features import FEATURES
from spikecost.accuracy.features.protocols.subject import HORIZON, TICKS, Subject, at_rest, cut, ringing
from spikecost.accuracy.features.shown.search import CANNOT, FOUND, NOT_FOUND, NOT_TRIED, search
from spikecost.harness.stimuli import ramp
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.reading.by_name import get_model

LIF_SHOWS = {"tonic_spiking", "class_1", "integrator"}


@pytest.fixture(scope="module")
def lif():
    return Subject(MODELS["lif"])


def outcomes(model, *features):
    return {each.feature: each.outcome for each in search(get_model(model), features or None)}


def test_lif_shows_three_and_cannot_show_the_others():
    found = outcomes("lif")
    assert {name for name, outcome in found.items() if outcome == FOUND} == LIF_SHOWS
    assert {name for name, outcome in found.items() if outcome == CANNOT} == set(FEATURES) - LIF_SHOWS


@pytest.mark.parametrize("name", [name for name in FEATURES if name not in LIF_SHOWS])
def test_what_cannot_be_is_not_found_either(lif, name):
    feature = FEATURES[name]
    for trial in islice(feature.trials(lif), 24):
        verdict = feature.judge(*lif.run(trial, feature.needs_voltage))
        assert not verdict.shown, verdict.reason


@pytest.mark.parametrize("name", FEATURES)
def test_no_reason_is_given_for_other_models(name):
    assert FEATURES[name].why_not(MODELS["izhikevich"]) == FEATURES[name].why_not(MODELS["hodgkin_huxley"]) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"equations": "dv/dt = (I + v)/ms : 1\nI : 1\nc : 1"},  # away from rest
        {"equations": "dv/dt = (I + v**2)/ms : 1\nI : 1\nc : 1"},
        {"equations": "dv/dt = (-I - v)/ms : 1\nI : 1\nc : 1"},
        {"reset": "v += c"},  # a reset that keeps the earlier value
    ],
)
def test_the_reasons_hold_for_one_linear_variable_alone(changes):
    given = {
        "name": "mine",
        "equations": "dv/dt = (I - v)/ms : 1\nI : 1\nc : 1",
        "threshold": "v > 1",
        "reset": "v = c",
        "parameters": {"c": 0},
        "initial": {"v": 0},
    }
    assert FEATURES["resonator"].why_not(NeuronModel(**given))
    assert not FEATURES["resonator"].why_not(NeuronModel(**{**given, **changes}))


@pytest.mark.deep
@pytest.mark.parametrize("names", [("class_2", "resonator", "rebound_spike"), ("class_1", "bistability")], ids=" ".join)
def test_hodgkin_huxley(names):
    # Hodgkin and Huxley 1952: a resonator of class 2, bistable between the onset of firing (6.26) and that of the
    # oscillation of rest (9.8 uA/cm2), which fires after an inhibition (anode break) and accommodates
    published = {
        "class_1": NOT_FOUND,
        "class_2": FOUND,
        "resonator": FOUND,
        "bistability": FOUND,
        "rebound_spike": FOUND,
    }
    assert outcomes("hodgkin_huxley", *names) == {name: published[name] for name in names}


def test_presets_of_izhikevich():
    names = ("tonic_bursting", "rebound_burst")
    assert outcomes("izhikevich:CH", *names) == {"tonic_bursting": FOUND, "rebound_burst": NOT_FOUND}
    assert outcomes("izhikevich:TC", *names) == {"tonic_bursting": NOT_FOUND, "rebound_burst": FOUND}


def test_a_finding_says_where_and_how_much():
    found = search(MODELS["lif"], ["class_1"])[0]
    assert (found.trials, found.outcome) == (1, FOUND)
    assert found.reason.endswith("at twice the rheobase")
    assert found.stimulus.startswith("(3000, 1.5); (3000, 1.5002); ")
    missing = search(MODELS["izhikevich"], ["phasic_bursting"])[0]
    assert missing.reason.startswith("in none of 12 trials; the first: ")


@pytest.mark.parametrize(
    ("slope", "reason"),
    [
        ("tanh(I) - v", "mine: it never spikes, for drives up to 32768: v > 1.5 is not reached; lower the threshold"),
        ("2 + tanh(I)**2 - v", "mine: it fires without any drive, and no inhibition silences it"),
    ],
)
def test_without_a_weakest_drive_nothing_is_tried(slope, reason):
    mine = NeuronModel(
        name="mine", equations=f"dv/dt = ({slope})/ms : 1\nI : 1", threshold="v > 1.5", reset="v = 0", initial={"v": 0}
    )
    found = search(mine, ["tonic_spiking"])[0]
    assert (found.outcome, found.trials) == (NOT_TRIED, 0)
    assert found.reason.startswith(reason)


def test_spikes_without_end_are_the_reason_and_not_silence():
    mine = NeuronModel(
        name="mine", equations="dv/dt = (I - v)/ms : 1\nI : 1", threshold="v > 1", reset="v += 1", initial={"v": 0}
    )
    assert search(mine, ["tonic_spiking"])[0].reason.startswith("mine: it spikes without end; let its reset ")


def test_a_model_that_fires_alone_is_held_at_twice_what_silences_it():
    # v' = I - 0.1 v up to -50, from -65: silent below I = -5; held at -10, above which the rheobase is 5
    alone = MODELS["lif"].replace(name="alone", parameters={**MODELS["lif"].parameters, "a": 0 * mV / ms})
    subject = Subject(alone)
    assert (subject.held, subject.drive) == (pytest.approx(-10, rel=1e-6), pytest.approx(5, rel=1e-6))
    assert subject.model.initial_values["v"] == pytest.approx(-100, rel=1e-6)
    assert subject.stimulus((1, 0), (1, 2)).values == pytest.approx((-10, 0), abs=1e-5)
    tonic, class_1 = search(alone, ["tonic_spiking", "class_1"])
    assert (tonic.outcome, class_1.outcome) == (FOUND, FOUND)
    assert tonic.stimulus.startswith("(2.624, -10), (")  # 10 log(65/50) ms under no drive


def test_ringing_is_that_of_the_linear_equations():
    # z' = (b + i omega) z, omega = 0.1/ms; integrate-and-fire comes to rest without oscillation
    assert ringing(MODELS["resonate_and_fire"], 0.0) == pytest.approx(2 * np.pi / 0.1)
    assert ringing(MODELS["lif"], 0.0) == 0
    assert float(Subject(MODELS["resonate_and_fire"]).tick) * TICKS == pytest.approx(2 * np.pi / 0.1, rel=1e-3)


def test_a_threshold_that_moves_is_recorded():
    subject = Subject(MODELS["mihalas_niebur"])
    stimulus = subject.stimulus((TICKS, 0), (8, 20), (2 * TICKS, 0))
    for recording in (*subject.run([stimulus], voltage=True), subject.solve(stimulus, voltage=True)):
        assert recording.spikes.size > 0
        assert recording.threshold.shape == recording.voltage.shape
        times, voltage = recording.after_spike()
        assert times[0] > recording.spikes[-1]
        assert voltage.max() < recording.threshold[recording.times >= times[0]].max()


def test_a_subject_of_lif(lif):
    # v' = I - 6.5 - 0.1 v from -65 to -50: I above 1.5; at twice that 10 ln(3/1.5) ms
    assert lif.drive == pytest.approx(1.5, rel=1e-6)
    assert float(lif.tick) * TICKS == pytest.approx(10 * np.log(2), rel=1e-3)
    assert (HORIZON / lif.tick).denominator == 1
    assert (lif.tick / lif.dt).denominator == 1
    # a pulse of w ms: the voltage reaches 10 I (1 - exp(-w/10)) above rest
    ((ticks, height),) = lif.pulses(12)
    width = float(12 * lif.tick)
    assert height * lif.drive == pytest.approx(1.5 / (1 - np.exp(-width / 10)), rel=2e-3)
    assert ticks == 12


def test_it_starts_at_rest():
    model = at_rest(MODELS["izhikevich"])
    # 0.04 v^2 + 5 v + 140 = 0.2 v has its lower root at -70
    assert model.initial_values == pytest.approx({"v": -70, "u": -14}, abs=1e-6)


def test_cut_keeps_the_input_and_the_grid():
    stimulus = ramp(0, 10, 10 * ms)
    pieces = cut(stimulus, Fraction(3, 4), Fraction(1, 4))
    assert {*pieces.durations} == {Fraction(3, 4), Fraction(1, 4)}
    assert pieces.horizon == 10
    times = np.linspace(0, 9.99, 50)
    np.testing.assert_allclose(pieces.at(times), stimulus.at(times), rtol=1e-12)
