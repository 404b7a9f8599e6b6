"""A model's mathematics, read from the texts of its definition."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ..algebra.draft import substitute
from ..algebra.expression import Const, Var, names
from ..algebra.system import System
from ..ground.errors import UserError, at, short
from .language import equations as language
from .language import units
from .language.equation_lines import DIFFERENTIAL, PARAMETER
from .language.names import LAST_SPIKE, NOT_REFRACTORY, OF_TIME, TIME, check_name
from .language.noise import DIMENSIONS
from .parts.arrivals import read_arrivals, targets_of
from .parts.random_inputs import diffusion, without_noise
from .parts.refractoriness import Sides, is_never, read_refractory, refractory, with_refractoriness
from .parts.threshold import read_threshold
from .written import WrittenModel


def read_system(model: WrittenModel, field_name: str) -> System:
    """Read a model's `equations`, or its `published` ones."""
    with at(field_name):
        equations = language.read(getattr(model, field_name), model.constants, model.label)
    parameters = [name for name, each in equations.items() if each.kind == PARAMETER]
    if model.input and model.input not in parameters:
        with at("input"):
            raise UserError(
                f"{model.label}: the input '{short(model.input)}' is not declared in the equations; "
                f"add a line such as {short(model.input)} : 1"
            )
    dimensions = {name: each.dimension for name, each in equations.items()}
    random = language.random_inputs(getattr(model, field_name))
    found = {name: each.value for name, each in equations.items() if each.value is not None}
    for name in equations.keys() & set(OF_TIME):
        with at(field_name, name):
            check_name(name, f"{model.label}: the variable")
    state = tuple(name for name in found if equations[name].kind == DIFFERENTIAL)
    known = dimensions | dict.fromkeys(OF_TIME, units.MS)
    in_equations = known | {name: DIMENSIONS[kind] for name, kind in random.items()}
    in_equations |= {NOT_REFRACTORY: units.DIMENSIONLESS}
    for name in found:
        expected = dimensions[name] / units.MS if name in state else dimensions[name]
        with at(field_name, name):
            language.check_units(
                equations[name].text, in_equations, model.constants, expected, f"{model.label}: equation of '{name}'"
            )
    subexpressions = language.subexpression_order(found, found.keys() - set(state))
    found, subexpressions = without_noise(found, subexpressions, random)
    free = waiting = with_refractoriness(found, subexpressions, not_refractory=True)
    if NOT_REFRACTORY in names(*found.values()):
        waiting = with_refractoriness(found, subexpressions, not_refractory=False)
    with at("reset"):  # a spike makes the neuron refractory before the reset
        now = {NOT_REFRACTORY: Const(Fraction(0))}
        reset = language.statements(model.reset, state, known, model.constants, f"{model.label}: reset", values=now)
    with at("threshold"):
        threshold = read_threshold(
            model.threshold,
            (*state, *OF_TIME),
            known,
            model.constants,
            where=f"{model.label}: threshold",
            subexpressions=free.opened,
            resets=bool(reset),
        )
    held = frozenset(name for name in state if "unless refractory" in equations[name].flags)
    statements = [value for _, value in reset]
    duration = None
    ends_by_text = isinstance(model.refractory, str) and model.refractory_time is None
    if ends_by_text:
        with at("refractory"):
            read = read_refractory(
                model.refractory, known, model.constants, where=f"{model.label}: refractory", opened=waiting.opened
            )
        moving = set(state) - held - waiting.constant(state) | targets_of(model.arrivals)
        ends_by_text = not is_never(read)
        duration = refractory(read, moving, threshold.holds, resets=bool(reset)) if ends_by_text else None
    used = names(*found.values(), threshold.holds, *statements, *(duration.needs if duration else ())) & set(OF_TIME)
    own = {TIME: Const(Fraction(1))} if used else {}  # the time is a variable that changes by 1 ms per ms
    if LAST_SPIKE in used:
        own[LAST_SPIKE] = Const(Fraction(0))
        reset = [(LAST_SPIKE, Var(TIME)), *reset]
    state, dimensions = (*state, *own), dimensions | dict.fromkeys(own, units.MS)

    resets = tuple((name, substitute(value, waiting.opened)) for name, value in reset)
    arrivals = read_arrivals(
        model.arrivals, state, dimensions, model.constants, model=model.label, sides=(free, waiting)
    )

    def system(flow: Sides) -> System:
        derivatives = {name: {**flow.sides, **own}[name] for name in state}
        opened = {name: substitute(value, flow.opened) for name, value in derivatives.items()}
        return System(
            dimensions=dimensions,
            state=state,
            parameters=tuple(name for name in parameters if name != model.input),
            subexpressions=flow.subexpressions,
            derivatives=derivatives,
            held=held,
            threshold=threshold,
            reset=resets,
            arrivals=arrivals,
            random=random,
            interpretation=model.interpretation,
            diffusion=diffusion(opened, random, model.label),
            refractory=duration,
            is_crossing=ends_by_text and duration is None,
        )

    return system(free) if waiting is free else replace(system(free), waiting=system(waiting))
