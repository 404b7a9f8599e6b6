"""Measured orders equal the theoretical orders, for every method on every kind of model (or, in the whole product, on
every model).

The order is measured for the state at fixed times without a spike, so that no detection limits it, and for spike times,
including resets, with the detection of the highest order. The certified reference solution gives the correct values.
If the order differs from that of the method, `order_on` derives it from the equations, and the test asserts that order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA

from spikecost.accuracy.references.reference import reference
from spikecost.harness.kernels.kernel import Kernel, compile_kernels
from spikecost.harness.stimuli import Shape, Stimulus, constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import METHODS
from spikecost.models.order import breaks, order_on
from spikecost.models.step import make_step

from ..archetypes import applicable, choose, is_archetype

CELLS = [(name, method) for name in MODELS for method in applicable(name)]
#: Number of pieces; the state is compared at the end of each.
PIECES = 4
#: The error if there is only rounding; the error above which rounding does not matter; the allowed error of an order.
ROUNDING, FAR_ABOVE_ROUNDING, WITHIN = 1e-12, 1e-9, 0.1
#: Numbers of steps tried between one number and its double, where the error scatters.
SCATTER = 40
#: Number of spikes that are compared; by order, the error in ms below which the order is measured.
MOST_SPIKES, SMALL = 8, {1: 1e-2, 2: 1e-5, 4: 3e-5}
#: Steps per piece of the solution with which others are compared.
FINEST = 2**18
Array = Any


@dataclass(frozen=True)
class Stretch:
    """A part of a model's solution without a spike."""

    model: NeuronModel
    stimulus: Stimulus
    states: Array
    """At the ends of the pieces."""
    scale: Array
    """By how much each variable changes."""
    floor: float
    """Stated error of the states, in units of `scale`."""
    coarsest: int
    """Smallest number of steps per piece tried: with tables, a step is shorter than the time to cross a cell."""

    @property
    def piece(self) -> Fraction:
        """In ms."""
        return self.stimulus.durations[0]

    def error(self, kernel: Kernel, steps: int) -> float:
        """Root mean square error for a number of steps per piece, in units of `scale`."""
        outcome = kernel.run([self.stimulus], self.piece / steps, [self.model])[0]
        if outcome.failure or np.abs(outcome.samples).max() > 1e9:
            return math.inf
        return self.off(outcome.samples)

    def off(self, states: Array) -> float:
        """Root mean square difference of states from the correct states, in units of `scale`."""
        return float(np.sqrt((((states - self.states) / self.scale) ** 2).mean()))


@dataclass(frozen=True)
class Spikes:
    """The first spikes of a model."""

    model: NeuronModel
    stimulus: Stimulus
    times: Array

    def error(self, kernel: Kernel, steps: int) -> float:
        """Root mean square error of the times in ms, for a number of steps."""
        return self.error_at(kernel, self.stimulus.horizon / steps)

    def error_at(self, kernel: Kernel, setting: Fraction) -> float:
        """Root mean square error of the times in ms, at a dt in ms or at a tolerance."""
        found = kernel.run([self.stimulus], setting, [self.model])[0]
        if found.failure or len(found.spike_times) < len(self.times):
            return math.inf
        return float(np.sqrt(((found.spike_times[: len(self.times)] - self.times) ** 2).mean()))


def stirred(model: NeuronModel, drive: Any) -> NeuronModel:
    """Return a model that starts with no variable at rest, since a variable at rest may hide the errors of others."""
    initial = {}
    for name, value in model.initial_values.items():
        dimension = model.system.dimensions[name]
        if name == model.system.threshold.variable:
            change = 0.0
        elif dimension is model.system.dimensions[model.input] and dimension is not units.DIMENSIONLESS:
            change = 0.05 * float(units.internal(drive))
        elif 0 <= value <= 1:
            change = 0.05 if value < 0.5 else -0.05
        else:
            change = 0.05 * max(1, abs(value))
        initial[name] = units.quantity(value + change, dimension)
    return model.replace(initial=initial)


@pytest.fixture(scope="module")
def stretch_of(drive_of: Callable[[str], Any], kernel_of: Callable[..., Kernel]) -> Callable[[str], Stretch]:
    """Return a stretch of a model: before its first spike, or across it if there is no reset and all is smooth."""

    @cache
    def find(name: str) -> Stretch:
        model = stirred(MODELS[name], drive_of(name))
        first = next(
            times[0]
            for length in (25, 100, 400)
            if (times := reference(model, constant(drive_of(name), length * ms)).train.times).size
        )
        smooth = not model.system.reset and not model.tables
        piece = math.ceil(64 * first * (1.25 if smooth else 0.75) / PIECES) / 64
        stimulus = constant(drive_of(name), PIECES * piece * ms).divided(piece * ms)
        right = reference(model, stimulus)
        assert smooth or not len(right.train)
        states = np.array([list(model.initial_values.values()), *right.samples])
        scale = np.ptp(states, axis=0)
        assert scale.min() > 0
        stretch = Stretch(model, stimulus, right.samples, scale, float((right.samples_error / scale).max()), coarsest=4)
        if model.tables:
            # the reference solution has the exact rates: no method is closer to it than the tables are
            own = kernel_of(name, "rk4").run([stimulus], stretch.piece / FINEST, [model])[0].samples
            assert 1e-8 < stretch.off(own) < 1e-5
            voltage = model.system.state.index(model.system.threshold.variable)
            cells = np.abs(np.diff(states[:, voltage])).max() / float(units.internal(model.tables.step))
            stretch = replace(stretch, states=own, coarsest=math.ceil(4 * cells))
        return stretch

    return find


