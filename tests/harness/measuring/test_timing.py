import hashlib
import math
from fractions import Fraction
from pathlib import Path

import pytest
from brian2 import ms, mV

from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring import calibration
from spikecost.harness.measuring.timing import Job, measure, one_neuron
from spikecost.harness.stimuli import constant
from spikecost.models.step import make_step

DT = Fraction(1, 64)


@pytest.fixture(scope="module")
def kernel():
    return compile_kernels([make_step("lif", "rk4", "hermite")])[0]


def test_the_calibrating_work_is_the_same_in_every_version():
    # ratios to other work cannot be compared: if you change it, raise the version of baselines
    source = Path(calibration.__file__).with_name("calibration.c").read_bytes()
    assert hashlib.sha256(source).hexdigest() == ("c03810955af1b58f3c2c597552e7aa9e2a39526e38b084b8d04a8fd037c16214")
    assert calibration.TURNS == 50_000


def test_every_sample_has_its_ratio(kernel):
    job = one_neuron(kernel, constant(2 * mV / ms, 1000 * ms), DT)
    first, second = measure([job, job], 5)
    for timing in (first, second):
        assert len(timing.samples) == len(timing.relative) == 5
        assert min(timing.samples) <= timing.median <= max(timing.samples)
        # ns per ms divided by ns of the work: the divisor is longer than its loop could take, and less than a second
        works = [sample / ratio for sample, ratio in zip(timing.samples, timing.relative, strict=True)]
        assert all(calibration.TURNS < work < 1e9 for work in works)


def test_a_ratio_is_of_a_ms_of_model_time(monkeypatch, kernel):
    class Clockwork:
        def seconds(self, stimuli, setting):
            return 0.25

    monkeypatch.setattr("spikecost.harness.measuring.timing.calibrate", lambda: 0.5)
    stimulus = constant(2 * mV / ms, 100 * ms)
    found = measure([Job(Clockwork(), (stimulus, stimulus), DT)], 3)[0]
    # 0.25 s for 100 ms of two neurons
    assert found.samples == pytest.approx([0.25e9 / 200] * 3)
    assert found.relative == pytest.approx([0.25 / 200 / 0.5] * 3)


def test_of_two_calibrations_the_shorter_counts(monkeypatch):
    class Clockwork:
        def seconds(self, stimuli, setting):
            return 1.0

    times = iter([0.5, 0.5, 9.0, 0.5, 0.5])  # one waited for another process
    monkeypatch.setattr("spikecost.harness.measuring.timing.calibrate", lambda: next(times))
    found = measure([Job(Clockwork(), (constant(2 * mV / ms, 1 * ms),), DT)], 3)[0]
    assert all(math.isclose(ratio, 2.0) for ratio in found.relative)
