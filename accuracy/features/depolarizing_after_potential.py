"""Depolarizing after-potential."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed, maxima
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject

#: The after-potential is above rest by at least this fraction of the voltage range, including the spike.
PROMINENCE = 1 / 200


class DepolarizingAfterPotential(Feature):
    """After a spike the voltage rises above rest again, without another spike."""

    name = "depolarizing_after_potential"
    title = "depolarizing after-potential"
    letter = "Q"
    criterion = (
        "after a pulse one spike; then, after the pulse, the voltage rises to a maximum above rest "
        "(its value before the pulse), by at least 1/200 of its range, and was not below rest since the "
        "spike: otherwise it only oscillates"
    )
    needs_voltage = True
    linear = "it goes straight back to rest"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make short pulses strong enough for a spike."""
        for ticks, least in subject.pulses(1, 2, 4, 8):
            for factor in (1.05, 1.2, 2):
                yield (subject.stimulus((TICKS, 0), (ticks, factor * least), (4 * TICKS, 0)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pulse, times, v = departures(recording.stimulus)[0], recording.times, recording.voltage
        if recording.spikes.size != 1 or recording.spikes[0] < pulse.start:
            return Verdict(False, f"{recording.spikes.size} spikes, at {listed(recording.spikes)}; one is expected")
        least = PROMINENCE * np.ptp(v)
        rest = v[times <= pulse.start][-1]
        later, voltage = recording.after_spike()
        later, voltage = later[later > pulse.stop], voltage[later > pulse.stop]
        peaks = maxima(later, voltage, least)
        said = f"a spike at {recording.spikes[0]:.4g} ms; rest {rest:.4g}"
        if not peaks.size:
            return Verdict(False, f"{said}; no maximum of the voltage after the spike")
        until = voltage[later <= peaks[0]]
        return Verdict(
            bool(until[-1] - rest >= least and until.min() >= rest),
            f"{said}; a maximum of {until[-1]:.4g} at {peaks[0]:.4g} ms, lowest before it {until.min():.4g}",
        )


FEATURES.register(DepolarizingAfterPotential())
