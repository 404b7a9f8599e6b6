"""References against a solver that shares nothing with them: SciPy's DOP853, of another family and another house."""

import math

import numpy as np
import pytest
from brian2 import cm, ms, mV, second, uA
from scipy.integrate import solve_ivp

from spikecost.accuracy.reference import reference
from spikecost.harness.stimuli import constant, piecewise_random
from spikecost.models.catalogue import get_model
from spikecost.models.expression import text

MODELS = ["lif", *(f"izhikevich:{preset}" for preset in get_model("izhikevich").presets), "hodgkin_huxley"]
LOW_AND_HIGH = {"lif": (1.4 * mV / ms, 2.4 * mV / ms), "izhikevich": (4, 14),
                "hodgkin_huxley": (7 * uA / cm**2, 15 * uA / cm**2)}


def exprel(x):
    return math.expm1(x) / x if x else 1.0


def compiled(model):
    """Right-hand side, threshold and reset of a model as one Python function each."""
    system = model.system
    names = ", ".join(system.state)
    lines = [f"    {name} = {text(value)}" for name, value in system.subexpressions.items()]
    rates = ", ".join(text(system.derivatives[name]) for name in system.state)
    resets = "".join(f"    {name} = {text(value)}\n" for name, value in system.reset)
    source = (f"def rates(t, x, I):\n    {names}, = x\n" + "\n".join(lines) + f"\n    return [{rates}]\n"
              f"def above(t, x, I):\n    {names}, = x\n    return {system.threshold.variable} - "
              f"({text(system.threshold.level)})\n"
              f"def reset(x):\n    {names}, = x\n{resets}    return [{names}]\n")
    space = {"exp": math.exp, "exprel": exprel, **model.parameter_values}
    exec(source, space)
    space["above"].terminal, space["above"].direction = True, 1
    return space["rates"], space["above"], space["reset"]


def dop853(model, stimulus):
    rates, above, reset = compiled(model)
    x, now, spikes = list(model.initial_values.values()), 0.0, []
    for (boundary, _), drive in zip(stimulus.pieces, stimulus.values, strict=True):
        end = float(boundary)
        while now < end:
            found = solve_ivp(rates, (now, end), x, "DOP853", rtol=2.3e-14, atol=1e-14, events=above, args=(drive,))
            now, x = found.t[-1], list(found.y[:, -1])
            if found.status == 1:
                spikes.append(now)
                x = reset(x)
                if not model.system.reset:
                    # on, past the event: the same step must not find it again
                    on = solve_ivp(rates, (now, now + 1e-3), x, "DOP853", rtol=2.3e-14, atol=1e-14, args=(drive,))
                    now, x = on.t[-1], list(on.y[:, -1])
    return np.array(spikes)


@pytest.mark.slow
@pytest.mark.parametrize("noisy", [False, True], ids=["constant", "noisy"])
@pytest.mark.parametrize("name", MODELS)
def test_two_independent_solvers_agree_over_a_second(name, noisy):
    model = get_model(name)
    low, high = LOW_AND_HIGH[model.name]
    stimulus = piecewise_random(low, high, 20 * ms, 1 * second, seed=1) if noisy else constant(high, 1 * second)
    ours = reference(model, stimulus).train.times
    theirs = dop853(model, stimulus)
    assert len(ours) == len(theirs) > 5
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
