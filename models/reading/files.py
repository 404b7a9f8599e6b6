"""Models in users' files: Python files, which are run, and TOML files, which are only read.

A TOML file holds the fields of `NeuronModel`; quantities are text such as ``"20*ms"``, plain numbers have no unit::

    name = "mine"                  # the file's name by default
    equations = '''
    dv/dt = (EL - v + R*I)/tau : volt (unless refractory)
    I : amp
    tau : second
    '''
    threshold = "v > -50*mV"
    reset = "v = EL"
    refractory = "2*ms"
    constants = { EL = "-65*mV", R = "100*Mohm" }
    parameters = { tau = "20*ms" }
    initial = { v = "-65*mV" }     # or an expression, such as "EL + 2*mV"
    arrivals = { exc = "v += 1*mV" }    # what a spike that arrives at the input exc does

    [presets.fast]
    tau = "5*ms"
"""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import brian2

from ..definition.neuron import NeuronModel
from ..definition.parts.random_inputs import STRATONOVICH
from ..ground.errors import UserError, shortened
from ..ground.named_files import MODEL_FILE
from ..ground.private import tell_once
from .data import Given, Initial, Misfit, Refractory, read_text, read_toml, structure
from .executed import ExecutedFile, execute
from .from_brian2 import from_brian2
from .places import line_in_python, line_in_toml, line_of_name

_WRITE = "write {name} = sc.NeuronModel(name=..., equations=..., threshold=..., reset=...), or a Brian2 NeuronGroup"


def each_named(asked: Iterable[str | NeuronModel]) -> tuple[str | NeuronModel, ...]:
    """Return models one by one: ``path.py:first,second`` names two of one file."""
    found: list[str | NeuronModel] = []
    for one in asked:
        path, separator, named = one.rpartition(".py:") if isinstance(one, str) else ("", "", "")
        file = MODEL_FILE.fullmatch(one) if isinstance(one, str) and not separator else None
        if file and Path(file["path"]).exists():  # its name may have commas
            found.append(one)
            continue
        several = [name.strip() for name in named.split(",")]
        found += [f"{path}{separator}{name}" for name in several] if len(several) > 1 else [one]
    return tuple(found)


def model_from_file(asked: str, input: str | None = None, synapses: str | None = None) -> NeuronModel:  # noqa: A002
    """Return the model of ``path.py:name`` or ``path.toml``; both may be followed by ``:preset``.

    In a Python file `name` is a `NeuronModel`, or a Brian2 `NeuronGroup`; `input` and `synapses` are those of
    `from_brian2`.

    Raises
    ------
    UserError
        If the file cannot be read or does not contain a model; the message gives the line.
    """
    match = MODEL_FILE.fullmatch(asked)
    assert match is not None
    path = Path(match["path"])
    source, changed = read_text(path, "the model file"), path.stat().st_mtime_ns
    names = (match["names"] or "").split(":")
    if len(names) > (1 if path.suffix == ".toml" else 2):
        raise UserError(f"{asked}: give model.py:name, model.py:name:preset, model.toml or model.toml:preset")
    if path.suffix == ".toml":
        found, presets = _from_toml(path, source, changed), names
    else:
        found, presets = _from_python(path, source, names[0], (input, synapses), changed), names[1:]
    if input not in (None, found.input):
        raise UserError(
            f"{asked}: its input is '{found.input}', not '{input}'; another input can only be named for a Brian2 group"
        )
    return found.with_preset(presets[0]) if presets and presets[0] else found


def place_of(asked: str) -> tuple[str, int] | None:
    """Return the file of ``path.py:name`` or ``path.toml`` and the line of the model; None if it cannot be read."""
    match = MODEL_FILE.fullmatch(asked)
    if match is None:
        return None
    try:
        source = Path(match["path"]).read_text(encoding="utf-8-sig")
        is_python = match["path"].endswith(".py")
        return match["path"], line_of_name(source, (match["names"] or "").partition(":")[0]) if is_python else 1
    except (OSError, UnicodeDecodeError, SyntaxError):  # it has changed since
        return None


