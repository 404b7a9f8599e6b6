"""Whether a kernel became slower or faster: its time divided by that of calibrating work, now and in the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scipy.stats import mannwhitneyu

from ....models.reading.data import Positive

#: With fewer samples on either side, the probability cannot fall below `ALPHA`.
LEAST_SAMPLES = 10
#: A baseline that was made on a busy machine is slow by itself, by half and more; a kernel that is faster by this
#: factor was not timed under equal conditions.
FASTER = 3.0

_THRESHOLD, _ALPHA = Positive(40.0), Positive(1e-4)


@dataclass(frozen=True)
class Gate:
    """When a kernel counts as slower: both conditions must hold."""

    threshold_percent: Positive = _THRESHOLD
    """Its median ratio has grown by more than this. The scatter of a shared machine is up to 40 %."""
    alpha: Positive = _ALPHA
    """If nothing had changed, ranks as high as these would occur with a probability below this."""


@dataclass(frozen=True)
class Slowdown:
    """Times of one kernel compared with those of the baseline."""

    before: float
    """Median of the ratios in the baseline."""
    after: float
    probability: float
    """One-sided Mann-Whitney test: the probability of ranks as high as this by chance."""
    slower: bool
    faster: bool
    """Whether it is faster by the factor `FASTER`, with the same certainty."""

    @property
    def percent(self) -> float:
        """Growth of the median in percent."""
        return 100 * (self.after / self.before - 1)


def slowdown(before: Sequence[float], after: Sequence[float], gate: Gate) -> Slowdown:
    """Compare two sets of ratios.

    The test uses only ranks, so a sample that another process delayed has no more weight than any other (Mann and
    Whitney 1947, Ann. Math. Stat. 18:50). A certain difference may still be small, so the threshold is on its size.

    Parameters
    ----------
    before, after : sequence of float
        At least `LEAST_SAMPLES` each.
    gate : Gate
    """
    slower, faster = (float(mannwhitneyu(after, before, alternative=which).pvalue) for which in ("greater", "less"))
    middle, now = median(before), median(after)
    return Slowdown(
        middle,
        now,
        slower,
        slower < gate.alpha and now > middle * (1 + gate.threshold_percent / 100),
        faster < gate.alpha and middle > now * FASTER,
    )
