"""Quantities of other libraries: converted exactly, or refused in one line; no unit is ever dropped."""

import datetime
from array import array
from decimal import Decimal
from fractions import Fraction

import brian2
import neo
import numpy as np
import pandas as pd
import pint
import pytest
import quantities as pq
from brian2 import Hz, amp, cm, kelvin, mmolar, ms, msiemens, mV, second, uF, volt
from hypothesis import given as example
from hypothesis import strategies as st

import spikecost as sc
from spikecost.models.definition.language.given import dimension_of, given
from spikecost.models.definition.language.units import in_unit, internal

U = pint.UnitRegistry()


@pytest.mark.parametrize(
    ("value", "means"),
    [
        (neo.SpikeTrain([0.1, 0.25] * pq.s, t_stop=1 * pq.s), [100, 250] * ms),
        ([1 * pq.s, 2 * pq.ms], [1000, 2] * ms),
        (pq.Quantity([1, 2], "Hz"), [1, 2] * Hz),
        (1 * pq.mV / pq.V, 0.001),
        (1 * pq.nA, 1e-9 * amp),
        (2 * pq.mM, 2 * mmolar),
        (2 * pq.CompoundUnit("5*ms"), 10 * ms),
        (3 * pq.uF / pq.cm**2, 3 * uF / cm**2),
        (90 * pq.deg, np.pi / 2),
        (2 * pq.degK, 2 * kelvin),
        (pq.ms, 1 * ms),
        (0.05 * U.kHz, 50 * Hz),
        (U.ms, 1 * ms),
        (3 * U.mV / U.V, 0.003),
        (U.Quantity([1, 2], "ms"), [1, 2] * ms),
        (U.Quantity(Decimal(3), "ms"), 3 * ms),
        (U.Quantity("3 mS/cm^2"), 3 * msiemens / cm**2),
        (U.Quantity(20, "delta_degC"), 20 * kelvin),
        (np.array([1 * U.s, 2 * U.ms], dtype=object), [1000, 2] * ms),
        (np.timedelta64(5, "ms"), 5 * ms),
        (np.array([1, 2], "timedelta64[s]"), [1, 2] * second),
        (np.array([1, 2], "timedelta64[25us]"), [0.025, 0.05] * ms),
        (np.timedelta64(1, "W"), 604_800 * second),
        (datetime.timedelta(microseconds=1500), 1.5 * ms),
        (pd.Timedelta(1, "ns"), 1e-6 * ms),
        (pd.to_timedelta([1, 2], unit="ms"), [1, 2] * ms),
        (pd.Series(pd.to_timedelta([1, 2], unit="s")), [1, 2] * second),
        (pd.Series([1 * U.s, 2 * U.s]), [1, 2] * second),
        (pd.Series([1.0, 2.0]), [1, 2]),
        ([0.1 * second, 0.2 * second], [100, 200] * ms),
        (range(3), [0, 1, 2]),
        (array("d", [1, 2]), [1, 2]),
        (Decimal("1.5"), 1.5),
        (Fraction(1, 4), 0.25),
        (np.float32(0.5), 0.5),
        (np.ma.array([1, 2]), [1, 2]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_converted(value, means):
    assert dimension_of(value) is brian2.get_dimensions(means)
    np.testing.assert_allclose(np.asarray(given(value), dtype=float), np.asarray(means, dtype=float), rtol=1e-15)


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.True_,
        "1",
        b"1",
        np.str_("1"),
        1j,
        np.complex64(1),
        None,
        object(),
        {1.0},
        {},
        iter([1.0]),
        np.array(["1"]),
        np.array([True]),
        np.array([1, "a"], dtype=object),
        np.array([1j]),
        np.matrix([1.0]),
        np.ma.array([1, 2], mask=[0, 1]),
        [1 * ms, 2],
        [1 * mV, 2 * ms],
        [[1, 2], [3]],
        np.timedelta64(5),
        np.timedelta64(5, "Y"),
        np.timedelta64(5, "M"),
        np.timedelta64("NaT", "s"),
        np.datetime64("2026-01-01"),
        datetime.datetime(2026, 1, 1),
        pd.NaT,
        pd.Timestamp(0),
        pd.Series(["a"]),
        pd.Series([True]),
        pd.DataFrame({"a": [1]}),
        20 * pq.degC,
        1 / pq.degF,
        pq.UncertainQuantity(3, pq.s, 1),
        1 * pq.B,
        pq.Quantity(1j, "s"),
        pq.Quantity(True, "s"),
        U.Quantity(20, "degC"),
        U.Quantity(2, "dBm"),
        2 * U.bit,
        1 * U.byte,
    ],
    ids=lambda value: type(value).__name__,
)
def test_refused_in_one_line(value):
    with pytest.raises(sc.UserError, match=r"^expected [^\n]*; [^\n]*0\.1\*ms[^\n]*$"):
        given(value)


class WithUnit(np.ndarray):
    """An array of an unknown library."""


def test_an_unknown_kind_of_array_is_refused():
    with pytest.raises(sc.UserError, match="may have a unit"):
        given(np.array([1.0, 2.0]).view(WithUnit))


@example(st.floats(1e-6, 1e6), st.sampled_from(["ns", "us", "ms", "s"]))
def test_libraries_agree(number, unit):
    of_brian2 = internal(number * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}[unit] * second)
    for quantity in (pq.Quantity(number, unit), U.Quantity(number, unit)):
        assert float(internal(quantity)) == pytest.approx(float(of_brian2), rel=1e-14)


