"""The registry of methods, and what can be asked of a method by its name."""

from __future__ import annotations

from typing import Any

from ..ground.registry import Registry
from .base import Method
from .fixed_step import FixedStep


def _whole(item: Any) -> Any:
    """Return a method with all that `Method` asks for: what has ``advance`` alone is of fixed step."""
    if not hasattr(item, "advance") or hasattr(item, "blocks"):
        return item

    kind = type(item)
    made: Any = object.__new__(type(kind.__name__, (kind, FixedStep), {"__doc__": kind.__doc__}))
    made.__dict__.update(vars(item))
    return made


#: The second group is what methods that choose their steps had of their own.
METHODS: Registry[Method] = Registry("method", "spikecost.methods", "spikecost.adaptive_methods", made_whole=_whole)


def with_steps_alike() -> list[str]:
    """Return the names of the methods of which it can be said what a step costs."""
    return [name for name, method in METHODS.items() if method.steps_alike]


def knob(method: str) -> str:
    """Return what a user sets of a method: ``dt`` or ``tolerance``."""
    return METHODS[method].knob
