"""The definition of a neuron model: written once, in Brian2's language."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import brian2
from brian2.units.fundamentalunits import Dimension, get_dimensions

from ..algebra.draft import substitute
from ..algebra.expression import FLOATS, Const, Expr, Var, evaluate, names
from ..algebra.system import System
from ..ground.errors import UserError, at, short
from ..language import equations as language
from ..language import units
from ..language.equation_lines import DIFFERENTIAL, PARAMETER
from ..language.names import LAST_SPIKE, LONGEST_NAME, NEVER, NOT_REFRACTORY, OF_TIME, TIME, check_name
from ..language.noise import DIMENSIONS
from .parts.arrivals import check_arrivals, given_arrivals, read_arrivals, targets_of
from .parts.published_cost import PublishedCost
from .parts.random_inputs import INTERPRETATIONS, SAMPLING, STRATONOVICH, diffusion, without_noise
from .parts.refractoriness import (
    Sides,
    check_refractory,
    constant_time,
    read_refractory,
    refractory,
    with_refractoriness,
)
from .parts.tables import TableGrid, tabulate
from .parts.threshold import read_threshold


@dataclass(frozen=True, eq=False)
class NeuronModel:
    """A spiking-neuron model.

    Runs, counts, reference solutions and comparisons are all derived from this definition; Brian2 runs it unchanged.

    Raises
    ------
    UserError
        If Brian2 cannot read the equations, units do not fit, or a value is missing.
    """

    name: str
    """The name that users type."""
    equations: str
    """Brian2 equations. Names declared in them (``a : 1``) are parameters, with one value per neuron;
    names in `constants` are folded into the numbers."""
    threshold: str
    """The condition for a spike: comparisons of expressions of state variables, subexpressions, parameters and
    constants, with ``and``, ``or``, ``not``: ``v > theta``, ``v - theta_0 > 2*w``, ``v > theta and w < 0.5``."""
    reset: str = ""
    """Statements at a spike, such as ``v = c; u += d``."""
    refractory: Any = None
    """A duration after a spike, a text, or None. During the time after a spike, variables flagged
    ``(unless refractory)`` do not change and no spike is detected; if the variable is above the threshold when this
    time ends, the next spike follows immediately. A text is a duration, such as a parameter or a state variable, or a
    condition, such as ``v > -20*mV``: the neuron is refractory until it no longer holds. With the text of `threshold`
    and no reset, a spike is the upward crossing, and the next spike needs a return below the threshold first."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """A quantity for each declared parameter except the input."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    """A quantity for each name that the equations use but do not declare."""
    initial: Mapping[str, Any] = field(default_factory=dict)
    """A quantity, or an expression as text, for each state variable; ``t`` and ``lastspike`` are 0 and long ago."""
    arrivals: Mapping[str, str] = field(default_factory=dict)
    """The statements of each input of spikes, such as ``{"exc": "g_e += w_e"}``: they run when a spike arrives. While
    the neuron is refractory they do not change variables flagged ``(unless refractory)``. The stimulus has the
    times."""
    input: str = "I"
    """The declared parameter that the stimulus drives; empty for a model without input, which runs as it stands."""
    input_note: str = ""
    """Why this is the input, if it was not named by the user; shown wherever the model is counted or run."""
    drive: Any = None
    """A constant input (a quantity) at which the model spikes steadily; None: it is found by spike rate if needed."""
    interpretation: str = STRATONOVICH
    """The meaning of noise whose factor depends on the state: ``stratonovich``, as in Brian2, or ``ito``."""
    sampling: Any = None
    """The sampling step of ``randn()`` and ``rand()``: how long each number is held; None: `SAMPLING`. It belongs to
    the model, as in Brian2, where it is the group's dt: it is the same for every time step of a method."""
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Named sets of parameters; a value for the input is the preset's own `drive`."""
    preset: str = ""
    """The preset from which `parameters` come, if any."""
    published: str = ""
    """The equations in the form of the paper, if `equations` had to differ from it (to avoid a removable singularity).
    They are counted as written and never run; a test checks that the two forms are equal."""
    tables: TableGrid | None = None
    """The voltages of the lookup tables for rates; None if rates are computed. See `tabulated`."""
    published_costs: Mapping[str, PublishedCost] = field(default_factory=dict)
    """The cost of this model as stated by the source of each convention."""
    description: str = ""
    """One line of text."""
    source: str = ""
    """Paper and equation numbers."""

    def __post_init__(self) -> None:
        for field_name in ("name", "equations", "threshold", "reset", "input", "published"):
            if not isinstance(getattr(self, field_name), str):
                raise UserError(f"a model's {field_name} is text, not {getattr(self, field_name)!r}")
        for what, name in (("model", self.name), *(("preset", preset) for preset in self.presets)):
            well_formed = str(name).replace("_", "a").isalnum() and (what != "model" or name.isidentifier())
            if not well_formed or len(str(name)) > LONGEST_NAME:
                with at(*(("name",) if what == "model" else ("presets", str(name)))):
                    raise UserError(f"{what} name '{short(str(name))}': use up to {LONGEST_NAME} letters, digits and _")
        for name in ("parameters", "constants", "initial"):
            with at(name):
                object.__setattr__(self, name, _read(getattr(self, name), self.name, text_allowed=name == "initial"))
        with at("arrivals"):
            object.__setattr__(self, "arrivals", given_arrivals(self.arrivals, self.name))
        presets = {}
        for preset, values in self.presets.items():
            with at("presets", preset):
                presets[preset] = _read(values, f"{self.name}: preset '{preset}'", text_allowed=False)
        object.__setattr__(self, "presets", presets)
        if self.interpretation not in INTERPRETATIONS:
            raise UserError(
                f"{self.name}: interpretation = {short(repr(self.interpretation))}; "
                f"give {' or '.join(map(repr, INTERPRETATIONS))}"
            )
        for name in ("drive", "refractory", "sampling"):
            value = getattr(self, name)
            if value is not None and not (name == "refractory" and isinstance(value, str)):
                with at(name):
                    object.__setattr__(self, name, units.one_given(value, f"{self.name}: {name}"))
        self._check()

    def __repr__(self) -> str:
        return f"<NeuronModel {self.label}>"

    @property
    def label(self) -> str:
        """Name and preset, as users type them: ``izhikevich:CH``."""
        return f"{self.name}:{self.preset}" if self.preset else self.name

    def with_preset(self, preset: str) -> NeuronModel:
        """Return the model with the parameters of a preset.

        Raises
        ------
        UserError
            If there is no such preset.
        """
        if preset not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise UserError(f"unknown preset '{short(preset)}' of {self.name}: known are {known}")
        chosen = dict(self.presets[preset])
        drive = chosen.pop(self.input, self.drive)
        try:
            return self.replace(parameters={**self.parameters, **chosen}, drive=drive, preset=preset)
        except UserError as error:
            said = str(error).removeprefix(f"{self.name}: ")
            wrong = UserError(f"{self.name}: preset '{preset}': {said}")
            inner = {"parameters": error.place[1:], "drive": (self.input,)}.get(str(next(iter(error.place), "")), ())
            wrong.place = ("presets", preset, *inner)
            raise wrong from None

    def replace(self, **changes: Any) -> NeuronModel:
        """Return the model with some fields changed."""
        return dataclasses.replace(self, **changes)

    def tabulated(self, step: Any, low: Any = -100 * brian2.mV, high: Any = 100 * brian2.mV) -> NeuronModel:
        """Return the model with its rates taken from lookup tables over the voltage; see `tables`.

        It has the same initial state and the same reference solution as this model: table interpolation error counts
        as error.

        Parameters
        ----------
        step, low, high : Quantity
            Distance between the voltages of the tables, the first voltage and the last voltage; as in NEURON's
            ``TABLE ... FROM low TO high``.

        Raises
        ------
        UserError
            If nothing that depends only on the voltage is more expensive than a lookup, or the step does not divide the
            range.
        """
        name = self.name if self.tables else f"{self.name}_tables"
        return self.replace(name=name, tables=TableGrid(step, low, high), published_costs={})

    @cached_property
    def exact(self) -> NeuronModel:
        """The model that this model approximates by tables; the model itself if it has no tables."""
        return self.replace(tables=None) if self.tables else self

    @cached_property
    def system(self) -> System:
        """The mathematics in internal units."""
        system = _system(self, "equations")
        return tabulate(system, self.tables, self.name) if self.tables else system

    @cached_property
    def system_as_published(self) -> System:
        """The mathematics in the form of the paper; with tables, the form that looks rates up."""
        return _system(self, "published") if self.published and not self.tables else self.system

    @property
    def content(self) -> str:
        """Everything that a solution depends on, as text: models with the same text have the same solutions."""
        numbers = {**self.parameter_values, **self.initial_values}
        constants = {name: float(units.internal(value)) for name, value in sorted(self.constants.items())}
        arrivals = (repr(dict(self.arrivals)),) if self.arrivals else ()
        random = (self.interpretation, repr(self.sampling_ms)) if self.system.random else ()
        return "\n".join(
            (
                *random,
                *arrivals,
                self.equations,
                self.threshold,
                self.reset,
                str(self.refractory),
                self.input,
                repr(self.refractory_ms),
                repr(numbers),
                repr(constants),
            )
        )

    @property
    def definition(self) -> str:
        """Everything that is run and counted, as text: `content`, the form of the paper, and the tables of rates.

        The reference solution of a model with tables uses the exact rates, so `content` does not include the tables.
        """
        grid = self.tables
        tables = [float(units.internal(value)) for value in (grid.step, grid.low, grid.high)] if grid else None
        return "\n".join((self.content, self.published, repr(tables)))

    @property
    def input_dimension(self) -> Dimension:
        """The dimension of the input; that of a pure number for a model without input."""
        return self.system.dimensions[self.input] if self.input else units.DIMENSIONLESS

    @cached_property
    def refractory_time(self) -> Any:
        """The refractory time, a quantity; None if there is none, or if it is not constant (`System.refractory`)."""
        if not isinstance(self.refractory, str):
            return self.refractory
        with at("refractory"):
            return constant_time(self.refractory, self.constants, f"{self.name}: refractory")

    @property
    def refractory_ms(self) -> float:
        """`refractory_time` in ms; 0 if there is none."""
        return 0.0 if self.refractory_time is None else float(units.internal(self.refractory_time))

    @property
    def sampling_ms(self) -> Fraction:
        """The sampling step of ``randn()`` and ``rand()`` in ms."""
        return units.in_ms(SAMPLING if self.sampling is None else self.sampling, f"{self.name}: sampling")

    @property
    def spike_is_crossing(self) -> bool:
        """Whether the variable must return below threshold before the next spike, as in models without reset."""
        return self.system.is_crossing

    @property
    def is_refractory_at_times(self) -> bool:
        """Whether a spike makes the neuron refractory, for a time or until a condition no longer holds."""
        return bool(self.refractory_ms) or self.system.refractory is not None

    @property
    def spike_interrupts(self) -> bool:
        """Whether the solution is interrupted at a spike: by a reset, or by the start of a refractory time."""
        return bool(self.system.reset) or self.is_refractory_at_times

    @property
    def moves_while_refractory(self) -> bool:
        """Whether the threshold may be crossed while the neuron is refractory; then a spike occurs when that ends."""
        threshold = self.system.threshold
        return self.is_refractory_at_times and not threshold.names & set(self.system.state) <= self.system.held

    @property
    def steps_start_below(self) -> bool:
        """Whether a step that ends above the threshold always starts below it.

        This is not so if the threshold may be crossed while the neuron is refractory, or if the initial state is above
        the threshold. Then the spike occurs at the start of the step.
        """
        threshold, start = self.system.threshold, {**self.parameter_values, **self.initial_values}
        if threshold.condition is None:
            starts_above = start[threshold.variable] > evaluate(threshold.level, start, FLOATS)
        else:
            starts_above = bool(evaluate(threshold.condition, start, FLOATS))
        return not (self.moves_while_refractory or (starts_above and self.spike_interrupts))

    @cached_property
    def parameter_values(self) -> dict[str, float]:
        """Declared parameters in internal units, in the order of `System.parameters`."""
        return {name: float(units.internal(self.parameters[name])) for name in self.system.parameters}

    @cached_property
    def initial_values(self) -> dict[str, float]:
        """Initial state in internal units, in the order of `System.state`."""
        return dict(self._initial_values)

    @cached_property
    def _initial_values(self) -> dict[str, float]:
        if self.tables:
            return self.exact.initial_values
        system = self.system
        values: dict[str, float] = dict(self.parameter_values)
        waiting: dict[str, Expr] = {}
        for name in system.state:
            if name in OF_TIME and name not in self.initial:
                values[name] = 0.0 if name == TIME else NEVER
                continue
            given = self.initial[name]
            if isinstance(given, str):
                waiting[name] = self._initial_expression(name)
            else:
                values[name] = float(units.internal(given))
        # an initial value may use parameters, subexpressions and other initial values, in any order without cycles
        waiting |= system.subexpressions
        needed = {name: names(value) for name, value in waiting.items()}
        while waiting:
            ready = [name for name in waiting if needed[name] <= values.keys()]
            if not ready:
                break  # only subexpressions that use the input are left: no initial value needs them
            for name in ready:
                value = waiting.pop(name)
                try:
                    values[name] = evaluate(value, values, FLOATS)
                except (ArithmeticError, ValueError) as error:
                    if name in system.state:
                        with at("initial", name):
                            raise UserError(
                                f"{self.name}: initial value of '{name}': {error.args[-1]}; give a number"
                            ) from None
        missing = [name for name in system.state if name not in values]
        if missing:
            with at("initial", missing[0]):
                raise UserError(
                    f"{self.name}: initial values of {', '.join(missing)} depend on each other or on the "
                    "input; give numbers or quantities"
                )
        return {name: values[name] for name in system.state}

    def _initial_expression(self, name: str) -> Expr:
        with at("initial", name):
            return language.parse(
                self.initial[name], self.system.dimensions, self.constants, f"{self.name}: initial value of '{name}'"
            )

    def _check(self) -> None:
        where = self.name
        for name in self.constants:
            with at("constants", name):
                check_name(name, f"{where}: the constant")
        system = self.system
        for name in system.dimensions:
            if name not in OF_TIME:
                with at("equations", name):
                    check_name(name, f"{where}: the name")
        for name in self.constants:
            if name in system.dimensions:
                with at("constants", name):
                    raise UserError(
                        f"{where}: the constant '{name}' is also declared in the equations; remove one of them"
                    )
        _same_names(self.parameters, system.parameters, where, "parameters", system)
        # a run that goes on from another one begins at another time
        begins = tuple(name for name in system.state if name not in OF_TIME or name in self.initial)
        _same_names(self.initial, begins, where, "initial", system)
        for field_name in ("parameters", "initial"):
            for name, given in getattr(self, field_name).items():
                with at(field_name, name):
                    self._check_value(name, given)
        if self.drive is not None and not self.input:
            with at("drive"):
                raise UserError(f"{where}: drive = {self.drive}, but the model has no input; give input=")
        if self.drive is not None and get_dimensions(self.drive) is not self.input_dimension:
            with at("drive"):
                raise UserError(
                    f"{where}: drive = {self.drive} has the wrong unit, "
                    f"expected {units.unit_name(self.input_dimension)}"
                )
        if self.input and not _needed(system, self.input):
            with at("equations", self.input):
                raise UserError(
                    f"{where}: no equation uses the input '{self.input}', so nothing drives the model; use "
                    "it in an equation, or give input= another parameter"
                )
        published = self.system_as_published
        if {*published.state, *published.parameters} != {*system.state, *system.parameters}:
            raise UserError(
                f"{where}: published and equations have different variables or parameters; give both the same"
            )
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
            _ = self.sampling_ms
        with at("refractory"):
            self._check_refractory()
        with at("reset"):
            self._check_reset()
        with at("arrivals"):
            check_arrivals(system, where)

    def _check_value(self, name: str, given: Any) -> None:
        """Refuse a parameter or an initial value that has the wrong unit."""
        dimension = self.system.dimensions[name]
        if isinstance(given, str):
            where = f"{self.name}: initial value of '{name}'"
            language.parse(given, set(self.system.dimensions), self.constants, where)
            language.check_units(given, self.system.dimensions, self.constants, dimension, where)
        elif get_dimensions(given) is not dimension:
            raise UserError(
                f"{self.name}: '{name}' = {given} has the wrong unit, expected {units.unit_name(dimension)}"
            )

    def _check_refractory(self) -> None:
        if self.system.refractory is not None:
            where = f"{self.name}: refractory = '{short(self.refractory)}'"
            known = {*self.system.parameters, *self.system.state}
            check_refractory(self.system.refractory, known, self.parameter_values, where)
        elif self.refractory_time is not None:
            units.in_ms(self.refractory_time, f"{self.name}: refractory")
        elif self.refractory is None and not any(name not in OF_TIME for name, _ in self.system.reset):
            raise UserError(
                f"{self.name}: without a reset every step above threshold would be a spike; "
                f"give refractory='{short(self.threshold)}'"
            )

    def _check_reset(self) -> None:
        """Refuse a reset to a value above threshold if nothing delays the next spike: spikes would never end."""
        test = self.system.threshold
        values: dict[str, Expr] = {name: Var(name) for name in self.system.state}
        for name, value in self.system.reset:
            values[name] = substitute(value, values)
        still = substitute(test.holds, values)
        if names(still) - set(self.system.parameters) or self.moves_while_refractory:
            return  # the value depends on the state at the spike, or time passes before the next spike
        try:
            ends = not evaluate(still, self.parameter_values, FLOATS)
            v = evaluate(values[test.variable], self.parameter_values, FLOATS)
        except (ArithmeticError, ValueError) as error:
            raise UserError(f"{self.name}: reset or threshold: {error.args[-1]}; change the numbers in them") from None
        if not ends:
            unit = units.unit_name(self.system.dimensions[test.variable]).removeprefix("1")
            raise UserError(
                f"{self.name}: reset: '{short(self.reset)}' leaves {test.variable} at {v:g} {unit}".rstrip()
                + f", where '{short(self.threshold)}' still holds, so that spikes never end; "
                "reset it below the threshold"
            )


