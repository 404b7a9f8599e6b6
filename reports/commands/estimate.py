"""What `spikecost run --estimate` shows."""

from __future__ import annotations

import math
from typing import Any

from ...accuracy.study.estimate import Estimate
from ..writing.text import prose, rows


def as_json(found: Estimate, jobs: int) -> dict[str, Any]:
    """Return the estimate as JSON types; times in s of processor time."""
    return {
        "cells": found.cells,
        "processor_seconds": found.seconds,
        "standard_error": None if math.isnan(found.error) else found.error,
        "shortest_wall_seconds": found.seconds / jobs,
        "spent": found.spent,
        "models": [
            {
                "model": each.model,
                "regimes": each.regimes,
                "measured_regimes": len(each.measured),
                "cells": each.cells,
                "references": each.finding,
                "sweeps": each.sweeping,
            }
            for each in found.models
        ],
    }


def as_text(found: Estimate, jobs: int) -> str:
    """Return the estimate as text for a terminal."""
    table = [
        {
            "model": each.model,
            "regimes": each.regimes,
            "measured": len(each.measured),
            "cells": each.cells,
            "references (s)": f"{each.finding:.3g}",
            "sweeps (s)": f"{each.sweeping:.3g}",
        }
        for each in found.models
    ]
    known = f" (standard error over the regimes {duration(found.error)})" if found.error > 0 else ""
    said = (
        f"{found.cells} cells (a regime, method and detection): about {duration(found.seconds)} of processor time for "
        f"drives, references and sweeps{known}, so at least {duration(found.seconds / jobs)} with --jobs {jobs}. "
        "Counting, timing, features and files are not contained, and what is in the store or in the cache takes "
        f"little. The estimate took {duration(found.spent)} of processor time."
    )
    return rows("Estimated processor time", list(table[0]), table, list(table[0])[1:]) + "\n" + prose(said)


def duration(seconds: float) -> str:
    """Write a duration with two digits, in the unit in which it is short."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"
