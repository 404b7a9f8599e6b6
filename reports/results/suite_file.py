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

Every field of `spikecost.accuracy.study.suite.Suite` may be given; what is not, is the default suite's.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...accuracy.search.criterion import Criterion, parse_criterion
from ...accuracy.study.suite import Suite
from ...flops.conventions import CONVENTIONS, Convention
from ...models.ground.errors import UserError, short
from ...models.reading.data import Milliseconds, read_text, read_toml, structure
from ...models.reading.files import runs_code

#: Fields that are given as times, such as ``0.1ms``.
_TIMES = ("tolerances", "horizons", "coarsest", "finest", "finest_varying")


@dataclass(frozen=True)
class _OwnConvention:
    """What a file says of a convention."""

    counts: str
    unit: str
    source: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class _SuiteFile:
    """What a file says of a suite: its fields, each None if it is not given, and conventions of its own."""

    models: tuple[str, ...] | None = None
    methods: tuple[str, ...] | None = None
    detections: tuple[str, ...] | None = None
    stimuli: tuple[str, ...] | None = None
    rates: tuple[float, ...] | None = None
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
    convention: Mapping[str, _OwnConvention] | None = None


def read_suite(path: str | Path, base: Suite, *, models: Sequence[str] = (), allow_python: bool = False) -> Suite:
    """Read a suite.

    Parameters
    ----------
    path : str or Path
    base : Suite
        What the file does not say.
    models : sequence of str
        To be run instead of the file's, which are not looked at then.
    allow_python : bool
        Whether the file may name Python files, which are executed to take models from them.

    Raises
    ------
    UserError
        If the file cannot be read, or holds what a suite does not.
    """
    text = read_text(Path(path), "the suite")
    try:
        content = read_toml(text)
    except ValueError as error:
        raise UserError(f"the suite {path} is not TOML: {error}") from None
    found = structure(content, _SuiteFile, str(path))
    given = {name: getattr(found, name) for name in content}
    given |= {"models": tuple(models)} if models else {}
    code = [model for model in found.models or () if runs_code(model)]
    if code and not models and not allow_python:
        raise UserError(f"{path}: {code[0]} is Python, which would be run; if you trust it, say --allow-python, or "
                        "name the models with --models")
    own = {name: _convention(name, each, path) for name, each in (given.pop("convention", None) or {}).items()}
    if own:
        # what the file defines is used, be it named in the list or not
        named = dict.fromkeys([*(found.conventions or ()), *own])
        given["conventions"] = tuple(own.get(name, name) for name in named)
    try:
        if found.criteria is not None:
            given["criteria"] = tuple(_criterion(text) for text in found.criteria)
        return dataclasses.replace(base, **given)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _criterion(text: str) -> Criterion:
    try:
        return parse_criterion(text)
    except UserError as error:
        raise UserError(f"criteria = {short(repr(text))}: {error}") from None


def _convention(name: str, given: _OwnConvention, path: str | Path) -> Convention:
    if name in CONVENTIONS:
        raise UserError(f"{path}: the convention '{name}' is there already; take another name")
    if not name.isidentifier():
        raise UserError(f"{path}: convention '{name}': give it a name of letters, digits and _")
    try:
        return Convention(name, given.counts, given.weights, given.unit, given.source)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


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
