"""Requirements on the machine for the tests of several counters."""

import pytest

from spikecost.flops.counters.hardware import perf_events


@pytest.fixture(scope="session")
def software_events():
    """The kernel lets this process count its own events, such as page faults; the reason says what is needed if not."""
    if reason := perf_events.why_not_allowed():
        pytest.skip(f"the kernel's own events cannot be counted: {reason}")
