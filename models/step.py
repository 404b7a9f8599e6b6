"""One time step of a model with a method and a spike detection: this is what is counted and run.

A step consists of blocks of assignments. The method decides which blocks there are and how a kernel runs them. The cost
of a run is the sum over its tallies: the number of times that something ran, times the cost of its blocks.
"""

from __future__ import annotations

from functools import lru_cache

from .algebra.draft import NotApplicable
from .definition.domain import check_domain
from .definition.neuron import NeuronModel
from .definition.step_names import for_blocks
from .detection import DETECTIONS
from .ground.errors import check_kind
from .methods import DOUBLE, METHODS, Method, Step
from .number_formats import NUMBER_FORMATS, in_format
from .reading.by_name import get_model

__all__ = ["Step", "make_step", "why_not"]

#: The number of Steps that are kept (the last ones used): the same model and method are requested many times.
MOST_KEPT = 4096


def make_step(
    model: str | NeuronModel, method: str, detection: str = "grid", varying: bool = False, precision: str = DOUBLE
) -> Step:
    """Derive the time step of a model.

    Parameters
    ----------
    model : str or NeuronModel
    method, detection : str
    varying : bool
        Whether the input may vary within a step; if not, it has one value per step.
    precision : str
        The number format in which it is computed: ``double``, ``single``.

    Raises
    ------
    UserError
        If the model, the method, the detection or the precision is unknown, or the equations have no value (`domain`).
    NotApplicable
        If the method cannot integrate the model, or cannot be used with this detection or precision.
    """
    model = get_model(model)
    check_domain(model)
    check_kind(varying, bool, "varying", "True if the input varies in time, else False")
    why = why_not(model, method, detection, varying)
    if why:
        usable = [name for name in DETECTIONS if not why_not(model, method, name, varying)]
        if usable:
            raise NotApplicable(
                f"{method} cannot be used with detection {detection}: {why}; take {' or '.join(usable)}"
            )
        others = [name for name in METHODS if not why_not(model, name, detection, varying)]
        raise NotApplicable(f"{method} does not apply to {model.label}: {why}; take {', '.join(others)}")
    if why := why_not(model, method, detection, varying, precision):
        raise NotApplicable(f"{model.label} with {method} cannot be computed in {precision} precision: {why}")
    return _made(model, METHODS[method], detection, varying, precision)


@lru_cache(MOST_KEPT)
def _made(model: NeuronModel, method: Method, detection: str, varying: bool, precision: str = DOUBLE) -> Step:
    if precision != DOUBLE:
        return in_format(_made(model, method, detection, varying), NUMBER_FORMATS[precision])
    own = for_blocks(model)
    return Step(model, method.name, detection, varying, method.blocks(own, detection, varying), method.written(own))


def why_not(
    model: NeuronModel, method: str, detection: str = "grid", varying: bool = False, precision: str = DOUBLE
) -> str:
    """Return why a method cannot be used with a model, detection, kind of input and precision; empty if it can."""
    why = _why_not(model, METHODS[method], DETECTIONS[detection].name, varying)
    number = NUMBER_FORMATS[precision]
    return why or ("" if precision == DOUBLE else number.why_not(_made(model, METHODS[method], detection, varying)))


@lru_cache(MOST_KEPT)
def _why_not(model: NeuronModel, method: Method, detection: str, varying: bool) -> str:
    check_domain(model)  # methods compute with the numbers of the equations
    return method.why_not(model, detection, varying)
