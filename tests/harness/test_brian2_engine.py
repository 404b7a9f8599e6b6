"""Brian2 runs every definition unchanged and gives the kernel's spike train."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernel import compile_kernels
from spikecost.harness.stimuli import step
from spikecost.models.catalogue import MODELS, get_model
from spikecost.models.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.step import applies, make_step

CASES = [(MODELS[name], method) for name in MODELS for method in METHODS
         if METHODS[method].brian2 and not applies(MODELS[name], method)]
CASES += [(get_model("izhikevich:CH"), "euler"),
          (get_model("lif").replace(name="held", refractory=2 * ms), "euler"),
          (get_model("lif").replace(name="held", refractory=2.005 * ms), "rk4")]


@pytest.mark.slow
@pytest.mark.parametrize(("model", "method"), CASES, ids=lambda value: getattr(value, "label", value))
def test_same_spike_train_on_the_grid(model, method, drive_of):
    drive = drive_of("lif" if model.name == "held" else model.name)
    stimulus = step(0.5 * drive, drive, 50 * ms, 300 * ms)
    dt = Fraction(1, 50)
    ours = compile_kernels([make_step(model, method, "grid")])[0].run([stimulus], dt)[0].spike_times
    theirs = engine.run(model, method, stimulus, dt, target="cython" if method == "euler" else "numpy")
    assert len(ours) == len(theirs) > 5
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)


def test_the_target_is_put_back():
    import brian2

    before = brian2.prefs.codegen.target
    engine.run(get_model("lif"), "euler", step(0 * mV / ms, 2 * mV / ms, 1 * ms, 2 * ms), Fraction(1, 10), "numpy")
    assert brian2.prefs.codegen.target == before


def test_dt_must_divide_the_stimulus():
    with pytest.raises(UserError, match="does not divide"):
        engine.run(get_model("lif"), "euler", step(0 * mV / ms, 2 * mV / ms, 1 * ms, 2 * ms), Fraction(3, 10))
