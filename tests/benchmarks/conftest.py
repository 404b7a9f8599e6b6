"""Common parts of benchmarks: models with a drive at which they spike."""

from fractions import Fraction

import pytest
from brian2 import cm, ms, mV, second, uA

from spikecost.harness.stimuli import constant

#: A model of each kind: linear, quadratic, with exponentials.
DRIVES = {"lif": 2 * mV / ms, "izhikevich": 10, "hodgkin_huxley": 10 * uA / cm**2}
DT = Fraction(1, 50)


@pytest.fixture(params=DRIVES)
def driven(request):
    """A model's name, and 1 s of a constant stimulus."""
    return request.param, constant(DRIVES[request.param], 1 * second)
