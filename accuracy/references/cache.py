"""References and drives kept on disk, under a key that contains everything they were computed from.

The key consists of the model's text and numbers, its name and its own drive, the stimulus, the code of the solvers and
kernels (without comments and docstrings), and the versions of heyoka and numpy: everything that could change a result
changes the key. Solutions alone are shared by models with other names and drives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import heyoka
import numpy as np
from brian2.units.fundamentalunits import Dimension

from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.code_version import version_of
from ...models.ground.errors import NoValue


def recall(kind: str, model: NeuronModel, request: Any, compute: Callable[[], Any], *, shared: bool = False) -> Any:
    """Return the result of `compute`, from disk if it was computed before.

    Parameters
    ----------
    kind : str
        What is computed, such as ``reference``.
    model : NeuronModel
    request : Any
        Everything else that the result depends on (see `content`).
    compute : callable
        Returns a value that JSON can hold, or `NoValue`. If it raises, nothing is kept.
    shared : bool
        Whether models with the same content have the same result. The result of a search has not: it depends on where
        the search begins, which is the model's own drive, and its texts may have the model's name.
    """
    own = () if shared else (model.label, content(None if model.drive is None else float(units.internal(model.drive))))
    key = "\n".join((kind, _solvers(), model.content, *own, content(request)))
    found = kept.recall("references", key, lambda: _as_json(compute()))
    return NoValue(found[_NO_VALUE]) if isinstance(found, dict) and _NO_VALUE in found else found


_NO_VALUE = "no value"


def _as_json(found: Any) -> Any:
    return {_NO_VALUE: found.reason} if isinstance(found, NoValue) else found


def content(value: Any) -> str:
    """Return all of a value as text, with every digit; a `repr` may be shortened for people.

    Raises
    ------
    TypeError
        If it has a part whose content is not known.
    """
    if value is None or isinstance(value, str | int | float | Fraction):
        return repr(value)
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, Dimension):
        return repr(value._dims)
    if isinstance(value, NeuronModel):
        return value.definition
    if isinstance(value, tuple | list):
        return f"({', '.join(map(content, value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{content(key)}: {content(each)}' for key, each in value.items())}}}"
    if is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, field.name) for field in fields(value)]
        # most of a stimulus is pieces of eight numbers
        inside = repr(parts) if all(type(part) is float for part in parts) else content(parts)
        return f"{type(value).__name__}{inside}"
    raise TypeError(f"cannot keep a result that depends on a {type(value).__name__}")


@cache
def _solvers() -> str:
    return solvers(Path(__file__).parents[2])


def solvers(root: Path) -> str:
    """Return the version of the code below a folder, including the templates of kernels, and of the libraries."""
    code = version_of(root, ("models", "flops", "harness", "accuracy"))
    return f"{code} heyoka {heyoka.__version__} numpy {np.__version__}"
