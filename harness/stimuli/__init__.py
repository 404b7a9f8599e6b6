"""Which input does a neuron get? One kind of stimulus per file; importing it here registers it."""

from ...models.ground.registry import import_all
from .base import Shape, Stimulus, common_divisor, meant_dt, shorten, steps_of
from .brian2_synapses import arrivals_from_brian2
from .chirp import chirp
from .constant import as_it_stands, constant, piecewise_constant
from .kind import STIMULI, Kind
from .ornstein_uhlenbeck import ornstein_uhlenbeck
from .piecewise_random import piecewise_random
from .poisson_conductance import poisson_conductance
from .ramp import ramp
from .sine import sine
from .step import step
from .timed_array import stimulus_from_brian2
from .train import Train, recorded_train
from .trains import poisson_train, regular_train

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

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
