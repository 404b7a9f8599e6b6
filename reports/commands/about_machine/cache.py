"""The content of the cache on disk, and a check of every entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ....models.ground.cache import Holdings, clear, holdings
from ....models.ground.private import cache_folder
from ...writing.text import how_many, prose

_TITLES = {
    "kernels": "compiled kernels",
    "programs": "compiled programs",
    "references": "references and drives",
    "counts": "exact counts of kernels",
    "brian2": "what Brian2 executes",
    "libm": "what functions such as exp execute",
    "code": "versions of the code, and lists made with it",
    "mechanisms": "compiled mechanisms of other simulators",
    "simulators": "what other simulators execute",
}


@dataclass(frozen=True)
class Said:
    """The result of a command about the cache."""

    text: str
    record: Mapping[str, Any]
    sound: bool = True
    """Whether no entry is damaged."""

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        return dict(self.record)


def info() -> Said:
    """List the content of the cache without reading the entries.

    Raises
    ------
    UserError
        If other users can write to it.
    """
    held = holdings(verify=False)
    lines = [
        f"{cache_folder()} (set SPIKECOST_CACHE to move it)",
        *(
            f"  {_TITLES[each.kind]}: {how_many(each.entries, 'entry', 'entries')}, {each.size / 1e6:.1f} MB"
            for each in held
            if each.entries
        ),
    ]
    earlier = sum(each.others for each in held)
    if earlier:
        lines.append(
            f"  of earlier versions, not used: {how_many(earlier, 'file')}; `spikecost cache clear` deletes everything"
        )
    return Said(prose("\n".join(lines)), _record(held) | {"files_of_earlier_versions": earlier})


def verify() -> Said:
    """Compare every entry with its key and checksum.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    held = holdings()
    damaged = [entry for each in held for entry in each.damaged]
    entries = sum(each.entries for each in held)
    lines = [f"damaged: {file}: {reason}" for file, reason in damaged]
    lines.append(
        f"{cache_folder()}: {how_many(entries, 'entry', 'entries')}, "
        + (
            f"{len(damaged)} of them damaged; each is made again when it is needed"
            if damaged
            else "every key and checksum is right"
        )
    )
    record = _record(held) | {"damaged": [{"file": file, "reason": reason} for file, reason in damaged]}
    return Said(prose("\n".join(lines)), record, not damaged)


def empty() -> Said:
    """Delete every entry.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    taken = clear()
    return Said(
        f"{cache_folder()}: {how_many(taken, 'file')} deleted", {"folder": str(cache_folder()), "taken_away": taken}
    )


ACTIONS: Mapping[str, Callable[[], Said]] = {"info": info, "verify": verify, "clear": empty}


def _record(held: list[Holdings]) -> dict[str, Any]:
    return {
        "folder": str(cache_folder()),
        "entries": {each.kind: each.entries for each in held},
        "bytes": {each.kind: each.size for each in held},
    }
