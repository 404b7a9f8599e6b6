"""Which kinds of stimulus can a study ask for by name? One kind per file; importing it here registers it."""

from ....models.ground.registry import import_all
from .chirp import chirp
from .constant import as_it_stands, constant, piecewise_constant
from .ornstein_uhlenbeck import ornstein_uhlenbeck
from .piecewise_random import piecewise_random
from .poisson_conductance import poisson_conductance
from .ramp import ramp
from .sine import sine
from .step import step

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = [
    "as_it_stands",
    "chirp",
    "constant",
    "ornstein_uhlenbeck",
    "piecewise_constant",
    "piecewise_random",
    "poisson_conductance",
    "ramp",
    "sine",
    "step",
]
