"""Conventions, one a file; importing one here registers it."""

from . import energy45nm, fma1, izhikevich2004, libm, unit
from .base import CONVENTIONS, Convention, get_convention

__all__ = ["CONVENTIONS", "Convention", "energy45nm", "fma1", "get_convention", "izhikevich2004", "libm",
           "unit"]
