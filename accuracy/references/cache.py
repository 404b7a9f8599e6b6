"""References and drives kept on disk, under a key that contains everything they were computed from.

The key consists of the model's text and numbers, the stimulus, the code of the solvers and kernels (without comments
and docstrings), and the versions of heyoka and numpy: everything that could change a result changes the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import heyoka
import numpy as np
from brian2.units.fundamentalunits import Dimension

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
        Everything else that the result depends on: numbers, texts, stimuli, and what is made of them.
    compute : callable
        Returns a value that JSON can hold. If it raises, nothing is kept.
    """
    key = "\n".join((kind, _solvers(), model.content, written(request)))
    return kept.recall("references", key, compute)


def written(value: Any) -> str:
    """Return a value as a text with every field and digit: what `repr` shows is for people, and may leave some out.

    Raises
    ------
    TypeError
        If the value is of a kind that is not known, so that the text could leave something out.
    """
    if isinstance(value, NeuronModel):
        return value.content
    if is_dataclass(value) and not isinstance(value, type):
        own = ", ".join(f"{each.name}={written(getattr(value, each.name))}" for each in fields(value))
        return f"{type(value).__name__}({own})"
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{value.tobytes().hex()}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(written, value))})"
    if value is None or isinstance(value, (str, int, float, np.number, Fraction, Dimension)):
        return repr(value)
    raise TypeError(f"{type(value).__name__} cannot be part of the key of a result")


@cache
def _solvers() -> str:
    return solvers(Path(__file__).parents[2])


def solvers(root: Path) -> str:
    """Return the version of the code below a folder, including the templates of kernels, and of the libraries."""
    code = version_of(root, ("models", "flops", "harness", "accuracy"))
    return f"{code} heyoka {heyoka.__version__} numpy {np.__version__}"
