"""Read TOML and JSON files that users give: as data of the expected form, or with an error of one line.

A form is a dataclass, or a mapping or tuple of dataclasses. Every value must have its type as written. Text instead of
a number, a number instead of text, ``true`` instead of 1, a list without brackets, and an unknown name are errors; the
message gives the place, what was given, and what is expected.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NewType, NoReturn, TypeVar, get_origin

import cattrs
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.gen import make_dict_structure_fn, mapping_structure_factory

from ..definition.language import units
from ..ground.errors import UserError, quoted, short, shortened
from ..ground.registry import known_are

#: The largest file that is read, in bytes, and the deepest nesting of tables or lists.
LARGEST, DEEPEST = 2_000_000, 12

#: A time in ms; in a file, text with its unit.
Milliseconds = NewType("Milliseconds", float)
#: A number above 0.
Positive = NewType("Positive", float)
#: A Brian2 quantity, or a number; in a file, text with a unit, or a number.
Given = NewType("Given", object)
#: A quantity or number, or an expression, which is text.
Initial = NewType("Initial", object)
#: A quantity, or a condition, which is text.
Refractory = NewType("Refractory", object)

T = TypeVar("T")


class Misfit(UserError):
    """The content of a file does not fit its form."""

    def __init__(self, said: str, place: tuple[str | int, ...], *, about: str) -> None:
        super().__init__(said, about=about)
        self.place = place


class _Unexpected(ValueError):
    """A value of the wrong type; the message says what is expected."""


def read_bytes(path: Path, what: str, most: int = LARGEST, instead: str = "") -> bytes:
    """Return the content of a file, up to a limit. The size in its status is not used, since a device has no end.

    Parameters
    ----------
    path : Path
    what : str
        What the file should be, for messages, such as ``the suite``.
    most : int
        The largest file that is read, in bytes.
    instead : str
        What to do if it cannot be read, for the message.

    Raises
    ------
    UserError
        If the file cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise UserError(
            f"cannot read {what} {shortened(str(path))}: {getattr(error, 'strerror', None) or error}"
            f"; {instead or 'give the path of a file'}"
        ) from None
    if len(content) > most:
        raise UserError(f"{what} {path} is larger than {most // 1_000_000} MB; give a smaller file")
    return content


