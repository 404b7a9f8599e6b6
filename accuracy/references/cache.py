"""References and drives kept on disk, under a key that contains everything they were computed from.

The key consists of the model's text and numbers, the stimulus, the code of the solvers and kernels (without comments
and docstrings), and the versions of heyoka and numpy: everything that could change a result changes the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import heyoka
import numpy as np

from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.code_version import version_of


def recall(kind: str, model: NeuronModel, request: Any, compute: Callable[[], Any]) -> Any:
    """Return the result of `compute`, from disk if it was computed before.

    Parameters
    ----------
    kind : str
        What is computed, such as ``reference``.
    model : NeuronModel
    request : Any
        Everything else that the result depends on.
    compute : callable
        Returns a value that JSON can hold. If it raises, nothing is kept.
    """
    key = "\n".join((kind, _solvers(), model.content, written(request)))
    return kept.recall("references", key, compute)


def written(request: Any) -> str:
    """Write everything in a request, with every digit. The representation of an object may be short, for people."""
    if isinstance(request, NeuronModel):
        return request.definition
    if isinstance(request, tuple | list):
        return f"({', '.join(map(written, request))})"
    if is_dataclass(request) and not isinstance(request, type):
        parts = [f"{each.name}={written(getattr(request, each.name))}" for each in fields(request)]
        return f"{type(request).__name__}({', '.join(parts)})"
    if isinstance(request, np.ndarray):
        return written(request.tolist())
    return repr(request)


@cache
def _solvers() -> str:
    return solvers(Path(__file__).parents[2])


def solvers(root: Path) -> str:
    """Return the version of the code below a folder, including the templates of kernels, and of the libraries."""
    code = version_of(root, ("models", "flops", "harness", "accuracy"))
    return f"{code} heyoka {heyoka.__version__} numpy {np.__version__}"
