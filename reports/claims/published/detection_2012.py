"""Spike detection against integration, as judged in 2012."""

from collections.abc import Iterator

import pandas as pd

from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, drive, of_models
from ..finding import ClaimFinding
from .costs_2004 import MODELS_2004

#: The time step in ms at which errors are compared: the usual one, or the nearest at which all spikes are there.
STEP = 0.1
METHODS = ("euler", "rk4")


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare the error with and without a located crossing, at the same steps of the same method."""
    yield from of_points(evidence.run(COMPARISON).points)


def of_points(points: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per model, method and drive."""
    keys = ["model", "method", "stimulus", "level"]
    own = of_models(points, MODELS_2004)
    own = own[own["method"].isin(METHODS) & own["detection"].isin(["grid", "hermite"])]
    for _, rows in own.groupby(keys, sort=False):
        first = rows.iloc[0]
        where = {"model": first["model"], "method": first["method"], "drive": drive(first)}
        errors = rows.pivot_table(index="dt_ms", columns="detection", values="error_ms").dropna()
        if not {"grid", "hermite"} <= set(errors.columns) or errors.empty:
            yield ClaimFinding(where, "no step at which both have all spikes", None)
            continue
        dt = min(errors.index, key=lambda value: abs(value - STEP))
        grid, located = float(errors.loc[dt, "grid"]), float(errors.loc[dt, "hermite"])
        yield ClaimFinding(
            where,
            f"dt {dt:.3g} ms: error {short(grid)} ms, {short(located)} ms with located crossings",
            located < grid / 2,
        )


CLAIMS.register(
    Claim(
        name="detection_2012",
        year=2012,
        source="Henker, Partzsch and Schueffny 2012, Journal of Computational Neuroscience 32:309",
        certainty=Certainty.ABSTRACT,
        sentence="At a fixed time step, spike detection dominates the error, not integration.",
        known="The comparison is with a model that is solved analytically.",
        assumed="The error of integration is what is left if crossings are located within the step by a cubic; the "
        f"rest is the error of detection. Of the steps at which all spikes are there, the nearest to {STEP:g} ms is "
        "taken; over 1 s.",
        agrees_if="more than half of the error goes away with located crossings",
        flips="the order of the method, and the step: a method of order 1 keeps an error of integration of the same "
        "size",
        findings=findings,
    )
)
