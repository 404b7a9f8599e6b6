"""Brian2 runs every definition unchanged and gives the kernel's spike train."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA

from spikecost.harness.engines import brian2 as engine
from spikecost.harness.stimuli import step
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.reading.by_name import get_model

from ...archetypes import DEEP, applicable, product

pytestmark = pytest.mark.slow

#: Everyday tests have every kind of model, and every method of Brian2 on some model. Tests of the catalogue show that
#: Brian2 accepts the definitions of the other models, and compare their first step.
EVERYDAY = {
    "lif": ("euler", "exact", "exponential_euler"),
    "izhikevich": ("euler", "rk4"),
    "hodgkin_huxley": ("euler", "exponential_euler"),
    "mihalas_niebur": ("rk4",),
    "ifb": ("midpoint",),
    "adex": ("midpoint", "exponential_euler_frozen"),
}
CASES = [
    (MODELS[name], method) if method in EVERYDAY.get(name, ()) else product(MODELS[name], method)
    for name in MODELS
    if not MODELS[name].tables
    for method in applicable(name)
    if METHODS[method].brian2
]
CASES += [
    (get_model("izhikevich:CH"), "euler"),
    (get_model("lif").replace(name="held", refractory=2 * ms), "euler"),
    (get_model("lif").replace(name="held", refractory=2.005 * ms), "rk4"),
    # without a reset: again where refractoriness ends, if it still is above the threshold
    (MODELS["fitzhugh_nagumo"].replace(refractory=3 * ms), "euler"),
    (get_model("lif").replace(initial={"v": -40 * mV}), "euler"),
]
#: Brian2 compiles these, which takes ten seconds per model; the others run in numpy. The code comes from the same text.
#: (Everyday tests of Brian2's operations count what its compiled code of a Step executes.)
COMPILED = ("lif", "izhikevich", "hodgkin_huxley", "held") if DEEP else ()


@pytest.mark.parametrize(("model", "method"), CASES, ids=lambda value: getattr(value, "label", value))
def test_same_spike_train_on_the_grid(model, method, drive_of, kernel_of, length_of, request):
    compiled = method == "euler" and model.name in COMPILED
    if compiled:
        request.getfixturevalue("compiled_brian2")
    name = "lif" if model.name == "held" else model.name
    length = length_of(name)
    dt = Fraction(1, 20) if length <= 100 else Fraction(1, 10)  # Brian2 in numpy takes up to 1 ms per step
    stimulus = step(0.5 * drive_of(name), drive_of(name), 10 * ms, (10 + length) * ms)
    ours = kernel_of(model, method).run([stimulus], dt)[0].spike_times
    theirs = engine.run(model, method, stimulus, dt, target="cython" if compiled else "numpy")
    assert len(ours) == len(theirs) > 0
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)


def test_brian2_has_no_tables():
    with pytest.raises(UserError, match="Brian2 has no tables of rates: it cannot run hodgkin_huxley_tables"):
        engine.run(
            get_model("hodgkin_huxley_tables"),
            "euler",
            step(0 * uA / cm**2, 2 * uA / cm**2, 1 * ms, 2 * ms),
            Fraction(1, 10),
        )


def test_what_is_missing_to_compile_is_named(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match=r"cannot run lif .*no C\+\+ compiler no-such-compiler; install one"):
        engine.run(get_model("lif"), "euler", step(0 * mV / ms, 2 * mV / ms, 1 * ms, 2 * ms), Fraction(1, 10))


def test_the_target_is_put_back():
    import brian2

    before = brian2.prefs.codegen.target
    engine.run(get_model("lif"), "euler", step(0 * mV / ms, 2 * mV / ms, 1 * ms, 2 * ms), Fraction(1, 10), "numpy")
    assert brian2.prefs.codegen.target == before


@pytest.mark.parametrize("target", ["numpy", "cython"])
@pytest.mark.usefixtures("compiled_brian2")
def test_the_target_is_the_one_asked_for(target, monkeypatch):
    import brian2

    used = []
    monkeypatch.setattr(brian2.Network, "run", lambda *_: used.append(brian2.prefs.codegen.target))
    engine.run(get_model("lif"), "euler", step(0 * mV / ms, 2 * mV / ms, 1 * ms, 2 * ms), Fraction(1, 10), target)
    assert used == [target] * 2


def test_dt_must_divide_the_stimulus():
    with pytest.raises(UserError, match="does not divide"):
        engine.run(get_model("lif"), "euler", step(0 * mV / ms, 2 * mV / ms, 1 * ms, 2 * ms), Fraction(3, 10))
