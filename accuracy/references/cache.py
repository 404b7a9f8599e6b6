"""References and drives kept on disk, by the content of what they were computed from.

The key is made of the model's text and numbers, the stimulus, this program's own solvers and kernels (without comments
and docstrings), and the versions of heyoka and numpy: whatever could change a result changes the key.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import heyoka
import numpy as np

from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.code_version import version_of


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
    return kept.recall("references", key, compute)


@cache
def _solvers() -> str:
    return solvers(Path(__file__).parents[2])


def solvers(root: Path) -> str:
    """Return what computes: a version of the code below a folder, templates of kernels too, and the libraries."""
    code = version_of(root, ("models", "flops", "harness", "accuracy"))
    return f"{code} heyoka {heyoka.__version__} numpy {np.__version__}"
