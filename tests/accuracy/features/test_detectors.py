"""Every detector on spike trains and voltages made by hand: one that shows the feature, and several that do not."""

import numpy as np
import pytest
from brian2 import ms

from spikecost.accuracy.features import FEATURES, Recording
from spikecost.accuracy.features.protocols.epochs import bursts, departures, maxima, pulses
from spikecost.harness.stimuli import Shape, Stimulus, constant, piecewise_constant
from spikecost.models.definition.language.units import DIMENSIONLESS
from spikecost.models.ground.errors import UserError

STEP = piecewise_constant([(20 * ms, 0), (180 * ms, 1)])
PULSE = piecewise_constant([(20 * ms, 0), (5 * ms, 1), (175 * ms, 0)])
INHIBITION = piecewise_constant([(20 * ms, 0), (5 * ms, -1), (175 * ms, 0)])
#: Pulses at 20 and 30 ms, and at 100 and 140 ms.
PAIRS = piecewise_constant(
    [
        (20 * ms, 0),
        (4 * ms, 1),
        (6 * ms, 0),
        (4 * ms, 1),
        (66 * ms, 0),
        (4 * ms, 1),
        (36 * ms, 0),
        (4 * ms, 1),
        (56 * ms, 0),
    ]
)
VARIABLE = piecewise_constant(
    [(20 * ms, 0), (5 * ms, 1), (55 * ms, 0), (5 * ms, -6), (5 * ms, 0), (5 * ms, 1), (105 * ms, 0)]
)
TWICE = piecewise_constant([(20 * ms, 0.5), (5 * ms, 1), (75 * ms, 0.5), (5 * ms, 1), (95 * ms, 0.5)])
#: To 8 in 100 ms, to 4 in 10 ms, from 120 ms on.
RAMPS = Stimulus([100, 20, 10, 70], [Shape(0, slope=0.08), 0, Shape(0, slope=0.4), 0], DIMENSIONLESS)
LOWERED = piecewise_constant([(50 * ms, 80), (100 * ms, 75), (50 * ms, 80)])

REGULAR = [30, 50, 70, 90, 110, 130, 150, 170, 190]
#: Three bursts of three spikes.
BURSTS = [30, 33, 36, 90, 93, 96, 150, 153, 156]

