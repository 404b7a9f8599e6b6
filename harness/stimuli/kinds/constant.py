"""Inputs that are constant, over the whole time or over each piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....models.definition.language import units
from ....models.ground.errors import UserError, check_list, quoted
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values


def constant(value: Any, duration: Any) -> Stimulus:
    """Return a constant input.

    Parameters
    ----------
    value : Quantity or float
        In the unit of the model's input.
    duration : Quantity
        A time.
    """
    return piecewise_constant([(duration, value)])


def piecewise_constant(pieces: Sequence[tuple[Any, Any]]) -> Stimulus:
    """Return an input made of (duration, value) pieces.

    Raises
    ------
    UserError
        If a duration is not a positive time or the values' units differ.
    """
    check_list(pieces, "pieces", "[(10*ms, 0*mV/ms), (50*ms, 1*mV/ms)]")
    if not len(pieces):
        raise UserError("a stimulus needs at least one (duration, value) piece")
    wrong = next((each for each in pieces if not isinstance(each, list | tuple) or len(each) != 2), None)
    if wrong is not None:
        raise UserError(f"pieces has {quoted(wrong)}: give pairs of a duration and a value")
    dimension, values = internal_values(*(value for _, value in pieces))
    return Stimulus([units.in_ms(duration, "duration") for duration, _ in pieces], values, dimension)


def as_it_stands(duration: Any) -> Stimulus:
    """Return the stimulus of a model without input: only a duration.

    Parameters
    ----------
    duration : Quantity
        A time.
    """
    return constant(0.0, duration)


class Constant(Kind):
    """The drive itself."""

    name = "constant"
    called = "constant current"

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:  # noqa: ARG002 - nothing is random
        """Return the drive."""
        return constant(drive, duration)


STIMULI.register(Constant())
