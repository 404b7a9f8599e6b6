"""Which input does a neuron get? A function of time, trains of spikes, or random numbers; kinds are in `kinds`."""

from ...models.ground.registry import import_all
from . import kinds
from .base import Stimulus, common_divisor
from .brian2_synapses import arrivals_from_brian2
from .kind import STIMULI, Kind
from .kinds.chirp import chirp
from .kinds.constant import as_it_stands, constant, piecewise_constant
from .kinds.ornstein_uhlenbeck import ornstein_uhlenbeck
from .kinds.piecewise_random import piecewise_random
from .kinds.poisson_conductance import poisson_conductance
from .kinds.ramp import ramp
from .kinds.sine import sine
from .kinds.step import step
from .parts.shape import Shape
from .parts.train import Train, recorded_train
from .steps import as_lines, at_steps, edges_of, meant_dt, shorten, steps_of
from .timed_array import stimulus_from_brian2
from .trains import poisson_train, regular_train

#: A file that is added to the folder of kinds needs no line here, unless its place in tables matters.
import_all(kinds.__name__, kinds.__path__)

__all__ = [
    "STIMULI",
    "Kind",
    "Shape",
    "Stimulus",
    "Train",
    "arrivals_from_brian2",
    "as_it_stands",
    "as_lines",
    "at_steps",
    "chirp",
    "common_divisor",
    "constant",
    "edges_of",
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
