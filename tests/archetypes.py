"""Which models and methods everyday tests combine, and which combinations only the whole product has.

The structure of a Step depends on the method, the detection and the kind of model, not on the model itself. One model
of each kind is tested with every method, and with every detection if its kind matters to detections. Each other model
is tested with two methods: this tests how its equations are written, and over all models every method is used about
equally often. ``tox -e deep`` runs the whole product.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

from spikecost.models.catalogue import MODELS
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import with_steps_alike
from spikecost.models.step import why_not

#: One model of each kind: linear in one variable; a square; gates, and a crossing without a reset; rates in tables; a
#: threshold that moves, and a reset that uses the value before it; a condition that switches a current.
ARCHETYPES = ("lif", "izhikevich", "hodgkin_huxley", "hodgkin_huxley_tables", "mihalas_niebur", "ifb")
#: Of these, the kinds that matter to detections: thresholds that stand still, with and without a reset, or move.
EVERY_DETECTION = ("lif", "izhikevich", "hodgkin_huxley", "mihalas_niebur")
#: Of these, the kinds with every pair of a method and a detection: a threshold that stands still, and one that moves.
EVERY_PAIR = ("lif", "mihalas_niebur")
#: A method of each form: one stage, several stages, an exponential of each variable, parts in turn.
OF_EACH_FORM = ("euler", "rk4", "exponential_euler", "strang", "izhikevich2003")
#: The detections of the other models: one that stays on the grid, and one that locates the crossing.
TWO_DETECTIONS = ("grid", "hermite")
#: Whether the whole product is tested.
DEEP = bool(os.environ.get("SPIKECOST_DEEP"))
#: The number of methods for a model that is not an archetype.
OF_OTHERS = 2
#: A lookup in a table is the same for every method: one method of each form, in addition to its right-hand side.
OF_TABLES = ("euler", "rk4", "exponential_euler", "strang")


def product(*values: Any, **more: Any) -> Any:
    """Return a parameter that only the whole product has."""
    return pytest.param(*values, marks=pytest.mark.product, **more)


def choose(values: Iterable[Any], everyday: Callable[[Any], bool]) -> list[Any]:
    """Return the values of everyday tests or, if the whole product is tested, all values."""
    return [value for value in values if DEEP or everyday(value)]


def is_archetype(name: str) -> bool:
    """Whether a model represents its kind."""
    return name in ARCHETYPES


@cache
def applicable(name: str) -> tuple[str, ...]:
    """Return the fixed-step methods that apply to a model of the catalogue."""
    return tuple(method for method in with_steps_alike() if not why_not(MODELS[name], method))


@cache
def everyday_methods(name: str) -> tuple[str, ...]:
    """Return the methods with which a model is tested in everyday tests."""
    methods = applicable(name)
    if MODELS[name].tables:
        return tuple(method for method in methods if method in OF_TABLES)
    if is_archetype(name):
        return methods
    # shifted by this number for each model, so that every method is used
    others = [other for other in MODELS if not is_archetype(other) and applicable(other) == methods]
    first = OF_OTHERS * others.index(name)
    return tuple(methods[(first + i) % len(methods)] for i in range(OF_OTHERS))


def methods_of(name: str) -> tuple[str, ...]:
    """Return the methods with which a model is tested in this run of the tests."""
    return applicable(name) if DEEP else everyday_methods(name)


def is_everyday(name: str, method: str) -> bool:
    """Whether a model is tested with a method in everyday tests."""
    return method in everyday_methods(name)


def detections_of(name: str) -> tuple[str, ...]:
    """Return the detections with which a model is tested, including those of the whole product."""
    every = name in EVERY_DETECTION or (DEEP and is_archetype(name))
    return tuple(DETECTIONS) if every else TWO_DETECTIONS


def detections_with(name: str, method: str) -> tuple[str, ...]:
    """Return the detections with which tests of what a Step contains combine a method: of two models, all of them with
    every method; of others, all of them with a method of each form.
    """
    every = DEEP or name in EVERY_PAIR or method in OF_EACH_FORM
    return detections_of(name) if every else TWO_DETECTIONS


def is_covering(name: str, method: str, detection: str) -> bool:
    """Whether tests of what a Step contains have it: each other model has each of its methods with one detection."""
    if not is_everyday(name, method):
        return False
    if is_archetype(name):
        return detection in detections_with(name, method)
    return detection == TWO_DETECTIONS[everyday_methods(name).index(method) % len(TWO_DETECTIONS)]


def cells() -> list[Any]:
    """Return every model with every fixed-step method that applies to it, for `pytest.mark.parametrize`."""
    return choose(((name, method) for name in MODELS for method in applicable(name)), lambda cell: is_everyday(*cell))