@example(st.integers(-(10**12), 10**12), st.sampled_from(["s", "ms", "us", "ns", "ps", "fs", "as"]))
def test_whole_counts_of_numpys_units_are_exact(count, unit):
    factor = {
        "s": 10**3,
        "ms": 1,
        "us": Fraction(1, 10**3),
        "ns": Fraction(1, 10**6),
        "ps": Fraction(1, 10**9),
        "fs": Fraction(1, 10**12),
        "as": Fraction(1, 10**15),
    }[unit]
    assert internal(np.timedelta64(count, unit)) == count * factor


LIF = {
    "equations": "dv/dt = (I - k*v)/tau : 1\nI : 1\ntau : second",
    "threshold": "v > 1",
    "reset": "v = 0",
    "constants": {"k": 1},
    "parameters": {"tau": 10 * ms},
    "initial": {"v": 0},
}


@pytest.mark.parametrize(
    ("field", "value", "means"),
    [
        ("constants", {"k": 1 * pq.mV / pq.V}, {"k": 0.001}),
        ("parameters", {"tau": 0.02 * U.s}, {"tau": 20 * ms}),
        ("parameters", {"tau": np.timedelta64(20, "ms")}, {"tau": 20 * ms}),
        ("refractory", pd.Timedelta(2, "ms"), 2 * ms),
        ("drive", 2 * pq.dimensionless, 2),
        ("initial", {"v": 500 * U.mV / U.V}, {"v": 0.5}),
    ],
)
def test_a_model_takes_them(field, value, means):
    mine, plain = (sc.NeuronModel(name="mine", **{**LIF, field: each}) for each in (value, means))
    assert mine.content == plain.content
    assert (mine.drive is None) == (plain.drive is None)


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"tau": 20 * pq.mV}},
        {"constants": {"k": "1"}},
        {"initial": {"v": True}},
        {"drive": 1 * pq.mV},
        {"refractory": 2 * pq.mV},
        {"presets": {"hot": {"tau": 20 * pq.degC}}},
    ],
)
def test_a_model_refuses_the_rest(change):
    with pytest.raises(sc.UserError, match=r"^mine(:hot)?: "):
        sc.NeuronModel(name="mine", **{**LIF, **change})


