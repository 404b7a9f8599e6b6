"""Integration methods, one a file; importing one here registers it."""

from . import (
    dormand_prince,
    esr_midpoint,
    euler,
    exact,
    exponential_euler,
    exponential_euler_staggered,
    heun,
    izhikevich2003,
    izhikevich2004,
    midpoint,
    parker_sochacki,
    rk4,
    rush_larsen,
    strang,
)
from .base import ADAPTIVE, METHODS, AdaptiveMethod, Method, get_method, knob

__all__ = [
    "ADAPTIVE",
    "METHODS",
    "AdaptiveMethod",
    "Method",
    "dormand_prince",
    "esr_midpoint",
    "euler",
    "exact",
    "exponential_euler",
    "exponential_euler_staggered",
    "get_method",
    "heun",
    "izhikevich2003",
    "izhikevich2004",
    "knob",
    "midpoint",
    "parker_sochacki",
    "rk4",
    "rush_larsen",
    "strang",
]
