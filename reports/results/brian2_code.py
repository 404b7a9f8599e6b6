"""A Brian2 program that runs a model, from its definition in a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...models.definition.language import units
from ...models.ground.errors import UserError, short
from ...models.methods import METHODS
from .description import describe_model
from .recorded_model import recorded_model

#: Base units that have another name in Brian2.
_NAMED = {"1e-14 kg": "1e-14*kilogram", "K": "kelvin", "umol": "umole"}


def brian2_code(
    model: Mapping[str, Any], method: str, *, dt_ms: float, drive: float, drive_unit: str, horizon_ms: float, title: str
) -> str:
    """Return the program: it prints spike times in ms, each given as the end of its step.

    The model has neither random inputs nor spikes that arrive: their numbers are not in the program.

    Parameters
    ----------
    model : mapping
        As `spikecost.reports.results.description.describe` gives it.
    method : str
        A method that both spikecost and Brian2 have.
    dt_ms, drive, horizon_ms : float
        The drive in `drive_unit`.
    drive_unit : str
        As `spikecost.models.definition.language.units.unit_name` gives it.
    title : str
        Title of the program, for its first line.

    Raises
    ------
    UserError
        If the definition is not a model, or the drive has another unit than the input of the model.
    """
    # the reader of the model has accepted every text and name that goes into the program
    of = recorded_model("model", model)
    model = describe_model(of)
    expected = units.unit_name(of.input_dimension)
    if drive_unit != expected:
        raise UserError(f"the run drives its model in '{short(drive_unit)}', expected {expected}; run it again")
    dt_ms, drive, horizon_ms = float(dt_ms), float(drive), float(horizon_ms)
    refractory = model["refractory"]
    arguments = {
        "threshold": repr(model["threshold"]),
        "reset": repr(model["reset"]) if model["reset"] else "",
        "refractory": repr(refractory) if isinstance(refractory, str) else f"{refractory!r}*ms" if refractory else "",
        "method": repr(METHODS[method].brian2),
        "namespace": _names(model["constants"]),
    }
    text = model["equations"].replace("\\", "\\\\").replace('"', '\\"')
    equations = "\n".join(f"    {line.strip()}" for line in text.splitlines() if line.strip())
    lines = [
        f"# {''.join(sign for sign in ' '.join(title.split()) if sign.isprintable())}",
        "from brian2 import *",
        "",
        f"defaultclock.dt = {dt_ms!r}*ms",
        f'neuron = NeuronGroup(1, """\n{equations}\n""",',
        f"    {', '.join(f'{name}={value}' for name, value in arguments.items() if value)})",
        *(f"neuron.{name} = {_value(value)}" for name, value in model["parameters"].items()),
        *([f"neuron.{of.input} = {_quantity(drive, drive_unit)}"] if of.input else []),
        # numbers first: an initial value may be an expression that uses others
        *(
            f"neuron.{name} = {_value(value)}"
            for name, value in sorted(model["initial"].items(), key=lambda item: isinstance(item[1], str))
        ),
        "spikes = SpikeMonitor(neuron)",
        f"run({horizon_ms!r}*ms)",
        "# Brian2 names a spike by the start of its step, spikecost by the end",
        "print(*((spikes.t + defaultclock.dt)/ms))",
    ]
    return "\n".join(lines) + "\n"


def brian2_unit(unit: str) -> str:
    """Return a unit from `models.definition.language.units.unit_name` in Brian2's notation: ``uA/cm**2``."""
    if "^" not in unit:
        return re.sub(r"([A-Za-z])(\d)", r"\1**\2", unit)
    powers = re.findall(r"(1e-14 kg|[A-Za-z]+)\^(-?[\d.]+)", unit)
    return "*".join(f"({_NAMED.get(name, name)})**({power})" for name, power in powers)


def _names(constants: Mapping[str, Any]) -> str:
    return f"{{{', '.join(f'{name!r}: {_value(value)}' for name, value in constants.items())}}}" if constants else ""


def _value(value: Mapping[str, Any] | str) -> str:
    return repr(value) if isinstance(value, str) else _quantity(value["value"], value["unit"])


#: Units with prefixes, by the internal unit: power of ten of the internal unit, and the name in Brian2.
_PREFIXED = {
    "mV": {3: "volt", 0: "mV", -3: "uvolt", -6: "nvolt"},
    "ms": {3: "second", 0: "ms", -3: "us", -6: "nsecond"},
    "uA": {6: "amp", 3: "mA", 0: "uA", -3: "nA", -6: "pA"},
    "mS": {3: "siemens", 0: "mS", -3: "uS", -6: "nS", -9: "psiemens"},
    "uF": {6: "farad", 3: "mfarad", 0: "uF", -3: "nF", -6: "pF"},
}


def _with_prefix(value: float, unit: str) -> tuple[float, str]:
    """Return a quantity with the prefix that people use: 30 nS instead of 3e-05 mS; only the decimal point moves."""
    size = Decimal(repr(value)).adjusted()
    if value == 0 or unit not in _PREFIXED or -1 <= size < 3:
        return value, unit
    power = max((power for power in _PREFIXED[unit] if power <= size), default=min(_PREFIXED[unit]))
    return float(Decimal(repr(value)).scaleb(-power)), _PREFIXED[unit][power]


def _quantity(value: float, unit: str) -> str:
    value, unit = _with_prefix(value, unit)
    written = "" if unit == "1" else f"*{brian2_unit(unit)}"
    return f"{value!r}{written.replace('*1/', '/', 1)}"