def test_stimuli_take_them():
    assert sc.constant(1 * pq.nA, 10 * pq.ms) == sc.constant(1e-9 * amp, 10 * ms)
    pieces = [(np.timedelta64(10, "ms"), 1 * U.nA), (0.02 * pq.s, 0.002 * pq.uA)]
    assert sc.piecewise_constant(pieces) == sc.piecewise_constant([(10 * ms, 1e-9 * amp), (20 * ms, 2e-9 * amp)])
    assert sc.step(1, 2, 1 * U.ms, 0.01 * pq.s) == sc.step(1, 2, 1 * ms, 10 * ms)
    assert sc.sine(1, 1, 0.008 * pq.kHz, 1 * U.s, 90 * pq.deg) == sc.sine(1, 1, 8 * Hz, 1 * second, np.pi / 2)
    assert (
        sc.piecewise_random(1 * pq.nA, 2 * U.nA, 1 * pq.ms, 5 * U.ms, 3).shapes
        == sc.piecewise_random(1e-9 * amp, 2e-9 * amp, 1 * ms, 5 * ms, 3).shapes
    )
    for wrong in (
        lambda: sc.constant(1 * pq.nA, 10 * pq.mV),
        lambda: sc.constant(1, 10),
        lambda: sc.step(1 * pq.nA, 1, 1 * ms, 2 * ms),
        lambda: sc.sine(1, 1, 8, 1 * second),
        lambda: sc.sine(1, 1, 8 * Hz, 1 * second, 1 * pq.s),
        lambda: sc.constant("1", 10 * ms),
    ):
        with pytest.raises(sc.UserError):
            wrong()


def test_trains_are_those_of_neo():
    mine = sc.SpikeTrain(neo.SpikeTrain([0.1, 0.25, 0.9] * pq.s, t_stop=1 * pq.s), 1 * pq.s)
    assert mine.times.tolist() == [100, 250, 900]
    assert mine.stop == 1000
    error = sc.spike_time_error(mine, sc.SpikeTrain([0.1, 0.25, 0.9] * second, 1 * second))
    assert error.maximum == 0
    assert error.within(1 * pq.us)
    assert mine.until(0.3 * U.s).times.tolist() == [100, 250]
    with pytest.raises(sc.UserError, match="given in mV"):
        sc.SpikeTrain([1, 2] * pq.mV, 10.0)


def test_settings_take_them():
    suite = sc.Suite(rates=(0.05 * pq.kHz, 20), tolerances=(100 * U.us,), horizons=(np.timedelta64(2, "s"),))
    assert (suite.rates, suite.tolerances, suite.horizons) == ((50.0, 20.0), (0.1,), (2000.0,))
    assert sc.Criterion("maximum", 100 * pq.us).tolerance == 0.1
    assert sc.Criterion("gamma_2ms", 0.05).tolerance == 0.05
    for wrong in (
        lambda: sc.Suite(rates=(5 * pq.ms,)),
        lambda: sc.Suite(tolerances=(1 * mV,)),
        lambda: sc.Criterion("gamma_2ms", 1 * pq.ms),
        lambda: sc.Criterion("drift", 1 * pq.ms / pq.s),
    ):
        with pytest.raises(sc.UserError):
            wrong()
    assert in_unit([1, 2] * volt, mV, "it").tolist() == [1000, 2000]


def test_simulations_take_them():
    model, stimulus = sc.NeuronModel(name="mine", **LIF), sc.constant(2, 50 * ms)
    expected = sc.simulate(model, stimulus, 0.1 * ms).tolist()
    assert sc.simulate(model, stimulus, 1e-4 * pq.s).tolist() == expected
    assert sc.simulate(model, stimulus, np.timedelta64(100, "us")).tolist() == expected
    assert sc.count(model, "euler").flops_per_ms(0.1 * U.ms) == sc.count(model, "euler").flops_per_ms(0.1 * ms)
    with pytest.raises(sc.UserError, match="tolerance"):
        sc.simulate(model, stimulus, method="dormand_prince", tolerance=1e-3 * pq.ms)
