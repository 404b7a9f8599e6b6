"""Every kind of stimulus: its values against the formula that defines it, its standard form, bad input."""

import math
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from brian2 import Hz, cm, ms, msiemens, mV, second, uA
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from spikecost.harness.stimuli import (
    STIMULI,
    Shape,
    Stimulus,
    chirp,
    constant,
    ornstein_uhlenbeck,
    piecewise_random,
    poisson_conductance,
    ramp,
    shorten,
    sine,
    step,
    steps_of,
)
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model

T = np.linspace(0, 999.9, 1235)
FULL = Shape(1.5, slope=-0.2, decay=3, tau=7, amplitude=0.7, phase=0.3, omega=0.5, sweep=0.01)


def by_hand(s):
    return 1.5 - 0.2 * s + 3 * math.exp(-s / 7) + 0.7 * math.sin(0.3 + 0.5 * s + 0.01 * s**2)


def test_a_shape_is_its_formula():
    for s in (0.0, 0.3, 2.0, 40.0):
        assert FULL.at(s) == pytest.approx(by_hand(s), rel=1e-14)
    np.testing.assert_allclose(FULL.at(T[:50]), [by_hand(s) for s in T[:50]], rtol=1e-13)


def test_a_shape_is_evaluated_in_the_precision_of_the_time():
    s = np.longdouble("0.1")
    value = FULL.at(s)
    assert type(value) is np.longdouble
    assert value != np.longdouble(float(value))
    assert value == pytest.approx(by_hand(0.1), rel=1e-15)


def test_a_shape_that_starts_later_goes_on_as_it_would_have():
    np.testing.assert_allclose(FULL.from_(4.5).at(T[:40]), FULL.at(T[:40] + 4.5), rtol=1e-12)
    assert Shape(2.0).from_(4.5) == Shape(2.0)


def test_terms_are_those_that_occur():
    assert FULL.terms == {"slope", "decay", "sine", "sweep"}
    assert Shape(3.0).terms == frozenset()
    assert Shape(3.0, amplitude=1, omega=2).terms == {"sine"}
    assert Shape(3.0, sweep=1).terms == frozenset()  # of a sine of amplitude 0


def test_values_at_some_times_are_those_of_their_pieces():
    stimulus = Stimulus([Fraction(2), Fraction(3)], [Shape(1.0, slope=0.5), 4.0], units.DIMENSIONLESS)
    assert stimulus.at([0, 1, 1.999999, 2, 4.9, 5]).tolist() == pytest.approx([1, 1.5, 2, 4, 4, 4], rel=1e-6)
    assert stimulus.varies
    with pytest.raises(UserError, match="changes within its pieces"):
        stimulus.values  # noqa: B018 - it raises
    assert not constant(1, 5 * ms).varies


durations = st.lists(st.fractions(Fraction(1, 20), 5, max_denominator=24), min_size=1, max_size=12)


@given(durations, st.randoms(use_true_random=False))
def test_pieces_end_where_their_lengths_add_up_to_and_are_cut_where_they_are_asked_to(lengths, random):
    shapes = [
        Shape(
            random.uniform(-1, 1),
            slope=random.choice([0.0, 1.5]),
            decay=random.choice([0.0, -2.0]),
            amplitude=random.choice([0.0, 0.7]),
            omega=3,
            sweep=0.1,
        )
        for _ in lengths
    ]
    stimulus = Stimulus(lengths, shapes, units.DIMENSIONLESS)
    assert list(stimulus.ends) == list(accumulate(lengths))
    assert stimulus.horizon == sum(lengths)
    assert all((length / stimulus.unit).denominator == 1 for length in lengths)
    assert steps_of(stimulus, stimulus.unit / 3) == tuple(int(3 * length / stimulus.unit) for length in lengths)
    piece = np.arange(len(lengths))
    assert stimulus.within(piece, piece / 60.0).tolist() == pytest.approx(
        [shape.at(i / 60) for i, shape in enumerate(shapes)], rel=1e-15
    )
    at = [
        random.choice(
            [
                Fraction(-1),
                Fraction(0),
                stimulus.ends[0],
                stimulus.horizon + 1,
                Fraction(random.uniform(0, float(stimulus.horizon))),
            ]
        )
        for _ in range(5)
    ]
    cut = stimulus.cut(at)
    assert set(cut.ends) == {*stimulus.ends, *(time for time in at if 0 < time < stimulus.horizon)}
    t = np.linspace(0.001, float(stimulus.horizon), 30)[:-1]
    np.testing.assert_allclose(cut.at(t), stimulus.at(t), rtol=1e-12, atol=1e-12)


