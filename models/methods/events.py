"""Blocks of spikes and refractoriness that methods with step control or dense output share.

Names that begin with an underscore are reserved for methods: no model can use them. Times are in ms from the start of
the piece of the stimulus. In addition to the model's names the blocks use

- ``_s``: place in the step, from 0 to 1; ``_low``, ``_high``: bounds of the crossing; ``_going``: whether the crossing
  still moves between iterations;
- ``_at``: time of the spike; ``v_at``, ``v_reset``: state at the spike and after the reset;
- ``_now``, ``_end``, ``_until``: time, end of the piece, end of refractoriness.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..algebra.draft import Draft, substitute
from ..algebra.expression import Expr, Op, Var, at_most, less, names, select
from ..algebra.simplify import Block, lower
from ..definition.neuron import NeuronModel

#: Newton's method ends when the crossing moves by at most this fraction of the step.
SETTLED = Fraction(1, 2**49)


def draft(model: NeuronModel, *more: str) -> Draft:
    """Return an empty draft with the model's names and some more names."""
    system = model.system
    return Draft(frozenset({*system.dimensions, "dt", *more}) - set(system.subexpressions))


def block(model: NeuronModel, outputs: Mapping[str, Expr], *more: str) -> Block:
    """Lower expressions that use the model's names and some more names."""
    return lower(draft(model, *more), outputs)[1]


def absolute(value: Expr) -> Expr:
    """Absolute value."""
    return Op("abs", (value,))


def conditions(model: NeuronModel) -> tuple[str, ...]:
    """Return the names of the tests that must all be true for a spike in a step."""
    return ("_above", "_was_below") if model.spike_is_crossing else ("_above",)


def threshold(model: NeuronModel, before: str = "") -> Block:
    """Compute the `conditions` at the end of a step; `before` is the name of the voltage at the start of the step."""
    test, v = model.system.threshold, model.system.threshold.variable
    inclusive = test.comparison == ">="
    level = substitute(test.level, {name: Var(f"{name}_next") for name in test.slopes})
    outputs: dict[str, Expr] = {"_above": (at_most if inclusive else less)(level, Var(f"{v}_next"))}
    if model.spike_is_crossing:
        outputs["_was_below"] = (less if inclusive else at_most)(Var(before or v), test.level)
    return block(model, outputs, f"{v}_next", before or v, *(f"{name}_next" for name in test.slopes))


def first_guess(below: Expr, rise: Expr) -> Expr:
    """Return where the straight line crosses the threshold; the start of the step if it is not below the threshold."""
    return select(less(below, 0), -below / rise, 0)


def newton(model: NeuronModel, value: Expr, slope: Expr, *more: str) -> Block:
    """One iteration of Newton's method for the crossing; bisection keeps it between `_low` and `_high`.

    Parameters
    ----------
    model : NeuronModel
    value, slope : Expr
        Of the polynomial of the voltage minus the threshold, at ``_s``.
    *more : str
        Further names that they use.
    """
    made = draft(model, "_s", "_low", "_high", *more)
    s, value = Var("_s"), made.let("value", value)
    above = at_most(0, value)
    low = made.let("lower", select(above, Var("_low"), s))
    high = made.let("upper", select(above, s, Var("_high")))
    step = made.let("newton", s - value / slope)
    middle = made.let("middle", (low + high) / 2)
    after = made.let("after", select(at_most(low, step), select(at_most(step, high), step, middle), middle))
    moved = Var("_s") - after
    outputs = {"_low_next": low, "_high_next": high, "_s_next": after, "_going": less(SETTLED, absolute(moved))}
    return lower(made, outputs)[1]


def kept(model: NeuronModel) -> tuple[str, ...]:
    """Return the variables whose value at the crossing is needed."""
    if not model.spike_interrupts:
        return ()
    read = names(*(assign.value for assign in reset(model).assignments))  # excludes what is multiplied by zero
    return tuple(name for name in model.system.state if f"{name}_at" in read)


def reset(model: NeuronModel) -> Block:
    """Return the state after a spike, from the state at the crossing; variables without reset keep their value."""
    values: dict[str, Expr] = {name: Var(f"{name}_at") for name in model.system.state}
    for name, value in model.system.reset:
        values[name] = substitute(value, values)
    outputs = {f"{name}_reset": values[name] for name in model.system.state}
    return block(model, outputs, *(f"{name}_at" for name in model.system.state))


def waiting(model: NeuronModel, duration: Expr) -> dict[str, Block]:
    """Return the blocks of refractoriness, which lasts for `duration`; empty for a model that is never refractory."""
    if not model.refractory_ms:
        return {}
    at, end, until = (Var(name) for name in ("_at", "_end", "_until"))
    found = {
        "wait": block(model, {"_until_next": at + duration}, "_at", *names(duration)),
        "refractory": block(
            model, {"_ends": less(until, end), "_target": select(less(until, end), until, end)}, "_until", "_end"
        ),
        "carry": block(model, {"_until_next": until - end, "_waits": less(0, until - end)}, "_until", "_end"),
    }
    test = model.system.threshold
    if model.moves_while_refractory:
        inclusive = test.comparison == ">="
        found["at once"] = block(model, {"_above": (at_most if inclusive else less)(test.level, Var(test.variable))})
    return found


def moving(model: NeuronModel) -> tuple[str, ...]:
    """Return the variables that still change while the neuron is refractory."""
    return tuple(name for name in model.system.state if name not in model.system.held)
