"""The pair of Dormand and Prince, with step control."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..algebra.draft import Derivatives, Draft, Vector
from ..algebra.expression import Expr, Op, Var, at_most, expr, less, select
from ..algebra.simplify import Block, lower
from ..definition.neuron import NeuronModel
from .kinds import arrivals, events
from .kinds.base import InBlocks, Step, Template
from .registered import METHODS

#: Nodes, stages, the difference of the two solutions, and the row of the continuous extension (Shampine 1986).
NODES = (Fraction(0), Fraction(1, 5), Fraction(3, 10), Fraction(4, 5), Fraction(8, 9), Fraction(1), Fraction(1))
STAGES = tuple(
    tuple(Fraction(entry) for entry in row.split())
    for row in (
        "1/5",
        "3/40 9/40",
        "44/45 -56/15 32/9",
        "19372/6561 -25360/2187 64448/6561 -212/729",
        "9017/3168 -355/33 46732/5247 49/176 -5103/18656",
        "35/384 0 500/1113 125/192 -2187/6784 11/84",
    )
)
ERROR = tuple(map(Fraction, ["71/57600", "0", "-71/16695", "71/1920", "-17253/339200", "22/525", "-1/40"]))
EXTENSION = tuple(
    map(
        Fraction,
        [
            "-12715105075/11282082432",
            "0",
            "87487479700/32700410799",
            "-10690763975/1880347072",
            "701980252875/199316789632",
            "-1453857185/822651844",
            "69997945/29380423",
        ],
    )
)
#: A proposed step is `SAFETY` times the step that would have had exactly the allowed error. It is at least `SHRINK` and
#: at most `GROW` times the last step; after a rejection it is not longer than the last step.
SAFETY, SHRINK, GROW = Fraction(9, 10), Fraction(1, 5), 10


class DormandPrince(InBlocks):
    """Dormand and Prince's Runge-Kutta pair of order 5(4) with error control of the step; six stages per step.

    The seventh stage is the first stage of the next step. It is computed again, and a first step is chosen, where the
    solution is not smooth: at the start, after a reset, at boundaries between pieces of the stimulus, where spikes
    arrive, and at the end of refractoriness.

    - Error of a step: root mean square over the variables of ``e/(rtol*(1 + max(|x|, |x'|)))``, where e is the
      difference of the two solutions. So atol is rtol times one internal unit: 1 mV for a voltage, 1 for a gate or a
      variable without unit. The error of a variable is hardly controlled if its natural scale is far below this unit.
    - A step is accepted if its error is at most 1. The next step is ``0.9 error**(-1/5)`` times this step (elementary
      controller); the factor is between 0.2 and 10, and at most 1 after a rejection. If the error is not a number, the
      step is rejected and divided by five. Steps end at boundaries between pieces and where refractoriness ends.
    - First step: Hairer, Norsett and Wanner's algorithm (one more right-hand side).
    - Spikes: only `dense`, with the continuous extension of order 4. A crossing is searched in an accepted step that
      ends above the threshold. The state is reset at the crossing and integrated from there. If the voltage crosses the
      threshold and returns within one step, the spike is missed at any tolerance, because the tolerance controls only
      the error of the state.

    All of this is counted: choice of the step, error norm, bookkeeping of time, rejected steps.
    The kernel runs one neuron at a time, because neurons in SIMD lanes would each need a different step.
    Dormand and Prince 1980, J. Comput. Appl. Math. 6:19; Hairer, Norsett and Wanner, Solving Ordinary Differential
    Equations I, sections II.4 to II.6.
    """

    source = "Dormand and Prince 1980"
    name = "dormand_prince"
    order = 5
    knob = "tolerance"
    template = Template("spikecost.models.methods", "dormand_prince.c.j2", refills=True)
    extras: tuple[str, ...] = ("accepted", "rejected")
    arrivals = True
    at_spikes: Collection[str] = ("dense output", "newton", "crossing", "reset", "wait")

    def blocks(self, model: NeuronModel, detection: str, varying: bool) -> Mapping[str, Block]:
        """Return the blocks of the kernel."""
        del detection  # dense
        free = tuple(model.system.state)
        found = {
            "once": _once(model, free, ""),
            "start": _start(model, free, varying),
            "length": _length(model),
            "attempt": _attempt(model, free, varying),
            "threshold": events.threshold(model),
            "dense output": _dense_output(model),
            "newton": _newton(model),
            "crossing": _crossing(model),
        }
        if model.spike_interrupts:
            found["reset"] = events.reset(model)
        found |= events.waiting(model, events.lasting(model, expr(model.refractory_ms)))
        found |= arrivals.blocks_between(model, exact=True)
        held = events.moving(model)
        if model.is_refractory_at_times and held:
            found["held once"] = _once(model, held, "_held")
            found["held start"] = _start(model, held, varying, "_held")
            found["held attempt"] = _attempt(model, held, varying, "_held")
        return found

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return the names of the input that the template needs, and the place in a step of each."""
        nodes = [(name, float(node)) for name, node in input_nodes(step.model, step.varying).items()]
        return {"grow": float(GROW), "start_inputs": nodes[:2], "attempt_inputs": nodes[1:]}


def input_nodes(model: NeuronModel, varying: bool) -> dict[str, Fraction]:
    """Return the names of the input within a step, and their places in the step."""
    if not varying:
        return {model.input: Fraction(0)}
    return {_input(model, node, varying): node for node in NODES}


def _input(model: NeuronModel, node: Fraction, varying: bool) -> str:
    if not varying or not node:
        return model.input
    return f"_{model.input}_{node.numerator}_{node.denominator}"


def _once(model: NeuronModel, names: Sequence[str], flow: str) -> Block:
    rtol = Var("_rtol")
    return events.block(
        model,
        {f"_norm{flow}": 1 / (len(names) * rtol * rtol), f"_goal{flow}": rtol / 100, f"_small{flow}": rtol / 100_000},
        "_rtol",
    )


def _derivatives(model: NeuronModel, made: Draft, names: Sequence[str], flow: str) -> Derivatives:
    system = model.system.while_refractory if flow else model.system
    return Derivatives(system, made, frozenset(model.system.state) - set(names))


def _state(model: NeuronModel, ending: str = "") -> Vector:
    return Vector({name: Var(name + ending) for name in model.system.state})


def _start(model: NeuronModel, names: Sequence[str], varying: bool, flow: str = "") -> Block:
    """Return the first stage and the first step, ``_proposal``."""
    later = _input(model, NODES[1], varying)
    made = events.draft(model, "_left", f"_goal{flow}", f"_small{flow}", later)
    f, x = _derivatives(model, made, names, flow), _state(model)
    k1 = f(x)
    weights = {name: made.let("weight", 1 + events.absolute(x[name])) for name in names}

    def norm(values: Mapping[str, Expr]) -> Expr:
        total = _squares(made, [values[name] / weights[name] for name in names])
        return made.let("norm", Op("sqrt", (total * Fraction(1, len(names)),)))

    d0, d1, small = norm(x), norm(k1), Var(f"_small{flow}")
    ratio = select(less(d1, small), Fraction(1, 10**6), Fraction(1, 100) * d0 / d1)
    h0 = made.let("h0", _smaller(select(less(d0, small), Fraction(1, 10**6), ratio), Var("_left"), made))
    # if the input varies, the derivative uses its value at the first node; this is still a good estimate
    k2 = f(x + h0 * k1 | ({model.input: Var(later)} if varying else {}))
    d2 = made.let("d2", norm({name: k2[name] - k1[name] for name in names}) / h0)
    largest = made.let("largest", select(less(d1, d2), d2, d1))
    h1 = made.let("h1", Op("pow", (Var(f"_goal{flow}") / largest, expr(Fraction(1, 5)))))
    outputs = {f"_k1_{name}": k1[name] for name in model.system.state}
    return lower(made, outputs | {"_proposal": _smaller(100 * h0, h1, made)})[1]


def _length(model: NeuronModel) -> Block:
    """Return the length of a step: the proposed length, or the time that is left if it is shorter."""
    now, proposal = Var("_now"), Var("_proposal")
    made = events.draft(model, "_now", "_target", "_proposal")
    left = made.let("left_over", Var("_target") - now)
    last = at_most(left, proposal)
    dt = made.let("length", select(last, left, proposal))
    end = made.let("end", now + dt)
    return lower(made, {"dt": dt, "_last": last, "_now_next": end, "_moves": less(now, end)})[1]


def _attempt(model: NeuronModel, names: Sequence[str], varying: bool, flow: str = "") -> Block:
    """Return a step: the state and the seventh stage at its end, its error, and the next step."""
    nodes = input_nodes(model, varying)
    derivatives = [f"_k1_{name}" for name in model.system.state]
    made = events.draft(model, "_cap", f"_norm{flow}", *derivatives, *nodes)
    f, x, dt = _derivatives(model, made, names, flow), _state(model), Var("dt")
    stages = [Vector({name: Var(f"_k1_{name}") if name in names else expr(0) for name in model.system.state})]
    after = x
    for row, node in zip(STAGES, NODES[1:], strict=True):
        moved = {name: x[name] + dt * combine(row, [k[name] for k in stages]) for name in names}
        after = f.let(x | moved)
        stages.append(f(after | {model.input: Var(_input(model, node, varying))}))
    quotients = []
    for name in names:
        size, size_after = (made.let("size", events.absolute(value[name])) for value in (x, after))
        weight = 1 + select(less(size, size_after), size_after, size)
        quotients.append(dt * combine(ERROR, [k[name] for k in stages]) / weight)
    error = made.let("error", _squares(made, quotients) * Var(f"_norm{flow}"))
    factor = made.let("factor", SAFETY * Op("pow", (error, expr(Fraction(-1, 10)))))
    # if the error is not a number, the comparison is false and the step is divided by five
    factor = made.let("factor", select(less(SHRINK, factor), factor, SHRINK))
    outputs: dict[str, Expr] = {f"{name}_next": after[name] for name in names}
    outputs |= {f"_k{i + 1}_{name}": stages[i][name] for name in names for i in (2, 3, 4, 5, 6)}
    proposal = dt * _smaller(factor, Var("_cap"), made)
    return lower(made, outputs | {"_accepted": at_most(error, 1), "_proposal_next": proposal})[1]


def _dense_output(model: NeuronModel) -> Block:
    """Return the continuous extension as a polynomial of ``_s``, for the variables needed at the crossing."""
    test = model.system.threshold
    v = test.variable
    compared = (v, *test.slopes) if test.condition is None else events.compared(model)
    wanted = dict.fromkeys((*compared, *events.kept(model)))
    stages = {name: [Var(f"_k{i}_{name}") for i in range(1, 8)] for name in wanted}
    made = events.draft(model, *(f"{name}_next" for name in wanted), *(k.name for ks in stages.values() for k in ks))
    dt = Var("dt")
    outputs: dict[str, Expr] = {}
    rises: dict[str, Expr] = {}
    for name in wanted:
        rise = rises[name] = made.let("rise", Var(f"{name}_next") - Var(name))
        first = made.let("first", dt * stages[name][0])
        # Hairer, Norsett and Wanner's contd5: x + s (rise + (1 - s) (b + s (c + (1 - s) d)))
        b = made.let("b", first - rise)
        c = made.let("c", rise - dt * stages[name][6] - b)
        d = made.let("d", dt * combine(EXTENSION, stages[name]))
        sum_ = made.let("sum", c + d)
        outputs |= {f"_a1_{name}": first, f"_a2_{name}": sum_ - b, f"_a3_{name}": -(sum_ + d), f"_a4_{name}": d}
    if test.condition is not None:
        below, after = events.distance_between(model, made)
        return lower(made, outputs | {"_below": below, "_s": events.first_guess(below, after - below)})[1]
    below = made.let("below", Var(v) - test.level)
    outputs |= {"_below": below, "_s": events.first_guess(below, test.gap(rises))}
    if test.slopes:
        outputs |= {f"_gap{i}": test.gap({name: outputs[f"_a{i}_{name}"] for name in wanted}) for i in range(1, 5)}
    return lower(made, outputs)[1]


def _newton(model: NeuronModel) -> Block:
    test, s = model.system.threshold, Var("_s")
    if test.condition is not None:
        return _newton_of_distance(model)
    a1, a2, a3, a4 = (Var(f"_gap{i}" if test.slopes else f"_a{i}_{test.variable}") for i in range(1, 5))
    value = Var("_below") + s * (a1 + s * (a2 + s * (a3 + s * a4)))
    slope = a1 + s * (2 * a2 + s * (3 * a3 + s * (4 * a4)))
    return events.newton(model, value, slope, "_below", a1.name, a2.name, a3.name, a4.name)


def _newton_of_distance(model: NeuronModel) -> Block:
    """Return an iteration for a comparison of another form: its distance, with all variables on their polynomials."""
    s, used = Var("_s"), []
    at: dict[str, Expr] = {}
    rises: dict[str, Expr] = {}
    for name in events.compared(model):
        a1, a2, a3, a4 = (Var(f"_a{i}_{name}") for i in range(1, 5))
        used += [a1.name, a2.name, a3.name, a4.name]
        at[name] = Var(name) + s * (a1 + s * (a2 + s * (a3 + s * a4)))
        rises[name] = a1 + s * (2 * a2 + s * (3 * a3 + s * (4 * a4)))
    value, slope = events.distance_at(model, at, rises)
    return events.newton(model, value, slope, *used)


def _crossing(model: NeuronModel) -> Block:
    s, dt = Var("_s"), Var("dt")
    at = Var("_now") + s * dt
    used = ["_s", "_now", "_end"]
    outputs: dict[str, Expr] = {"_at": at}
    for name in events.kept(model):
        a1, a2, a3, a4 = (Var(f"_a{i}_{name}") for i in range(1, 5))
        outputs[f"{name}_at"] = Var(name) + s * (a1 + s * (a2 + s * (a3 + s * a4)))
        used += [a1.name, a2.name, a3.name, a4.name]
    if model.spike_interrupts:
        outputs["_more"] = less(at, Var("_end"))
    return events.block(model, outputs, *used)


def combine(weights: Sequence[Fraction], values: Sequence[Expr]) -> Expr:
    """Return the weighted sum; a weight of zero adds no term, and a negative weight is written as a subtraction."""
    terms = [(weight, value) for weight, value in zip(weights, values, strict=False) if weight]
    (weight, value), *rest = terms
    total: Expr = weight * value
    for weight, value in rest:
        total = total + weight * value if weight > 0 else total - (-weight) * value
    return total


def _squares(made: Draft, values: Sequence[Expr]) -> Expr:
    first, *rest = (made.let("quotient", value) for value in values)
    total: Expr = first * first
    for value in rest:
        total = total + value * value
    return total


def _smaller(a: Expr, b: Expr, made: Draft) -> Expr:
    a = made.let("a", a)
    return select(less(a, b), a, b)


METHODS.register(DormandPrince())
