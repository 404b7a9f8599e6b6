"""Runs of a kernel kept in the store, and what identifies them.

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
import platform
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, TypeVar

import numpy as np

from ...flops.toolchain import cpu_flags, cpu_model, find_compiler, has_vector_exp
from ...harness.kernels.c_source import c_source
from ...harness.kernels.kernel import Kernel
from ...harness.store import Store
from ...models.ground.code_version import code_version
from ...models.methods import METHODS
from ..measures import MEASURES
from ..measures.spike_trains import Array
from .criterion import Criterion
from .judging import Trial
from .runs_as_bytes import FORM, UNREADABLE, ReadRuns, Runs, encoded

Found = TypeVar("Found")

#: Runs are written when this many seconds have passed since the last time.
BATCH = 1.0
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
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class _NotKnownError(BaseException):
    """A run is needed that is not known (`from_known`). No `Exception`: code that goes on after errors must end."""


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
        self._computed_from = kernel, trials, measures
        self._parts: list[ReadRuns] = []
        self._read: dict[Fraction, ReadRuns] = {}
        self._taken: dict[Fraction, Runs] = {}
        self._new: dict[Fraction, Runs] = {}
        self._written = time.monotonic()
        self._only_known = False
        self.computed = 0
        """Number of settings whose runs had to be computed."""
        for row in store.recall(self.identity) if store.is_open and self.identity else ():
            try:
                self._parts.append(part := ReadRuns(row.content))
                self._read |= dict.fromkeys(part, part)
            except UNREADABLE as error:
                store.set_aside(row, f"it cannot be read: {error}")

    @cached_property
    def identity(self) -> str:
        """What identifies the result; empty if it is not kept."""
        return identity(*self._computed_from)

    def recall(self, setting: Fraction) -> Runs | None:
        """Return the runs at a setting; None if they are not known."""
        if setting in self._taken:
            return self._taken[setting]
        if setting in self._read:
            return self._read[setting][setting]
        if self._only_known:
            raise _NotKnownError
        return None

    @property
    def is_new(self) -> bool:
        """Whether no runs are known."""
        return not self._read and not self._taken

    @property
    def known(self) -> Mapping[Fraction, Runs]:
        """The runs that were in the store, or were taken from another process."""
        return {setting: read[setting] for setting, read in self._read.items()} | self._taken

    def times_over(self, criterion: Criterion) -> dict[Fraction, Array]:
        """Return the tolerance over the errors (`Criterion.times_over`) at all settings that were in the store."""
        found: dict[Fraction, Array] = {}
        for part in self._parts:
            found |= part.times_over(criterion)
        return found

    def take(self, runs: Mapping[Fraction, Runs], identity: str, about: Mapping[str, Any]) -> None:
        """Keep runs that another process computed, whose result has its own identity and description."""
        self.computed += len(runs)
        self._taken |= runs
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
        if self._new and self._store.is_open and self.identity:
            self._keep(self.identity, self._new, self.about)
        self._new = {}
        self._written = time.monotonic()

    def _keep(self, identity: str, runs: Mapping[Fraction, Runs], about: Mapping[str, Any]) -> None:
        if self._store.is_open:
            with suppress(ValueError):  # numbers that have no form here are computed again
                self._store.keep(identity, encoded(runs), about, version())


def from_known(several: Iterable[KeptRuns], decide: Callable[[], Found]) -> Found | None:
    """Return what a function decides from known runs; None if it needs others, which are then not computed."""
    with ExitStack() as after:
        for kept in several:
            kept._only_known = True
            after.callback(setattr, kept, "_only_known", False)
        try:
            return decide()
        except _NotKnownError:
            return None


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
