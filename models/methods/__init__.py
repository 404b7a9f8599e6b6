"""How is a model integrated? Methods, one per file; importing one here registers it."""

from ..ground.registry import import_all
from . import (
    esr_midpoint,
    euler,
    exact,
    exponential_euler,
    exponential_euler_staggered,
    heun,
    izhikevich2003,
    izhikevich2004,
    midpoint,
    rk4,
    rush_larsen,
    strang,
)

# isort: split
from . import dormand_prince, parker_sochacki
from .kinds.base import DOUBLE, InBlocks, Method, Step, Template
from .kinds.fixed_step import FixedStep
from .registered import METHODS, knob, usual, with_steps_alike

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = [
    "DOUBLE",
    "METHODS",
    "FixedStep",
    "InBlocks",
    "Method",
    "Step",
    "Template",
    "dormand_prince",
    "esr_midpoint",
    "euler",
    "exact",
    "exponential_euler",
    "exponential_euler_staggered",
    "heun",
    "izhikevich2003",
    "izhikevich2004",
    "knob",
    "midpoint",
    "parker_sochacki",
    "rk4",
    "rush_larsen",
    "strang",
    "usual",
    "with_steps_alike",
]
