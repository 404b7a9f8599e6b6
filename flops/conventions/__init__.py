"""How much does one operation of each kind count? One convention per file; importing it here registers it."""

from . import energy45nm, fma1, izhikevich2004, libm, unit
from .base import CONVENTIONS, Convention, get_convention

__all__ = ["CONVENTIONS", "Convention", "energy45nm", "fma1", "get_convention", "izhikevich2004", "libm",
           "unit"]
