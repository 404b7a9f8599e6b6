"""Checks of a definition: its parts must fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from brian2.units.fundamentalunits import get_dimensions

from ..algebra.draft import substitute
from ..algebra.expression import FLOATS, Expr, Var, evaluate, names
from ..algebra.system import System
from ..ground.errors import UserError, at, short
from .language import equations as language
from .language import units
from .language.names import OF_TIME, check_name
from .parts.arrivals import check_arrivals
from .parts.refractoriness import check_refractory

if TYPE_CHECKING:
    from .neuron import NeuronModel


def check_definition(model: NeuronModel) -> None:
    """Check that the parts of a definition fit together: names, values, units, and what a spike changes.

    Raises
    ------
    UserError
        With the place in the definition (`UserError.place`).
    """
    where = model.name
    for name in model.constants:
        with at("constants", name):
            check_name(name, f"{where}: the constant")
    system = model.system
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
                _check_value(model, name, given)
    if model.drive is not None and not model.input:
        with at("drive"):
            raise UserError(f"{where}: drive = {model.drive}, but the model has no input; give input=")
    if model.drive is not None and get_dimensions(model.drive) is not model.input_dimension:
        with at("drive"):
            raise UserError(
                f"{where}: drive = {model.drive} has the wrong unit, expected {units.unit_name(model.input_dimension)}"
            )
    if model.input and not _needed(system, model.input):
        with at("equations", model.input):
            raise UserError(
                f"{where}: no equation uses the input '{model.input}', so nothing drives the model; use "
                "it in an equation, or give input= another parameter"
            )
    published = model.system_as_published
    if {*published.state, *published.parameters} != {*system.state, *system.parameters}:
        raise UserError(f"{where}: published and equations have different variables or parameters; give both the same")
    known = {*system.parameters, *system.state, *(name for name, _ in system.reset)}
    for field_name, what, value in (
        ("threshold", "the threshold", system.threshold.holds),
        *(("reset", f"the reset of '{name}'", value) for name, value in system.reset),
    ):
        if names(value) - known:
            with at(field_name):
                raise UserError(
                    f"{where}: {what} uses {', '.join(sorted(names(value) - known))}; "
                    "use numbers, parameters and state variables"
                )
    with at("sampling"):
        _ = model.sampling_ms
    with at("refractory"):
        _check_refractory(model)
    with at("reset"):
        _check_reset(model)
    with at("arrivals"):
        check_arrivals(system, where)


def _check_value(model: NeuronModel, name: str, given: Any) -> None:
    """Refuse a parameter or an initial value that has the wrong unit."""
    dimension = model.system.dimensions[name]
    if isinstance(given, str):
        where = f"{model.name}: initial value of '{name}'"
        language.parse(given, set(model.system.dimensions), model.constants, where)
        language.check_units(given, model.system.dimensions, model.constants, dimension, where)
    elif get_dimensions(given) is not dimension:
        raise UserError(f"{model.name}: '{name}' = {given} has the wrong unit, expected {units.unit_name(dimension)}")


def _check_refractory(model: NeuronModel) -> None:
    lasts = model.spike_is_crossing
    if model.system.refractory is not None:
        where = f"{model.name}: refractory = '{short(model.refractory)}'"
        known = {*model.system.parameters, *model.system.state}
        lasts = check_refractory(model.system.refractory, known, model.parameter_values, where)
    elif model.refractory_time is not None:
        is_none = get_dimensions(model.refractory_time) is units.MS and not model.refractory_ms
        lasts = not is_none and bool(units.in_ms(model.refractory_time, f"{model.name}: refractory"))
    if not lasts and not any(name not in OF_TIME for name, _ in model.system.reset):
        raise UserError(
            f"{model.name}: without a reset every step above threshold would be a spike, so that their number would "
            "depend on the time step; "
            f"give refractory='{short(model.threshold)}'"
        )


def _check_reset(model: NeuronModel) -> None:
    """Refuse a reset to a value above threshold if nothing delays the next spike: spikes would never end."""
    test = model.system.threshold
    values: dict[str, Expr] = {name: Var(name) for name in model.system.state}
    for name, value in model.system.reset:
        values[name] = substitute(value, values)
    still = substitute(test.holds, values)
    if names(still) - set(model.system.parameters) or model.moves_while_refractory:
        return  # the value depends on the state at the spike, or time passes before the next spike
    try:
        ends = not evaluate(still, model.parameter_values, FLOATS)
        v = evaluate(values[test.variable], model.parameter_values, FLOATS)
    except (ArithmeticError, ValueError) as error:
        raise UserError(f"{model.name}: reset or threshold: {error.args[-1]}; change the numbers in them") from None
    if not ends:
        unit = units.unit_name(model.system.dimensions[test.variable]).removeprefix("1")
        raise UserError(
            f"{model.name}: reset: '{short(model.reset)}' leaves {test.variable} at {v:g} {unit}".rstrip()
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
