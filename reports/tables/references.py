"""The regimes and their references as tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...accuracy.references import taylor
from ...accuracy.references.flow.precision import Precision
from ...accuracy.regimes.regime import Regime
from ...accuracy.study.study import Study
from ...models.definition.language import units
from .shared_columns import REGIME

#: Columns and their meaning.
COLUMNS = {
    "model": "model and preset",
    **REGIME,
    "drive": "mean input",
    "drive_unit": "unit of the drive",
    "rate_hz": "firing rate of the reference",
    "stimuli": "number of stimuli",
    "spikes": "number of spikes of all references",
    "reference_tolerance": "loosest tolerance of the Taylor computations (relative, per step)",
    "reference_error_ms": "largest stated error of a reference",
    "reference_checked_ms": "difference between the first reference and a solution in 80-bit arithmetic",
    "reference_voltage_error": "largest stated error of the references' voltage samples, in the model's unit",
    "voltage_unit": "unit of the voltage",
    "reason": "why there are no stimuli; empty if there are",
    "failed": "whether the program failed: then nothing is known about the model",
    "several_rates": "the rates at the same constant drive, if they depend on how it is reached; empty if there is one",
}
TRIAL_COLUMNS = {
    "model": "model and preset",
    **REGIME,
    "trial": "which stimulus of its kind, from 0",
    "seed": "seed of the stimulus; none if it has no random numbers",
    "noise_seed": "seed of the model's random inputs; none if it has none",
    "spikes": "number of spikes of the reference",
    "error_ms": "stated error of its spike times",
    "method": "how the reference was computed",
}


def regimes(study: Study) -> pd.DataFrame:
    """Return one row per model and regime; columns as in `COLUMNS`."""
    return pd.DataFrame([_row(regime) for regime in study.regimes], columns=list(COLUMNS))


def references(study: Study) -> pd.DataFrame:
    """Return one row per stimulus; columns as in `TRIAL_COLUMNS`."""
    return pd.DataFrame(
        [
            {
                **_key(regime),
                "trial": i,
                "seed": trial.stimulus.seed,
                "noise_seed": trial.stimulus.noise if trial.model.system.random else None,
                "spikes": trial.spikes,
                "error_ms": trial.reference.error,
                "method": trial.reference.method.value,
            }
            for regime in study.regimes
            for i, trial in enumerate(regime.trials)
        ],
        columns=list(TRIAL_COLUMNS),
    )


def _key(regime: Regime) -> dict[str, Any]:
    return {
        "model": regime.model.label,
        "stimulus": regime.stimulus,
        "horizon_ms": regime.horizon,
        "level": regime.level,
    }


def _row(regime: Regime) -> dict[str, Any]:
    system = regime.model.system
    voltage = system.threshold.variable
    row = {
        **_key(regime),
        "drive_unit": units.unit_name(regime.model.input_dimension),
        "voltage_unit": units.unit_name(system.dimensions[voltage]),
        "reason": regime.reason,
        "failed": regime.failed,
        "several_rates": regime.drive.note if regime.drive else "",
    }
    if not regime.trials or regime.drive is None:
        return row
    place = system.state.index(voltage)
    errors = [trial.reference.samples_error[trial.between, place] for trial in regime.trials]
    return row | {
        "drive": regime.drive.value,
        "rate_hz": regime.drive.rate,
        "stimuli": len(regime.trials),
        "spikes": sum(trial.spikes for trial in regime.trials),
        "reference_tolerance": max(each.tolerance for each in vars(taylor).values() if isinstance(each, Precision)),
        "reference_error_ms": regime.reference_error,
        "reference_checked_ms": regime.certified,
        "reference_voltage_error": max((float(each.max()) for each in errors if each.size), default=None),
    }
