"""References and drives kept on disk, by the content of what they were computed from.

The key is made of the model's text and numbers, the stimulus, this program's own solvers and kernels, and the versions
of heyoka and numpy: whatever could change a result changes the key.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import heyoka
import numpy as np

from ..flops.toolchain import cache_folder
from ..models.neuron import NeuronModel


def recall(kind: str, model: NeuronModel, request: Any, compute: Callable[[], Any]) -> Any:
    """Return what `compute` returns, from disk if it was asked for before.

    Parameters
    ----------
    kind : str
        What is computed.
    model : NeuronModel
    request : Any
        All else that the result depends on; its `repr` tells every digit.
    compute : callable
        Returns what JSON can hold. What it raises is not kept.
    """
    key = "\n".join((kind, _solvers(), model.content, repr(request)))
    path = cache_folder() / "references" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        found = compute()
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(found))
        aside.replace(path)
    return found


@cache
def _solvers() -> str:
    return solvers(Path(__file__).parents[1])


def solvers(root: Path) -> str:
    """Return what computes: a digest of the sources below a folder, templates of kernels too, and the libraries."""
    sources = sorted(path for folder in ("models", "flops", "harness", "accuracy")
                     for path in (root / folder).rglob("*") if path.suffix in (".py", ".j2"))
    content = b"".join(path.read_bytes() for path in sources)
    return f"{hashlib.sha256(content).hexdigest()} heyoka {heyoka.__version__} numpy {np.__version__}"
