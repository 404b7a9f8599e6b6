"""Compare models: run a suite of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from brian2 import Hz

from ...accuracy.search.criterion import Criterion
from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.runner import run_suite
from ...accuracy.study.suite import Suite
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.language import units
from ..results.provenance import provenance
from .run_folder import RunFolder

#: What `compare` returns: a run, which can be shown, saved, and read again.
Comparison = RunFolder


def compare(
    models: Sequence[str | NeuronModel],
    tolerance: Any = None,
    *,
    methods: Sequence[str] | None = None,
    detections: Sequence[str] | None = None,
    rates: Sequence[float] | None = None,
    stimuli: Sequence[str] | None = None,
    criteria: Sequence[Criterion] | None = None,
    horizon: Any = None,
    suite: Suite | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
) -> Comparison:
    """Compare models at equal spike-time accuracy.

    Parameters
    ----------
    models : sequence of str or NeuronModel
        Names (``izhikevich``, ``izhikevich:CH``) or definitions.
    tolerance : Quantity or sequence of Quantity, optional
        Largest spike-time error allowed, such as ``0.1*ms``.
    methods, detections : sequence of str, optional
        By default all that are registered in the suite.
    rates : sequence of float, optional
        Firing rates in Hz (numbers, or Quantities in Hz).
    stimuli : sequence of str, optional
        Kinds of stimuli.
    criteria : sequence of Criterion, optional
        Other measures and their tolerances.
    horizon : Quantity, optional
        Model time that is compared, 1 second by default.
    suite : Suite, optional
        Base that the other arguments change; by default the default suite without Brian2's code and features.
    jobs : int
        Threads.
    progress : Progress, optional

    Returns
    -------
    Comparison

    Raises
    ------
    UserError
        If a name is unknown, a value is not positive or has the wrong unit, there is no C compiler, or no model can
        fire at any of the rates.
    """
    if isinstance(models, (str, NeuronModel)):
        raise UserError(f"models = {models!r}: give a list, such as ['lif', 'izhikevich']")
    changes: dict[str, Any] = {"models": tuple(models)}
    if tolerance is not None:
        given = tolerance if isinstance(tolerance, (list, tuple)) else [tolerance]
        changes["tolerances"] = tuple(float(units.in_ms(value, "tolerance")) for value in given)
    named = {"methods": methods, "detections": detections, "stimuli": stimuli, "criteria": criteria}
    for name, values in named.items():
        if values is not None:
            changes[name] = tuple(values)
    if rates is not None:
        changes["rates"] = tuple(units.number_in(rate, Hz, "rate") for rate in rates)
    if horizon is not None:
        changes["horizons"] = (float(units.in_ms(horizon, "horizon")),)
    study = run_suite(replace(suite or Suite(thorough=False, features=False), **changes), jobs, progress)
    if not any(curve.points for curve in study.curves):
        first = study.curves[0]
        raise UserError(
            f"nothing to compare: {first.method} on {first.regime.model.label}: {first.reason}; "
            "give methods that apply (spikecost methods --model lists them)"
        )
    return RunFolder.of(study, provenance())
