"""Suites as files: what to run, and the user's own conventions, in TOML.

::

    models = ["lif", "izhikevich:CH"]
    rates = [20, 50]                  # Hz
    tolerances = ["1ms", "0.1ms"]
    horizons = ["1second"]
    stimuli = ["constant"]
    criteria = ["gamma_2ms=0.05"]     # beside the tolerances of spike times
    conventions = ["unit", "mine"]    # a column each in the table

    [convention.mine]
    counts = "as run"
    unit = "pJ"
    source = "our own measurement, June"
    weights = { add = 1, sub = 1, mul = 3, div = 10, sqrt = 12, exp = 40, pow = 60, compare = 1, select = 0, sign = 0 }

Every field of `spikecost.accuracy.suite.Suite` may be given; what is not, is the default suite's.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..accuracy.criterion import parse_criterion
from ..accuracy.suite import Suite
from ..flops.conventions import CONVENTIONS, Convention
from ..models import units
from ..models.errors import UserError

#: Fields that are given as times, such as ``0.1ms``.
_TIMES = ("tolerances", "horizons", "coarsest", "finest", "finest_varying")


def read_suite(path: str | Path, base: Suite) -> Suite:
    """Read a suite; its own conventions are registered.

    Raises
    ------
    UserError
        If the file cannot be read, or holds what a suite does not.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the suite {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"the suite {path} is not TOML: {error}") from error
    for name, table in content.pop("convention", {}).items():
        if not (isinstance(table, dict) and table.keys() == {"counts", "unit", "source", "weights"}):
            raise UserError(f"{path}: convention '{name}': give counts, unit, source and weights")
        if name in CONVENTIONS:
            raise UserError(f"{path}: the convention '{name}' is there already; take another name")
        CONVENTIONS.register(Convention(name=name, **table))
    fields = {field.name for field in dataclasses.fields(Suite)}
    unknown = sorted(content.keys() - fields)
    if unknown:
        raise UserError(f"{path}: unknown {', '.join(unknown)}; a suite has {', '.join(sorted(fields))}, convention")
    try:
        return dataclasses.replace(base, **{name: _value(name, value) for name, value in content.items()})
    except TypeError as error:
        raise UserError(f"{path}: {error}") from error


def suite_text(suite: Mapping[str, Any]) -> str:
    """Return a suite as the text of a file that `read_suite` reads.

    Parameters
    ----------
    suite : mapping
        Fields by name, as ``run.json`` has them. A model that is no name of the catalogue, and a convention of one's
        own, must be there when the file is read.
    """
    return "".join(f"{name} = {_toml(_with_unit(name, value))}\n" for name, value in suite.items())


def _with_unit(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_with_unit(name, each) for each in value]
    return f"{value!r}ms" if name in _TIMES else value


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(value)  # strings, numbers and truth values are written alike in JSON and TOML


def left_out(whole: Suite, quick: Suite) -> str:
    """Say what a suite leaves out of another."""
    units_of = {"rates": " Hz", "tolerances": " ms", "horizons": " ms"}
    parts = []
    for name in ("models", "methods", "detections", "stimuli", "rates", "rheobases", "horizons", "tolerances"):
        missing = [value for value in getattr(whole, name) if value not in getattr(quick, name)]
        if missing:
            shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in missing)
            parts.append(f"{name} {shown}{units_of.get(name, '')}")
    if quick.trials < whole.trials:
        parts.append(f"{whole.trials - quick.trials} of {whole.trials} stimuli of a kind")
    if quick.repeats < whole.repeats:
        parts.append(f"{whole.repeats - quick.repeats} of {whole.repeats} timed runs")
    if not quick.thorough:
        parts.append("what Brian2 executes and what the builds for speed change")
    if not quick.features:
        parts.append("the twenty features and demos of Izhikevich 2004")
    return "; ".join(parts)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_value(name, each) for each in value)
    if name == "criteria":
        return parse_criterion(str(value))
    if name in _TIMES:
        if not isinstance(value, str):
            raise UserError(f"{name} = {value}: give a time with its unit, such as \"0.1ms\"")
        return float(units.in_ms(units.parse_quantity(value), name))
    return value
