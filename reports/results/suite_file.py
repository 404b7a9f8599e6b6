"""Suites as files: what to run, and the user's own conventions, in TOML.

::

    models = ["lif", "izhikevich:CH"]
    rates = [20, 50]                  # Hz
    tolerances = ["1ms", "0.1ms"]
    horizons = ["1second"]
    stimuli = ["constant"]
    rates_of = { constant = [100] }   # instead of the rates, for one kind of stimulus
    criteria = ["gamma_2ms=0.05"]     # in addition to the tolerances
    conventions = ["unit", "mine"]    # one column each in the table

    [convention.mine]
    counts = "as run"
    unit = "pJ"
    source = "our own measurement, June"
    weights = { add = 1, sub = 1, mul = 3, div = 10, sqrt = 12, exp = 40, pow = 60, compare = 1, select = 0, sign = 0 }

Every field of `spikecost.accuracy.study.suite.Suite` may be given; a missing field has its value in the default suite.
Paths of models are relative to the folder of the file. ``docs/suite.md`` describes every field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...accuracy.search.criterion import Criterion, parse_criterion
from ...accuracy.study.suite import Suite, changed
from ...flops.conventions import CONVENTIONS, Convention
from ...models.ground.errors import UserError, quoted
from ...models.ground.named_files import named_in, runs_code, seen_from_here
from ...models.reading.data import Milliseconds, read_text, read_toml, structure

#: Fields that are given as times, such as ``0.1ms``.
_TIMES = ("tolerances", "horizons", "coarsest", "finest", "finest_varying")


@dataclass(frozen=True)
class _OwnConvention:
    """The form of a convention in a file."""

    counts: str
    unit: str
    source: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class _SuiteFile:
    """The form of a suite in a file: its fields, each None if it is not given, and its own conventions."""

    models: tuple[str, ...] | None = None
    methods: tuple[str, ...] | None = None
    detections: tuple[str, ...] | None = None
    stimuli: tuple[str, ...] | None = None
    rates: tuple[float, ...] | None = None
    rates_of: Mapping[str, tuple[float, ...]] | None = None
    rheobases: tuple[float, ...] | None = None
    horizons: tuple[Milliseconds, ...] | None = None
    trials: int | None = None
    tolerances: tuple[Milliseconds, ...] | None = None
    criteria: tuple[str, ...] | None = None
    measures: tuple[str, ...] | None = None
    coarsest: Milliseconds | None = None
    finest: Milliseconds | None = None
    finest_varying: Milliseconds | None = None
    per_decade: int | None = None
    repeats: int | None = None
    time_lanes: bool | None = None
    witnessed: bool | None = None
    conventions: tuple[str, ...] | None = None
    thorough: bool | None = None
    features: bool | None = None
    seed: int | None = None
    precisions: tuple[str, ...] | None = None
    engines: tuple[str, ...] | None = None
    convention: Mapping[str, _OwnConvention] | None = None


def read_suite(path: str | Path, base: Suite, *, models: Sequence[str] = (), allow_python: bool = False) -> Suite:
    """Read a suite.

    Parameters
    ----------
    path : str or Path
    base : Suite
        Values of the fields that the file does not give.
    models : sequence of str
        To run instead of the models in the file, which are then ignored.
    allow_python : bool
        Whether the file may name Python files; these are executed to get models from them.

    Raises
    ------
    UserError
        If the file cannot be read, or contains something that a suite cannot.
    """
    text = read_text(Path(path), "the suite")
    try:
        content = read_toml(text)
    except ValueError as error:
        raise UserError(f"the suite {path} is not TOML: {error}") from None
    found = structure(content, _SuiteFile, str(path))
    given = {name: getattr(found, name) for name in content}
    if found.models is not None:
        given["models"] = tuple(seen_from_here(model, Path(path).parent) for model in found.models)
    given |= {"models": tuple(models)} if models else {}
    code = [model for model in found.models or () if runs_code(model)]
    if code and not models and not allow_python:
        raise UserError(
            f"{path}: {code[0]} is Python code, which would be run; if you trust it, give "
            "--allow-python, or name the models with --models"
        )
    own = {name: _convention(name, each, path) for name, each in (given.pop("convention", None) or {}).items()}
    if own:
        # what the file defines is used, whether it is in the list or not
        listed = found.conventions or ()
        named = [*listed, *(name for name in own if name not in listed)]
        given["conventions"] = tuple(own.get(name, name) for name in named)
    try:
        if found.criteria is not None:
            given["criteria"] = tuple(_criterion(text) for text in found.criteria)
        return changed(base, given)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _criterion(text: str) -> Criterion:
    try:
        return parse_criterion(text)
    except UserError as error:
        raise UserError(f"criteria = {quoted(text)}: {error}") from None


def _convention(name: str, given: _OwnConvention, path: str | Path) -> Convention:
    if name in CONVENTIONS:
        raise UserError(f"{path}: the convention '{name}' exists already; choose another name")
    if not name.isidentifier():
        raise UserError(f"{path}: convention '{name}': give it a name of letters, digits and _")
    try:
        return Convention(name, given.counts, given.weights, given.unit, given.source)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def suite_text(suite: Mapping[str, Any], folder: str | Path = ".") -> str:
    """Return a suite as the text of a file that `read_suite` reads.

    Parameters
    ----------
    suite : mapping
        Fields by name, as in ``run.json``. A model that is not in the catalogue, and a convention of the user, must
        exist when the file is read.
    folder : str or Path
        Where the file will be: paths of models are relative to it.
    """
    suite = {**suite, "models": [named_in(str(model), Path(folder)) for model in suite["models"]]}
    return "".join(f"{name} = {_toml(_with_unit(name, value))}\n" for name, value in suite.items())


def _with_unit(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_with_unit(name, each) for each in value]
    return f"{value!r}ms" if name in _TIMES else value


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(each)}' for name, each in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(value)  # strings, numbers and truth values are written in the same way in JSON and TOML


def left_out(whole: Suite, quick: Suite) -> str:
    """Say what a suite omits compared with another."""
    units_of = {"rates": " Hz", "tolerances": " ms", "horizons": " ms"}
    parts = []
    for name in ("models", "methods", "detections", "stimuli", "rates", "rheobases", "horizons", "tolerances"):
        from_all, kept = (each.all_rates if name == "rates" else getattr(each, name) for each in (whole, quick))
        missing = [value for value in from_all if value not in kept]
        if missing:
            shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in missing)
            parts.append(f"{name} {shown}{units_of.get(name, '')}")
    if quick.trials < whole.trials:
        parts.append(f"{whole.trials - quick.trials} of {whole.trials} stimuli of each kind")
    if quick.repeats < whole.repeats:
        parts.append(f"{whole.repeats - quick.repeats} of {whole.repeats} timed runs")
    if not quick.thorough:
        parts.append("the operations that Brian2 executes and the effects of the builds for speed")
    if not quick.features:
        parts.append("the twenty features and demos of Izhikevich 2004")
    return "; ".join(parts)
