"""Two counters with different mechanisms agree, and other activity of the process does not disturb them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from fractions import Fraction

import pytest
from brian2 import ms

from spikecost.flops.counters import COUNTERS, Retired
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import Stimulus
from spikecost.models.step import make_step

from ..archetypes import choose

DT = Fraction(1, 64)
CELLS = {  # model, method, detection, drive in internal units, ms: with spikes, with refractoriness, without either
    "lif": ("lif", "rk4", "linear", 10.0, 4),
    "izhikevich": ("izhikevich:CH", "euler", "hermite", 10.0, 12),
    "hodgkin_huxley": ("hodgkin_huxley", "exponential_euler", "grid", 0.0, 1),
}


@pytest.fixture
def counter(request: pytest.FixtureRequest) -> str:
    """An exact counter; if it needs a program that is not installed, its tests say which."""
    if request.param == "callgrind":
        request.getfixturevalue("callgrind")
    return str(request.param)


def _retired(counter: str, cell: str) -> tuple[Retired, Retired | None]:
    model, method, detection, drive, duration = CELLS[cell]
    step = make_step(model, method, detection)
    if cell == "lif":
        step = make_step(step.model.replace(refractory=2 * ms), method, detection)
    stimulus = Stimulus((Fraction(duration),), (drive,), step.model.system.dimensions[step.model.input])
    workload = compile_kernels([step])[0].workload([stimulus], DT)
    with COUNTERS[counter].measure() as counts:
        counts.call(workload)
    return counts.own, counts.libm


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("counter", ["callgrind", "stepped"], indirect=True)
def test_witnesses_agree_with_instrumented(counter: str, cell: str) -> None:
    own, libm = _retired("instrumented", cell)
    assert own.instructions
    assert (own, libm) == _retired(counter, cell)


@pytest.mark.parametrize("cell", CELLS)
def test_twenty_runs_give_the_same_counts(cell: str) -> None:
    first = _retired("instrumented", cell)
    assert all(_retired("instrumented", cell) == first for _ in range(19))


@pytest.fixture
def disturbed() -> Iterator[list[int]]:
    """A 1 kHz timer signal and a busy second thread; yields a list that grows with every signal."""
    signals: list[int] = []
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=busy)
    handler = signal.signal(signal.SIGALRM, lambda number, frame: signals.append(number))
    thread.start()
    signal.setitimer(signal.ITIMER_REAL, 1e-3, 1e-3)
    try:
        yield signals
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        stop.set()
        thread.join()


#: A counter is disturbed or not, whatever it counts: everyday tests have the shortest model with each counter.
DISTURBED = choose(
    [(counter, cell) for counter in ("instrumented", "callgrind", "stepped") for cell in CELLS],
    lambda pair: pair[0] == "instrumented" or pair[1] == "lif",
)


@pytest.mark.parametrize(("counter", "cell"), DISTURBED, indirect=["counter"])
def test_signals_and_threads_change_nothing(counter: str, cell: str, disturbed: list[int]) -> None:
    before = len(disturbed)
    under_signals = _retired(counter, cell)
    assert len(disturbed) > before
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert under_signals == _retired(counter, cell)
