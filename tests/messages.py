"""How tests check a message: by its essential content, not by its wording."""

from __future__ import annotations

import re

#: The essential parts: quoted text, numbers with their unit (0.1*ms), and names of the program (exponential_euler).
ESSENTIAL = re.compile(r"'([^']*)'|((?<![\w.])-?\d[\w.*]*\w|(?<![\w.])-?\d)|(\w+_\w+)")


def essentials(like: str) -> list[str]:
    """Return the parts that every wording of a message must have: `ESSENTIAL`, and the longest word, which says what
    is wrong.
    """
    wrong, _, _ = like.partition(";")
    found = [next(filter(None, groups), "") for groups in ESSENTIAL.findall(like)]
    words = re.findall(r"[A-Za-z]{4,}", re.sub(r"'[^']*'", "", wrong.rpartition("spikecost: ")[2]))
    return found + sorted(words, key=len)[-1:]


def tells(said: str, like: str) -> bool:
    """Whether a message is one line and has the content of another wording, including the advice if there is one."""
    line = said.removesuffix("\n")
    missing = [part for part in essentials(like) if part not in line]
    assert not missing, f"{missing} not in: {line}"
    assert "\n" not in line, line
    assert line.startswith("spikecost: ") == like.startswith("spikecost: "), line
    assert ";" not in like or re.search(r"; .*\w", line), f"it does not say what to do: {line}"
    return True


def mentions(said: str, *parts: str) -> bool:
    """Whether a text has these parts in this order, whatever stands between them."""
    assert re.search(".*".join(map(re.escape, parts)), said, re.DOTALL), f"not {' ... '.join(parts)} in: {said}"
    return True