def _needed(system: System, name: str) -> bool:
    """Whether a derivative depends on a name."""
    needed = names(*system.derivatives.values())
    for subexpression in reversed(list(system.subexpressions)):
        if subexpression in needed:
            needed |= names(system.subexpressions[subexpression])
    return name in needed


def _read(given: Mapping[str, Any], where: str, text_allowed: bool) -> dict[str, Any]:
    """Return the values that a user gave as numbers and Brian2 quantities; text is returned unchanged."""
    found = {}
    for name, value in given.items():
        with at(name):
            is_text = text_allowed and isinstance(value, str)
            found[name] = value if is_text else units.one_given(value, f"{where}: '{name}'")
    return found


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


def _system(model: NeuronModel, field_name: str) -> System:
    """Read a model's `equations`, or its `published` ones."""
    with at(field_name):
        equations = language.read(getattr(model, field_name), model.constants, model.name)
    parameters = [name for name, each in equations.items() if each.kind == PARAMETER]
    if model.input and model.input not in parameters:
        with at("input"):
            raise UserError(
                f"{model.name}: the input '{short(model.input)}' is not declared in the equations; "
                f"add a line such as {short(model.input)} : 1"
            )
    dimensions = {name: each.dimension for name, each in equations.items()}
    random = language.random_inputs(getattr(model, field_name))
    found = {name: each.value for name, each in equations.items() if each.value is not None}
    for name in equations.keys() & set(OF_TIME):
        with at(field_name, name):
            check_name(name, f"{model.name}: the variable")
    state = tuple(name for name in found if equations[name].kind == DIFFERENTIAL)
    known = dimensions | dict.fromkeys(OF_TIME, units.MS)
    in_equations = known | {name: DIMENSIONS[kind] for name, kind in random.items()}
    in_equations |= {NOT_REFRACTORY: units.DIMENSIONLESS}
    for name in found:
        expected = dimensions[name] / units.MS if name in state else dimensions[name]
        with at(field_name, name):
            language.check_units(
                equations[name].text, in_equations, model.constants, expected, f"{model.name}: equation of '{name}'"
            )
    subexpressions = language.subexpression_order(found, found.keys() - set(state))
    found, subexpressions = without_noise(found, subexpressions, random)
    free = waiting = with_refractoriness(found, subexpressions, not_refractory=True)
    if NOT_REFRACTORY in names(*found.values()):
        waiting = with_refractoriness(found, subexpressions, not_refractory=False)
    with at("reset"):  # a spike makes the neuron refractory before the reset
        now = {NOT_REFRACTORY: Const(Fraction(0))}
        reset = language.statements(model.reset, state, known, model.constants, f"{model.name}: reset", values=now)
    with at("threshold"):
        threshold = read_threshold(
            model.threshold,
            (*state, *OF_TIME),
            known,
            model.constants,
            where=f"{model.name}: threshold",
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
                model.refractory, known, model.constants, where=f"{model.name}: refractory", opened=waiting.opened
            )
        moving = set(state) - held - waiting.constant(state) | targets_of(model.arrivals)
        duration = refractory(read, moving, threshold.holds, resets=bool(reset))
    used = names(*found.values(), threshold.holds, *statements, *(duration.needs if duration else ())) & set(OF_TIME)
    own = {TIME: Const(Fraction(1))} if used else {}  # the time is a variable that changes by 1 ms per ms
    if LAST_SPIKE in used:
        own[LAST_SPIKE] = Const(Fraction(0))
        reset = [(LAST_SPIKE, Var(TIME)), *reset]
    state, dimensions = (*state, *own), dimensions | dict.fromkeys(own, units.MS)

    resets = tuple((name, substitute(value, waiting.opened)) for name, value in reset)
    arrivals = read_arrivals(
        model.arrivals, state, dimensions, model.constants, model=model.name, sides=(free, waiting)
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
            diffusion=diffusion(opened, random, model.name),
            refractory=duration,
            is_crossing=ends_by_text and duration is None,
        )

    return system(free) if waiting is free else replace(system(free), waiting=system(waiting))
