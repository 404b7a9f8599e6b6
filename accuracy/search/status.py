"""What is known about a case: whether it has a cost, and which of its numbers are only bounds."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The outcome for a model, method and detection in a regime under a criterion."""

    REACHED = "reached"
    """There is a largest dt, and so a cost."""
    AT_LEAST = "at least"
    """The coarsest setting of the sweep holds: the largest dt is this or larger, and the cost is this or less."""
    NOT_REACHED = "not reached"
    """The finest setting does not hold, or not by the margin that is needed to be sure of every smaller one."""
    NOT_APPLICABLE = "not applicable"
    """The method or the detection cannot run the model."""
    LEFT_OUT = "left out"
    """The suite does not run this method with this detection."""
    RATE_NOT_REACHABLE = "rate not reachable"
    """No drive brings the model to the firing rate."""
    REFERENCE_TOO_COARSE = "reference too coarse"
    """The stated error of the reference is too close to the tolerance."""
    REFERENCE_CONTRADICTED = "reference contradicted"
    """Kernels agree with each other but not with the reference."""
    NOT_HERE = "not here"
    """The simulator is not installed on this machine."""
    FAILED = "failed"
    """The program failed; this says nothing about the model."""


#: The statuses of cases that have a cost.
WITH_COST = (Status.REACHED, Status.AT_LEAST)


class Bound(StrEnum):
    """Whether a number is exact or a bound: a dt may only be known to be at least the coarsest of the sweep."""

    NONE = ""
    """The number is exact."""
    AT_MOST = "at most"
    AT_LEAST = "at least"
    NOT_KNOWN = "not known"

    @classmethod
    def of_dt(cls, status: str) -> Bound:
        """Return the bound of the dt of a case, from its status."""
        return cls.AT_LEAST if status == Status.AT_LEAST else cls.NONE

    @classmethod
    def of_cost(cls, status: str) -> Bound:
        """Return the bound of the cost of a case, from its status: a larger dt costs less."""
        return cls.AT_MOST if status == Status.AT_LEAST else cls.NONE

    @classmethod
    def of_ratio(cls, own: str, other: str) -> Bound:
        """Return the bound of the cost of a case divided by the cost of another, from the status of both."""
        own_at_most, other_at_most = (status == Status.AT_LEAST for status in (own, other))
        if own_at_most and other_at_most:
            return cls.NOT_KNOWN
        return cls.AT_MOST if own_at_most else cls.AT_LEAST if other_at_most else cls.NONE
