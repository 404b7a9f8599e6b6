"""Conventions, one a file; importing one here registers it."""

from . import izhikevich2004, unit
from .base import CONVENTIONS, Convention, get_convention

__all__ = ["CONVENTIONS", "Convention", "get_convention", "izhikevich2004", "unit"]
