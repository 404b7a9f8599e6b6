"""Checks of a definition: its parts must fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units.fundamentalunits import get_dimensions

from ..algebra.draft import substitute
from ..algebra.expression import FLOATS, Expr, Var, evaluate, names
from ..algebra.system import System
from ..ground.errors import UserError, at, quoted, short
from .language import equations as language
from .language import units
from .language.names import OF_TIME, check_name
from .parts.arrivals import check_arrivals
from .parts.random_inputs import refuse_drawn
from .parts.refractoriness import check_refractory, moves_while_refractory
from .written import WrittenModel


def check_definition(model: WrittenModel, system: System) -> None:
    """Check that the parts of a definition fit together: names, values, units, and what a spike changes.

    Raises
    ------
    UserError
        With the place in the definition (`UserError.place`).
    """
    where = model.label
    for name in system.dimensions:
        if name not in OF_TIME:
            with at("equations", name):
                check_name(name, f"{where}: the name")
    for name in model.constants:
        if name in system.dimensions:
            with at("constants", name):
                raise UserError(f"{where}: the constant '{name}' is also declared in the equations; remove one of them")
    _same_names(model.parameters, system.parameters, where, "parameters", system)
    # a run that goes on from another one begins at another time
    begins = tuple(name for name in system.state if name not in OF_TIME or name in model.initial)
    _same_names(model.initial, begins, where, "initial", system)
    for field_name in ("parameters", "initial"):
        for name, given in getattr(model, field_name).items():
            with at(field_name, name):
                _check_value(model, system, name, given)
    if model.drive is not None and not model.input:
        with at("drive"):
            raise UserError(f"{where}: drive = {quoted(model.drive)}, but the model has no input; give input=")
    if model.drive is not None and get_dimensions(model.drive) is not system.dimensions[model.input]:
        expected = units.unit_name(system.dimensions[model.input])
        with at("drive"):
            raise UserError(f"{where}: drive = {quoted(model.drive)} has the wrong unit, expected {expected}")
    if model.input and not _needed(system, model.input):
        with at("equations", model.input):
            raise UserError(
                f"{where}: no equation uses the input '{model.input}', so nothing drives the model; use "
                "it in an equation, or give input= another parameter"
            )
    known = {*system.parameters, *system.state, *(name for name, _ in system.reset)}
    for field_name, what, value in (
        ("threshold", "the threshold", system.threshold.holds),
        *(("reset", f"the reset of '{name}'", value) for name, value in system.reset),
    ):
        with at(field_name):
            refuse_drawn(value, system.random, f"{where}: {what}")
        if names(value) - known:
            with at(field_name):
                raise UserError(
                    f"{where}: {what} uses {', '.join(sorted(names(value) - known))}; "
                    "use numbers, parameters and state variables"
                )
    with at("sampling"):
        _ = model.sampling_ms
    with at("refractory"):
        _check_refractory(model, system)
    with at("reset"):
        _check_reset(model, system)
    with at("arrivals"):
        check_arrivals(system, where)


def check_published(model: WrittenModel, system: System, published: System) -> None:
    """Check that a model and the form of the paper have the same variables and parameters.

    Raises
    ------
    UserError
        If they have not.
    """
    if {*published.state, *published.parameters} != {*system.state, *system.parameters}:
        raise UserError(
            f"{model.label}: published and equations have different variables or parameters; give both the same"
        )


def _check_value(model: WrittenModel, system: System, name: str, given: Any) -> None:
    """Refuse a parameter or an initial value that has the wrong unit."""
    dimension = system.dimensions[name]
    if isinstance(given, str):
        where = f"{model.label}: initial value of '{name}'"
        language.parse(given, set(system.dimensions), model.constants, where)
        language.check_units(given, system.dimensions, model.constants, dimension, where)
    elif get_dimensions(given) is not dimension:
        raise UserError(
            f"{model.label}: '{name}' = {quoted(given)} has the wrong unit, expected {units.unit_name(dimension)}"
        )


def _check_refractory(model: WrittenModel, system: System) -> None:
    lasts = system.is_crossing
    if system.refractory is not None:
        where = f"{model.label}: refractory = '{short(model.refractory)}'"
        known = {*system.parameters, *system.state}
        refuse_drawn(system.refractory.value, system.random, where)
        lasts = check_refractory(system.refractory, known, model.values_of(system.parameters), where)
    elif model.refractory_time is not None:
        is_none = get_dimensions(model.refractory_time) is units.MS and not model.refractory_ms
        lasts = not is_none and bool(units.in_ms(model.refractory_time, f"{model.label}: refractory"))
    if not lasts and not any(name not in OF_TIME for name, _ in system.reset):
        raise UserError(
            f"{model.label}: without a reset every step above threshold would be a spike, so that their number would "
            "depend on the time step; "
            f"give refractory='{short(model.threshold)}'"
        )


def _check_reset(model: WrittenModel, system: System) -> None:
    """Refuse a reset to a value above threshold if nothing delays the next spike: spikes would never end."""
    test = system.threshold
    values: dict[str, Expr] = {name: Var(name) for name in system.state}
    for name, value in system.reset:
        values[name] = substitute(value, values)
    still = substitute(test.holds, values)
    if names(still) - set(system.parameters) or moves_while_refractory(system, model.refractory_ms):
        return  # the value depends on the state at the spike, or time passes before the next spike
    try:
        ends = not evaluate(still, model.values_of(system.parameters), FLOATS)
        v = evaluate(values[test.variable], model.values_of(system.parameters), FLOATS)
    except (ArithmeticError, ValueError) as error:
        raise UserError(f"{model.label}: reset or threshold: {error.args[-1]}; change the numbers in them") from None
    if not ends:
        unit = units.unit_name(system.dimensions[test.variable]).removeprefix("1")
        raise UserError(
            f"{model.label}: reset: '{short(model.reset)}' leaves {test.variable} at {v:g} {unit}".rstrip()
            + f", where '{short(model.threshold)}' still holds, so that spikes never end; "
            "reset it below the threshold"
        )


def _needed(system: System, name: str) -> bool:
    """Whether a derivative depends on a name."""
    needed = names(*system.derivatives.values())
    for subexpression in reversed(list(system.subexpressions)):
        if subexpression in needed:
            needed |= names(system.subexpressions[subexpression])
    return name in needed


def _same_names(given: Mapping[str, Any], expected: tuple[str, ...], model: str, what: str, system: System) -> None:
    where = f"{model}: {what}"
    missing = [name for name in expected if name not in given]
    unknown = [name for name in given if name not in expected]
    if missing:
        needed = [(name, units.unit_name(system.dimensions[name])) for name in missing]
        give = ", ".join(f"{name} without a unit" if unit == "1" else f"{name} in {unit}" for name, unit in needed)
        with at(what):
            raise UserError(f"{where}: no value for {', '.join(missing)}; give {give}")
    if unknown:
        with at(what, unknown[0]):
            raise UserError(
                f"{where}: {', '.join(unknown)} not in the equations; expected {', '.join(expected) or 'none'}"
            )