def test_dividing_shortening_and_scaling_keep_the_values():
    stimulus = Stimulus([Fraction(1000)], [FULL], units.DIMENSIONLESS)
    divided = stimulus.divided(12.5 * ms)
    assert len(divided.durations) == 80
    np.testing.assert_allclose(divided.at(T), stimulus.at(T), rtol=1e-9)
    short = shorten(divided, Fraction(1, 2), 101)
    assert short.horizon == Fraction(101, 2)
    np.testing.assert_allclose(short.at(T[:60]), stimulus.at(T[:60]), rtol=1e-9)
    np.testing.assert_allclose(stimulus.scaled(3).at(T), 3 * stimulus.at(T), rtol=1e-12)
    with pytest.raises(UserError, match=r"pieces of 3 ms do not fill .* multiples of 1000 ms"):
        stimulus.divided(3 * ms)


@pytest.mark.parametrize(
    ("stimulus", "formula"),
    [
        (ramp(1 * mV / ms, 3 * mV / ms, 1 * second), lambda t: 1 + 2 * t / 1000),
        (sine(2, 0.5, 8 * Hz, 1 * second, phase=0.2), lambda t: 2 + 0.5 * np.sin(2 * np.pi * 8 * t / 1000 + 0.2)),
        # the frequency is the phase's derivative: 1 + 39 t/1000 Hz
        (
            chirp(2, 0.5, 1 * Hz, 40 * Hz, 1 * second),
            lambda t: 2 + 0.5 * np.sin(2 * np.pi * (t + 39 * t**2 / 2000) / 1000),
        ),
        (step(1, 2, 100 * ms, 1 * second), lambda t: np.where(t < 100, 1, 2)),
    ],
)
def test_values_by_hand(stimulus, formula):
    np.testing.assert_allclose(stimulus.at(T), formula(T), rtol=1e-12)
    assert stimulus.horizon == 1000
    assert stimulus.seed is None


def test_the_noise_has_the_processs_moments_and_is_linear_between_its_points():
    stimulus = ornstein_uhlenbeck(3, 0.5, 5 * ms, 1 * ms, 100 * second, seed=3)
    points = np.array([shape.offset for shape in stimulus.shapes])
    assert points.mean() == pytest.approx(3, abs=0.05)
    assert points.std() == pytest.approx(0.5, rel=0.03)
    for lag in (1, 5, 10):
        found = np.corrcoef(points[:-lag], points[lag:])[0, 1]
        assert found == pytest.approx(math.exp(-lag / 5), abs=0.02)
    np.testing.assert_allclose(
        stimulus.at([0.25, 7.75]),
        [0.75 * points[0] + 0.25 * points[1], 0.25 * points[7] + 0.75 * points[8]],
        rtol=1e-12,
    )
    assert stimulus.unit == 1
    assert stimulus.seed == 3
    assert stimulus == ornstein_uhlenbeck(3, 0.5, 5 * ms, 1 * ms, 100 * second, seed=3)


def test_the_conductance_is_a_sum_of_decaying_events_at_the_rate():
    stimulus = poisson_conductance(400 * Hz, 0.1 * msiemens / cm**2, 5 * ms, 1 * ms, 10 * second, seed=4)
    starts = np.cumsum([0, *map(float, stimulus.durations)])[:-1]
    jumps = np.diff([shape.decay for shape in stimulus.shapes], prepend=0) / 0.1
    before = [0, *(s.decay * math.exp(-float(d) / 5) for s, d in zip(stimulus.shapes, stimulus.durations, strict=True))]
    jumps = (np.array([shape.decay for shape in stimulus.shapes]) - before[:-1]) / 0.1
    np.testing.assert_allclose(jumps, jumps.round(), atol=1e-9)
    assert (jumps[1:] >= 0.5).all()  # a piece begins with an event
    assert jumps.sum() == pytest.approx(4000, abs=4 * math.sqrt(4000))
    assert stimulus.unit == 1
    t = np.array([17.3, 512.8, 5003.1])
    by_hand = [(0.1 * jumps[starts <= at] * np.exp(-(at - starts[starts <= at]) / 5)).sum() for at in t]
    np.testing.assert_allclose(stimulus.at(t), by_hand, rtol=1e-9)
    assert stimulus.dimension is (msiemens / cm**2).dim
    assert stimulus == poisson_conductance(400 * Hz, 0.1 * msiemens / cm**2, 5 * ms, 1 * ms, 10 * second, seed=4)


DRIVE = 2.5
#: Mean, least and greatest value over the drive, of the standard forms that are not random.
FORMS = {
    "constant": (1, 1, 1),
    "step": (1, 0.8, 1.2),
    "ramp": (1, 0.8, 1.2),
    "sine": (1, 0.8, 1.2),
    # slow at first, when the sine is positive
    "chirp": (1 + 0.2 * quad(lambda t: math.sin(2 * math.pi * (t + 19.5 * t**2)), 0, 1, limit=200)[0], 0.8, 1.2),
}


