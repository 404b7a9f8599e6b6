"""Compare models: run a suite of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from brian2 import Hz

from ...accuracy.search.criterion import Criterion
from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.runner import run_suite
from ...accuracy.study.suite import STANDARD, Suite, changed
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError, check_kind, check_list
from ...models.ground.garbage import RARELY, collecting
from ..results.provenance import provenance
from ..writing.bars import shown
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
    precisions: Sequence[str] | None = None,
    engines: Sequence[str] | None = None,
    horizon: Any = None,
    suite: Suite | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    store: str | Path | None = None,
    executor: str | None = None,
    cluster: str | None = None,
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
        Kinds of stimulus; ``constant`` if only rates are given. Without rates and stimuli, both are those of the
        default suite: an Ornstein-Uhlenbeck current at 5, 20 and 50 Hz, and a constant current at 100 Hz.
    criteria : sequence of Criterion, optional
        Other measures and their tolerances.
    precisions : sequence of str, optional
        Number formats of our kernels; double is always the first, and further ones, such as ``single``, are further
        rows of the table.
    engines : sequence of str, optional
        Other simulators that are further rows of the table, such as ``nest`` or ``neuron:crank_nicolson``.
    horizon : Quantity, optional
        Model time that is compared, 1 second by default.
    suite : Suite, optional
        Base that the other arguments change; by default the default suite without Brian2's code and features.
    jobs : int, optional
        Threads, or processes; by default one per core.
    progress : Progress, optional
        By default a bar in terminals and notebooks, and nothing elsewhere.
    store : str or Path, optional
        File of the store, from which results of earlier runs are taken: by default SPIKECOST_STORE, or a file in the
        user's data folder; ``"off"`` for none.
    executor : str, optional
        What computes the sweep: ``threads``, the default, ``processes``, or ``dask``, the default if a cluster is
        given.
    cluster : str, optional
        Address of the scheduler of a Dask cluster, such as ``tcp://host:8786``; by default SPIKECOST_CLUSTER.

    Returns
    -------
    Comparison

    Raises
    ------
    UserError
        If a name is unknown, a value is not positive or has the wrong unit, there is no C compiler, or no model can
        fire at any of the rates.
    """
    lists = {
        "models": (models, "['lif', 'izhikevich']"),
        "methods": (methods, "['euler', 'rk4']"),
        "detections": (detections, "['grid', 'hermite']"),
        "rates": (rates, "[20, 50]"),
        "stimuli": (stimuli, "['constant']"),
        "criteria": (criteria, "[sc.Criterion('gamma_2ms', 0.05)]"),
        "precisions": (precisions, "['double', 'single']"),
        "engines": (engines, "['nest', 'neuron']"),
    }
    for name, (given, example) in lists.items():
        if given is not None:
            check_list(given, name, example)
    if suite is not None:
        check_kind(suite, Suite, "suite", "a Suite, such as sc.QUICK, or sc.Suite(rates=(50,))")
    changes: dict[str, Any] = {"models": tuple(models)}
    if tolerance is not None:
        allowed = tolerance if isinstance(tolerance, (list, tuple)) else [tolerance]
        changes["tolerances"] = tuple(float(units.in_ms(value, "tolerance")) for value in allowed)
    names = ("methods", "detections", "stimuli", "criteria", "precisions", "engines")
    named = {name: lists[name][0] for name in names}
    for name, values in named.items():
        if values is not None:
            changes[name] = tuple(values)
    if rates is not None:
        changes["rates"] = tuple(units.number_in(rate, Hz, "rate") for rate in rates)
    if horizon is not None:
        changes["horizons"] = (float(units.in_ms(horizon, "horizon")),)
    base = suite or replace(STANDARD, thorough=False, features=False)
    with shown(progress) as told, collecting(after=RARELY):
        study = run_suite(
            changed(base, changes),
            (os.cpu_count() or 1) if jobs is None else jobs,
            told,
            store,
            executor=executor,
            cluster=cluster,
        )
    if not any(curve.points for curve in study.curves):
        first = study.curves[0]
        raise UserError(
            f"nothing to compare: {first.method} on {first.regime.model.label}: {first.reason}; "
            "give methods that apply (spikecost methods --model lists them)"
        )
    return RunFolder.of(study, provenance())
