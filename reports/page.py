"""The page: table and figure with all that is needed to judge them."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..accuracy.criterion import Criterion
from ..models.expression import KINDS
from .parity import COLUMNS as PARITY_COLUMNS

if TYPE_CHECKING:
    from .run_folder import RunFolder

#: Columns of the short table.
SHORT = ("stimulus", "level", "measure", "tolerance", "model", "method", "detection", "dt_ms", "dt_all_ms",
         "flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "ns_per_ms",
         "ns_per_ms_simd", "error_ms", "status")


def page(run: RunFolder) -> str:
    """Return the page as HTML; it shows ``work_precision.svg`` from its own folder."""
    operations = run.operations.pivot_table(index=["model", "method", "detection", "part"], columns="kind",
                                            values="operations", sort=False).reset_index().fillna(0)
    return _template().render(
        run=run,
        suite=run.about["suite"],
        rows=run.table.to_dict("records"),
        best=run.cheapest.to_dict("records"),
        ratios=_ratios(run.ranking),
        models=list(dict.fromkeys(run.ranking["model"])),
        baseline=run.baseline,
        facts=run.provenance,
        columns=run.about["columns"],
        short=SHORT,
        more_figures=[name for name in run.measures if name != "maximum"],
        operations=operations.to_dict("records"),
        counters=run.counters.to_dict("records"),
        counter_columns=PARITY_COLUMNS,
        builds=run.builds.to_dict("records"),
        regimes=run.regimes.to_dict("records"),
        no_exact_count=run.about["no_exact_count"],
        kinds=[kind for kind in KINDS if kind in operations],
        conventions=run.about["conventions"],
    )


def _ratios(ranked: pd.DataFrame) -> list[dict[str, Any]]:
    """Each situation and view once, with a ratio and its interval for each model."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in ranked.to_dict("records"):
        known = isinstance(row["level"], str)
        regime = f"{row['stimulus']}, {row['level']}, {row['horizon_ms'] / 1000:g} s" if known else ""
        accuracy = str(Criterion(row["measure"], row["tolerance"])) if known else "none asked"
        entry = rows.setdefault((regime, accuracy, row["view"]),
                                {"regime": regime, "accuracy": accuracy, "view": row["view"], "ratios": {}})
        entry["ratios"][row["model"]] = with_interval(row["ratio"], row["low"], row["high"])
    order = {key: i for i, key in enumerate(dict.fromkeys(key[:2] for key in rows))}
    return [rows[key] for key in sorted(rows, key=lambda key: order[key[:2]])]


def with_interval(ratio: float, low: float, high: float) -> str:
    """Print a ratio with its interval."""
    if math.isnan(low) or low == high == 1:
        return number(ratio)
    return f"{ratio:.3g} ({low:.3g} to {high:.3g}{', too close to rank' if low <= 1 <= high else ''})"


def number(value: Any) -> str:
    """Print a table entry: four digits, and a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"  # noqa: RUF001 - the page shows a dash
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("spikecost.reports", "."), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["number"] = number
    return environment.get_template("page.html")
