"""Refractoriness, and starts above the threshold: fixed-step and adaptive kernels against reference solutions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.references.reference import Reference, reference
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import Stimulus, constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ..archetypes import DEEP, choose, is_archetype

WITH_RESET = [name for name in MODELS if MODELS[name].system.reset]
#: Without a reset a spike is found again where a refractory time ends above the threshold: a long one and a short one.
WITHOUT_RESET = [(name, time) for name in ("hodgkin_huxley", "fitzhugh_nagumo") for time in (3 * ms, 0.3 * ms)]


def errors(model: NeuronModel, stimulus: Stimulus, right: Reference, dt: Fraction, *detections: str) -> list[float]:
    """Return the largest error in ms of RK4 with some detections."""
    found = []
    for kernel in compile_kernels([make_step(model, "rk4", detection) for detection in detections]):
        times = kernel.run([stimulus], dt)[0].spike_times
        assert len(times) == len(right.train)
        found.append(float(np.abs(times - right.train.times).max()))
    return found


def adaptive_error(model: NeuronModel, stimulus: Stimulus, right: Reference, method: str, setting: Fraction) -> float:
    """Return the largest error in ms of an adaptive method with its dense output."""
    times = compile_kernels([make_step(model, method, "dense")])[0].run([stimulus], setting)[0].spike_times
    assert len(times) == len(right.train)
    return float(np.abs(times - right.train.times).max())


@pytest.mark.parametrize("name", choose(WITH_RESET, lambda name: is_archetype(name) or name == "adex"))
def test_every_model_with_a_reset_can_be_refractory(name: str, drive_of: Any, length_of: Any) -> None:
    model = MODELS[name].replace(refractory=2 * ms)
    stimulus = constant(drive_of(name), 2 * length_of(name) * ms)
    right, free = (reference(each, stimulus) for each in (model, MODELS[name]))
    # (in some models the input still drives a variable while the neuron is refractory: the next spike is not later)
    assert len(right.train) >= 2
    assert np.diff(right.train.times).min() >= 2
    assert len(right.train) <= len(free.train)
    assert errors(model, stimulus, right, Fraction(1, 200), "hermite")[0] < 3e-3
    assert adaptive_error(model, stimulus, right, "dormand_prince", Fraction(1, 10**8)) < 3e-5


@pytest.mark.parametrize(
    ("name", "refractory"), choose(WITHOUT_RESET, lambda case: case[0] == "fitzhugh_nagumo" or case[1] < ms)
)
def test_a_model_without_a_reset_can_be_refractory(name: str, refractory: Any, drive_of: Any) -> None:
    model, stimulus = MODELS[name].replace(refractory=refractory), constant(drive_of(name), 100 * ms)
    right = reference(model, stimulus)
    free = reference(MODELS[name], stimulus)
    # it only adds spikes: another spike if it ends above the threshold
    assert set(free.train.times.round(9)) <= set(right.train.times.round(9))
    assert (len(right.train) > 2 * len(free.train)) == (refractory < ms or name == "fitzhugh_nagumo")
    grid, linear, hermite = errors(model, stimulus, right, Fraction(1, 200), "grid", "linear", "hermite")
    assert grid < 1 / 200
    assert linear < 1e-4
    assert hermite < 1e-7
    assert adaptive_error(model, stimulus, right, "dormand_prince", Fraction(1, 10**8)) < 1e-5
    # (it takes seconds to derive the series of gates that move while the neuron is refractory)
    if DEEP or name == "fitzhugh_nagumo":
        assert adaptive_error(model, stimulus, right, "parker_sochacki", Fraction(1, 20)) < 1e-10


@pytest.mark.parametrize(
    ("name", "initial", "drive"), [("lif", {"v": -40 * mV}, 2 * mV / ms), ("izhikevich", {"v": 40}, 10)]
)
def test_a_start_above_the_threshold_is_a_spike_at_once(name: str, initial: dict[str, Any], drive: Any) -> None:
    model = get_model(name)
    model, stimulus = model.replace(initial={**model.initial, **initial}), constant(drive, 100 * ms)
    right = reference(model, stimulus)
    assert right.train.times[0] == 0
    grid, linear, hermite = errors(model, stimulus, right, Fraction(1, 100), "grid", "linear", "hermite")
    assert 1e-4 < grid < 1 / 10
    assert linear < 1e-4
    assert hermite < 1e-7
    assert adaptive_error(model, stimulus, right, "dormand_prince", Fraction(1, 10**8)) < 1e-5
    assert adaptive_error(model, stimulus, right, "parker_sochacki", Fraction(1, 10)) < 1e-10
