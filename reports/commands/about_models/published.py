"""Published costs of models compared with costs counted from their equations."""

from __future__ import annotations

import pandas as pd

from ....flops.conventions import Convention, get_convention
from ....flops.operations import count
from ....models.catalogue import MODELS
from ....models.ground.errors import UserError
from ...writing.text import frame, prose

#: The reason for any part of the difference that a model's own reasons do not explain.
UNEXPLAINED = "not explained"


def published(convention: str | Convention = "izhikevich2004") -> pd.DataFrame:
    """Compare the published cost of every model with the counted cost, under the source's own convention and time step.

    The cost is that of a forward Euler step without a spike. The published figures of 2004 are those widely quoted.

    Parameters
    ----------
    convention : str or Convention

    Returns
    -------
    pandas.DataFrame
        One row per model, in the order of the catalogue: ``model``, ``dt_ms``, cost per step (``published_step``,
        ``counted_step``, ``difference``) and per ms of model time (``published_per_ms``, ``counted_per_ms``),
        ``operations`` (counted operations by kind) and ``why`` (the parts of the difference).

    Raises
    ------
    UserError
        If the convention is not known, or no model has a cost under it.
    """
    convention = get_convention(convention)
    rows = []
    for name, model in MODELS.items():
        if convention.name not in model.published_costs:
            continue
        cost = model.published_costs[convention.name]
        found = count(model, "euler")
        counted = found.flops_per_step(convention, cost.dt)
        difference = counted - cost.step
        reasons = {why: n for why, n in cost.differences.items() if n}
        rest = difference - sum(reasons.values())
        if rest:
            reasons[UNEXPLAINED] = rest
        rows.append(
            {
                "model": name,
                "dt_ms": cost.dt_ms,
                "published_step": cost.step,
                "counted_step": counted,
                "difference": difference,
                "published_per_ms": cost.per_ms,
                "counted_per_ms": counted / cost.dt_ms,
                "operations": convention.breakdown(found.weighed_by(convention, cost.dt)),
                "why": "; ".join(f"{n:+g} {why}" for why, n in reasons.items()),
            }
        )
    if not rows:
        known = sorted({name for model in MODELS.values() for name in model.published_costs})
        raise UserError(f"no model has a published cost under '{convention.name}'; give {' or '.join(known)}")
    return pd.DataFrame(rows)


def published_text(found: pd.DataFrame, convention: str) -> str:
    """Write the result of `published`: a table, then the operations and reasons of each model."""
    lines = [
        frame(
            f"Forward Euler, a step without a spike, counted as {convention}", found.drop(columns=["operations", "why"])
        )
    ]
    for row in found.to_dict("records"):
        lines.append(prose(f"{row['model']}: {row['operations']} = {row['counted_step']:g}"))
        if row["why"]:
            lines.append(prose(f"    {row['why']}"))
    return "\n".join(
        [
            *lines,
            prose(
                f"counted from the equations, never fitted. {get_convention(convention).source}. The "
                "published figures are the widely quoted ones"
            ),
        ]
    )
