"""Deliberate changes of the Steps."""

from dataclasses import replace
from fractions import Fraction

from spikecost.accuracy.search import judging
from spikecost.flops import operations
from spikecost.models import step as steps
from spikecost.models.algebra.expression import Const
from spikecost.models.algebra.simplify import Assign, Block
from spikecost.models.methods.kinds import fixed_step

#: 1 plus one unit in the last place: no compiler removes a multiplication by it, and no error shows it.
NEARLY_ONE = Const(1 + Fraction(1, 2**52))


def make_anew(monkeypatch):
    """Make Steps again: the cached Steps are of the unchanged program, and new Steps must not stay in the cache."""
    monkeypatch.setattr(steps, "_made", steps._made.__wrapped__)


def change_steps(monkeypatch, target, change):
    """Change the value of a target in new Steps, after all simplification."""
    make_anew(monkeypatch)
    real = fixed_step.lower

    def lower(*arguments):
        once, body = real(*arguments)
        return once, Block(
            tuple(
                Assign(each.target, change(each.value) if each.target == target else each.value)
                for each in body.assignments
            )
        )

    monkeypatch.setattr(fixed_step, "lower", lower)


def multiply_once_more(monkeypatch):
    """Add one multiplication to the update of v."""
    change_steps(monkeypatch, "v_next", lambda value: value * NEARLY_ONE)


def count_one_too_few(monkeypatch):
    """Omit one multiplication from every count; the kernel stays unchanged."""
    real = operations.count_block

    def count_block(block):
        counted = real(block)
        return operations.Operations({**counted, "mul": max(counted["mul"] - 1, 0)})

    monkeypatch.setattr(operations, "count_block", count_block)


def halve_errors(monkeypatch):
    """Report half of every error."""
    real = judging.matched_errors

    def half(*given):
        return [replace(found, maximum=found.maximum / 2) for found in real(*given)]

    monkeypatch.setattr(judging, "matched_errors", half)
