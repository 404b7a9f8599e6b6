"""Taylor series with an order that adapts to each step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ..algebra.draft import END, START, Derivatives, Draft, NotApplicable, Vector, substitute
from ..algebra.expression import Expr, Var, at_most, expr, less, names
from ..algebra.simplify import Assign, Block, lower
from ..algebra.taylor_series import (
    Recursion,
    Singular,
    exprel_coefficients,
    exprel_near_zero,
    in_exponentials,
    take_out_exprel,
)
from ..definition.neuron import NeuronModel
from ..detection import DETECTIONS, Crossing
from .kinds import arrivals, events
from .kinds.base import InBlocks, Step, Template
from .registered import METHODS

#: The series ends when its last two terms, for every variable x, are below this times ``1 + |x|``.
TOLERANCE = Fraction(1, 10**14)
#: The highest order of a series; if the series has not ended at this order, the step is divided.
HIGHEST_ORDER = 20
#: The run fails if the series has not ended after this number of halvings of a step.
MOST_HALVINGS = 40
#: Below this |x| the coefficients of exprel(x) are computed by the rule without division by x.
NEAR_ZERO = 1


class ParkerSochacki(InBlocks):
    r"""Taylor series of the solution with as many terms as each step needs; the coefficients are found by recursion.

    The coefficients of products, quotients, powers and exponentials follow from the coefficients of their operands,
    order by order (`taylor_series`). So the method works for any model that consists of these operations. dt is fixed,
    and the order is chosen in every step: the series ends when the last two terms of every variable x are below
    ``1e-14 (1 + |x|)``. The error is therefore near round-off at any dt, and a larger dt needs a higher order. If the
    series of a step has not ended at order 20, the step is halved and its terms are scaled until the series ends; the
    rest is a separate step. A halving costs a multiplication and an addition per term. The cost of a step is the sum of
    the costs of the orders that it ran.

    The number of operations of order k grows as k, and as k**2 for an exprel near zero; so the cost of a step up to
    order k grows as k**2 or k**3.
    Detections: `dense` finds the crossing on the series itself. With `grid`, `linear` and `hermite` the series gives
    the ends of the step, and only the errors of the detection remain.
    The kernel runs one neuron at a time, because neurons in SIMD lanes would each need a different order.

    After Stewart and Bair 2009, J. Comput. Neurosci. 27:115. They rewrite a model as polynomials with divisions and
    powers, and end a series by its last term. The differences here are: exponentials are part of the recursion; the
    last two terms are tested, because one may vanish by chance; the tolerance is relative; the order has a limit, and a
    step may be divided; ``x/(exp(x) - 1)`` has a rule without division by x for \|x\| < 1. The tests of convergence are
    counted. An input that varies within a step is a series too, and its last two terms are also tested. As with any
    method, computing the terms of the input is not a cost of the model.
    """

    source = "Stewart and Bair 2009"
    name = "parker_sochacki"
    order = float("inf")
    knob = "dt"
    detections: tuple[str, ...] = ("grid", "linear", "hermite", "dense")
    arrivals = True
    template = Template("spikecost.models.methods", "parker_sochacki.c.j2", refills=True)
    extras: tuple[str, ...] = ("accepted", "divided")
    at_spikes: Collection[str] = (
        "dense output",
        "gap term",
        "newton term",
        "newton",
        "state term",
        "locate",
        "crossing",
        "reset",
        "wait",
    )

    def why_not(self, model: NeuronModel, detection: str, varying: bool) -> str:
        """Return why the method cannot be used with a model, a detection and such an input; empty if it can."""
        if model.system.threshold.condition is not None and detection in self.detections:
            if detection == "dense":
                return "its series locates only a threshold such as v > level"
            if not DETECTIONS[detection].restarts and model.spike_is_crossing:
                return "on the grid, a model without reset needs a threshold such as v > level"
            if DETECTIONS[detection].restarts:
                try:
                    _locate(model, detection, varying)
                except NotApplicable as error:
                    return str(error)
        return super().why_not(model, detection, varying)

    def why_not_model(self, model: NeuronModel) -> str:
        """Return why the method cannot integrate a model; empty if it can."""
        try:
            derivatives, _ = take_out_exprel(_sides(model, frozenset(), ""))
            Recursion(derivatives, events.draft(model))
        except NotApplicable as error:
            return str(error)
        return ""

    def blocks(self, model: NeuronModel, detection: str, varying: bool) -> Mapping[str, Block]:
        """Return the blocks of the kernel."""
        within = DETECTIONS[detection].restarts
        found = dict(_series(model, frozenset(), "", varying))
        if model.is_refractory_at_times and events.moving(model):
            found |= _series(model, model.system.held, "held ", varying)
        found["length"] = _length(model)
        found["end"] = events.block(model, {"_now_next": Var("_now") + Var("_span")}, "_now", "_span")
        found["threshold"] = events.threshold(model, "" if within else "_before")
        found |= _dense(model) if detection == "dense" else {"locate": _locate(model, detection, varying)}
        at = Var("_now") + Var("_s") * Var("_span")
        outputs: dict[str, Expr] = {"_at": at}
        if within and model.spike_interrupts:
            outputs["_more"] = less(at, Var("_end") if model.arrivals else 1)
        found["crossing"] = events.block(model, outputs, "_now", "_s", "_span", "_end")
        if model.spike_interrupts:
            found["reset"] = events.reset(model)
        lasting = events.lasting(model, Var("_refractory"), Var("_step"), whole=not within)
        found |= events.waiting(model, lasting)
        if not within:
            found.pop("at once", None)  # on the grid, the end of the next step is tested, as with any method
        return found | arrivals.blocks_between(model, exact=within)

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return the variables that the template needs."""
        model, test = step.model, step.model.system.threshold
        level = (test.variable, *test.slopes)
        flows = [("", step.state)]
        if "held once" in step.blocks:
            flows.append(("held ", events.moving(model)))
        read = {name for block in step.blocks.values() for name in block.reads}
        return {
            "flows": [(flow, moving, orders(model, flow, step.varying)) for flow, moving in flows],
            "highest": HIGHEST_ORDER,
            "inputs": [model.input, *input_terms(model)] if step.varying else [],
            "input_end": f"{model.input}_end" if f"{model.input}_end" in read else "",
            "halved": lambda moving: [*moving, *([model.input] if step.varying else [])],
            "most_halvings": MOST_HALVINGS,
            "within": DETECTIONS[step.detection].restarts,
            "voltage": test.variable,
            "moving_level": level,
            "located": list(dict.fromkeys((*level, *events.kept(model)))),
            "dense": step.detection == "dense",
            "latches": not step.cuts and arrivals.may_jump(model) and model.spike_is_crossing,
        }