SHOWN = {
    "tonic_spiking": [(STEP, REGULAR), (STEP, [25, 27, 40, 70, 100, 130, 160, 190])],
    "phasic_spiking": [(STEP, [30])],
    "tonic_bursting": [(STEP, BURSTS), (STEP, [*BURSTS, 197])],  # the end cuts a burst
    "phasic_bursting": [(STEP, [30, 33, 36, 40])],
    "mixed_mode": [(STEP, [30, 33, 36, 80, 120, 160])],
    "spike_frequency_adaptation": [(STEP, [25, 30, 40, 60, 90, 130, 175])],
    "spike_latency": [(PULSE, [35])],
    "resonator": [(PAIRS, [143]), (PAIRS, [141, 150])],
    "integrator": [(PAIRS, [33]), (PAIRS, [32, 40])],
    "rebound_spike": [(INHIBITION, [30])],
    "rebound_burst": [(INHIBITION, [30, 33, 36])],
    "threshold_variability": [(VARIABLE, [93])],
    "bistability": [(TWICE, [30, 50, 70, 90]), (TWICE, [30, 50, 70, 90, 103])],
    "accommodation": [(RAMPS, [128])],
    "inhibition_induced_spiking": [(LOWERED, [60, 90, 120, 148]), (LOWERED, [60, 90, 120, 152])],
    "inhibition_induced_bursting": [(LOWERED, [60, 63, 66, 120, 123, 126])],
}
NOT_SHOWN = {
    "tonic_spiking": [(STEP, []), (STEP, [30]), (STEP, REGULAR[:5]), (STEP, BURSTS), (STEP, [10, *REGULAR])],
    "phasic_spiking": [
        (STEP, []),
        (STEP, REGULAR),
        (STEP, [30, 33]),
        (STEP, [10]),
        (STEP, [120]),
    ],  # the following 100 ms cannot be seen
    "tonic_bursting": [(STEP, []), (STEP, REGULAR), (STEP, BURSTS[:3]), (STEP, [30, 33, 36, 90, 150])],
    "phasic_bursting": [(STEP, []), (STEP, [30]), (STEP, [30, 33]), (STEP, REGULAR), (STEP, BURSTS)],
    "mixed_mode": [
        (STEP, []),
        (STEP, REGULAR),
        (STEP, BURSTS),
        (STEP, [30, 33, 36]),
        (STEP, [30, 33, 80, 120, 160]),  # two spikes are not a burst
        (STEP, [30, 33, 36, 70, 110, 158]),
    ],  # only adaptation
    "spike_frequency_adaptation": [
        (STEP, []),
        (STEP, [30]),
        (STEP, REGULAR),
        (STEP, [25, 30, 40, 60, 70, 110, 150, 190]),
        (STEP, [25, 30, 40, 60]),
    ],
    "spike_latency": [(PULSE, []), (PULSE, [23]), (PULSE, [29])],
    "resonator": [(PAIRS, []), (PAIRS, [33]), (PAIRS, [103]), (PAIRS, [33, 143])],
    "integrator": [(PAIRS, []), (PAIRS, [143]), (PAIRS, [22]), (PAIRS, [33, 143]), (PAIRS, [33, 103])],
    "rebound_spike": [(INHIBITION, []), (INHIBITION, [22]), (INHIBITION, [30, 40]), (PULSE, [30])],
    "rebound_burst": [
        (INHIBITION, []),
        (INHIBITION, [30]),
        (INHIBITION, [22, 30, 33, 36]),
        (PULSE, [30, 33, 36]),
        (INHIBITION, [30, 33, 36, 190]),
    ],
    "threshold_variability": [(VARIABLE, []), (VARIABLE, [22]), (VARIABLE, [87]), (VARIABLE, [22, 93]), (TWICE, [103])],
    "bistability": [
        (TWICE, []),
        (TWICE, [10, 30, 50, 70, 90]),
        (TWICE, [30, 50]),
        (TWICE, [30, 50, 70, 90, 110, 130, 150, 170, 190]),
        (TWICE, [26, 29, 32, 35]),
        (TWICE, [21, 61, 102, 145]),  # continues as before, slowly
        (TWICE, [26, 45, 101]),
    ],  # two spikes, and one of the second pulse
    "accommodation": [(RAMPS, []), (RAMPS, [90]), (RAMPS, [90, 128])],
    "inhibition_induced_spiking": [
        (LOWERED, []),
        (LOWERED, [60]),
        (LOWERED, [60, 65, 70]),
        (LOWERED, [20, 60, 90, 120]),
        (LOWERED, [60, 90, 120, 150, 180]),
    ],
    "inhibition_induced_bursting": [
        (LOWERED, []),
        (LOWERED, [60, 90, 120, 148]),
        (LOWERED, [60, 63, 66]),
        (LOWERED, [60, 63, 66, 120, 123, 126, 180, 183]),
    ],
}
#: Detectors that use voltages or several trains have separate tests below.
APART = {"class_1", "class_2", "subthreshold_oscillations", "depolarizing_after_potential"}


def cases(of):
    return [pytest.param(name, *case, id=f"{name}-{i}") for name, each in of.items() for i, case in enumerate(each)]


def recording(stimulus, spikes, **more):
    return Recording(stimulus, np.array(spikes, dtype=float), **more)


def test_every_detector_is_tried():
    assert {*SHOWN, *APART} == {*NOT_SHOWN, *APART} == set(FEATURES)
    assert [FEATURES[name].letter for name in FEATURES] == list("ABCDEFGHIJKLMNOPQRST")


@pytest.mark.parametrize(("name", "stimulus", "spikes"), cases(SHOWN))
def test_shown(name, stimulus, spikes):
    verdict = FEATURES[name].judge(recording(stimulus, spikes))
    assert verdict.shown, verdict.reason


@pytest.mark.parametrize(("name", "stimulus", "spikes"), cases(NOT_SHOWN))
def test_not_shown(name, stimulus, spikes):
    verdict = FEATURES[name].judge(recording(stimulus, spikes))
    assert not verdict.shown
    assert any(digit.isdigit() for digit in verdict.reason)


