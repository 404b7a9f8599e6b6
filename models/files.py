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
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

import brian2

from .errors import UserError
from .from_brian2 import from_brian2
from .neuron import NeuronModel
from .reading import Given, Initial, Misfit, Refractory, read_text, read_toml, structure

_FILE = re.compile(r"(?P<path>.+\.(?:py|toml))(?::(?P<names>[^/\\]*))?")
_WRITE = "write {name} = sc.NeuronModel(name=..., equations=..., threshold=..., reset=...), or a Brian2 NeuronGroup"


def is_file(asked: str) -> bool:
    """Whether a model is asked for by its file: ``path.py:name`` or ``path.toml``."""
    return _FILE.fullmatch(asked) is not None


def runs_code(asked: str) -> bool:
    """Whether a model is asked for by a Python file, which is executed."""
    match = _FILE.fullmatch(asked)
    return match is not None and match["path"].endswith(".py")


def model_from_file(asked: str, input: str | None = None) -> NeuronModel:  # noqa: A002 - as NeuronModel's
    """Return the model of ``path.py:name`` or ``path.toml``, either with ``:preset`` behind.

    In a Python file `name` is a `NeuronModel`, or a Brian2 `NeuronGroup` with `input`, or ``I``, for input.

    Raises
    ------
    UserError
        If the file cannot be read or what it holds is no model; with the line.
    """
    match = _FILE.fullmatch(asked)
    assert match is not None
    path = Path(match["path"])
    source, changed = read_text(path, "the model file"), path.stat().st_mtime_ns
    names = (match["names"] or "").split(":")
    if len(names) > (1 if path.suffix == ".toml" else 2):
        raise UserError(f"{asked}: give model.py:name, model.py:name:preset, model.toml or model.toml:preset")
    if path.suffix == ".toml":
        found, presets = _from_toml(path, source, changed), names
    else:
        found, presets = _from_python(path, source, names[0], input, changed), names[1:]
    if input not in (None, found.input):
        raise UserError(f"{asked}: its input is '{found.input}', not '{input}'; another one can only be named for a "
                        "Brian2 group")
    return found.with_preset(presets[0]) if presets and presets[0] else found


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


@cache  # a model is itself only once: what is known of it is found again by what it is
def _from_python(path: Path, source: str, name: str, driven: str | None, _changed: int) -> NeuronModel:
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
            return _complete(from_brian2(found, driven, name=name, namespace=defined))
        if isinstance(found, NeuronModel):
            return _complete(found)
    raise UserError(f"{path}:{_line_of(source, name)}: {name} is a {type(found).__name__} and no model; "
                    f"{_WRITE.format(name=name)}")


@dataclass(frozen=True)
class _ModelFile:
    """What a TOML file says of a model."""

    equations: str
    threshold: str
    name: str = ""
    reset: str = ""
    refractory: Refractory | None = None
    parameters: Mapping[str, Given] = field(default_factory=dict)
    constants: Mapping[str, Given] = field(default_factory=dict)
    initial: Mapping[str, Initial] = field(default_factory=dict)
    input: str = "I"
    drive: Given | None = None
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
        raise UserError(f"{path}{line}: not TOML: {error}; write lines such as threshold = \"v > 30*mV\"") from None
    for key in ("equations", "threshold"):
        if key not in content:
            raise UserError(f"{path} has no {key}; write {key} = "
                            + ('"v > 30*mV"' if key == "threshold" else "'''dv/dt = ... : volt'''"))
    try:
        found = structure(content, _ModelFile, str(path))
    except Misfit as error:
        said = str(error).removeprefix(f"{path}: ")
        raise UserError(f"{path}:{_line_at(source, error.path)}: {said}") from None
    fields = {key: getattr(found, key) for key in content}
    with _lines_named(path, source):
        return _complete(NeuronModel(**{"name": path.stem} | fields))


def _line_at(source: str, path: Sequence[str | int]) -> int:
    """Return the line of a TOML file where a key of a key, and so on, is given."""
    line = 1
    for key in path:
        if isinstance(key, str):
            line = _key_line(source, key, below=line)
    return line


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
    """Let a file import what lies beside it, and see no arguments but its own name, as if Python had started it."""
    folder, arguments = str(path.resolve().parent), sys.argv
    sys.path.insert(0, folder)
    sys.argv = [str(path)]
    try:
        yield
    finally:
        sys.argv = arguments
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
