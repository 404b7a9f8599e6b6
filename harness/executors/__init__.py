"""Where is independent work done: in threads, in other processes, on a cluster? One kind per file, which registers it.

`dispatch` hands out the work, whatever the kind: it also decides what happens to the work of a worker that is lost.
"""

from ...models.ground.registry import import_all
from . import threads
from .base import EXECUTORS, Executor, Workers, chosen
from .dispatch import Answered, completed

#: A file that is added to this folder needs no line here.
import_all(__name__, __path__)

__all__ = ["EXECUTORS", "Answered", "Executor", "Workers", "chosen", "completed", "threads"]
