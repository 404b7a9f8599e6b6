"""Runs that several curves share: kernels that differ only in how they locate a spike that changes nothing.

One integration has the spikes of all detections (`Kernel.run_together`). Whichever curve needs a setting first has it
integrated; the others, if they need it, too, find their runs here. Nothing is decided here: every curve has the runs
that it would have alone, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from threading import Lock
from weakref import WeakValueDictionary

from ...harness.kernels.kernel import Kernel
from ...harness.kernels.kernels import run_all_together, run_together
from .criterion import Run
from .judging import Trial, judged

#: Runs with fewer steps than this are not shared: to judge them takes longer than to compute them. Where spikes arrive,
#: all are: steps are cut at arrivals, in a neuron alone, however few steps there are.
SHARED_FROM = 200_000

_KNOWN: WeakValueDictionary[object, SharedRuns] = WeakValueDictionary()
_KNOWN_LOCK = Lock()


class SharedRuns:
    """The runs of the kernels that run together, under the same stimuli.

    Parameters
    ----------
    trials : sequence of Trial
    measures : sequence of str
        Measures to take in addition to the spike-time errors.
    """

    def __init__(self, trials: Sequence[Trial], measures: Sequence[str]) -> None:
        self._trials, self._measures = trials, measures
        self._stimuli = [trial.stimulus for trial in trials]
        self._locks: dict[Fraction, Lock] = {}
        self._waiting: dict[tuple[str, Fraction], tuple[Run, ...]] = {}

    @classmethod
    def of(cls, kernel: Kernel, trials: Sequence[Trial], measures: Sequence[str]) -> SharedRuns:
        """Return those that the curve of a kernel shares with other curves; they last as long as one of these."""
        if kernel.together is None:
            return cls(trials, measures)
        key = kernel.library, kernel.together.name, tuple(trial.digest for trial in trials), tuple(measures)
        with _KNOWN_LOCK:
            found = _KNOWN.get(key)
            if found is None:
                found = _KNOWN[key] = cls(trials, measures)
        return found

    def __call__(self, kernel: Kernel, setting: Fraction) -> tuple[Run, ...]:
        """Return the runs of a kernel at a setting, one per trial. A kernel asks once for each setting."""
        horizon, arrives = self._stimuli[0].horizon, bool(self._stimuli[0].arrivals)
        short = not arrives and horizon / setting * len(self._stimuli) < SHARED_FROM
        if kernel.together is None or short:
            return judged(self._trials, run_together(kernel, self._stimuli, setting), self._measures)
        own = kernel.step.detection, setting
        with self._locks.setdefault(setting, Lock()):  # another curve may be at it
            if own not in self._waiting:
                for detection, outcomes in run_all_together(kernel, self._stimuli, setting).items():
                    self._waiting[detection, setting] = judged(self._trials, outcomes, self._measures)
            return self._waiting.pop(own)
