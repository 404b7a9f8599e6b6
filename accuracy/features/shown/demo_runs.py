"""The demos run as published and converged, and the time step at which the results differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np

from ....flops.toolchain import SIMD
from ....harness.kernels.kernel import Kernel, compile_kernels
from ....harness.stimuli import Stimulus
from ....models.ground.errors import UserError
from ....models.step import make_step
from ...references import taylor
from ...references.cache import recall
from ...references.reference import SHARED_ROUNDING
from ..protocols.base import FEATURES, Feature, Verdict
from ..protocols.recorded import Array, Recording
from ..protocols.subject import RUNAWAY, Subject, cut, recorded, solved
from .demos import DETECTION, METHOD, Demo, demos

#: Number of times that the published time step is halved.
HALVINGS = 12
#: Approximate sampling interval of the voltage, in ms.
EVERY = Fraction(1, 4)


@dataclass(frozen=True)
class DemoRun:
    """Results of a demo with its published step, with smaller steps, and converged."""

    letter: str
    feature: str
    tau: float
    """Published time step in ms."""
    as_published: Verdict
    spikes_as_published: tuple[float, ...]
    """In ms."""
    converged: Verdict
    spikes_converged: tuple[float, ...]
    """In ms; for a runaway, the spikes found before the computation was stopped."""
    error: float
    """Stated error of the converged spike times in ms, as for any reference."""
    steps: tuple[tuple[float, bool, int], ...]
    """For the published time step and its halves: dt in ms, whether the feature is shown, number of spikes."""

    @property
    def artefact(self) -> bool:
        """Whether the published program shows the feature and the converged model does not."""
        return self.as_published.shown and not self.converged.shown

    @property
    def runaway(self) -> bool:
        """Whether the converged model spikes faster and faster, without end."""
        return self.converged.reason.startswith(RUNAWAY)

    @property
    def artefact_from(self) -> float | None:
        """The smallest time step in ms with a feature that the converged model does not show."""
        return min((dt for dt, shown, _ in self.steps if shown), default=None) if self.artefact else None

    @property
    def gone_from(self) -> float | None:
        """The next smaller time step in ms: at it, and below, the artefact is absent."""
        last = self.artefact_from
        return max((dt for dt, *_ in self.steps if last is not None and dt < last), default=None)

    @property
    def converged_from(self) -> float | None:
        """The largest time step in ms at and below which verdict and number of spikes equal the converged model's.

        None if there is none, as for a runaway.
        """
        found = None
        for dt, shown, spikes in reversed(self.steps):
            if (shown, spikes) != (self.converged.shown, len(self.spikes_converged)):
                break
            found = dt
        return found


def run_demo(demo: Demo) -> DemoRun:
    """Run a demo as published, at smaller steps and converged; earlier results come from the cache."""
    found = recall("demo", demo.model, (demo, HALVINGS, EVERY), lambda: asdict(_Runs(demo).all()))
    return DemoRun(
        **{
            **found,
            "as_published": Verdict(**found["as_published"]),
            "converged": Verdict(**found["converged"]),
            "steps": tuple(map(tuple, found["steps"])),
            **{name: tuple(found[name]) for name in ("spikes_as_published", "spikes_converged")},
        }
    )


class _Runs:
    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._feature: Feature = FEATURES[demo.feature]

    def all(self) -> DemoRun:
        demo = self._demo
        steps = []
        for halving in range(HALVINGS + 1):
            tau = demo.tau / 2**halving
            recording = self._stepped([demo.sampled(tau)], tau)[0]
            verdict = self._judge(recording, tau)
            steps.append((float(tau), verdict.shown, recording.spikes.size))
            if not halving:
                published, as_published = recording, verdict
        recording, error = self._converged()
        return DemoRun(
            letter=demo.letter,
            feature=demo.feature,
            tau=float(demo.tau),
            as_published=as_published,
            spikes_as_published=_listed(published.spikes),
            converged=self._judge(recording, None),
            spikes_converged=_listed(recording.spikes),
            error=error,
            steps=tuple(steps),
        )

    def _stepped(self, stimuli: Sequence[Stimulus], tau: Fraction) -> list[Recording]:
        """Run the published scheme with stimuli that have the same pieces."""
        voltage = self._feature.needs_voltage
        pieces = [cut(stimulus, EVERY, tau) if voltage else stimulus for stimulus in stimuli]
        outcomes = _kernels()[self._demo.letter, stimuli[0].varies].run(pieces, tau)
        return [recorded(self._demo.model, *each, voltage) for each in zip(stimuli, pieces, outcomes, strict=True)]

    def _converged(self) -> tuple[Recording, float]:
        demo, every = self._demo, float(EVERY) if self._feature.needs_voltage else 0.0
        first, second = (
            solved(demo.model, demo.stimulus, every, precision) for precision in (taylor.FIRST, taylor.SECOND)
        )
        if first.spikes.size != second.spikes.size:
            raise UserError(
                f"the two reference solutions of demo {demo.letter} have {first.spikes.size} and "
                f"{second.spikes.size} spikes"
            )
        if not first.spikes.size:
            return first, 0.0
        least = SHARED_ROUNDING * float(np.spacing(first.spikes[-1]))
        return first, max(2 * float(np.abs(first.spikes - second.spikes).max()), least)

    def _judge(self, recording: Recording, tau: Fraction | None) -> Verdict:
        """Judge the demo's recording, or the protocol's recordings if the demo's input cannot decide."""
        if recording.failure or not self._feature.by_protocol:
            return self._feature.judge(recording)
        if tau is not None:
            return self._feature.judge(*self._stepped(self._protocol, tau))
        return self._feature.judge(*(solved(self._demo.model, each) for each in self._protocol))

    @cached_property
    def _protocol(self) -> tuple[Stimulus, ...]:
        return next(self._feature.trials(Subject(self._demo.model)))


@cache
def _kernels() -> dict[tuple[str, bool], Kernel]:
    """Compile the published scheme of all demos at once; keys: letter, and whether the input varies within a step."""
    keys = [(demo.letter, varying) for demo in demos() for varying in {False, demo.stimulus.varies}]
    models = {demo.letter: demo.model for demo in demos()}
    steps = [make_step(models[letter], METHOD, DETECTION, varying) for letter, varying in keys]
    return dict(zip(keys, compile_kernels(steps, SIMD), strict=True))


def _listed(spikes: Array) -> tuple[Any, ...]:
    return tuple(float(time) for time in spikes)
