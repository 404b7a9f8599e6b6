"""The registry of methods, and functions that take a method's name."""

from __future__ import annotations

from typing import Any

from ..ground.registry import Registry
from .kinds.base import Method
from .kinds.fixed_step import FixedStep


def _whole(item: Any) -> Any:
    """Return a complete `Method`: an object that has only ``advance`` becomes a fixed-step method."""
    if not hasattr(item, "advance") or hasattr(item, "blocks"):
        return item

    kind = type(item)
    made: Any = object.__new__(type(kind.__name__, (kind, FixedStep), {"__doc__": kind.__doc__}))
    made.__dict__.update(vars(item))
    return made


#: The second group is the older entry-point group for methods that choose their steps.
METHODS: Registry[Method] = Registry("method", "spikecost.methods", "spikecost.adaptive_methods", made_whole=_whole)


def usual() -> tuple[str, ...]:
    """Return the names of the methods that suites contain if they name none."""
    return tuple(name for name, method in METHODS.items() if method.usual)


def with_steps_alike() -> list[str]:
    """Return the names of the methods that have a cost per step."""
    return [name for name, method in METHODS.items() if method.steps_alike]


def knob(method: str) -> str:
    """Return the setting of a method that a user chooses: ``dt`` or ``tolerance``."""
    return METHODS[method].knob
