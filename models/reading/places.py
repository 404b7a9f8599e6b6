"""Find the line in a model's file for a place in a definition, which errors carry (`UserError.place`)."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

Place = Sequence[str | int]

#: Positional fields of `NeuronModel` and of Brian2's `NeuronGroup`, and fields that have another name there.
_POSITIONS = {"NeuronModel": ("name", "equations", "threshold", "reset"), "NeuronGroup": ("", "equations")}
_OTHERWISE = {"model": "equations", "namespace": "constants"}
_STRINGS = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"", re.DOTALL)


def line_in_toml(source: str, place: Place) -> int | None:
    """Return the line of a TOML file where something is given; None if it is not in the file.

    Parameters
    ----------
    source : str
    place : sequence of str and int
        Nested keys, then optionally a line of the text that is given there, or a name declared in it.
    """
    # lines inside multi-line texts are not keys
    bare = _STRINGS.sub(lambda text: "\n" * text[0].count("\n"), source).splitlines()
    line: int | None = None
    for step in place:
        text = _text_at(source, line) if line is not None else None
        if text is not None:
            return _within(*text, step)
        if isinstance(step, str):
            below = line or 1
            key = re.compile(rf"(?:^|[{{,\[.])\s*[\"']?{re.escape(step)}[\"']?\s*[=\].]")
            found = next((n for n, text in enumerate(bare, 1) if n >= below and key.search(text)), None)
            line = found or line
    return line


def _text_at(source: str, line: int) -> tuple[str, int] | None:
    """Return the multi-line text that begins in a line, and the number of its first line; None if there is none."""
    offset = sum(len(each) for each in source.splitlines(keepends=True)[: line - 1])
    match = _STRINGS.search(source, offset)
    if match is None or source.count("\n", offset, match.start()):
        return None
    text = match[0][3:-3]
    # TOML ignores a line break directly after the quotes
    return (text.lstrip("\r").removeprefix("\n"), line + 1) if text.lstrip("\r").startswith("\n") else (text, line)


def line_in_python(source: str, place: Place, begins: int | None) -> int | None:
    """Return the line of a Python file where a model's definition gives something; None if it is not known.

    Parameters
    ----------
    source : str
    place : sequence of str and int
        A field of the model, then places within it.
    begins : int, optional
        The first line of the definition.
    """
    if begins is None or not place:
        return None
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if call.lineno <= begins <= (call.end_lineno or 0) or call.lineno == begins:
            given = _given(call)
            if "threshold" in given or "equations" in given:
                node = given.get(str(place[0]))
                return _line_of(node, place[1:]) if node is not None else None
    return None


def _given(call: ast.Call) -> dict[str, ast.expr]:
    """Return the arguments of a call, by field of a model."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = dict(zip(_POSITIONS.get(function, ()), call.args, strict=False))
    return given | {_OTHERWISE.get(each.arg, each.arg): each.value for each in call.keywords if each.arg}


def _line_of(node: ast.expr, place: Place) -> int:
    for step in place:
        if isinstance(node, ast.Dict):
            named = [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == step
            ]
            if named:
                node = named[0]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.end_lineno != node.lineno:
            return _within(node.value, node.lineno, step)
    return node.lineno


def _within(text: str, first: int, step: str | int) -> int:
    """Return the line of a file for a line of a text in it, or for a name that an equation there declares."""
    if isinstance(step, str):
        declares = re.compile(rf"\s*d?{re.escape(step)}(?:\s*/\s*dt)?\s*[:=]")
        step = next((n for n, line in enumerate(text.splitlines()) if declares.match(line)), 0)
    return first + step


def line_of_name(source: str, name: str) -> int:
    """Return the line of a Python file that defines a name."""
    for node in ast.walk(ast.parse(source)):
        named = (
            node.name
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else (node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else None)
        )
        if named == name:
            return int(node.lineno)  # type: ignore[attr-defined]  # all three have a place
    return 1
