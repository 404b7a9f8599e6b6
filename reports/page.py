"""The page: table and figure with all that is needed to judge them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..accuracy.criterion import Criterion
from ..accuracy.study import Study
from ..accuracy.voltage import VoltageRms
from ..flops.adaptive import AdaptiveCount
from ..flops.conventions import CONVENTIONS
from ..flops.operations import Count
from ..models.expression import KINDS
from .parity import COLUMNS as PARITY_COLUMNS
from .parity import why_no_exact_count
from .table import columns

if TYPE_CHECKING:
    from .comparison import Comparison

#: Columns of the short table.
SHORT = ("stimulus", "level", "measure", "tolerance", "model", "method", "detection", "dt_ms", "dt_all_ms",
         "flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "ns_per_ms",
         "ns_per_ms_simd", "error_ms", "status")


def page(comparison: Comparison, facts: Mapping[str, str]) -> str:
    """Return the page as HTML; it shows ``work_precision.svg`` from its own folder."""
    study = comparison.study
    return _template().render(
        study=study,
        suite=study.suite,
        rows=comparison.table.to_dict("records"),
        best=comparison.cheapest.to_dict("records"),
        ratios=_ratios(comparison.ranking),
        models=list(dict.fromkeys(comparison.ranking["model"])),
        baseline=comparison.baseline,
        facts=facts,
        columns=columns(study),
        short=SHORT,
        more_figures=[VoltageRms.name, *study.suite.all_measures],
        counts=_counts(study, Count),
        blocks=_counts(study, AdaptiveCount),
        counters=comparison.counters.to_dict("records"),
        counter_columns=PARITY_COLUMNS,
        builds=comparison.builds.to_dict("records"),
        no_exact_count=why_no_exact_count(study),
        kinds=KINDS,
        conventions=[CONVENTIONS[name] for name in CONVENTIONS],
    )


def _counts(study: Study, kind: type[Count] | type[AdaptiveCount]) -> list[tuple[str, str, str, Any]]:
    """Each model, method and detection once, with its count, if it is of a kind."""
    found = {
        (curve.regime.model.label, curve.method, curve.detection): curve.count
        for curve in study.curves if isinstance(curve.count, kind)
    }
    return [(*key, count) for key, count in found.items()]


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
