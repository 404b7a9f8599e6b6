"""Runs of a kernel kept in the store: what identifies them, and their form there.

One result is a kernel under the stimuli of a regime. Its parts are the runs at some settings. They are added when a
setting ends and a second has passed since the last time: a run that is killed loses what was computed since then. What
is decided from the runs, such as the largest dt within a tolerance, is not kept: it is decided again, for whatever
criteria a suite has.

A result is identified by everything that its numbers are computed from, and by nothing else: the C source of the
kernel without comments, how it is compiled and for which processor, the numbers of the model, the stimuli with their
seeds, the references, the measures, and the code that prepares and judges runs, without comments and docstrings.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
import struct
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from ...flops.toolchain import cpu_flags, cpu_model, find_compiler, has_vector_exp
from ...harness.kernels.c_source import c_source
from ...harness.kernels.kernel import Kernel
from ...harness.store import Row, Store
from ...models.ground.code_version import code_version
from ...models.methods import METHODS
from ..measures import MEASURES
from ..measures.spike_trains import SpikeTimeError
from .criterion import Run
from .judging import Trial

#: Runs at one setting, one per trial.
Runs = tuple[Run, ...]

#: Version of the form in which runs are written.
FORM = 1
#: Runs are written when this many seconds have passed since the last time.
BATCH = 1.0
#: A part with more bytes than this is not read: it was not written here.
MOST = 2**30
#: Errors of `decoded`.
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, OverflowError, ZeroDivisionError, struct.error, zlib.error)
#: The code that prepares and judges runs. Kernels are known by their source, models by their numbers.
_CODE = (
    "harness/kernels",
    "harness/stimuli",
    "models/methods",
    "accuracy/measures",
    "accuracy/search/judging.py",
    "accuracy/search/shared_runs.py",
    "accuracy/search/voltage.py",
)
_ERRORS = tuple(field.name for field in fields(SpikeTimeError))
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class NotKeptError(BaseException):
    """A run is needed that is not known (`KeptRuns.only_known`). Not an error: code must not go on after it."""


class KeptRuns:
    """The runs of a kernel in the store.

    Parameters
    ----------
    store : Store
    kernel : Kernel
    trials : sequence of Trial
    measures : sequence of str
        Measures that are taken in addition to the spike-time errors.
    about : mapping
        What is said of it to people.
    """

    def __init__(
        self, store: Store, kernel: Kernel, trials: Sequence[Trial], measures: Sequence[str], about: Mapping[str, Any]
    ) -> None:
        self._store, self.about = store, about
        self.identity = identity(kernel, trials, measures)
        """What identifies the result; empty if it is not kept."""
        self._known: dict[Fraction, Runs] = {}
        self._new: dict[Fraction, Runs] = {}
        self._written = time.monotonic()
        self._only_known = False
        self.computed = 0
        """Number of settings whose runs had to be computed."""
        for row in store.recall(self.identity) if self.identity else ():
            try:
                self._known |= decoded(row.content)
            except UNREADABLE as error:
                store.set_aside(row, f"it cannot be read: {error}")

    def recall(self, setting: Fraction) -> Runs | None:
        """Return the runs at a setting; None if they are not known.

        Raises
        ------
        NotKeptError
            If they are not known, within `only_known`.
        """
        found = self._known.get(setting)
        if found is None and self._only_known:
            raise NotKeptError
        return found

    @contextmanager
    def only_known(self) -> Iterator[None]:
        """Let nothing be computed in a block: `recall` raises `NotKeptError` instead."""
        self._only_known = True
        try:
            yield
        finally:
            self._only_known = False

    @property
    def known(self) -> Mapping[Fraction, Runs]:
        """The runs that were in the store, or were taken from another process."""
        return self._known

    def take(self, runs: Mapping[Fraction, Runs], identity: str, about: Mapping[str, Any]) -> None:
        """Keep runs that another process computed, whose result has its own identity and description."""
        self.computed += len(runs)
        self._known |= runs
        if runs and identity:
            self._keep(identity, runs, about)

    def add(self, setting: Fraction, runs: Runs) -> None:
        """Keep the runs at a setting."""
        self.computed += 1
        self._new[setting] = runs
        if time.monotonic() - self._written > BATCH:
            self.write()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write what was added in a block, also if it ends early."""
        try:
            yield
        finally:
            self.write()

    def write(self) -> None:
        """Write what was added."""
        if self._new and self.identity:
            self._keep(self.identity, self._new, self.about)
        self._new = {}
        self._written = time.monotonic()

    def _keep(self, identity: str, runs: Mapping[Fraction, Runs], about: Mapping[str, Any]) -> None:
        if self._store.is_open:
            with suppress(ValueError):  # numbers that have no form here are computed again
                self._store.keep(identity, encoded(runs), about, version())


@cache
def version() -> str:
    """Return the version of the code that prepares and judges runs, and of what it uses."""
    libc = " ".join(platform.libc_ver())
    return f"{FORM} {code_version(*_CODE)} numpy {np.__version__} {libc}"


def identity(kernel: Kernel, trials: Sequence[Trial], measures: Sequence[str]) -> str:
    """Return the digest of everything that runs are computed from; empty if that is not all known.

    It is not known for methods and measures of other packages: their code is not among what is versioned here.
    """
    step = kernel.step
    if not all(_is_ours(each) for each in (METHODS[step.method], *(MEASURES[name] for name in measures))):
        return ""
    compiler = find_compiler()
    parts = [
        version(),
        source_of(kernel),
        *kernel.build.flags,
        *compiler.command,
        compiler.version,
        cpu_model(),
        *cpu_flags(),
        step.method,
        step.detection,
        step.model.definition,
        repr(tuple(measures)),
        *(trial.digest for trial in trials),
    ]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def source_of(kernel: Kernel) -> str:
    """Return the C source of a kernel without comments."""
    return _COMMENT.sub("", c_source([kernel.step], kernel.build, has_vector_exp()))


def _is_ours(item: object) -> bool:
    return type(item).__module__.partition(".")[0] == __package__.partition(".")[0]


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
    runs = [_run(row, tallies, measures, head["failures"]) for row in zip(*columns, strict=True)]
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


def _run(row: tuple[Any, ...], tallies: list[str], measures: list[str], failures: list[str]) -> Run:
    failure, spikes, voltage, *more = row
    errors, values, counts = (
        more[: len(_ERRORS)],
        more[len(_ERRORS) : len(_ERRORS) + len(measures)],
        more[len(_ERRORS) + len(measures) :],
    )
    said = failures[failure]
    if said:
        return Run(None, said, {}, spikes, dict(zip(tallies, counts, strict=True)))
    return Run(
        SpikeTimeError(*errors),
        "",
        dict(zip(measures, values, strict=True)),
        spikes,
        dict(zip(tallies, counts, strict=True)),
        voltage,
    )
