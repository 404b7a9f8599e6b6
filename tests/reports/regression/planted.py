"""Changes that are put into the Steps on purpose."""

from fractions import Fraction

from spikecost.models import step as steps
from spikecost.models.expression import Const
from spikecost.models.simplify import Assign, Block

#: One unit in the last place more than 1: a multiplication by it that no compiler leaves out and no error shows.
NEARLY_ONE = Const(1 + Fraction(1, 2**52))


def make_anew(monkeypatch):
    """Let Steps be made anew: those that are kept are of the program as it was, and those made now must not stay."""
    monkeypatch.setattr(steps, "_made", steps._made.__wrapped__)


def change_steps(monkeypatch, target, change):
    """Change the value of a target in the Steps that are made, after everything was simplified."""
    make_anew(monkeypatch)
    real = steps.lower

    def lower(*arguments):
        once, body = real(*arguments)
        return once, Block(tuple(Assign(each.target, change(each.value) if each.target == target else each.value)
                                 for each in body.assignments))

    monkeypatch.setattr(steps, "lower", lower)


def multiply_once_more(monkeypatch):
    """Put one multiplication more into the update of v."""
    change_steps(monkeypatch, "v_next", lambda value: value * NEARLY_ONE)
