"""Integration methods, one a file; importing one here registers it."""

from . import (
    esr_midpoint,
    euler,
    exact,
    exponential_euler,
    exponential_euler_staggered,
    heun,
    izhikevich2003,
    midpoint,
    rk4,
    rush_larsen,
    strang,
)
from .base import METHODS, Method

__all__ = [
    "METHODS", "Method",
    "esr_midpoint", "euler", "exact", "exponential_euler", "exponential_euler_staggered", "heun", "izhikevich2003",
    "midpoint", "rk4", "rush_larsen", "strang",
]
