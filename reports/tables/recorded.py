"""Recorded spikes and voltages as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...accuracy.study.recording import Trace
from ...accuracy.study.study import Study
from .shared_columns import REGIME, situation

_SOURCE = {
    "model": "model and preset",
    "stimulus": "kind of stimulus; the first of each kind is recorded",
    "horizon_ms": "model time that is compared",
    "level": "requested firing rate, or drive as a multiple of the rheobase",
    "method": "integration method; empty for the reference",
    "detection": "how the crossing is located; empty for the reference",
    "measure": "how errors are measured; empty for the reference",
    "tolerance": "how far the measure may be from perfect; empty for the reference",
}
#: Columns and their meaning.
SPIKE_COLUMNS = {**_SOURCE, "time_ms": "time of a spike"}
VOLTAGE_COLUMNS = {
    **_SOURCE,
    "time_ms": "time of a sample",
    "voltage": "in the unit that the table of regimes states, to four digits: it is for looking at",
}


def spikes(study: Study) -> pd.DataFrame:
    """Return one row per spike; columns as in `SPIKE_COLUMNS`."""
    return _frame(study, SPIKE_COLUMNS, lambda trace: (trace.spike_times,))


def voltages(study: Study) -> pd.DataFrame:
    """Return one row per sample; columns as in `VOLTAGE_COLUMNS`."""
    return _frame(study, VOLTAGE_COLUMNS, lambda trace: (trace.at.astype(np.float32), _to_four_digits(trace.voltage)))


#: Bits of a 32-bit number that its first four digits do not need.
_LAST_BITS = 11


def _to_four_digits(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return numbers whose last bits are zero, so that they compress well."""
    bits = values.astype(np.float32).view(np.int32)
    half = np.int32(1 << (_LAST_BITS - 1))
    found: npt.NDArray[np.float32] = ((bits + half) & np.int32(-1 << _LAST_BITS)).view(np.float32)
    return found


def _recordings(study: Study) -> Iterator[tuple[dict[str, Any], Trace]]:
    for regime, recording in study.recorded_references:
        yield (
            {
                "model": regime.model.label,
                **dict(zip(REGIME, regime.key, strict=True)),
                "method": "",
                "detection": "",
                "measure": "",
                "tolerance": float("nan"),
            },
            recording,
        )
    for case in study.cases:
        if case.recording is not None:
            yield situation(case), case.recording


def _frame(
    study: Study, columns: Mapping[str, str], values: Callable[[Trace], tuple[npt.NDArray[Any], ...]]
) -> pd.DataFrame:
    """Return one row per value of each recording; the columns after those of `_SOURCE` have the `values`."""
    found = list(_recordings(study))
    if not found:
        return pd.DataFrame(columns=list(columns))
    each = [values(trace) for _, trace in found]
    sources = pd.DataFrame([source for source, _ in found], columns=list(_SOURCE))
    frame = sources.loc[np.repeat(sources.index, [len(first) for first, *_ in each])].reset_index(drop=True)
    together = map(np.concatenate, zip(*each, strict=True))
    return frame.assign(**dict(zip(list(columns)[len(_SOURCE) :], together, strict=True)))
