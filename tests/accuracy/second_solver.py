"""SciPy's DOP853: an independent solver of another family, which shares only the model's text with the references."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import ode, solve_ivp

from spikecost.harness.stimuli import Stimulus
from spikecost.models.algebra.expression import text
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel

#: Past the crossing of a model without reset, so that the same one is not found again; in ms.
ON = 1e-3


def exp(x: float) -> float:
    """e to the x, infinite if it is too large."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def exprel(x: float) -> float:
    """(exp(x) - 1)/x, 1 where x is 0."""
    return math.expm1(x) / x if x else 1.0


def select(condition: bool, yes: float, no: float) -> float:
    """One of two numbers."""
    return yes if condition else no


def compiled(model: NeuronModel) -> dict[str, Callable[..., Any]]:
    """Right-hand side (moving, and refractory), distance to the threshold and reset as one Python function each."""
    model = model.exact
    system = model.system
    names = ", ".join(system.state)
    lines = "".join(f"    {name} = {text(value)}\n" for name, value in system.subexpressions.items())
    slopes = {name: text(value) for name, value in system.derivatives.items()}
    waiting = {name: "0.0" if name in system.held else value for name, value in slopes.items()}
    resets = "".join(f"    {name} = {text(value)}\n" for name, value in system.reset)
    opening = f"    {names}, = x\n"
    source = (
        f"def rates(t, x, I):\n{opening}    {model.input} = I\n{lines}    return [{', '.join(slopes.values())}]\n"
        f"def held(t, x, I):\n{opening}    {model.input} = I\n{lines}    return [{', '.join(waiting.values())}]\n"
        f"def above(t, x, I):\n{opening}    return {system.threshold.variable} - ({text(system.threshold.level)})\n"
        f"def reset(x):\n{opening}{resets}    return [{names}]\n"
    )
    space: dict[str, Any] = {
        **{name: getattr(math, name) for name in ("sqrt", "tanh", "cosh", "sinh")},
        **{name: getattr(math, name) for name in ("log", "log10", "log1p", "expm1", "sin", "cos", "tan")},
        **{f"arc{name}": getattr(math, f"a{name}") for name in ("sin", "cos", "tan")},
        "exp": exp,
        "exprel": exprel,
        "select": select,
        **model.parameter_values,
    }
    exec(source, space)
    space["above"].terminal, space["above"].direction = True, 1
    return space


def scales(model: NeuronModel, drive: float) -> np.ndarray:
    """The approximate size of each variable: the drive if it has the input's unit, otherwise its initial value."""
    system, start = model.system, model.initial_values
    unit = system.dimensions[model.input]
    driven = {name for name in system.state if system.dimensions[name] is unit and unit is not units.DIMENSIONLESS}
    return np.array([abs(drive) if name in driven else max(abs(start[name]), 1e-2) for name in system.state])


def dop853(
    model: NeuronModel, stimulus: Stimulus, rtol: float = 2.3e-14, most: int | None = None, longest: float = np.inf
) -> np.ndarray:
    """Return the spike times in ms under a piecewise-constant stimulus; the first `most` of them.

    Steps of at most `longest` ms do not miss a voltage that passes the threshold and comes back.
    """
    space = compiled(model)
    x, now, free_from, spikes = list(model.initial_values.values()), 0.0, 0.0, []
    scale = scales(model, max(map(abs, stimulus.values))).tolist()

    def up_to_crossing(rates: str, end: float, drive: float) -> None:
        """Advance in compiled steps to the start of the step in which the threshold is crossed, or to the end.

        The compiled solver has only one absolute tolerance, so each variable is divided by its scale.
        """
        nonlocal x, now
        above = space["above"]
        before = above(now, x, drive)

        def slopes(t: float, parts: np.ndarray) -> list[float]:
            found = space[rates](t, [part * by for part, by in zip(parts.tolist(), scale, strict=True)], drive)
            return [slope / by for slope, by in zip(found, scale, strict=True)]

        def after_step(t: float, parts: np.ndarray) -> int:
            nonlocal x, now, before
            state = [part * by for part, by in zip(parts.tolist(), scale, strict=True)]
            value = above(t, state, drive)
            if before <= 0 < value:
                return -1
            x, now, before = state, t, value
            return 0

        solver = ode(slopes)
        solver.set_integrator(
            "dop853", rtol=rtol, atol=rtol, nsteps=10**9, max_step=longest if longest < end - now else 0.0
        )
        solver.set_solout(after_step)
        solver.set_initial_value(np.array(x) / scale, now)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it stops if it judges the equations to be stiff
            solver.integrate(end)

    def advance(rates: str, end: float, drive: float, event: bool) -> bool:
        nonlocal x, now
        if event:
            up_to_crossing(rates, end, drive)
            if now >= end:
                return False
        with np.errstate(over="ignore", invalid="ignore"):  # a step into what has no value is tried again, shorter
            found = solve_ivp(
                space[rates],
                (now, end),
                x,
                "DOP853",
                rtol=rtol,
                atol=rtol * np.array(scale),
                args=(drive,),
                max_step=longest,
                events=space["above"] if event else None,
            )
        now, x = found.t[-1], list(found.y[:, -1])
        return bool(found.status == 1)

    for (boundary, _), drive in zip(stimulus.pieces, stimulus.values, strict=True):
        end = float(boundary)
        while now < end:
            if now < free_from:
                advance("held", min(free_from, end), drive, event=False)
            elif advance("rates", end, drive, event=True):
                spikes.append(now)
                if len(spikes) == most:
                    return np.array(spikes)
                x = space["reset"](x)
                free_from = now + model.refractory_ms
                if not model.system.reset:
                    advance("rates", now + ON, drive, event=False)
    return np.array(spikes)
