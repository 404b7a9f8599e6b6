"""How accurate is it? References, spike-train measures, and the largest dt at which all stimuli keep a tolerance."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "taylor":  # scripts import it from here; it needs heyoka, which takes time to import
        from .references import taylor  # noqa: PLC0415

        return taylor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
