"""The form in which runs are kept: columns of numbers with a description, compressed."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np

from ...harness.store import Row
from ..measures.spike_trains import SpikeTimeError
from .criterion import NO_VALUES, Run, shared

#: Runs at one setting, one per trial.
Runs = tuple[Run, ...]

#: Version of the form.
FORM = 1
#: A part with more bytes than this is not read: it was not written here.
MOST = 2**30
#: Errors of `decoded`.
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, OverflowError, ZeroDivisionError, struct.error, zlib.error)
_ERRORS = tuple(field.name for field in fields(SpikeTimeError))


def encoded(runs: Mapping[Fraction, Runs]) -> bytes:
    """Write runs as bytes: a description in JSON, then a column of numbers for each quantity, compressed.

    Raises
    ------
    ValueError
        If a number is neither a float nor a whole number that a float can hold, or if runs have different quantities.
    """
    each = list(chain.from_iterable(runs.values()))
    tallies, measures = _names(run.tallies for run in each), _names(run.values for run in each)
    failures = list(dict.fromkeys(run.failure for run in each))
    rows = [_row(run, tallies, measures, failures) for run in each]
    columns = list(zip(*rows, strict=True))
    head = {
        "settings": [str(setting) for setting in runs],
        "trials": len(each) // max(len(runs), 1),
        "tallies": tallies,
        "measures": measures,
        "failures": failures,
        "whole": [_whole(column) for column in columns],
    }
    said = json.dumps(head).encode()
    numbers = np.array([[np.nan if value is None else value for value in column] for column in columns], dtype="<f8")
    # bytes of the same place together: signs and exponents are alike, and compress well
    shuffled = numbers.view(np.uint8).reshape(len(columns), -1, 8).transpose(0, 2, 1).tobytes()
    return zlib.compress(struct.pack("<I", len(said)) + said + shuffled, 3)


def decoded(kept: bytes) -> dict[Fraction, Runs]:
    """Read what `encoded` wrote.

    Raises
    ------
    UNREADABLE
        If it was not.
    """
    unpacked = zlib.decompressobj().decompress(kept, MOST)
    (size,) = struct.unpack_from("<I", unpacked)
    head = json.loads(unpacked[4 : 4 + size])
    tallies, measures, whole = head["tallies"], head["measures"], head["whole"]
    width = len(whole)
    if width != 3 + len(_ERRORS) + len(measures) + len(tallies):
        raise ValueError("it has another number of columns")
    shuffled = np.frombuffer(unpacked, np.uint8, offset=4 + size).reshape(width, 8, -1)
    numbers = np.ascontiguousarray(shuffled.transpose(0, 2, 1)).view("<f8")[..., 0]
    columns = list(map(_python, numbers, whole))
    rows = list(zip(*columns, strict=True))
    of_rows = shared(dict(zip(tallies, row[width - len(tallies) :], strict=True)) for row in rows)
    runs = [_run(row, each, measures, head["failures"]) for row, each in zip(rows, of_rows, strict=True)]
    trials, settings = head["trials"], [Fraction(text) for text in head["settings"]]
    if len(runs) != trials * len(settings):
        raise ValueError("it has another number of runs")
    return {setting: tuple(runs[i * trials : (i + 1) * trials]) for i, setting in enumerate(settings)}


def summary(row: Row) -> list[dict[str, Any]]:
    """Return the runs of a part of a result as rows of a table."""
    return [
        {
            **row.about,
            "setting": float(setting),
            "trial": trial,
            "spikes": run.spikes,
            "failure": run.failure,
            **{name: None if run.error is None else getattr(run.error, name) for name in _ERRORS},
            "voltage_rms": run.voltage,
            "measures": json.dumps(dict(run.values)),
            "tallies": json.dumps(dict(run.tallies)),
            "result": row.identity,
        }
        for setting, runs in decoded(row.content).items()
        for trial, run in enumerate(runs)
    ]


def _names(mappings: Any) -> list[str]:
    return list(dict.fromkeys(chain.from_iterable(mappings)))


def _row(run: Run, tallies: list[str], measures: list[str], failures: list[str]) -> tuple[Any, ...]:
    """Return the numbers of a run. Nothing is missing: a run that failed has no error and no value of any measure."""
    failed = run.error is None
    if not failed and set(run.values) != set(measures):
        raise ValueError("runs have different measures")
    if set(run.tallies) != set(tallies):
        raise ValueError("runs have different tallies")
    return (
        failures.index(run.failure),
        run.spikes,
        run.voltage,
        *(None if run.error is None else getattr(run.error, name) for name in _ERRORS),
        *(None if failed else run.values[name] for name in measures),
        *(run.tallies[name] for name in tallies),
    )


def _whole(column: Sequence[Any]) -> bool | list[bool]:
    """Return whether all numbers of a column are whole numbers, or all are not; a list if it has both.

    Raises
    ------
    ValueError
        If a number is neither a float nor a whole number that a float can hold.
    """
    found = []
    for value in column:
        if not isinstance(value, float | int | None) or (isinstance(value, int) and abs(value) > 2**53):
            raise ValueError(f"{value!r} cannot be kept")
        found.append(isinstance(value, int))
    given = {each for each, value in zip(found, column, strict=True) if value is not None}
    return found if len(given) > 1 else True in given


def _python(column: Any, whole: bool | list[bool]) -> list[Any]:
    values = column.tolist()
    kinds = whole if isinstance(whole, list) else [whole] * len(values)
    return [int(value) if kind and not math.isnan(value) else value for value, kind in zip(values, kinds, strict=True)]


def _run(row: tuple[Any, ...], tallies: Mapping[str, float], measures: list[str], failures: list[str]) -> Run:
    failure, spikes, voltage, *more = row
    said = failures[failure]
    if said:
        return Run(None, said, NO_VALUES, spikes, tallies)
    errors, values = more[: len(_ERRORS)], more[len(_ERRORS) : len(_ERRORS) + len(measures)]
    taken = dict(zip(measures, values, strict=True)) if measures else NO_VALUES
    return Run(SpikeTimeError(*errors), "", taken, spikes, tallies, voltage)
