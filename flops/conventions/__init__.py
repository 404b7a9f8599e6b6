"""How much does one operation of each kind count? One convention per file; importing it here registers it."""

from ...models.ground.registry import import_all
from . import energy45nm, fma1, izhikevich2004, libm, unit
from .base import CONVENTIONS, Convention, get_convention

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = ["CONVENTIONS", "Convention", "energy45nm", "fma1", "get_convention", "izhikevich2004", "libm", "unit"]
