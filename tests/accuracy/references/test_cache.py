"""Results on disk belong to exactly one request."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.features.shown.demos import demos
from spikecost.accuracy.references.cache import recall, written
from spikecost.accuracy.regimes.drive import Drive
from spikecost.harness.stimuli import constant
from spikecost.harness.stimuli.base import Shape
from spikecost.models.catalogue import MODELS

PIECES = constant(2 * mV / ms, 100 * ms).divided(25 * ms)
NUMBERS = st.floats(min_value=1e-3, max_value=1e3)


@given(NUMBERS, st.integers(0, 3), st.sampled_from(["offset", "slope", "decay", "tau", "phase", "omega", "sweep"]))
def test_the_last_digit_of_any_number_of_a_stimulus_counts(value, piece, name):
    def with_number(number):
        shapes = [replace(Shape(1.0), **{name: number}) if i == piece else Shape(1.0) for i in range(4)]
        return written(replace(PIECES, shapes=tuple(shapes)))

    assert with_number(value) == with_number(value)
    assert with_number(value) != with_number(math.nextafter(value, math.inf))


def test_other_fields_count():
    seen = {
        written(each) for each in (PIECES, replace(PIECES, seed=1), replace(PIECES, seed=2), PIECES.divided(5 * ms))
    }
    seen |= {written(PIECES.with_arrivals(g=[10.0, at])) for at in (20.0, math.nextafter(20.0, 21.0))}
    assert len(seen) == 6
    assert written(Drive(1.0, 2.0)) != written(Drive(1.0, math.nextafter(2.0, 3.0)))
    times = np.linspace(0, 50, 2000)
    assert written(times) != written(np.where(times == times[1000], math.nextafter(times[1000], 99), times))


def test_each_stimulus_gets_its_own_result(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    stimuli = [constant((2 + 1e-12 * i) * mV / ms, 100 * ms) for i in range(3)]
    for _ in range(2):
        found = [recall("test", MODELS["lif"], each, lambda each=each: each.values[0]) for each in stimuli]
        assert found == [each.values[0] for each in stimuli]
        assert len(set(found)) == 3


def test_every_request_can_be_written():
    assert len({written((demo, 1, 2)) for demo in demos()}) == 20


def test_what_cannot_be_written_is_refused():
    with pytest.raises(TypeError, match="function cannot be part of the key"):
        written((1, lambda: 2))
