"""Models in files of their own: Python files, which are run, and TOML files, which are only read.

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

    [presets.fast]
    tau = "5*ms"
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import re
import sys
import tomllib
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import brian2

from . import units
from .errors import UserError
from .from_brian2 import from_brian2
from .neuron import NeuronModel

_FILE = re.compile(r"(?P<path>.+\.(?:py|toml))(?::(?P<names>[^/\\]*))?")
_QUANTITIES = ("constants", "parameters", "initial")
_FIELDS = {field.name for field in dataclasses.fields(NeuronModel)} - {"tables", "preset"}
_WRITE = "write {name} = sc.NeuronModel(name=..., equations=..., threshold=..., reset=...), or a Brian2 NeuronGroup"


def is_file(asked: str) -> bool:
    """Whether a model is asked for by its file: ``path.py:name`` or ``path.toml``."""
    return _FILE.fullmatch(asked) is not None


def model_from_file(asked: str) -> NeuronModel:
    """Return the model of ``path.py:name`` or ``path.toml``, either with ``:preset`` behind.

    In a Python file `name` is a `NeuronModel`, or a Brian2 `NeuronGroup` with ``I`` for input.

    Raises
    ------
    UserError
        If the file cannot be read or what it holds is no model; with the line.
    """
    match = _FILE.fullmatch(asked)
    assert match is not None
    path = Path(match["path"])
    try:
        source, changed = path.read_text(encoding="utf-8-sig"), path.stat().st_mtime_ns
    except OSError as error:
        raise UserError(f"cannot read the model file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text; give a model file, such as model.py:name or model.toml") from None
    names = (match["names"] or "").split(":")
    if len(names) > (1 if path.suffix == ".toml" else 2):
        raise UserError(f"{asked}: give model.py:name, model.py:name:preset, model.toml or model.toml:preset")
    if path.suffix == ".toml":
        found, presets = _from_toml(path, source, changed), names
    else:
        found, presets = _from_python(path, source, names[0], changed), names[1:]
    return found.with_preset(presets[0]) if presets and presets[0] else found


@cache  # a model is itself only once: what is known of it is found again by what it is
def place_of(asked: str) -> tuple[str, int] | None:
    """Return the file of ``path.py:name`` or ``path.toml`` and the line of the model; None if it cannot be read."""
    match = _FILE.fullmatch(asked)
    if match is None:
        return None
    try:
        source = Path(match["path"]).read_text(encoding="utf-8-sig")
        is_python = match["path"].endswith(".py")
        return match["path"], _line_of(source, (match["names"] or "").partition(":")[0]) if is_python else 1
    except (OSError, UnicodeDecodeError, SyntaxError):  # it has changed since
        return None


def _from_python(path: Path, source: str, name: str, _changed: int) -> NeuronModel:
    brian2.BrianLogger.suppress_name("unused_brian_object")  # Brian2 need not run what the file defines
    module = ModuleType(f"{path.stem}_model_file")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and the like look for their module there
    defined = module.__dict__
    with _lines_named(path, source), _beside(path), contextlib.redirect_stdout(sys.stderr):
        exec(compile(source, str(path), "exec"), defined)  # noqa: S102 - the user's own file, asked for by name
    models = [key for key, value in defined.items() if isinstance(value, NeuronModel | brian2.NeuronGroup)]
    known = f"; it has the models {', '.join(models)}" if models else ""
    if not name:
        raise UserError(f"{path}: say which model, such as {path}:{models[0] if models else 'mine'}{known}")
    if name not in defined:
        raise UserError(f"{path} defines no '{name}'{known or '; ' + _WRITE.format(name=name)}")
    found = defined[name]
    with _lines_named(path, source, _line_of(source, name)):
        if isinstance(found, brian2.Group):
            return _complete(from_brian2(found, name=name, namespace=defined))
        if isinstance(found, NeuronModel):
            return _complete(found)
    raise UserError(f"{path}:{_line_of(source, name)}: {name} is a {type(found).__name__} and no model; "
                    f"{_WRITE.format(name=name)}")


@cache
def _from_toml(path: Path, source: str, _changed: int) -> NeuronModel:
    try:
        content = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = f":{place[1]}" if place else ""
        raise UserError(f"{path}{line}: not TOML: {error}; write lines such as threshold = \"v > 30*mV\"") from None
    for key in content:
        if key not in _FIELDS:
            raise UserError(f"{path}:{_key_line(source, key)}: a model has no '{key}'; "
                            f"give {', '.join(sorted(_FIELDS))}")
    for key in ("equations", "threshold"):
        if key not in content:
            raise UserError(f"{path} has no {key}; write {key} = "
                            + ('"v > 30*mV"' if key == "threshold" else "'''dv/dt = ... : volt'''"))
    fields = {key: _field(path, source, key, value, content) for key, value in content.items()}
    with _lines_named(path, source):
        return _complete(NeuronModel(**{"name": path.stem} | fields))


def _field(path: Path, source: str, key: str, value: Any, content: Mapping[str, Any]) -> Any:
    line = f"{path}:{_key_line(source, key)}"
    if key in _QUANTITIES or key == "presets":
        if not isinstance(value, dict):
            raise UserError(f"{line}: {key} = {value!r}: give a table, such as {key} = {{ tau = \"20*ms\" }}")
        if key == "presets":
            for preset, table in value.items():
                if not isinstance(table, dict):
                    place = _key_line(source, preset, below=_key_line(source, key))
                    raise UserError(f"{path}:{place}: presets.{preset} = {table!r}: give a table, such as "
                                    "[presets.fast] with lines such as tau = \"5*ms\" below it")
            return {preset: _field(path, source, "parameters", table, content) for preset, table in value.items()}
        return {name: _quantity(f"{path}:{_key_line(source, name)}: {name}", given, key == "initial")
                for name, given in value.items()}
    condition = isinstance(value, str) and re.search("[<>=]", value)  # of refractoriness: the model says which can be
    if key == "drive" or (key == "refractory" and not condition):
        return _quantity(f"{line}: {key}", value)
    if not isinstance(value, str):
        raise UserError(f"{line}: {key} = {value!r}: give text in quotes")
    return value


def _quantity(where: str, value: Any, expression_allowed: bool = False) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise UserError(f"{where} = {value!r}: give a number, or text with a unit such as \"20*ms\"")
    try:
        return units.parse_quantity(value)
    except UserError as error:
        if expression_allowed:
            return value
        raise UserError(f"{where}: {error}") from None


def _complete(model: NeuronModel) -> NeuronModel:
    """Ask now for what a model tells only when it is asked, as long as the file can be named: initial values, presets.

    A group of Brian2's has no presets, and its initial values are numbers.
    """
    for each in (model, *map(model.with_preset, model.presets)):
        each.initial_values  # noqa: B018 - asking is what fails
    return model


@contextlib.contextmanager
def _lines_named(path: Path, source: str, line: int | None = None) -> Iterator[None]:
    """Make every error of a file one line that says where in the file it arose."""
    try:
        yield
    except SyntaxError as error:
        if error.filename != str(path):
            raise
        raise UserError(f"{path}:{error.lineno}: {error.msg}; a model file is Python") from None
    except (Exception, SystemExit) as error:
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        begins = line or (frames[-1] if frames else None)
        place = (isinstance(error, UserError) and _line_about(str(error), source, begins or 0)) or begins
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        raise UserError(f"{path}{f':{place}' if place else ''}: {kind}{' '.join(str(error).split())}") from None


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Let a file import what lies beside it, as if Python had started it."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _line_about(message: str, source: str, start: int) -> int | None:
    """Find the line that a definition's error is about; `start` is where the definition begins."""
    for pattern, line, anywhere in (
        (r"cannot read the equations at '(.*?)': ", r"{0}", True),
        (r"^\w+: preset '(.*?)'", r"(?:^|[\[{{,(.])\s*[\"']?{0}[\"']?\s*[:=\]]", False),
        (r"(?:equation of|the name|the input) '(\w+)'", r"(?:^|[\"'])\s*d?{0}(?:/dt)?\s*[:=]", True),
        (r"(?:initial value of|^\w+:|the constant) '(\w+)'", r"(?:^|[{{,(])\s*[\"']?{0}[\"']?\s*[:=]", False),
        (r"^\w+: (?:the )?(threshold|reset|refractory|drive)\b", r"(?:^|[,(])\s*{0}\s*=", False),
    ):
        match = re.search(pattern, message)
        if match:
            place = re.compile(line.format(re.escape(match[1].removesuffix("..."))))
            found = [number for number, text in enumerate(source.splitlines(), 1) if place.search(text)]
            after = [number for number in found if number >= start]
            if after and "Duplicate definition" in message:
                return after[-1]
            return after[0] if after else found[-1] if found and anywhere else None
    return None


def _line_of(source: str, name: str) -> int:
    """Return the line of a Python file that defines a name."""
    for node in ast.walk(ast.parse(source)):
        named = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else (
            node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else None)
        if named == name:
            return int(node.lineno)  # type: ignore[attr-defined]  # all three have a place
    return 1


def _key_line(source: str, key: str, below: int = 1) -> int:
    """Return the line of a TOML file, at or below another, that gives a key."""
    pattern = re.compile(rf"(?:^|[{{,\[.])\s*[\"']?{re.escape(key)}[\"']?\s*[=\].]")
    bare = re.sub(r"'''.*?'''|\"\"\".*?\"\"\"", lambda text: "\n" * text[0].count("\n"), source, flags=re.DOTALL)
    return next((number for number, text in enumerate(bare.splitlines(), 1)
                 if number >= below and pattern.search(text)), below)
