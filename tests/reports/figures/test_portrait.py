"""Firing rate against drive, and phase planes."""

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.models.catalogue import MODELS
from spikecost.models.step import make_step
from spikecost.reports.figures.portrait import firing_rates, portrait


def test_firing_rates_of_lif():
    # v' = I - 0.1 (v + 65), from -65 to -50 mV: T = 10 ln(I/(I - 1.5)) ms, silent up to 1.5 mV/ms
    kernel = compile_kernels([make_step("lif", "rk4", "hermite")])[0]
    drives = np.array([0, 1, 2, 4])
    expected = [0, 0, 1000 / (10 * np.log(2 / 0.5)), 1000 / (10 * np.log(4 / 2.5))]
    # whole spikes in 800 ms
    np.testing.assert_allclose(firing_rates(kernel, drives), expected, rtol=0, atol=1.25)


def test_nullclines_are_where_the_derivatives_vanish():
    figure = portrait(MODELS["izhikevich"])
    axis = figure.axes[0]
    assert [line.get_label() for line in axis.get_legend().get_lines()] == ["300 ms", "dv/dt = 0", "du/dt = 0"]
    v_null, u_null = (np.column_stack(line.get_data())[:-1] for line in axis.lines[1:])
    # u = 0.04 v2 + 5 v + 140 + 10, read from a grid of 200 x 200 cells; and u = b v
    v, u = v_null.T
    np.testing.assert_allclose(u, 0.04 * v**2 + 5 * v + 150, atol=0.2)
    v, u = u_null.T
    np.testing.assert_allclose(u, 0.2 * v, atol=0.01)


def test_the_path_ends_at_a_reset():
    line = portrait(MODELS["izhikevich"]).axes[0].lines[0]
    jumps = np.abs(np.diff(line.get_xdata()))
    # from 30 to -65 mV: no line is drawn across
    assert np.nanmax(jumps) < 60
    assert np.isnan(line.get_xdata()).sum() >= 3


def test_a_model_that_states_no_drive():
    model = MODELS["lif"].replace(drive=None)
    axis = portrait(model).axes[0]
    drives, rates = axis.lines[0].get_data()
    # the middle drive is the model's own, at which it fires at 50 Hz
    assert rates[len(rates) // 2] == pytest.approx(50, abs=1.5)
    assert axis.get_xlabel() == "I (mV/ms)"
    assert drives[0] == 0


@pytest.mark.deep  # two searches on the reference solution
def test_a_model_that_cannot_fire_at_50_hz():
    model = MODELS["hodgkin_huxley"].replace(drive=None)
    assert portrait(model).axes[0].lines[0].get_ydata().max() > 50


def test_a_variable_with_a_unit():
    model = MODELS["izhikevich_mv"]
    figure = portrait(model)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("v (mV)", "u (mV/ms)")
    assert model.drive == 10 * mV / ms


def test_currents_are_read_in_units_of_a_neuron():
    plane, rates = portrait(MODELS["adex"]).axes
    assert (plane.get_title(), plane.get_ylabel(), rates.get_xlabel()) == ("I = 1 nA", "w (pA)", "I (nA)")
    assert rates.lines[0].get_xdata()[-1] == pytest.approx(2)
    # du/dt = 0 at w = a (v - EL), a = 4 nS, EL = -70.6 mV: in pA
    v, w = np.column_stack(plane.lines[2].get_data())[:-1].T
    np.testing.assert_allclose(w, 4 * (v + 70.6), atol=1)