@dataclass(frozen=True)
class OrderBlocks:
    """The blocks of one order, by name."""

    order: int
    choices: tuple[tuple[str, str, str, str], ...]
    """For each exprel: the block of its argument, the name of the test, the block near zero, the block elsewhere."""
    block: str
    tests: tuple[str, ...]
    """Names of the tests that are all true if the terms are small."""


def orders(model: NeuronModel, flow: str = "", varying: bool = False) -> list[OrderBlocks]:
    """Return the blocks of every order, in running order; `flow` is ``held `` while the neuron is refractory."""
    held = model.system.held if flow else frozenset()
    moving = [*(name for name in model.system.state if name not in held), *([model.input] if varying else [])]
    _, singular = take_out_exprel(_sides(model, held, flow))
    return [
        OrderBlocks(
            k,
            tuple(
                (
                    f"{flow}order {k} argument {i}",
                    f"_near{i}",
                    f"{flow}order {k} exprel {i} near 0",
                    f"{flow}order {k} exprel {i}",
                )
                for i in range(1, len(singular) + 1)
            ),
            f"{flow}order {k}",
            tuple(f"_small_{name}_{k}" for name in moving),
        )
        for k in range(1, HIGHEST_ORDER + 1)
    ]


def _sides(model: NeuronModel, held: frozenset[str], flow: str) -> dict[str, Expr]:
    system = model.system.while_refractory if flow else model.system
    sides = Derivatives(system, events.draft(model)).right_hand_sides
    return {name: in_exponentials(value) for name, value in sides.items() if name not in held}


def input_terms(model: NeuronModel) -> list[str]:
    """Return the names of the terms of a varying input's series in the step, starting with the first order."""
    return [f"_{model.input}_{k}" for k in range(1, HIGHEST_ORDER + 1)]