@cache  # a script is run once, even if several of its models are used: names in Brian2 must not be given twice
def _executed(path: Path, source: str, changed: int) -> ExecutedFile:
    """Run a Python file, and say so."""
    with _lines_named(path, source):
        found = execute(path, source)
    tell_once(
        f"executed {path.absolute()} {changed}",
        f"the Python file {shortened(str(path))} was executed, with your rights",
    )
    return found


@cache  # keeps object identity: results that are stored per model object are found again
def _from_python(path: Path, source: str, name: str, asked: tuple[str | None, str | None], changed: int) -> NeuronModel:
    driven, synapses = asked
    executed = _executed(path, source, changed)
    defined = executed.defined
    models = [key for key, value in defined.items() if isinstance(value, NeuronModel | brian2.NeuronGroup)]
    known = f"; it has the models {', '.join(models)}" if models else ""
    if not name:
        raise UserError(f"{path}: say which model, such as {path}:{models[0] if models else 'mine'}{known}")
    if name not in defined:
        raise UserError(f"{path} defines no '{name}'{known or '; ' + _WRITE.format(name=name)}")
    found = defined[name]
    with _lines_named(path, source, line_of_name(source, name)):
        if isinstance(found, brian2.Group):
            around = executed.around(found)
            with around.default_dt():
                return _complete(from_brian2(found, driven, name=name, namespace=around.names, synapses=synapses))
        if isinstance(found, NeuronModel):
            return _complete(found)
    raise UserError(
        f"{path}:{line_of_name(source, name)}: {name} is of type {type(found).__name__}, not a model; "
        f"{_WRITE.format(name=name)}"
    )


@dataclass(frozen=True)
class _ModelFile:
    """The fields of a model in a TOML file."""

    equations: str
    threshold: str
    name: str = ""
    reset: str = ""
    refractory: Refractory | None = None
    parameters: Mapping[str, Given] = field(default_factory=dict)
    constants: Mapping[str, Given] = field(default_factory=dict)
    initial: Mapping[str, Initial] = field(default_factory=dict)
    arrivals: Mapping[str, str] = field(default_factory=dict)
    input: str = "I"
    drive: Given | None = None
    interpretation: str = STRATONOVICH
    sampling: Given | None = None
    presets: Mapping[str, Mapping[str, Given]] = field(default_factory=dict)
    published: str = ""
    description: str = ""
    source: str = ""


@cache
def _from_toml(path: Path, source: str, _changed: int) -> NeuronModel:
    try:
        content = read_toml(source)
    except ValueError as error:
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = f":{place[1]}" if place else ""
        raise UserError(f'{path}{line}: not TOML: {error}; write lines such as threshold = "v > 30*mV"') from None
    for key in ("equations", "threshold"):
        if key not in content:
            raise UserError(
                f"{path} has no {key}; write {key} = "
                + ('"v > 30*mV"' if key == "threshold" else "'''dv/dt = ... : volt'''")
            )
    try:
        found = structure(content, _ModelFile, str(path))
    except Misfit as error:
        raise UserError(error.said, about=f"{path}:{line_in_toml(source, error.place) or 1}") from None
    fields = {key: getattr(found, key) for key in content}
    with _lines_named(path, source):
        return _complete(NeuronModel(**{"name": path.stem} | fields))


def _complete(model: NeuronModel) -> NeuronModel:
    """Check now what a model computes only when needed (initial values, presets), so that errors can name the file.

    A Brian2 group has no presets, and its initial values are numbers.
    """
    for each in (model, *map(model.with_preset, model.presets)):
        each.initial_values  # noqa: B018 - computing it raises the error
    return model


@contextlib.contextmanager
def _lines_named(path: Path, source: str, line: int | None = None) -> Iterator[None]:
    """Turn every error of a file into one line that says where in the file it occurred."""
    try:
        yield
    except SyntaxError as error:
        if error.filename != str(path):
            raise
        raise UserError(f"{path}:{error.lineno}: {error.msg}; a model file is Python") from None
    except (Exception, SystemExit) as error:
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        begins = line or (frames[-1] if frames else None)
        found = begins
        if isinstance(error, UserError):
            find = line_in_toml if path.suffix == ".toml" else partial(line_in_python, begins=begins)
            found = find(source, error.place) or begins
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        raise UserError(f"{path}{f':{found}' if found else ''}: {kind}{' '.join(str(error).split())}") from None
