"""How often Python looks for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: A number of new objects for `collecting`; Python itself looks for garbage after 700.
RARELY = 200_000


@contextmanager
def collecting(after: int) -> Iterator[None]:
    """Look for garbage only after so many new objects, 0 for never: most of what a run makes lasts until its end."""
    before = gc.get_threshold()
    gc.set_threshold(after, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
