"""Whether a kernel has become slower or faster: its time over that of the calibrating work, now and in the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scipy.stats import mannwhitneyu

from ....models.reading.data import Positive

#: Fewer samples on either side cannot give a probability below `ALPHA`.
LEAST_SAMPLES = 10
#: A baseline that was made beside other work is slow by itself, by half and more; what has become faster by this factor
#: was not timed as it was.
FASTER = 3.0

_THRESHOLD, _ALPHA = Positive(40.0), Positive(1e-4)


@dataclass(frozen=True)
class Gate:
    """When a kernel counts as slower: both must hold."""

    threshold_percent: Positive = _THRESHOLD
    """Its median ratio has grown by more. The scatter of a shared machine is up to 40 %."""
    alpha: Positive = _ALPHA
    """Were nothing changed, ranks as high as these would come up with a probability below this."""


@dataclass(frozen=True)
class Slowdown:
    """One kernel's times against the baseline's."""

    before: float
    """Median of the baseline's ratios."""
    after: float
    probability: float
    """One-sided Mann-Whitney: that the ranks are as high as this by chance."""
    slower: bool
    faster: bool
    """By `FASTER`, and as surely."""

    @property
    def percent(self) -> float:
        """By how much the median has grown."""
        return 100 * (self.after / self.before - 1)


def slowdown(before: Sequence[float], after: Sequence[float], gate: Gate) -> Slowdown:
    """Compare two sets of ratios.

    The test asks for the ranks alone, so that a sample that another process held up weighs no more than any other
    (Mann and Whitney 1947, Ann. Math. Stat. 18:50). A difference that is sure may still be small: the threshold is
    on its size.

    Parameters
    ----------
    before, after : sequence of float
        At least `LEAST_SAMPLES` each.
    gate : Gate
    """
    slower, faster = (float(mannwhitneyu(after, before, alternative=which).pvalue) for which in ("greater", "less"))
    middle, now = median(before), median(after)
    return Slowdown(middle, now, slower,
                    slower < gate.alpha and now > middle * (1 + gate.threshold_percent / 100),
                    faster < gate.alpha and middle > now * FASTER)
