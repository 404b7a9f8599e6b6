"""Verdicts on published claims that come with spikecost: the page shows them, and its run does not change them.

``claims.json`` beside this file was written together with docs/claims.md, by ``spikecost claims --out`` with both.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

#: How answers are written.
ANSWERS = {True: "agrees", False: "contradicts", None: "not known"}


@cache
def claims() -> list[dict[str, Any]]:
    """Return one entry per claim, with ``columns`` and ``rows``: its findings as a table of text."""
    found: list[dict[str, Any]] = json.loads(files(__package__).joinpath("claims.json").read_text(encoding="utf-8"))
    return [
        {
            **claim,
            "columns": [*claim["findings"][0]["conditions"], "found", "answer"],
            "rows": [
                [*each["conditions"].values(), each["number"], ANSWERS[each["agrees"]]] for each in claim["findings"]
            ],
        }
        for claim in found
    ]
