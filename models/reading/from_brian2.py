"""A model made from a user's Brian2 group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
from brian2.core.base import BrianObject
from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, Function
from brian2.core.namespace import DEFAULT_UNITS, get_local_namespace
from brian2.core.variables import Constant, Variable
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException
from brian2.units.fundamentalunits import Quantity, get_dimensions
from brian2.utils.stringtools import get_identifiers

from ..algebra.expression import FLOATS, evaluate
from ..definition.neuron import NeuronModel
from ..ground.errors import UserError
from ..language import equations as language
from ..language import grammar, units
from ..language.dimensions import unit_called
from ..methods import METHODS
from .timed_arrays import take_out

#: Brian2 objects that spike but are not a group of point neurons with equations.
_NOT_A_GROUP = {
    "SpatialNeuron": "it has compartments, and spikecost runs point neurons; give a NeuronGroup",
    "SpatialSubgroup": "it has compartments, and spikecost runs point neurons; give a NeuronGroup",
    "Subgroup": "give the whole group, and which of its neurons with index=",
    "Synapses": "spikecost runs one neuron alone, without synapses and their delays; give the NeuronGroup",
    "PoissonGroup": "it has no equations; give a NeuronGroup",
    "SpikeGeneratorGroup": "it has no equations; give a NeuronGroup",
    "Network": "give one of its NeuronGroups",
}
_BRIAN2S_OWN = {
    "t": "replace what depends on time by a parameter, and drive that with a stimulus",
    "rand": "spikecost compares spike times, and random numbers have none to compare",
    "randn": "spikecost compares spike times, and random numbers have none to compare",
    "poisson": "spikecost compares spike times, and random numbers have none to compare",
}


@dataclass(frozen=True)
class Brian2Settings:
    """How a group runs in Brian2, in spikecost's terms."""

    method: str
    detection: str
    """``grid_start``: Brian2 finds a spike at the end of a step and labels it with the start of the step."""
    dt: Any
    """The time step, a quantity."""


def from_brian2(
    group: brian2.NeuronGroup,
    input: str | None = None,  # noqa: A002
    *,
    index: int = 0,
    name: str | None = None,
    namespace: Mapping[str, Any] | None = None,
) -> NeuronModel:
    """Make a model from a Brian2 group.

    Names that the group does not declare are searched in the same order as in Brian2: units and functions, the group's
    namespace, then `namespace`. The model gets the parameters and the current state of the group. A parameter that the
    reset changes becomes a variable that is constant between spikes. A TimedArray in the equations, ``stimulus(t)``, is
    the model's input: `harness.stimuli.stimulus_from_brian2` makes a stimulus from it. `settings_from_brian2` returns
    the method and dt.

    Quantities of other libraries (pint, numpy, pandas ...) are converted exactly where the equations name them. A value
    that was assigned to a variable of the group, or put into a TimedArray, is already a plain number of Brian2: where
    Brian2 expects a pure number, it drops the unit of another library without a warning.

    Parameters
    ----------
    group : brian2.NeuronGroup
    input : str, optional
        The declared parameter, or the constant, that the stimulus drives; by default the TimedArray, or ``I``.
    index : int
        The neuron whose values are used.
    name : str, optional
        Name of the model; by default the name of the group.
    namespace : mapping, optional
        The namespace that Brian2's ``run`` would get; by default the names at the place of the call.

    Raises
    ------
    UserError
        If the group has something that spikecost does not run: synapses, compartments, noise, time, other events,
        linked variables, operations in addition to its equations, a threshold that is not a variable above a level.
    """
    found = _Group(group, get_local_namespace(level=1) if namespace is None else namespace, index)
    return found.model(input, name or group.name)


def settings_from_brian2(group: brian2.NeuronGroup, *, namespace: Mapping[str, Any] | None = None) -> Brian2Settings:
    """Return the method and dt with which a group runs; the parameters are those of `from_brian2`.

    Raises
    ------
    UserError
        As `from_brian2`, or if spikecost has no such method.
    """
    found = _Group(group, get_local_namespace(level=1) if namespace is None else namespace, 0)
    return Brian2Settings(found.method(), "grid_start", group.clock.dt)


