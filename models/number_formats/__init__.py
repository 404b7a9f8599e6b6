"""In which numbers does a kernel compute? One number format per file; importing it here registers it."""

from ..ground.registry import import_all
from . import double, fixed, single
from .base import NUMBER_FORMATS, NumberFormat, in_format

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = ["NUMBER_FORMATS", "NumberFormat", "double", "fixed", "in_format", "single"]
