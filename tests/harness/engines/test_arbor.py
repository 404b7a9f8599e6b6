"""Arbor runs generated mechanisms, step by step as its scheme says, and converges to our reference solutions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

from spikecost.accuracy.references.reference import reference
from spikecost.harness.engines import ENGINES
from spikecost.harness.stimuli import constant
from spikecost.models.reading.by_name import get_model

from ...archetypes import product
from .by_hand import COUPLED, backward_euler, needs, pieces

pytestmark = pytest.mark.slow

ARBOR = ENGINES["arbor"]
MODELS = ["hodgkin_huxley", product("traub_miles"), product("pospischil_rs")]


@needs(ARBOR)
@pytest.mark.parametrize("name", [*MODELS, product(COUPLED.name)])
def test_each_step_is_that_of_the_scheme(name):
    model = COUPLED if name == COUPLED.name else get_model(name)
    stimulus = pieces(model)
    dt = Fraction(1, 40)
    found = ARBOR.run(model, "", dt, stimulus)
    # modcc's exponential is a quotient; its labels are interpolated
    expected = backward_euler(model, stimulus, dt, lambda x: 2 * x / (2 - x), straight_line=True)
    assert len(expected) >= 3
    # an explicit voltage, which modcc makes of a current that it cannot differentiate, is 0.1 ms off
    np.testing.assert_allclose(found.times, expected, rtol=0, atol=1e-5)
    assert "SOLVE states METHOD cnexp" in found.text
    assert found.version.startswith("Arbor ")


@needs(ARBOR)
@pytest.mark.parametrize("name", MODELS)
def test_converges_to_the_reference(name):
    model = get_model(name)
    stimulus = constant(model.drive, 100 * ms)
    expected = reference(model, stimulus).train.times
    dts = [Fraction(1, 80), Fraction(1, 160), Fraction(1, 320)]
    errors = [np.abs(run.times - expected).max() for run in ARBOR.runs(model, "", dts, stimulus)]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2, rtol=0.1)


def test_what_arbor_cannot_run_is_said():
    assert "cannot reset the voltage" in ARBOR.why_not("lif")
    negated = COUPLED.replace(
        equations=COUPLED.equations.replace("int(v > 1 and v < 3)", "int(v > 1 and not (v > 3 or v < 2))")
    )
    assert "has no 'not'" in ARBOR.why_not(negated)
    tangent = COUPLED.replace(equations=COUPLED.equations.replace("sin(w/2)", "tan(w/9)"))
    assert "no function tan" in ARBOR.why_not(tangent)
    assert "linear in itself" in ARBOR.why_not("morris_lecar") + ARBOR.why_not("fitzhugh_nagumo")
