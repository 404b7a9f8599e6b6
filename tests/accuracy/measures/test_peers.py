"""The measures against elephant, PySpike, and the textbook's formula of Gamma."""

import importlib
import importlib.util

import numpy as np
import pytest
from brian2 import ms
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from spikecost.accuracy.measures import MEASURES, Gamma, VanRossum, VictorPurpura

from ...strategies import START, STOP, trains

TOLERANCE = 1e-10


def to_neo(train):
    import neo
    import quantities as pq

    return neo.SpikeTrain(train.times * pq.ms, t_start=train.start * pq.ms, t_stop=train.stop * pq.ms)


@given(a=trains(), b=trains(), cost=st.floats(1e-3, 10))
def test_victor_purpura_is_elephants(a, b, cost):
    import quantities as pq
    from elephant.spike_train_dissimilarity import victor_purpura_distance

    theirs = victor_purpura_distance([to_neo(a), to_neo(b)], cost / pq.ms)[0, 1]
    assert VictorPurpura(cost / ms)(a, b) == pytest.approx(theirs, rel=0, abs=TOLERANCE)


@pytest.mark.filterwarnings("ignore:van_rossum_distance. very small negative values:RuntimeWarning")
@given(a=trains(), b=trains(), tau=st.floats(0.1, 1000))
def test_van_rossum_is_elephants(a, b, tau):
    import quantities as pq
    from elephant.spike_train_dissimilarity import van_rossum_distance

    theirs = van_rossum_distance([to_neo(a), to_neo(b)], tau * pq.ms)[0, 1]
    ours = VanRossum(tau * ms)(a, b)
    assert ours**2 == pytest.approx(theirs**2, rel=0, abs=TOLERANCE)
    # elephant subtracts sums of about 64: the root of the rounding error is 1e-7, for equal trains too
    if theirs > 1e-3:
        assert ours == pytest.approx(theirs, rel=0, abs=TOLERANCE)


@pytest.fixture(scope="module")
def pyspike():
    if importlib.util.find_spec("pyspike") is None:
        pytest.skip(
            "there is no PySpike, which is compiled when installed: give it a C compiler and Python's headers "
            "(Debian: apt-get install gcc python3-dev), then pip install pyspike"
        )
    return importlib.import_module("pyspike")


@pytest.mark.parametrize("name", ["isi_distance", "spike_distance"])
@given(a=trains(), b=trains())
def test_isi_and_spike_distance_are_pyspikes(pyspike, name, a, b):
    value = getattr(pyspike, name)(*(pyspike.SpikeTrain(t.times, [START, STOP]) for t in (a, b)))
    # PySpike divides by zero if all spikes of both are at the end
    assume(not np.isnan(value) or {*a.times, *b.times} != {STOP})
    assert MEASURES[name](a, b) == pytest.approx(value, rel=0, abs=TOLERANCE)


@given(a=trains(), b=trains(), window=st.one_of(st.integers(1, 6).map(lambda k: 5.0 * k), st.floats(0.1, 30)))
def test_gamma_is_the_textbooks(a, b, window):
    assume(len(a) + len(b) > 0)
    rate = len(a) / (STOP - START)
    near = np.abs(a.times[:, None] - b.times) <= window
    pairs = np.count_nonzero(maximum_bipartite_matching(csr_array(near)) >= 0) if near.any() else 0
    expected = 2 * rate * window * len(b)
    textbook = (pairs - expected) / (0.5 * (len(a) + len(b))) / (1 - 2 * rate * window)
    assert Gamma(window * ms)(a, b) == pytest.approx(textbook, rel=0, abs=TOLERANCE)


@given(a=trains(), b=trains())
def test_where_spikes_are_far_apart_every_near_spike_coincides(a, b):
    # then the simple count of the papers, of spikes with a spike nearby, is the same
    assume(len(a) and len(b) and all(np.diff(t.times, prepend=-np.inf).min() > 8 for t in (a, b)))
    count = int((np.abs(a.times[:, None] - b.times).min(axis=1) <= 4).sum())
    rate = len(a) / (STOP - START)
    gamma = (count - 8 * rate * len(b)) / (0.5 * (len(a) + len(b))) / (1 - 8 * rate)
    assert MEASURES["gamma_4ms"](a, b) == pytest.approx(gamma, rel=0, abs=TOLERANCE)