class _Group:
    def __init__(self, group: Any, namespace: Mapping[str, Any], index: int) -> None:
        kind = type(group).__name__
        if not isinstance(group, brian2.NeuronGroup) or kind in _NOT_A_GROUP:
            raise UserError(
                f"cannot convert {getattr(group, 'name', repr(group))} ({kind}): "
                f"{_NOT_A_GROUP.get(kind, 'give a Brian2 NeuronGroup')}"
            )
        if not isinstance(index, int | np.integer) or not 0 <= index < len(group):
            raise UserError(f"{group.name} has {len(group)} neurons; give an index below that, not {index!r}")
        self._group = group
        self._index = index
        self._namespace = namespace
        self._equations, self._timed = take_out(group.user_equations, self._resolved, group.name)
        self._reset = _text(group.event_codes.get("spike", ""))
        self._refuse_what_is_beside_the_equations()
        texts = [equation.expr.code for equation in self._equations.values() if equation.expr is not None]
        texts += [group.events["spike"], self._reset]
        texts += [group._refractory] if isinstance(group._refractory, str) else []
        self._used = {identifier for text in texts for identifier in get_identifiers(text)}
        # a name that a reset assigns and that is not declared is a temporary variable
        self._used -= _assigned(self._reset) - set(self._equations.names) - set(group.variables)
        self._constants = self._constants_among(self._used - set(self._equations.names))

    def model(self, given_input: str | None, name: str) -> NeuronModel:
        equations, group = self._equations, self._group
        wanted = self._input(given_input)
        assigned = _assigned(self._reset)
        lines, parameters, state = [], [], []
        for variable in equations:
            line = self._line(equations[variable], variable in assigned and variable != wanted)
            if not line:
                continue
            lines.append(line)
            if line.startswith(f"d{variable}/dt"):
                state.append(variable)
            elif equations[variable].type == PARAMETER and variable != wanted:
                parameters.append(variable)
        if wanted in self._constants:
            lines.append(f"{wanted} : {units.dimension_text(get_dimensions(self._constants[wanted]))}")
        drive = None if self._timed else self.value(wanted)
        return NeuronModel(
            name=name,
            description=f"the Brian2 group {group.name}" + (f", neuron {self._index}" if len(group) > 1 else ""),
            equations="\n".join(lines),
            threshold=_text(group.events["spike"]),
            reset=self._reset,
            refractory=self._refractory({variable: self.value(variable) for variable in parameters}),
            parameters={variable: self.value(variable) for variable in parameters},
            constants={constant: value for constant, value in self._constants.items() if constant != wanted},
            initial={variable: self.value(variable) for variable in state},
            input=wanted,
            drive=drive if drive is not None and float(drive) else None,
        )

    def method(self) -> str:
        """Return spikecost's name of the method that Brian2 uses."""
        group = self._group
        variables = dict(group.variables) | {
            name: self._resolved(name) for name in group.equations.identifiers - set(group.variables)
        }
        choices = group.method_choice
        choices = [choices] if isinstance(choices, str) or callable(choices) else choices
        reason = "no method is given"
        for choice in choices:
            try:
                StateUpdateMethod.apply_stateupdater(group.equations, variables, choice, group_name=group.name)
            except UnsupportedEquationsException as error:
                reason = " ".join(str(error).split()).rstrip(".")
                continue
            name = "exact" if choice == "linear" else choice if isinstance(choice, str) else type(choice).__name__
            ours = {method.brian2: method.name for method in METHODS.values() if method.brian2}
            if name in ours:
                return ours[name]
            raise UserError(f"{group.name}: spikecost has no method like Brian2's '{name}'; it has {', '.join(ours)}")
        asked = ", ".join(map(str, choices))
        raise UserError(
            f"{group.name}: Brian2 cannot integrate its equations with the method {asked} ({reason}); give "
            "the group another"
        )

    def value(self, variable: str) -> Any:
        """Return the value of a variable of the group, for the chosen neuron."""
        if variable in self._constants:
            return self._constants[variable]
        numbers = np.atleast_1d(self._group.variables[variable].get_value())
        return Quantity.with_dimensions(
            float(numbers[self._index if len(numbers) > 1 else 0]), self._equations[variable].dim
        )

    def _refuse_what_is_beside_the_equations(self) -> None:
        group = self._group
        if "not_refractory" in group.variables and not group.variables["not_refractory"].get_value()[self._index]:
            raise UserError(f"{group.name} is refractory now, but a model cannot start so; convert it before it runs")
        others = [event for event in group.events if event != "spike"]
        if others:
            raise UserError(
                f"{group.name}: the event{'s'[: len(others) > 1]} {', '.join(others)} in addition to "
                "the spike cannot be run; leave them out"
            )
        if "spike" not in group.events:
            raise UserError(
                f"{group.name} has no threshold, so that it never spikes; give one such as threshold='v > 30*mV'"
            )
        if self._equations.is_stochastic:
            names = ", ".join(sorted(self._equations.stochastic_variables))
            raise UserError(
                f"{group.name}: the equations are stochastic ({names}); spikecost compares spike times, "
                "and noise has none to compare: drive the model with a frozen input instead"
            )
        known = [
            *group.thresholder.values(),
            *group.resetter.values(),
            group.state_updater,
            group.subexpression_updater,
        ]
        for other in group.contained_objects:
            if all(other is not each for each in known):
                code = _text(getattr(other, "abstract_code", None) or "")
                raise UserError(
                    f"{group.name}: the operation '{other.name}' ({code}) outside the equations cannot "
                    "be run; write it into the equations or the reset"
                )
        for other in _instances():
            onto = other.target if isinstance(other, brian2.Synapses) else other._group
            if onto is group:
                raise UserError(
                    f"{group.name} is the target of {other.name}; spikecost runs one neuron alone, without "
                    "synapses and their delays: convert the group before it is connected"
                )
        for variable in self._equations:
            flags = {"linked", "constant over dt"} & set(self._equations[variable].flags)
            if flags:
                raise UserError(
                    f"{group.name}: '{variable}' is ({flags.pop()}), which cannot be run; write it into the equations"
                )

    def _constants_among(self, identifiers: Iterable[str]) -> dict[str, Any]:
        group, constants = self._group, {}
        for identifier in sorted(identifiers):
            if identifier in _BRIAN2S_OWN:
                raise UserError(
                    f"{group.name}: '{identifier}' in the equations cannot be run: {_BRIAN2S_OWN[identifier]}"
                )
            if identifier in group.variables:
                raise UserError(
                    f"{group.name}: Brian2's own variable '{identifier}' in the equations cannot be run; "
                    "write the equations without it"
                )
            value = self._resolved(identifier)
            if value is None:
                raise UserError(
                    f"{group.name}: '{identifier}' is neither in the equations nor where you call "
                    f"from_brian2; define it, or give namespace={{'{identifier}': ...}}"
                )
            if isinstance(value, brian2.TimedArray):
                raise UserError(
                    f"{group.name}: the TimedArray '{identifier}' in the threshold, reset or "
                    "refractoriness cannot be run; write a parameter or a number in its place"
                )
            if identifier in DEFAULT_CONSTANTS or unit_called(identifier) is not None:
                continue  # the equations know it
            if isinstance(value, Constant):
                constants[identifier] = Quantity.with_dimensions(value.value, value.dim)
            elif not isinstance(value, Function):
                raise UserError(f"{group.name}: '{identifier}' is {value!r}, where one number or quantity is expected")
        return constants

    def _resolved(self, identifier: str) -> Any:
        """Return the object of a name that the equations do not declare; None if there is none."""
        if identifier in _BRIAN2S_OWN or identifier in self._group.variables:
            return None
        found = self._converted(identifier)
        if found is not None:
            return found
        try:
            return self._group.resolve_all([identifier], self._namespace, user_identifiers=set())[identifier]
        except KeyError:
            return None

    def _converted(self, identifier: str) -> Constant | None:
        """Return the number or quantity of a name that Brian2 does not define; None if there is none.

        Brian2 uses only the number of another library's quantity, or ignores it and uses another meaning of the name.
        """
        if any(identifier in names for names in (DEFAULT_CONSTANTS, DEFAULT_UNITS, DEFAULT_FUNCTIONS)):
            return None
        for names in (self._group.namespace or {}, self._namespace):
            value = names.get(identifier)
            if isinstance(value, Variable | bool | np.bool_) or callable(value):
                return None
            if value is not None:
                number = units.one_given(value, f"{self._group.name}: '{identifier}'")
                return Constant(identifier, np.asarray(number), get_dimensions(number))
        return None

    def _input(self, given: str | None) -> str:
        if self._timed:
            if given not in (None, self._timed):
                raise UserError(
                    f"{self._group.name}: the TimedArray is the input, '{self._timed}', so '{given}' "
                    "cannot be an input too; write a parameter in place of the TimedArray"
                )
            return self._timed
        declared = [
            variable
            for variable in self._equations
            if self._equations[variable].type == PARAMETER and variable in self._used
        ]
        wanted = given or "I"
        if wanted in declared or (given and wanted in self._constants):
            return wanted
        candidates = [*declared, *(name for name in self._constants if name not in declared)]
        what = f"'{given}' is not a parameter or constant of the equations" if given else "no parameter is named I"
        if not candidates:
            raise UserError(
                f"{self._group.name}: {what}, and there is none that a stimulus could drive; add one to the equations"
            )
        raise UserError(
            f"{self._group.name}: {what}; say which one the stimulus drives, input='{candidates[0]}' "
            f"(on the command line: --input {candidates[0]}), or one of {', '.join(candidates)}"
        )

    def _line(self, equation: Any, changed_by_reset: bool) -> str:
        """Write an equation without the flags that a single neuron does not need; empty if it is not used."""
        unit, name = units.dimension_text(equation.dim), equation.varname
        if equation.type == DIFFERENTIAL_EQUATION:
            flag = " (unless refractory)" if "unless refractory" in equation.flags else ""
            return f"d{name}/dt = {_text(equation.expr.code)} : {unit}{flag}"
        if equation.type != PARAMETER:
            return f"{name} = {_text(equation.expr.code)} : {unit}"
        if changed_by_reset:
            return f"d{name}/dt = 0*{unit}/second : {unit}" if unit != "1" else f"d{name}/dt = 0/second : 1"
        if name not in self._used:
            return ""
        if equation.var_type == "boolean":
            raise UserError(
                f"{self._group.name}: the parameter '{name}' is boolean, which cannot be run; declare a number"
            )
        return f"{name} : {unit}"

    def _refractory(self, parameters: Mapping[str, Any]) -> Any:
        given = self._group._refractory
        if given is False:
            return None
        if not isinstance(given, str):
            time = units.one_given(given, f"{self._group.name}: refractory")
            return time if float(time) else None
        known = {**self._constants, **parameters}
        if get_identifiers(given) & (set(self._equations.names) - set(parameters)):
            return _text(given)  # a condition: NeuronModel checks whether it can be run
        expression = language.parse(given, set(), known, f"{self._group.name}: refractory")
        language.check_units(given, {}, known, units.MS, f"{self._group.name}: refractory")
        try:
            return units.quantity(evaluate(expression, {}, FLOATS), units.MS)
        except (ArithmeticError, ValueError) as error:
            raise UserError(
                f"{self._group.name}: refractory = '{given}' is not a time: {error.args[-1]}; change its numbers"
            ) from None


def _text(code: str) -> str:
    """Return code as one line without comments."""
    lines = (line.partition("#")[0].strip() for line in code.splitlines())
    return "; ".join(line for line in lines if line)


def _assigned(statements: str) -> set[str]:
    """Return the names that statements change."""
    try:
        return {target for target, _, _ in grammar.statements(statements)}
    except grammar.Unreadable:
        return set()  # NeuronModel refuses it


def _instances() -> list[Any]:
    """Return all objects that can act on groups from outside."""
    found = [reference() for reference in BrianObject.__instances__()]
    return [each for each in found if isinstance(each, brian2.Synapses | brian2.PoissonInput)]
