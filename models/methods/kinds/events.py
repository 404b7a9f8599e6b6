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

from ...algebra.derivative import derivative
from ...algebra.draft import Draft, NotApplicable, substitute
from ...algebra.expression import Expr, Op, Var, at_most, less, names, operation, select
from ...algebra.polynomial import ZERO, minus, plus, times
from ...algebra.simplify import Block, lower
from ...algebra.system import distance
from ...definition.neuron import NeuronModel
from ...detection.base import check_smooth

#: Why a model cannot be run if spikes arrive between steps: the condition before several arrivals would be needed.
EXACT_ARRIVALS = "at exact times of arriving spikes, a crossing as spike needs a threshold such as v > level"

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


def conditions(model: NeuronModel, mark: str = "_") -> tuple[str, ...]:
    """Return the names of the tests that decide in each step whether there is a spike; they begin with `mark`."""
    if model.system.threshold.condition is None:
        return (f"{mark}above", f"{mark}was_below") if model.spike_is_crossing else (f"{mark}above",)
    now = [name for name, fixed in zip(above(model), _fixed(model), strict=True) if not fixed]
    before = [f"was_{name}" for name in now] if model.spike_is_crossing else []
    return tuple(f"{mark}{name}" for name in (*now, *before))


def above(model: NeuronModel) -> tuple[str, ...]:
    """Return the names of the comparisons in the threshold, at the end of a step."""
    return ("above", *(f"above_{i + 1}" for i in range(1, len(model.system.threshold.comparisons))))


def _fixed(model: NeuronModel) -> list[bool]:
    """Return for each comparison of a threshold whether it depends only on parameters; it is then a number, 1 or 0."""
    state = set(model.system.state)
    return [not names(comparison) & state for comparison in model.system.threshold.comparisons]


def holds(model: NeuronModel, form: str) -> str:
    """Return in C that the threshold's condition holds; `form` is how a comparison is written, such as ``s._@_``."""
    written = [
        f"{'(int)' * fixed}{form.replace('@', name)}" for name, fixed in zip(above(model), _fixed(model), strict=True)
    ]
    return model.system.threshold.combined(
        lambda place: written[place],
        lambda word, a, b: f"({a} {'&' if word == 'and' else '|'} {b})",
        lambda a: f"(!{a})",
    )


def was_below(model: NeuronModel, form: str) -> str:
    """Return in C that the condition did not hold at the start of the step; for a model whose spike is a crossing."""
    if model.system.threshold.condition is None:
        return form.replace("@", "was_below")
    return f"(!{holds(model, form.replace('@', 'was_@'))})"


def spiked(model: NeuronModel, form: str) -> str:
    """Return in C that there is a spike in a step: the condition holds, and did not before if a spike is a crossing."""
    return f"{holds(model, form)} & {was_below(model, form)}" if model.spike_is_crossing else holds(model, form)


def comparisons(model: NeuronModel, at: Mapping[str, Expr], mark: str = "") -> dict[str, Expr]:
    """Return the comparisons of a threshold with a condition of another form, for a state, by their names."""
    found: dict[str, Expr] = {}
    for name, comparison, fixed in zip(above(model), model.system.threshold.comparisons, _fixed(model), strict=True):
        found[f"{mark}{name}"] = select(comparison, 1, 0) if fixed else substitute(comparison, at)
    return found


def threshold(model: NeuronModel, before: str = "") -> Block:
    """Compute the `conditions` at the end of a step; `before` is the name of the voltage at the start of the step."""
    test, v = model.system.threshold, model.system.threshold.variable
    if test.condition is not None:
        moving = [name for name in model.system.state if name in test.names]
        found = comparisons(model, {name: Var(f"{name}_next") for name in moving}, "_")
        if model.spike_is_crossing:
            found |= comparisons(model, {}, "_was_")
        return block(model, found, *(f"{name}_next" for name in moving))
    inclusive = test.comparison == ">="
    level = substitute(test.level, {name: Var(f"{name}_next") for name in test.slopes})
    outputs: dict[str, Expr] = {"_above": (at_most if inclusive else less)(level, Var(f"{v}_next"))}
    if model.spike_is_crossing:
        outputs["_was_below"] = (less if inclusive else at_most)(Var(before or v), test.level)
    return block(model, outputs, f"{v}_next", before or v, *(f"{name}_next" for name in test.slopes))


def why_not_located(model: NeuronModel) -> str:
    """Return why a polynomial of the solution cannot locate the threshold's crossing; empty if it can."""
    test = model.system.threshold
    if test.condition is None:
        return ""
    if len(test.comparisons) > 1:
        return f"it locates one comparison, and the threshold has {len(test.comparisons)}"
    try:
        check_smooth(test.comparisons[0])
    except NotApplicable as error:
        return str(error)
    return ""


