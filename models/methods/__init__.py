"""Integration methods, one a file; importing one here registers it."""

from . import euler, exponential_euler, rk4
from .base import METHODS, Method

__all__ = ["METHODS", "Method", "euler", "exponential_euler", "rk4"]