def read_text(path: Path, what: str) -> str:
    """Return the text of a file; see `read_bytes`.

    Raises
    ------
    UserError
        If the file cannot be read, is too large or is not text.
    """
    try:
        return read_bytes(path, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{what} {path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def read_toml(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises
    ------
    ValueError
        If it is not TOML (`tomllib.TOMLDecodeError`), or tables are nested too deeply.
    """
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise ValueError(f"more than {DEEPEST} tables or lists within each other") from None
    _look_at(content)
    return content


def read_json(text: str | bytes) -> Any:
    """Read JSON, in which each name of an object is given once and every number is finite.

    Raises
    ------
    ValueError
        If it is not such JSON, or objects are nested too deeply.
    """
    try:
        content = json.loads(text, object_pairs_hook=each_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(f"more than {DEEPEST} objects or lists within each other") from None
    _look_at(content)
    return content


def structure(content: Any, into: type[T], where: str, *, more_allowed: bool = False) -> T:
    """Convert `content` to its form.

    Parameters
    ----------
    content : object
        Data read from TOML or JSON.
    into : type
        A dataclass.
    where : str
        For messages: the file.
    more_allowed : bool
        Whether names that the form does not have are allowed, as in files of later versions.

    Raises
    ------
    Misfit
        At the first value that does not fit.
    """
    try:
        return (_lenient if more_allowed else _strict).structure(content, into)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError) as error:
        path, leaf = _first(error)
        raise _misfit(content, path, leaf, where) from None


def _misfit(content: Any, path: tuple[str | int, ...], leaf: BaseException, where: str) -> Misfit:
    name = short(".".join(str(part) for part in path if isinstance(part, str)))
    if isinstance(leaf, cattrs.ForbiddenExtraKeysError):
        unknown = ", ".join(sorted(leaf.extra_fields))
        known = sorted(field.name for field in fields(leaf.cl))
        at = f"{name}: " if name else ""
        said = known_are(min(leaf.extra_fields), known)
        return Misfit(f"{at}unknown {short(unknown)}; {said}", (*path, min(leaf.extra_fields)), about=where)
    if isinstance(leaf, KeyError):
        return Misfit(f"no {name}; it is incomplete", path, about=where)
    given = content
    for part in path:
        given = given[part]
    said = _quoted(given)
    if isinstance(leaf, UserError):
        return Misfit(f"{name} = {said}: {leaf}", path, about=where)
    name = name or "all of it"
    return Misfit(
        f"{name} = {said}: give {leaf if isinstance(leaf, _Unexpected) else 'another value'}", path, about=where
    )


def _quoted(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else quoted(value)


def _first(error: BaseException) -> tuple[tuple[str | int, ...], BaseException]:
    """Return the place of the first error, and the error."""
    path: list[str | int] = []
    while isinstance(error, cattrs.BaseValidationError):
        error = error.exceptions[0]
        for note in getattr(error, "__notes__", []):
            if isinstance(note, cattrs.AttributeValidationNote):
                path.append(note.name)
            elif isinstance(note, cattrs.IterableValidationNote):
                path.append(note.index)
    return tuple(path), error


def _look_at(content: Any) -> None:
    """Refuse nesting that is too deep for the code that follows."""
    level = [content]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    if level:
        raise ValueError(f"more than {DEEPEST} tables or lists within each other")


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of JSON; a name given twice (for example by a merge) is an error, as either value may be meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"'{next(name for name in names if names.count(name) > 1)}' is there twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _whole(value: Any, _: Any) -> int:
    if type(value) is not int:
        raise _Unexpected("a whole number, such as 3")
    if abs(value) > 2**53:
        raise _Unexpected("a smaller number")
    return value


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise _Unexpected("a number without quotes, such as 0.5")
    if not -1e308 <= value <= 1e308:
        raise _Unexpected("a finite number below 1e308")
    return float(value)


def _positive(value: Any, _: Any) -> float:
    number = _number(value, _)
    if number <= 0:
        raise _Unexpected("a number above 0")
    return number


def _truth(value: Any, _: Any) -> bool:
    if not isinstance(value, bool):
        raise _Unexpected("true or false")
    return value


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise _Unexpected("text in quotes")
    return value


def _time(value: Any, _: Any) -> float:
    if not isinstance(value, str):
        raise _Unexpected('a time with its unit, such as "0.1ms"')
    quantity = units.parse_quantity(value)
    try:
        return float(units.in_ms(quantity, "it"))
    except UserError:
        raise _Unexpected('a positive time with its unit, such as "0.1ms"') from None


def _given(value: Any, _: Any) -> Any:
    if type(value) in (int, float):
        return _number(value, _)
    if not isinstance(value, str):
        raise _Unexpected('a number, or text with a unit such as "20*ms"')
    return units.parse_quantity(value)


def _initial(value: Any, _: Any) -> Any:
    try:
        return _given(value, _)
    except UserError:
        return value  # an expression: the model checks whether it can be read


def _refractory(value: Any, _: Any) -> Any:
    if isinstance(value, str) and any(sign in value for sign in "<>="):
        return value  # a condition: the model checks whether it can be run
    return _given(value, _)


def _checked(kind: type, expected: str, make: Callable[[Any, Any], Callable[[Any, Any], Any]]) -> Callable[..., Any]:
    """Return a factory of hooks that check the type of a value before they convert it."""

    def factory(into: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
        inner = make(into, converter)

        def hook(value: Any, target: Any) -> Any:
            if not isinstance(value, kind):
                raise _Unexpected(expected)
            return inner(value, target)

        return hook

    return factory


def _is(origin: type) -> Callable[[Any], bool]:
    return lambda into: get_origin(into) is origin


def _converter(more_allowed: bool) -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=not more_allowed)
    for kind, hook in (
        (int, _whole),
        (float, _number),
        (bool, _truth),
        (str, _text),
        (Milliseconds, _time),
        (Positive, _positive),
        (Given, _given),
        (Initial, _initial),
        (Refractory, _refractory),
    ):
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_factory(
        is_dataclass, _checked(dict, "a table, such as { name = ... }", make_dict_structure_fn)
    )
    converter.register_structure_hook_factory(
        _is(Mapping), _checked(dict, "a table, such as { name = ... }", mapping_structure_factory)
    )
    converter.register_structure_hook_factory(
        _is(tuple), _checked(list, "a list in brackets, such as [1, 2]", homogenous_tuple_structure_factory)
    )
    return converter


_strict, _lenient = _converter(more_allowed=False), _converter(more_allowed=True)
