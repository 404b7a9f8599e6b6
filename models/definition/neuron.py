"""The definition of a neuron model: written once, in Brian2's language."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import brian2
from brian2.units.fundamentalunits import Dimension

from ..algebra.expression import FLOATS, Expr, evaluate, names
from ..algebra.system import System
from ..ground.errors import UserError, at, short
from ..ground.registry import known_are
from .checks import check_definition, check_published
from .language import equations as language
from .language import units
from .language.names import NEVER, OF_TIME, TIME
from .mathematics import read_system
from .parts.refractoriness import is_refractory_at_times, moves_while_refractory
from .parts.tables import TableGrid, tabulate
from .written import WrittenModel


@dataclass(frozen=True, eq=False)
class NeuronModel(WrittenModel):
    """A spiking-neuron model.

    Runs, counts, reference solutions and comparisons are all derived from this definition; Brian2 runs it unchanged.

    Raises
    ------
    UserError
        If Brian2 cannot read the equations, units do not fit, or a value is missing.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        check_definition(self, self.system)
        check_published(self, self.system, self.system_as_published)

    def __repr__(self) -> str:
        return f"<NeuronModel {self.label}>"

    def with_preset(self, preset: str) -> NeuronModel:
        """Return the model with the parameters of a preset.

        Raises
        ------
        UserError
            If there is no such preset.
        """
        if preset not in self.presets:
            raise UserError(f"unknown preset '{short(preset)}' of {self.name}: {known_are(preset, self.presets)}")
        chosen = dict(self.presets[preset])
        drive = chosen.pop(self.input, self.drive)
        try:
            return self.replace(parameters={**self.parameters, **chosen}, drive=drive, preset=preset)
        except UserError as error:
            inner = {"parameters": error.place[1:], "drive": (self.input,)}.get(str(next(iter(error.place), "")), ())
            error.place = ("presets", preset, *inner)
            raise

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

    @property
    def spike_is_crossing(self) -> bool:
        """Whether the variable must return below threshold before the next spike, as in models without reset."""
        return self.system.is_crossing

    @property
    def is_refractory_at_times(self) -> bool:
        """Whether a spike makes the neuron refractory, for a time or until a condition no longer holds."""
        return is_refractory_at_times(self.system, self.refractory_ms)

    @property
    def spike_interrupts(self) -> bool:
        """Whether the solution is interrupted at a spike: by a reset, or by the start of a refractory time."""
        return bool(self.system.reset) or self.is_refractory_at_times

    @property
    def moves_while_refractory(self) -> bool:
        """Whether the threshold may be crossed while the neuron is refractory; then a spike occurs when that ends."""
        return moves_while_refractory(self.system, self.refractory_ms)

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
        return self.values_of(self.system.parameters)

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
                                f"{self.label}: initial value of '{name}': {error.args[-1]}; give a number"
                            ) from None
        missing = [name for name in system.state if name not in values]
        if missing:
            with at("initial", missing[0]):
                raise UserError(
                    f"{self.label}: initial values of {', '.join(missing)} depend on each other or on the "
                    "input; give numbers or quantities"
                )
        return {name: values[name] for name in system.state}

    def _initial_expression(self, name: str) -> Expr:
        with at("initial", name):
            return language.parse(
                self.initial[name], self.system.dimensions, self.constants, f"{self.label}: initial value of '{name}'"
            )