@pytest.mark.parametrize("name", FEATURES)
def test_what_failed_shows_nothing(name):
    verdict = FEATURES[name].judge(recording(STEP, [30], failure="runaway: 700 spikes"))
    assert (verdict.shown, verdict.reason) == (False, "runaway: 700 spikes")


# --- the classes: the slowest rate compared with the rate at twice the rheobase ---------------------------------------


def firing(*rates):
    return [
        recording(constant(1, 1000 * ms), np.arange(1000 / rate, 1000, 1000 / rate) if rate else [5]) for rate in rates
    ]


@pytest.mark.parametrize(
    ("rates", "shown"),
    [
        ((5, 6, 20), (True, False)),
        ((40, 45, 60), (False, True)),
        ((8, 10, 20), (False, False)),
        ((0, 5, 20), (True, False)),  # a single spike gives no rate
        ((5, 6, 0), (False, False)),
    ],
)
def test_classes(rates, shown):
    assert tuple(FEATURES[name].judge(*firing(*rates)).shown for name in ("class_1", "class_2")) == shown


# --- voltages ---------------------------------------------------------------------------------------------------------

TIMES = np.arange(0.5, 200.5, 0.5)


def spike(after):
    """Return a voltage at rest at -65, a spike at 30 ms, then `after` (from the times since it)."""
    since = TIMES - 30
    return np.where(since <= 0, -65.0, np.where(since <= 1, 30.0, after(since)))


def swings(since):
    return -65 - 10 * np.exp(-since / 40) * np.cos(since / 6)


def relaxes(since):
    return -65 - 10 * np.exp(-since / 20)


def rises(since):
    return -65 + 3 * since * np.exp(-since / 5)


def undershoots(since):
    return -65 + 5 * (since - 6) * np.exp(-since / 5)


@pytest.mark.parametrize(
    ("name", "after", "shown"),
    [
        ("subthreshold_oscillations", swings, True),
        ("subthreshold_oscillations", relaxes, False),
        ("subthreshold_oscillations", rises, False),
        ("subthreshold_oscillations", undershoots, False),
        ("depolarizing_after_potential", rises, True),
        ("depolarizing_after_potential", relaxes, False),
        ("depolarizing_after_potential", swings, False),
        ("depolarizing_after_potential", undershoots, False),
    ],
)
def test_voltages(name, after, shown):
    verdict = FEATURES[name].judge(recording(PULSE, [30], times=TIMES, voltage=spike(after), threshold=0.0))
    assert verdict.shown == shown, verdict.reason


@pytest.mark.parametrize("spikes", [[], [30, 60]])
def test_an_after_potential_is_that_of_one_spike(spikes):
    verdict = FEATURES["depolarizing_after_potential"].judge(
        recording(PULSE, spikes, times=TIMES, voltage=spike(rises), threshold=0.0)
    )
    assert not verdict.shown


# --- what detectors ask -----------------------------------------------------------------------------------------------


def test_departures_and_pulses():
    assert [(each.start, each.stop, each.step) for each in departures(RAMPS)] == [(0, 100, 8), (120, 130, 4)]
    assert [(each.start, each.stop, each.step) for each in pulses(TWICE)] == [(20, 25, 0.5), (100, 105, 0.5)]
    assert [(each.start, each.stop, each.step) for each in pulses(LOWERED, -1)] == [(50, 150, -5)]


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("inhibition_induced_spiking", "0 pieces below, but the detector needs 1"),
        ("bistability", "1 pieces above, but the detector needs 2"),
        ("resonator", "1 departures from its first value, but the detector needs 4"),
        ("accommodation", "1 departures from its first value, but the detector needs 2"),
    ],
)
def test_a_stimulus_that_does_not_fit_is_refused(name, needs):
    with pytest.raises(UserError, match=f"the stimulus has {needs}; give another"):
        FEATURES[name].judge(recording(PULSE, [30]))


def test_bursts():
    assert [burst.tolist() for burst in bursts(np.array([1.0, 2, 3, 10, 11, 18]))] == [[1, 2, 3], [10, 11], [18]]
    assert bursts(np.array([])) == []
    assert [burst.size for burst in bursts(np.array(REGULAR))] == [1] * 9


def test_maxima_stand_out():
    values = np.array([0, 1, 0, 0.01, 0, 2, 2, 1, 3])
    assert maxima(np.arange(9), values, 0.1).tolist() == [1, 6]
