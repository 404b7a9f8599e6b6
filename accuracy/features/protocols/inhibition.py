"""The common part of the two features that are caused by inhibition."""

from __future__ import annotations

from .base import Verdict
from .epochs import listed, pulses
from .recorded import Array, Recording


def lowered(recording: Recording) -> tuple[Array, Verdict]:
    """Return the spikes after the input is lowered, and whether they are caused by it.

    Shown means: no spike before; at least three spikes from then on, spread over at least half of the lowered time; no
    spike in the second half of the time after it.
    """
    low = pulses(recording.stimulus, -1)[0]
    before, spikes = recording.between(0, low.start), recording.between(low.start, recording.stop + 1)
    within = recording.between(low.start, low.stop)
    late = recording.between((low.stop + recording.stop) / 2, recording.stop + 1)
    spread = bool(within.size > 1 and within[-1] - within[0] >= (low.stop - low.start) / 2)
    return spikes, Verdict(
        low.step < 0 and not before.size and within.size > 2 and spread and not late.size,
        f"input lowered by {-low.step:.4g} from {low}; spikes before {listed(before)}, from then on "
        f"{listed(spikes)}; in the second half of the time after it {late.size}",
    )