@pytest.mark.parametrize("name", STIMULI)
@pytest.mark.parametrize("model", MODELS)
def test_standard_forms(name, model):
    kind, model = STIMULI[name], get_model(model)
    if name == "poisson_conductance" and model.initial_values[model.system.threshold.variable] >= 0:
        with pytest.raises(UserError, match="not below 0, the reversal potential of the standard form"):
            kind.around(DRIVE, model, 1000.0, 5)
        return
    start = model.initial_values[model.system.threshold.variable]
    if name == "poisson_arrivals" and start >= -80 / 3:  # where the two mean currents cancel
        with pytest.raises(UserError, match="do not excite it"):
            kind.around(DRIVE, model, 1000.0, 5)
        return
    stimulus = kind.around(DRIVE, model, 1000.0, 5)
    driven = kind.driven(model)
    assert stimulus.horizon == 1000
    assert stimulus.dimension is driven.system.dimensions[driven.input]
    assert stimulus.seed == (5 if kind.seeded else None)
    assert (stimulus == kind.around(DRIVE, model, 1000.0, 6)) is not kind.seeded
    values = stimulus.at(np.arange(0, 1000, 0.05))
    if name in FORMS:
        found = values.mean(), values.min(), values.max()
        assert found == pytest.approx([DRIVE * factor for factor in FORMS[name]], rel=2e-3)
    elif name == "poisson_arrivals":
        trains = dict(stimulus.arrivals)
        charges = [
            len(trains["exc"]) * trains["exc"].values[0] * 5 * (0 - start),
            len(trains["inh"]) * trains["inh"].values[0] * 10 * (-80 - start),
        ]
        assert sum(charges) / 1000 == pytest.approx(DRIVE, rel=0.05)
        assert not values.any()
        assert [len(trains[each]) for each in ("exc", "inh")] == pytest.approx([8000, 2000], rel=0.1)
    elif name == "poisson_conductance":
        assert values.mean() * -model.initial_values["v"] == pytest.approx(DRIVE, rel=0.15)
    elif name == "ornstein_uhlenbeck":
        assert values.mean() == pytest.approx(DRIVE, rel=0.05)
        assert values.std() == pytest.approx(0.2 * DRIVE, rel=0.15)
    else:
        assert 0.6 * DRIVE <= values.min() < 0.63 * DRIVE < 1.37 * DRIVE < values.max() <= 1.4 * DRIVE


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sine(1, 1, 8 * ms, 1 * second), "frequency = .* is not a frequency"),
        (lambda: sine(1, 1, 0 * Hz, 1 * second), "not positive"),
        (lambda: sine(1 * mV, 1, 8 * Hz, 1 * second), "different units"),
        (lambda: ramp(1 * uA, 1 * mV, 1 * second), "different units"),
        (lambda: ramp(1, float("inf"), 1 * second), "finite"),
        (lambda: chirp(1, 1, 1 * Hz, 40, 1 * second), "stop = 40 is not a frequency"),
        (lambda: ornstein_uhlenbeck(1, 1, 5 * ms, 3 * ms, 10 * ms, seed=1), r"pieces of 3 ms do not fill a duration"),
        (lambda: ornstein_uhlenbeck(1, -1, 5 * ms, 1 * ms, 10 * ms, seed=1), "negative"),
        (lambda: ornstein_uhlenbeck(1, 1, 5 * ms, 1 * ms, 10 * ms, seed=-1), "seed = -1 is not a whole number of at"),
        (lambda: piecewise_random(1, 2, 5 * ms, 10 * ms, seed=1.5), "seed = 1.5 is not a whole number"),
        (
            lambda: poisson_conductance(400 * Hz, 1, 5 * ms, 1 * ms, 10 * ms, seed=None),
            "seed = None is not a whole number",
        ),
        (lambda: poisson_conductance(400 * Hz, 1, 5 * ms, 3 * ms, 10 * ms, seed=1), "do not fill a duration"),
        (lambda: STIMULI["ornstein_uhlenbeck"].around(1.0, get_model("lif"), 10.5), "do not fill a duration"),
        (lambda: STIMULI["noise"], "unknown stimulus 'noise'"),
        (
            lambda: Stimulus([Fraction(1)], [Shape(1.0, decay=1.0, tau=0.0)], units.DIMENSIONLESS),
            "decay times positive",
        ),
        (
            lambda: STIMULI["poisson_conductance"].around(1.0, get_model("lif").replace(initial={"v": 1 * mV}), 10.0),
            "starts at 1, not below 0",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_random_kinds_record_their_seed():
    assert piecewise_random(2, 4, 5 * ms, 1 * second, seed=7).seed == 7
