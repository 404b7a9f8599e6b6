"""The form in which runs are kept: columns of numbers with a description, compressed."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np

from ...harness.store import Row
from ..measures.spike_trains import Array, SpikeTimeError
from .criterion import NO_VALUES, Criterion, Run, RunColumns, shared
from .sweep import read_setting
from .voltage import VoltageRms

#: Runs at one setting, one per trial.
Runs = tuple[Run, ...]

#: Version of the form.
FORM = 1
#: A part with more bytes than this is not read: it was not written here.
MOST = 2**30
#: Errors of `ReadRuns`.
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, OverflowError, ZeroDivisionError, struct.error, zlib.error)
_ERRORS = tuple(field.name for field in fields(SpikeTimeError))
#: Columns of all runs; measures and tallies follow.
_ALWAYS = ("failure", "spikes", VoltageRms.name, *_ERRORS)


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


class ReadRuns(Mapping[Fraction, Runs]):
    """What `encoded` wrote: runs by setting. They are made when they are asked for; most are only judged.

    Raises
    ------
    UNREADABLE
        If it was not written by `encoded`.
    """

    def __init__(self, kept: bytes) -> None:
        unpacked = zlib.decompressobj().decompress(kept, MOST)
        (size,) = struct.unpack_from("<I", unpacked)
        head = json.loads(unpacked[4 : 4 + size])
        self._tallies, self._measures, self._failures = (head[name] for name in ("tallies", "measures", "failures"))
        if not all(isinstance(each, str) for each in (*self._tallies, *self._measures, *self._failures)):
            raise ValueError("it has names that are no text")
        self._whole = head["whole"]
        settings: list[Fraction] = list(map(read_setting, head["settings"]))
        self._places = {each: place for place, each in enumerate(settings)}
        width = len(self._whole)
        if width != len(_ALWAYS) + len(self._measures) + len(self._tallies):
            raise ValueError("it has another number of columns")
        shuffled = np.frombuffer(unpacked, np.uint8, offset=4 + size).reshape(width, 8, -1)
        numbers = np.ascontiguousarray(shuffled.transpose(0, 2, 1)).view("<f8")
        self._numbers = numbers.reshape(width, len(self._places), head["trials"])
        self._known: dict[str, Mapping[str, float]] = {}
        self._check()

    def _check(self) -> None:
        _, settings, trials = self._numbers.shape
        if not set(np.unique(self._numbers[0]).tolist()) <= set(range(len(self._failures))):
            raise ValueError("it has a failure without a name")
        for column, whole in zip(self._numbers, self._whole, strict=True):
            if isinstance(whole, list) and len(whole) != settings * trials:
                raise ValueError("it has another number of runs")
            if whole and np.isinf(column[np.broadcast_to(whole, column.size).reshape(column.shape)]).any():
                raise ValueError("it has a whole number that is infinite")

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Fraction]:
        return iter(self._places)

    def __getitem__(self, setting: Fraction) -> Runs:
        place = self._places[setting]
        first = place * self._numbers.shape[2]
        columns = [
            _python(each, whole[first : first + each.size] if isinstance(whole, list) else whole)
            for each, whole in zip(self._numbers[:, place], self._whole, strict=True)
        ]
        return tuple(map(self._run, zip(*columns, strict=True)))

    def times_over(self, criterion: Criterion) -> dict[Fraction, Array]:
        """Return the tolerance over the errors at all settings (`Criterion.times_over`)."""
        of = dict(zip(_ALWAYS, self._numbers, strict=False))
        failed = np.array(list(map(bool, self._failures)), dtype=bool)[of["failure"].astype(int)]
        counts = [np.where(failed, 0, of[name]) for name in ("matched", "missing", "extra")]
        measured = of | dict(zip(self._measures, self._numbers[len(_ALWAYS) :], strict=False))
        values = np.where(failed, np.nan, measured.get(criterion.measure, np.nan))
        found = criterion.times_over(RunColumns(values, failed, *counts))
        return dict(zip(self._places, found, strict=True))

    def _run(self, row: tuple[Any, ...]) -> Run:
        failure, spikes, voltage, *more = row
        tallies = shared(dict(zip(self._tallies, more[len(_ERRORS) + len(self._measures) :], strict=True)), self._known)
        said = self._failures[failure]
        if said:
            return Run(None, said, NO_VALUES, spikes, tallies)
        taken = dict(zip(self._measures, more[len(_ERRORS) :], strict=False)) if self._measures else NO_VALUES
        return Run(SpikeTimeError(*more[: len(_ERRORS)]), "", taken, spikes, tallies, voltage)


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
        for setting, runs in ReadRuns(row.content).items()
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
