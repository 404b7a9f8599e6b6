"""The page: table and figure with all that is needed to judge them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..accuracy.study import Study
from ..flops.conventions import CONVENTIONS
from ..models.expression import KINDS
from .parity import COLUMNS as PARITY_COLUMNS
from .parity import why_no_exact_count
from .table import COLUMNS

if TYPE_CHECKING:
    from .comparison import Comparison

#: Columns of the short table.
SHORT = ("rate_hz", "tolerance_ms", "model", "method", "detection", "dt_ms", "flops_per_ms", "ns_per_ms",
         "ns_per_ms_simd", "error_ms", "status")


def page(comparison: Comparison, facts: Mapping[str, str]) -> str:
    """Return the page as HTML; it shows ``work_precision.svg`` from its own folder."""
    study, ratios = comparison.study, comparison.verdict
    return _template().render(
        study=study,
        suite=study.suite,
        rows=comparison.table.to_dict("records"),
        best=comparison.cheapest.to_dict("records"),
        ratios=ratios.to_dict("records"),
        models=[column for column in ratios.columns if column not in ("view", "rate_hz", "tolerance_ms")],
        baseline=comparison.baseline,
        facts=facts,
        columns=COLUMNS,
        short=SHORT,
        counts=_counts(study),
        counters=comparison.counters.to_dict("records"),
        counter_columns=PARITY_COLUMNS,
        builds=comparison.builds.to_dict("records"),
        no_exact_count=why_no_exact_count(study),
        kinds=KINDS,
        conventions=[CONVENTIONS[name] for name in CONVENTIONS],
    )


def _counts(study: Study) -> list[tuple[str, str, str, Any]]:
    """Each model, method and detection once, with its count."""
    found = {
        (curve.regime.model.label, curve.method, curve.detection): curve.count
        for curve in study.curves if curve.count is not None
    }
    return [(*key, count) for key, count in found.items()]


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
