"""The definition of a neuron model: written once, in Brian2's language."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import brian2
from brian2.units.fundamentalunits import Dimension

from ..algebra.expression import FLOATS, Expr, evaluate, names
from ..algebra.system import System
from ..ground.errors import UserError, at, check_kind, check_mapping, check_text, short
from .checks import check_definition
from .language import equations as language
from .language import units
from .language.names import LONGEST_NAME, NEVER, OF_TIME, TIME
from .mathematics import read_system
from .parts.arrivals import given_arrivals
from .parts.published_cost import PublishedCost
from .parts.random_inputs import INTERPRETATIONS, SAMPLING, STRATONOVICH
from .parts.refractoriness import constant_time
from .parts.tables import TableGrid, tabulate

#: Fields of a model that are mappings, with an example of each.
_MAPPINGS = {
    "parameters": "{'tau': 20*ms}",
    "constants": "{'tau': 20*ms}",
    "initial": "{'v': -65*mV}",
    "presets": "{'fast': {'tau': 2*ms}}",
}


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
        for field_name, example in _MAPPINGS.items():
            with at(field_name):
                check_mapping(getattr(self, field_name), f"{short(self.name)}: {field_name}", example)
        with at("presets"):
            for preset, values in self.presets.items():
                check_mapping(values, f"{short(self.name)}: preset {short(str(preset))}", "{'a': 0.1}")
        with at("interpretation"):
            check_text(self.interpretation, f"{short(self.name)}: interpretation", STRATONOVICH)
        if self.tables is not None:
            check_kind(
                self.tables, TableGrid, f"{short(self.name)}: tables", "a TableGrid, or use model.tabulated(...)"
            )
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
        check_definition(self)

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
        system = read_system(self, "equations")
        return tabulate(system, self.tables, self.name) if self.tables else system

    @cached_property
    def system_as_published(self) -> System:
        """The mathematics in the form of the paper; with tables, the form that looks rates up."""
        return read_system(self, "published") if self.published and not self.tables else self.system

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


def _read(given: Mapping[str, Any], where: str, text_allowed: bool) -> dict[str, Any]:
    """Return the values that a user gave as numbers and Brian2 quantities; text is returned unchanged."""
    found = {}
    for name, value in given.items():
        with at(name):
            is_text = text_allowed and isinstance(value, str)
            found[name] = value if is_text else units.one_given(value, f"{where}: '{name}'")
    return found