@lru_cache(64)
def _series(model: NeuronModel, held: frozenset[str], flow: str, varying: bool) -> dict[str, Block]:
    """Return the blocks of the series; the first block has everything that depends only on dt and parameters."""
    sides, singular = take_out_exprel(_sides(model, held, flow))
    coefficients = [f"{one.name}_{k}" for one in singular for k in range(HIGHEST_ORDER)]
    inputs: list[Expr] = [Var(name) for name in (model.input, *input_terms(model))]
    made = events.draft(model, *coefficients, *(input_terms(model) if varying else ()))
    recursion = Recursion(sides | {f"argument {one.name}": one.argument for one in singular}, made)
    terms: dict[str, list[Expr]] = {name: [Var(name)] for name in sides}
    sums: dict[str, Expr] = {name: Var(name) for name in sides}
    tested = [*sides, *([model.input] if varying else [])]
    width = {name: made.let("width", expr(TOLERANCE) * (1 + events.absolute(Var(name)))) for name in tested}
    outputs: dict[str, Expr] = {}
    parts: list[tuple[str, list[str]]] = []
    for k in range(HIGHEST_ORDER):
        known = {name: series[k] for name, series in terms.items()}
        known |= {one.name: Var(f"{one.name}_{k}") for one in singular}
        if varying:
            known[model.input] = inputs[k]
        slopes = recursion.next(k, known)
        for i, one in enumerate(singular, 1):
            argument: dict[str, Expr] = {f"_arg{i}_{k}": slopes[f"argument {one.name}"]}
            if k == 0:
                argument[f"_near{i}"] = less(events.absolute(slopes[f"argument {one.name}"]), NEAR_ZERO)
            outputs |= argument
            parts.append((f"{flow}order {k + 1} argument {i}", list(argument)))
        own: dict[str, Expr] = {}
        for name in sides:
            term = made.let(f"{name}_term", slopes[name] * (Var("dt") * Fraction(1, k + 1)))
            terms[name].append(term)
            sums[name] = made.let(f"{name}_sum", sums[name] + term)
            own[f"_{name}_{k + 1}"], own[f"_{name}_sum_{k + 1}"] = term, sums[name]
            own[f"_small_{name}_{k + 1}"] = at_most(events.absolute(term), width[name])
        if varying:
            own[f"_small_{model.input}_{k + 1}"] = at_most(events.absolute(inputs[k + 1]), width[model.input])
        outputs |= own
        parts.append((f"{flow}order {k + 1}", list(own)))
    once, body = lower(made, outputs, frozenset({"dt", *model.system.parameters}))
    cut = _cut(
        f"_{flow.strip() or 'free'}",
        {f"{flow}once": list(once.targets), **dict(parts)},
        outputs,
        Block((*once.assignments, *body.assignments)),
    )
    alternatives = [block for i, one in enumerate(singular, 1) for block in _alternatives(one, i, flow).items()]
    return _interleaved(cut, dict(alternatives)) | {f"{flow}halve": _halve(model, list(sides), varying)}


def _alternatives(one: Singular, i: int, flow: str) -> dict[str, Block]:
    found: dict[str, Block] = {}
    for rule, ending in ((exprel_coefficients, ""), (exprel_near_zero, " near 0")):
        arguments = [f"_arg{i}_{k}" for k in range(HIGHEST_ORDER)]
        made = Draft(frozenset(arguments))
        series = rule([Var(name) for name in arguments], one.reciprocal, made)
        outputs = {f"{one.name}_{k}": value for k, value in enumerate(series)}
        parts = {f"{flow}order {k + 1} exprel {i}{ending}": [f"{one.name}_{k}"] for k in range(HIGHEST_ORDER)}
        found |= _cut(
            f"_{flow.strip() or 'free'}_{'near' if ending else 'far'}{i}", parts, outputs, lower(made, outputs)[1]
        )
    return found


def _interleaved(cut: Mapping[str, Block], alternatives: Mapping[str, Block]) -> dict[str, Block]:
    """Put the blocks of each exprel after the block of its argument."""
    found: dict[str, Block] = {}
    for name, block in cut.items():
        found[name] = block
        for ending in ("", " near 0"):
            other = name.replace("argument", "exprel") + ending
            if other in alternatives:
                found[other] = alternatives[other]
    return found