def compared(model: NeuronModel) -> tuple[str, ...]:
    """Return the state variables that the threshold compares."""
    return tuple(name for name in model.system.state if name in model.system.threshold.names)


def distance_between(model: NeuronModel, made: Draft) -> tuple[Expr, Expr]:
    """Return the distance of the threshold's only comparison at the start and at the end of a step."""
    rise = _distance(model)
    after = substitute(rise, {name: Var(f"{name}_next") for name in compared(model)})
    return made.let("below", rise), made.let("beyond", after)


def distance_at(model: NeuronModel, at: Mapping[str, Expr], changes: Mapping[str, Expr]) -> tuple[Expr, Expr]:
    """Return the distance of the threshold's only comparison at a state, and its change if the state changes."""
    rise = _distance(model)
    total: Expr = ZERO
    for name in compared(model):
        slope = derivative(rise, name)
        assert slope is not None  # it is smooth
        total = plus(total, times(substitute(slope, at), changes[name]))
    return substitute(rise, at), total


def _distance(model: NeuronModel) -> Expr:
    """Return the distance of the threshold's only comparison: positive where the condition holds."""
    (comparison,) = model.system.threshold.comparisons
    return model.system.threshold.combined(
        lambda _: distance(comparison), lambda _, a, __: a, lambda value: minus(ZERO, value)
    )


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


def reset(model: NeuronModel, **more: Expr) -> Block:
    """Return the state after a spike, from the state at the crossing; variables without reset keep their value.

    `more` are other outputs, which use the state after the reset (``v_reset``).
    """
    values: dict[str, Expr] = {name: Var(f"{name}_at") for name in model.system.state}
    for name, value in model.system.reset:
        values[name] = substitute(value, values)
    outputs = {f"{name}_reset": values[name] for name in model.system.state}
    after = {name: substitute(value, outputs) for name, value in more.items()}
    return block(model, outputs | after, "step", *(f"{name}_at" for name in model.system.state))


def waiting(model: NeuronModel, duration: Expr) -> dict[str, Block]:
    """Return the blocks of refractoriness, which lasts for `duration`; empty for a model that is never refractory."""
    if not model.is_refractory_at_times:
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
    if model.moves_while_refractory and test.condition is not None:
        found["at once"] = block(model, comparisons(model, {}, "_"))
    elif model.moves_while_refractory:
        inclusive = test.comparison == ">="
        found["at once"] = block(model, {"_above": (at_most if inclusive else less)(test.level, Var(test.variable))})
    return found


def lasting(model: NeuronModel, constant: Expr, step: Expr | None = None, *, whole: bool = False) -> Expr:
    """Return how long the neuron is refractory, from the state after the reset.

    Parameters
    ----------
    model : NeuronModel
    constant : Expr
        The duration if it is the same for every spike.
    step : Expr, optional
        The length of a step, if the duration is a number of steps; otherwise it is in ms.
    whole : bool
        Whether it is a whole number of steps, as on the grid.
    """
    until = model.system.refractory
    if until is None:
        return constant
    if step is None:
        return until.value
    steps = until.value / step
    return select(less(1, steps), whole_steps(steps) - 1, 0) if whole else steps


def whole_steps(steps: Expr) -> Expr:
    """Return a number of steps rounded down, with Brian2's margin of a thousandth of a step."""
    return operation("floor", steps + Fraction(1, 1000))


def why_not_between(model: NeuronModel) -> str:
    """Return why spikes cannot arrive at a model within steps; empty if they can."""
    other_form = model.system.threshold.condition is not None and model.spike_is_crossing
    return EXACT_ARRIVALS if model.arrivals and other_form else ""


def tallies_waits(model: NeuronModel) -> bool:
    """Whether kernels must tally refractory steps: if arrivals differ in them, or their number is no constant."""
    return bool(model.arrivals) or model.system.refractory is not None


def after_spike(model: NeuronModel) -> str:
    """Return in C for how many steps the neuron is refractory after a spike."""
    until = model.system.refractory
    return (
        "refractory"
        if until is None or (until.duration is not None and not until.settled)
        else ("left_new_" if until.settled else "1.0")
    )


def asks_always(model: NeuronModel) -> bool:
    """Whether every step must ask whether refractoriness ends, because it depends on the state."""
    until = model.system.refractory
    return until is not None and not until.settled


def why_not_located_end(model: NeuronModel) -> str:
    """Return why the end of refractoriness is only found on the grid; empty if it is known at the spike."""
    if not asks_always(model):
        return ""
    until = model.system.refractory
    assert until is not None
    what = "a condition" if until.condition is not None else "a time that changes meanwhile"
    return f"its refractoriness ends by {what}, which is tested at the start of steps of dt on the grid, as in Brian2"


def moving(model: NeuronModel) -> tuple[str, ...]:
    """Return the variables that still change while the neuron is refractory."""
    return tuple(name for name in model.system.state if name not in model.system.held)
