"""Which input does a neuron get? A function of time, trains of spikes, or random numbers; kinds are in `kinds`."""

from .base import Shape, Stimulus, common_divisor, meant_dt, shorten, steps_of
from .brian2_synapses import arrivals_from_brian2
from .kind import STIMULI, Kind
from .kinds import (
    as_it_stands,
    chirp,
    constant,
    ornstein_uhlenbeck,
    piecewise_constant,
    piecewise_random,
    poisson_conductance,
    ramp,
    sine,
    step,
)
from .timed_array import stimulus_from_brian2
from .train import Train, recorded_train
from .trains import poisson_train, regular_train

__all__ = [
    "STIMULI",
    "Kind",
    "Shape",
    "Stimulus",
    "Train",
    "arrivals_from_brian2",
    "as_it_stands",
    "chirp",
    "common_divisor",
    "constant",
    "meant_dt",
    "ornstein_uhlenbeck",
    "piecewise_constant",
    "piecewise_random",
    "poisson_conductance",
    "poisson_train",
    "ramp",
    "recorded_train",
    "regular_train",
    "shorten",
    "sine",
    "step",
    "steps_of",
    "stimulus_from_brian2",
]
