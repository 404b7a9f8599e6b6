"""Changes that are put into the Steps on purpose."""

from dataclasses import replace
from fractions import Fraction

from spikecost.accuracy.search import tolerance
from spikecost.flops import operations
from spikecost.models import step as steps
from spikecost.models.algebra.expression import Const
from spikecost.models.algebra.simplify import Assign, Block
from spikecost.models.methods import fixed_step

#: One unit in the last place more than 1: a multiplication by it that no compiler leaves out and no error shows.
NEARLY_ONE = Const(1 + Fraction(1, 2**52))


def make_anew(monkeypatch):
    """Let Steps be made anew: those that are kept are of the program as it was, and those made now must not stay."""
    monkeypatch.setattr(steps, "_made", steps._made.__wrapped__)


def change_steps(monkeypatch, target, change):
    """Change the value of a target in the Steps that are made, after everything was simplified."""
    make_anew(monkeypatch)
    real = fixed_step.lower

    def lower(*arguments):
        once, body = real(*arguments)
        return once, Block(tuple(Assign(each.target, change(each.value) if each.target == target else each.value)
                                 for each in body.assignments))

    monkeypatch.setattr(fixed_step, "lower", lower)


def multiply_once_more(monkeypatch):
    """Put one multiplication more into the update of v."""
    change_steps(monkeypatch, "v_next", lambda value: value * NEARLY_ONE)


def count_one_too_few(monkeypatch):
    """Leave one multiplication out of every count; what runs stays as it is."""
    real = operations.count_block

    def count_block(block):
        counted = real(block)
        return operations.Operations({**counted, "mul": max(counted["mul"] - 1, 0)})

    monkeypatch.setattr(operations, "count_block", count_block)


def halve_errors(monkeypatch):
    """Let every error be told as half of what it is."""
    real = tolerance.spike_time_error

    def half(train, reference):
        found = real(train, reference)
        return replace(found, maximum=found.maximum / 2)

    monkeypatch.setattr(tolerance, "spike_time_error", half)