def measured_order(error: Callable[[int], float], coarsest: int, small: float, doublings: int, scatter: int) -> float:
    """Fit the order over some doublings of the number of steps, starting where the error is `small`.

    If a step contains a jump or a spike, the error depends on the place in the step, so errors scatter. Therefore many
    numbers of steps are used together.
    """

    @cache
    def typical(steps: int) -> float:
        several = np.linspace(steps, 2 * steps, scatter, endpoint=False).astype(int)
        return math.sqrt(np.mean([error(int(n)) ** 2 for n in several]))

    while typical(coarsest) > small:
        coarsest *= 2
    steps = [coarsest * 2**k for k in range(doublings + 1)]
    return float(-np.polyfit(np.log(steps), np.log([typical(n) for n in steps]), 1)[0])


def order_of_states(stretch: Stretch, kernel: Kernel, order: float, scatters: bool = False) -> float:
    """Measure the order, starting at a dt of 1/200 of the relevant time scale."""
    small = max(0.005**order, FAR_ABOVE_ROUNDING, 1e4 * stretch.floor)
    return measured_order(
        lambda steps: stretch.error(kernel, steps),
        stretch.coarsest,
        small,
        doublings=4 if scatters and order <= 2 else 2,
        scatter=SCATTER if scatters else 1,
    )


def of_archetypes(found: list[Any]) -> list[Any]:
    """Return all combinations; everyday tests have only those of the archetypes."""
    return choose(found, lambda cell: is_archetype(cell[0] if isinstance(cell, tuple) else cell))


@pytest.mark.parametrize(("name", "method"), of_archetypes(CELLS))
def test_the_order_of_states_is_that_of_theory(
    name: str, method: str, stretch_of: Callable[[str], Stretch], kernel_of: Callable[..., Kernel]
) -> None:
    stretch, kernel, order = stretch_of(name), kernel_of(name, method), order_on(name, method).value
    if math.isinf(order):
        assert max(stretch.error(kernel, steps) for steps in (1, 2, 5, 16)) < ROUNDING
    else:
        # anything smoother than a jump of the slope adds at most the error of the method
        scatters = any(limit.value <= 2 for limit in breaks(MODELS[name]))
        found = order_of_states(stretch, kernel, order, scatters)
        assert found == pytest.approx(order, abs=WITHIN)


#: A tolerance at which every step is as long as a piece of the stimulus, except for this number of steps: if all
#: variables pass zero at the same time, the first step of a piece is shorter.
LOOSE, FEW = Fraction(1), 6
#: Models for which the leading term gives the error well before rounding does, with the allowed error of the order. For
#: Hodgkin-Huxley the order is still 5.15 where rounding begins; for other models up to 6.7.
STEPS_OF_CONTROL = {
    "lif": WITHIN,
    "adaptive_lif": WITHIN,
    "resonate_and_fire": WITHIN,
    "izhikevich": WITHIN,
    "izhikevich_mv": WITHIN,
    "morris_lecar": WITHIN,
    "hodgkin_huxley": 2 * WITHIN,
}


@pytest.mark.parametrize("name", STEPS_OF_CONTROL)
def test_the_order_of_the_steps_of_step_control(
    name: str, stretch_of: Callable[[str], Stretch], adaptive_kernels_of: Callable[..., dict[str, Kernel]]
) -> None:
    # steps end where pieces do: with pieces of equal length the kernel takes steps of one length
    stretch = stretch_of(name)
    kernel = adaptive_kernels_of(MODELS[name], "dormand_prince")["dense"]

    def error(steps: int) -> float:
        stimulus = stretch.stimulus.divided(stretch.piece / steps * ms)
        outcome = kernel.run([stimulus], LOOSE, [stretch.model])[0]
        if outcome.tallies["accepted"] > PIECES * steps + FEW or outcome.tallies["rejected"]:
            return math.inf
        return stretch.off(outcome.samples[steps - 1 :: steps])

    small = max(FAR_ABOVE_ROUNDING, 1e4 * stretch.floor)
    found = measured_order(error, stretch.coarsest, small, doublings=2, scatter=1)
    assert found == pytest.approx(METHODS["dormand_prince"].order, abs=STEPS_OF_CONTROL[name])