def _cut(prefix: str, parts: Mapping[str, Sequence[str]], outputs: Collection[str], body: Block) -> dict[str, Block]:
    """Cut straight-line code into blocks; each has what its targets need and what no earlier block has assigned.

    Names that blocks share, other than `outputs`, get `prefix` before them.
    """
    values = {assign.target: assign.value for assign in body.assignments}
    place: dict[str, str] = {}
    for part, targets in parts.items():
        waiting = list(targets)
        while waiting:
            name = waiting.pop()
            if name in values and name not in place:
                place[name] = part
                waiting += names(values[name])
    shared = {
        name
        for target, value in values.items()
        for name in names(value)
        if name in place and place[name] != place[target]
    }
    renamed: dict[str, Expr] = {name: Var(f"{prefix}_{name}") for name in sorted(shared.difference(outputs))}
    made: dict[str, list[Assign]] = {part: [] for part in parts}
    for assign in body.assignments:
        target = renamed.get(assign.target)
        made[place[assign.target]].append(
            Assign(target.name if isinstance(target, Var) else assign.target, substitute(assign.value, renamed))
        )
    return {part: Block(tuple(assigns)) for part, assigns in made.items()}


def _halve(model: NeuronModel, moving: Sequence[str], varying: bool) -> Block:
    """Return the block that rescales the series to half of the step and tests its last two terms."""
    halved = [*moving, *([model.input] if varying else [])]
    made = events.draft(model, "_span", *(f"_{n}_{k}" for n in halved for k in range(1, HIGHEST_ORDER + 1)))
    outputs: dict[str, Expr] = {"dt_next": Var("dt") / 2, "_span_next": Var("_span") / 2}
    for name in halved:
        value: Expr = Var(name)
        width = made.let("width", expr(TOLERANCE) * (1 + events.absolute(Var(name))))
        for k in range(1, HIGHEST_ORDER + 1):
            term = made.let(f"{name}_term", Var(f"_{name}_{k}") * Fraction(1, 2**k))
            value = value + term
            outputs[f"_half_{name}_{k}"] = term
            if k > HIGHEST_ORDER - 2:
                outputs[f"_small_{name}_{k}"] = at_most(events.absolute(term), width)
        if name in moving:
            outputs[f"{name}_next"] = value
    return lower(made, outputs)[1]


def _length(model: NeuronModel) -> Block:
    """Return the rest of the step, as a fraction of it and in ms."""
    span = Var("_target") - Var("_now")
    return events.block(
        model, {"_span": span, "dt_next": span * Var("_step"), "_moves": less(0, span)}, "_target", "_now", "_step"
    )


def _locate(model: NeuronModel, detection: str, varying: bool) -> Block:
    """Return the crossing that a detection finds between the ends of the step, as with any method."""
    state, last = model.system.state, f"{model.input}_end"
    made = events.draft(model, *(f"{name}_next" for name in state), *([last] if varying else []))
    inputs: dict[Fraction, Expr] = {START: Var(model.input), END: Var(last)}
    x, end = (Vector({name: Var(name + ending) for name in state}) for ending in ("", "_next"))
    s, at = DETECTIONS[detection].locate(
        Crossing(
            x,
            end,
            Var("dt"),
            Derivatives(model.system, made, inputs=inputs if varying else None, name=model.input),
            model.system.threshold,
            made,
            starts_below=model.steps_start_below,
        )
    )
    outputs: dict[str, Expr] = {"_s": s}
    return lower(made, outputs | {f"{name}_at": at[name] for name in events.kept(model)})[1]


def _dense(model: NeuronModel) -> dict[str, Block]:
    """Return the search for the crossing on the series, term by term in Horner's scheme."""
    test = model.system.threshold
    moving = (test.variable, *test.slopes)
    made = events.draft(model, *(f"{name}_next" for name in moving))
    below = made.let("below", Var(test.variable) - test.level)
    guess = events.first_guess(below, test.gap({name: Var(f"{name}_next") - Var(name) for name in moving}))
    gaps = {}
    if test.slopes:
        gaps["gap term"] = events.block(
            model,
            {"_gap": test.gap({name: Var(f"_part_{name}") for name in moving})},
            *(f"_part_{name}" for name in moving),
        )
    value, slope, s, term = Var("_value"), Var("_slope"), Var("_s"), Var("_term")
    return {
        "dense output": lower(made, {"_below": below, "_s": guess})[1],
        **gaps,
        "newton term": events.block(
            model,
            {"_slope_next": slope * s + value, "_value_next": value * s + term},
            "_value",
            "_slope",
            "_s",
            "_term",
        ),
        "newton": events.newton(model, value, slope, "_value", "_slope"),
        "state term": events.block(model, {"_value_next": value * s + term}, "_value", "_s", "_term"),
    }


METHODS.register(ParkerSochacki())
