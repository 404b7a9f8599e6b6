"""What is written about a neuron model: texts in Brian2's language, and values with units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from ..ground.errors import UserError, at, check_kind, check_mapping, check_text, quoted, short
from .language import units
from .language.names import LONGEST_NAME, check_name
from .parts.arrivals import given_arrivals
from .parts.published_cost import PublishedCost
from .parts.random_inputs import INTERPRETATIONS, SAMPLING, STRATONOVICH
from .parts.refractoriness import constant_time
from .parts.tables import TableGrid

#: Fields of a model that are mappings, with an example of each.
_MAPPINGS = {
    "parameters": "{'tau': 20*ms}",
    "constants": "{'tau': 20*ms}",
    "initial": "{'v': -65*mV}",
    "presets": "{'fast': {'tau': 2*ms}}",
}


@dataclass(frozen=True, eq=False)
class WrittenModel:
    """The definition of a neuron model as it is written; `NeuronModel` derives the mathematics from it.

    Raises
    ------
    UserError
        If a value has the wrong kind, or a name is not one.
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
        for field_name in ("name", "preset", "equations", "threshold", "reset", "input", "published"):
            if not isinstance(getattr(self, field_name), str):
                raise UserError(f"a model's {field_name} is text, not {quoted(getattr(self, field_name))}")
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
                object.__setattr__(self, name, _read(getattr(self, name), self.label, text_allowed=name == "initial"))
        with at("arrivals"):
            object.__setattr__(self, "arrivals", given_arrivals(self.arrivals, self.label))
        presets = {}
        for preset, values in self.presets.items():
            with at("presets", preset):
                presets[preset] = _read(values, f"{self.name}:{preset}", text_allowed=False)
        object.__setattr__(self, "presets", presets)
        if self.interpretation not in INTERPRETATIONS:
            raise UserError(
                f"{self.label}: interpretation = {quoted(self.interpretation)}; "
                f"give {' or '.join(map(repr, INTERPRETATIONS))}"
            )
        for name in ("drive", "refractory", "sampling"):
            value = getattr(self, name)
            if value is not None and not (name == "refractory" and isinstance(value, str)):
                with at(name):
                    object.__setattr__(self, name, units.one_given(value, f"{self.label}: {name}"))
        for name in self.constants:
            with at("constants", name):
                check_name(name, f"{self.label}: the constant")

    @property
    def label(self) -> str:
        """Name and preset, as users type them: ``izhikevich:CH``."""
        return f"{self.name}:{self.preset}" if self.preset else self.name

    def values_of(self, names: Iterable[str]) -> dict[str, float]:
        """Return the values of parameters in internal units."""
        return {name: float(units.internal(self.parameters[name])) for name in names}

    @cached_property
    def refractory_time(self) -> Any:
        """The refractory time, a quantity; None if there is none, or if it is not constant (`System.refractory`)."""
        if not isinstance(self.refractory, str):
            return self.refractory
        with at("refractory"):
            return constant_time(self.refractory, self.constants, f"{self.label}: refractory")

    @property
    def refractory_ms(self) -> float:
        """`refractory_time` in ms; 0 if there is none."""
        return 0.0 if self.refractory_time is None else float(units.internal(self.refractory_time))

    @property
    def sampling_ms(self) -> Fraction:
        """The sampling step of ``randn()`` and ``rand()`` in ms."""
        return units.in_ms(SAMPLING if self.sampling is None else self.sampling, f"{self.label}: sampling")


def _read(given: Mapping[str, Any], where: str, text_allowed: bool) -> dict[str, Any]:
    """Return the values that a user gave as numbers and Brian2 quantities; text is returned unchanged."""
    found = {}
    for name, value in given.items():
        with at(name):
            is_text = text_allowed and isinstance(value, str)
            found[name] = value if is_text else units.one_given(value, f"{where}: '{name}'")
    return found