@pytest.mark.parametrize("name", ["lif", "izhikevich", "hodgkin_huxley"])
def test_the_order_with_an_input_that_varies(name: str, stretch_of: Callable[[str], Stretch]) -> None:
    constantly = stretch_of(name)
    horizon, drive = float(constantly.stimulus.horizon), constantly.stimulus.values[0]
    # smaller at first, so that its first spike is not before the first spikes of the other stimuli
    wave = Shape(drive, amplitude=-0.2 * drive, omega=6 / horizon)
    stimulus = Stimulus([constantly.stimulus.horizon], [wave], constantly.stimulus.dimension)
    stimulus = stimulus.divided(float(constantly.piece) * ms)
    right = reference(constantly.model, stimulus)
    stretch = replace(constantly, stimulus=stimulus, states=right.samples)
    assert MODELS[name].system.reset == () or not len(right.train)
    steps = [make_step(name, method, "grid", varying=True) for other, method in CELLS if other == name]
    for kernel in compile_kernels(steps):
        order = order_on(name, kernel.step.method, varying=True).value
        assert order_of_states(stretch, kernel, order) == pytest.approx(order, abs=WITHIN), kernel.step.method


@pytest.mark.parametrize(
    "method", [method for name, method in CELLS if name == "ifb" and not math.isinf(METHODS[method].order_alone)]
)
def test_the_order_is_the_methods_own_until_a_condition_changes(method: str, kernel_of: Callable[..., Kernel]) -> None:
    # from far below to near -60 mV, where the calcium current is activated
    model = MODELS["ifb"].replace(initial={"v": -90 * mV, "h": 0.5})
    stimulus = constant(0.1 * uA / cm**2, 160 * ms).divided(40 * ms)
    right = reference(model, stimulus).samples
    assert -64 < right[:, 0].max() < -60
    stretch = Stretch(model, stimulus, right, np.ptp(right, axis=0), 0.0, coarsest=1)
    # below -60 mV, no variable depends on the other
    order = METHODS[method].order_alone or METHODS[method].order
    assert order_of_states(stretch, kernel_of("ifb", method), order) == pytest.approx(order, abs=WITHIN)


def test_what_freezes_only_what_does_not_change_is_exact(kernel_of: Callable[..., Kernel]) -> None:
    model = MODELS["ifb"].replace(initial={"v": -90 * mV, "h": 0.5})
    stimulus = constant(0.1 * uA / cm**2, 160 * ms).divided(40 * ms)
    right = reference(model, stimulus).samples
    found = make_step(model, "exponential_euler_frozen", "grid")
    (kernel,) = compile_kernels([found])
    np.testing.assert_allclose(kernel.run([stimulus], Fraction(1))[0].samples, right, rtol=1e-9)


@pytest.fixture(scope="module")
def spikes_of(drive_of: Callable[[str], Any], length_of: Callable[[str], int]) -> Callable[[str], Spikes]:
    """Return the first spikes of a model."""

    @cache
    def find(name: str) -> Spikes:
        model = stirred(MODELS[name], drive_of(name))
        times = reference(model, constant(drive_of(name), 3 * length_of(name) * ms)).train.times[:MOST_SPIKES]
        assert len(times)
        return Spikes(model, constant(drive_of(name), math.ceil(times[-1] + 1) * ms), times)

    return find


@pytest.mark.parametrize(
    ("name", "method"),
    of_archetypes(
        [
            # one spike for models without a reset: their state continues through the spike
            (name, method)
            for name, method in CELLS
            if MODELS[name].system.reset or name == "hodgkin_huxley"
        ]
    ),
)
def test_the_order_of_spike_times_is_that_of_theory(
    name: str, method: str, spikes_of: Callable[[str], Spikes], kernel_of: Callable[..., Kernel]
) -> None:
    spikes, kernel = spikes_of(name), kernel_of(name, method, "hermite")
    order = min(order_on(name, method).value, DETECTIONS["hermite"].order)
    scatters = order > 2 or bool(breaks(MODELS[name]))
    found = measured_order(
        lambda steps: spikes.error(kernel, steps),
        int(spikes.stimulus.horizon / 4),
        SMALL[order],
        doublings=3 if scatters else 2,
        scatter=SCATTER if scatters else 1,
    )
    assert found == pytest.approx(order, abs=WITHIN)


@pytest.mark.parametrize("name", of_archetypes([name for name in MODELS if not MODELS[name].tables]))
def test_the_error_of_step_control_goes_with_its_tolerance(
    name: str, spikes_of: Callable[[str], Spikes], adaptive_kernels_of: Callable[..., dict[str, Kernel]]
) -> None:
    spikes, kernel = spikes_of(name), adaptive_kernels_of(MODELS[name], "dormand_prince")["dense"]
    tolerances = np.geomspace(1e-6, 1e-11, 41)
    errors = [spikes.error_at(kernel, Fraction(tolerance)) for tolerance in tolerances]
    # the solution has order 5, and the steps follow the tolerance with the same order: the error is proportional to it,
    # but only roughly, because the control is of the error per step
    assert np.polyfit(np.log(tolerances), np.log(errors), 1)[0] == pytest.approx(1, abs=0.2)
