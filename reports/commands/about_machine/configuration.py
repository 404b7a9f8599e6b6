"""Defaults of options from the configuration of a project: the table ``[tool.spikecost]`` in ``pyproject.toml``.

::

    [tool.spikecost]
    jobs = 2                              # for every command that has this option

    [tool.spikecost.check]
    baseline = "ci/costs.json"
    models = ["my_model.py:model"]

    [tool.spikecost."baseline update"]
    baseline = "ci/costs.json"

The file is that of the working folder, or of the nearest folder above it. Options on the command line come first. Paths
are relative to the file. Python files are run only with ``--allow-python``, which cannot be configured.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ....models.ground.errors import UserError, quoted, short
from ....models.ground.named_files import runs_code, seen_from_here
from ....models.ground.registry import known_are

FILE, TABLE = "pyproject.toml", "spikecost"
#: Options that cannot be configured: they say what a user agrees to or asks for once, or nothing can undo them.
_NEVER = ("help", "version", "json", "allow_python", "open", "quick", "full", "fresh")
#: Begins the names of defaults of a command below another, such as ``history add``, until `settle` gives them.
_BELOW = "configured_"
#: What is printed in place of values that are paths.
_PATHS = ("FILE", "DIR")
#: Values of such options that are no paths.
_NO_PATH = {"store": "off"}


def configure(parser: argparse.ArgumentParser) -> dict[str, Any]:
    """Give the options of every command the defaults of the project's configuration.

    Returns
    -------
    dict
        The values, by command and option, such as ``"check baseline"``; empty if nothing is configured.

    Raises
    ------
    UserError
        If a name is no option, or a value is not of its type.
    """
    path = _found()
    if path is None:
        return {}
    where = os.path.relpath(path)
    table = _table(path, where)
    commands = dict(_commands(parser))
    given: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            if name not in commands:
                raise UserError(f"{where}: unknown command '{short(name)}'; give one of {_listed(commands)}")
            for option, each in value.items():
                given |= _set({name: commands[name]}, option, each, f"{where}: {name}: ", path.parent)
    for name, value in table.items():
        if not isinstance(value, Mapping):
            with_own = {command for command in commands if f"{command} {_dest(name)}" in given}
            others = {command: of for command, of in commands.items() if command not in with_own}
            given |= _set(others, name, value, f"{where}: ", path.parent, found=bool(with_own))
    return given


def _found() -> Path | None:
    """Return the nearest ``pyproject.toml`` of the working folder and those above it."""
    try:
        here = Path.cwd()
    except OSError:  # the working folder was deleted
        return None
    return next((folder / FILE for folder in (here, *here.parents) if (folder / FILE).is_file()), None)


def _table(path: Path, where: str) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # it is another program's
        return {}
    if TABLE not in text:
        return {}
    try:
        found = tomllib.loads(text).get("tool", {}).get(TABLE, {})
    except (tomllib.TOMLDecodeError, RecursionError, AttributeError) as error:
        raise UserError(f"{where} is not TOML: {error}; it may have a table [tool.spikecost]") from None
    if not isinstance(found, Mapping):
        raise UserError(f"{where}: tool.spikecost is not a table; write [tool.spikecost]")
    return found


def _commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every command with its parser, such as ``baseline update``."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for of, below in action.choices.items():
                whole = f"{name} {of}".strip()
                yield whole, below
                yield from _commands(below, whole)


def _dest(option: str) -> str:
    return option.replace("-", "_")


def _set(
    commands: Mapping[str, argparse.ArgumentParser],
    option: str,
    value: Any,
    where: str,
    folder: Path,
    *,
    found: bool = False,
) -> dict[str, Any]:
    """Set a default in every command that has the option; return what was set."""
    given = {}
    for name, parser in commands.items():
        action = next((each for each in parser._actions if each.option_strings and each.dest == _dest(option)), None)
        if action is None or action.dest in _NEVER:
            continue
        default = _value(action, value, f"{where}{option}", folder)
        if action.default is argparse.SUPPRESS:  # the command above has the same option, and what it was given stays
            parser.set_defaults(**{_BELOW + action.dest: default})
        else:
            parser.set_defaults(**{action.dest: default})
        action.required = False
        given[f"{name} {action.dest}"] = default
    if not (given or found):
        if _dest(option) in _NEVER:
            raise UserError(f"{where}{short(option)} can only be given on the command line; leave it out")
        known = {each.dest for parser in commands.values() for each in parser._actions if each.option_strings}
        raise UserError(f"{where}unknown option '{short(option)}'; {known_are(option, sorted(known - {*_NEVER}))}")
    return given


def _value(action: argparse.Action, value: Any, where: str, folder: Path) -> Any:
    """Return a default for an option.

    Raises
    ------
    UserError
        If the value is not of the type that the option takes.
    """
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        if not isinstance(value, bool):
            raise UserError(f"{where} = {quoted(value)}: give true or false")
        return value
    if action.nargs == "+":
        if not isinstance(value, list) or not value:
            raise UserError(f"{where} = {quoted(value)}: give a list, such as [{_example(action)}]")
        return [_one(action, each, where, folder) for each in value]
    return _one(action, value, where, folder)


def _one(action: argparse.Action, value: Any, where: str, folder: Path) -> Any:
    if action.type in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float) if action.type is float else int):
            raise UserError(f"{where} = {quoted(value)}: give a number, such as {_example(action)}")
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):  # a rate of 50
        return str(value)
    if not isinstance(value, str):
        raise UserError(f"{where} = {quoted(value)}: give text, such as {_example(action)}")
    if action.metavar in _PATHS and value != _NO_PATH.get(action.dest):
        return os.path.normpath(Path(os.path.relpath(folder)) / value)
    return seen_from_here(value, Path(os.path.relpath(folder))) if action.dest == "models" else value


def _example(action: argparse.Action) -> str:
    return "2" if action.type in (int, float) else f'"{action.metavar or action.dest}"'


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(f'"{name}"' if " " in name else name for name in names)


def settle(options: argparse.Namespace, given: Mapping[str, Any]) -> None:
    """Let what a user typed come before the configuration, and agree to nothing in place of the user.

    Raises
    ------
    UserError
        If the configuration names Python files, and ``--allow-python`` was not given.
    """
    above = [id(value) for value in given.values()]
    for name in [each for each in vars(options) if each.startswith(_BELOW)]:
        value, option = vars(options).pop(name), name.removeprefix(_BELOW)
        if getattr(options, option, None) is None or id(getattr(options, option)) in above:  # it was not typed
            setattr(options, option, value)
    configured = {id(value) for name, value in given.items() if name.endswith((" models", " suite", " store"))}

    def is_configured(name: str) -> bool:
        value = getattr(options, name, None)
        return bool(value) and id(value) in configured

    reads = bool(getattr(options, "folder", None))  # a run is read, so that nothing is run
    suite_typed = bool(getattr(options, "suite", None)) and not is_configured("suite")
    for name, unwanted in (
        ("models", reads or suite_typed),
        ("suite", reads),
        ("store", getattr(options, "fresh", False)),
    ):
        if unwanted and is_configured(name):
            setattr(options, name, None)
    if is_configured("models") and not getattr(options, "allow_python", False):
        code = next((model for model in options.models if runs_code(model)), None)
        if code:
            consent = (
                "if you trust it, give --allow-python, or" if hasattr(options, "allow_python") else "if you trust it,"
            )
            raise UserError(
                f"{FILE}: {code} is Python code, which would be run; {consent} name the models with --models"
            )
