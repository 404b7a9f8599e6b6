"""NEURON's and Arbor's Hodgkin-Huxley models converge to our reference solution, each with the order of its method.

Both have our constants and rates (6.3 degrees C, no tables); their leak reverses at -54.3 mV by default and is set to
our -54.387. A spike is where a cubic spline through the voltages of all steps crosses 0 mV, which adds only an error of
fourth order; with cvode the solver finds the crossing.

NEURON advances the voltage with the gates from the start of the step, then the gates, exponentially, with the new
voltage. `secondorder` 0 uses backward Euler (first order); 2 uses Crank and Nicolson with the gates half a step ahead
(second order; Hines and Carnevale 1997, Neural Computation 9:1179). Arbor's scheme is NEURON's first one, with a
quotient for the exponential of a gate's step: also of first order.
"""

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA
from scipy.interpolate import CubicSpline

from spikecost.accuracy.references.reference import reference
from spikecost.harness.stimuli import constant, piecewise_constant
from spikecost.models.reading.by_name import get_model

from ...archetypes import choose
from .ask import ask

pytestmark = pytest.mark.slow

MODEL = get_model("hodgkin_huxley")
STIMULI = {
    "constant": constant(10 * uA / cm**2, 200 * ms),
    "pieces": piecewise_constant([(50 * ms, value * uA / cm**2) for value in (10, 14, 7, 12)]),
}
DTS = [0.0125, 0.00625, 0.003125]
TOLERANCES = [1e-3, 1e-6, 1e-9, 1e-12]


# each piece is a constant current: the first stimulus alone adds little
@pytest.fixture(scope="module", params=choose(STIMULI, lambda name: name == "pieces"))
def drive(request):
    """The stimulus for another simulator, and the spikes that it should find."""
    stimulus = STIMULI[request.param]
    starts = [0.0, *(float(end) for end, _ in stimulus.pieces)][:-1]
    question = {
        "EL": float(MODEL.constants["EL"] / mV),
        "values": list(stimulus.values),
        "from": starts,
        "horizon": float(stimulus.horizon),
    }
    return question, reference(MODEL, stimulus).train.times


def test_neuron(drive):
    question, expected = drive
    fixed = [{"dt": dt, "secondorder": secondorder} for secondorder in (0, 2) for dt in DTS]
    free = [{"atol": atol, "rtol": 0} for atol in TOLERANCES]
    answers = ask("neuron_hh.py", {**question, "runs": fixed + free})
    errors = [
        largest_error(crossings(run["dt"], answer["voltage"]), expected)
        for run, answer in zip(fixed, answers, strict=False)
    ]
    assert orders(errors[:3]) == pytest.approx([1, 1], abs=0.02)
    assert orders(errors[3:]) == pytest.approx([2, 2], abs=0.02)
    errors = [largest_error(answer["events"], expected) for answer in answers[len(fixed) :]]
    # measured: 0.05, 2e-4, 1e-6 and 1e-7 ms; a solver bounds the error of a step, which adds up
    assert (np.diff(errors) < 0).all()
    assert errors[-1] < 1e-6


def test_arbor(drive):
    question, expected = drive
    answers = ask("arbor_hh.py", {**question, "dts": DTS})
    errors = [largest_error(crossings(dt, answer), expected) for dt, answer in zip(DTS, answers, strict=True)]
    assert orders(errors) == pytest.approx([1, 1], abs=0.02)


def crossings(dt, voltage):
    spline = CubicSpline(np.arange(len(voltage)) * dt, voltage)
    times = spline.roots(extrapolate=False)
    return times[spline(times, 1) > 0]


def largest_error(times, expected):
    assert len(times) == len(expected) == 14
    return np.abs(times - expected).max()


def orders(errors):
    """Return the orders of convergence from the errors at repeatedly halved steps."""
    return np.log2(np.divide(errors[:-1], errors[1:])).tolist()
