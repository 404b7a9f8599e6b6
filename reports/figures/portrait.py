"""The behaviour of a model as a figure: firing rate against drive, and the phase plane if it has two variables."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from brian2 import ms
from contourpy import LineType, contour_generator
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...accuracy.regimes.drive import UnreachableRate
from ...accuracy.regimes.drives import drive_for, rheobase
from ...harness.kernels.kernel import Array, Kernel, compile_kernels
from ...harness.stimuli import Stimulus, constant
from ...models.algebra.draft import substitute
from ...models.algebra.expression import Expr, evaluate
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.definition.parts.tables import ARRAYS
from ...models.step import make_step
from ..writing.escape import in_figure
from ..writing.notebook import Picture
from .look import COLOURS

#: Time step in ms of RK4, with spikes located within the step.
DT = Fraction(1, 64)
#: Drives of the f-I curve, from 0 to twice the model's own; duration in ms; the part of it for settling.
DRIVES, HORIZON, SETTLING = 33, 1000, 200
#: Duration of the phase plane in ms, and time between points.
SHOWN, EVERY = 300, Fraction(1, 8)
#: Rate in Hz that gives the drive of a model that states none; if it cannot reach it, the drive is twice the rheobase.
RATE = 50.0
#: Units for the currents of a neuron; the first unit in which the value is at least one is used.
CURRENTS = (("uA", 1.0), ("nA", 1e3), ("pA", 1e6))


def portrait(model: NeuronModel) -> Figure:
    """Draw firing rate against drive and, for a model with two state variables, its phase plane under its drive.

    Raises
    ------
    UserError
        If the model states no drive and no drive makes it fire, or there is no C compiler.
    """
    drive = _drive(model)
    kernel = compile_kernels([make_step(model, "rk4", "hermite")])[0]
    panels = 2 if len(model.system.state) == 2 else 1
    figure = Picture(figsize=(5.5 * panels, 4.2), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    _rates(axes[-1], kernel, drive)
    if panels == 2:
        _phase_plane(axes[0], kernel, drive)
    figure.suptitle(in_figure(model.label))
    return figure


def firing_rates(kernel: Kernel, drives: Array) -> Array:
    """Return the mean rate in Hz under each constant drive after `SETTLING` ms; NaN where the model diverges."""
    outcomes = kernel.run([_constant(kernel.step.model, value) for value in drives], DT)
    return np.array(
        [
            np.nan
            if outcome.failure
            else 1000 * np.count_nonzero(outcome.spike_times > SETTLING) / (HORIZON - SETTLING)
            for outcome in outcomes
        ]
    )


def _drive(model: NeuronModel) -> float:
    if model.drive is not None:
        return float(units.internal(model.drive))
    try:
        return drive_for(model, RATE, HORIZON).value
    except UnreachableRate:
        return 2 * rheobase(model, HORIZON)


def _constant(model: NeuronModel, drive: float) -> Stimulus:
    return constant(units.quantity(drive, model.input_dimension), HORIZON * ms)


def _rates(axis: Axes, kernel: Kernel, drive: float) -> None:
    model = kernel.step.model
    drives = np.linspace(0, 2 * drive, DRIVES)
    factor, unit = _unit(model, model.input, drive)
    axis.plot(factor * drives, firing_rates(kernel, drives), "o-", color=COLOURS[0], markersize=3, label=model.label)
    axis.axvline(factor * drive, color="0.7", linewidth=1, zorder=0)
    axis.set_xlabel(_labelled(model.input, unit))
    axis.set_ylabel("firing rate (Hz)")
    axis.set_title(f"last {HORIZON - SETTLING} of {HORIZON} ms, constant drive")


def _phase_plane(axis: Axes, kernel: Kernel, drive: float) -> None:
    model = kernel.step.model
    variables = model.system.state
    x, y = (variables.index(name) for name in _ordered(model))
    pieces = int(SHOWN / EVERY)
    dimension = model.input_dimension
    outcome = kernel.run([Stimulus([EVERY] * pieces, [drive] * pieces, dimension)], DT)[0]
    path = np.vstack([list(model.initial_values.values()), outcome.samples])
    # a reset is a jump: the line ends there
    spikes = np.searchsorted(np.arange(len(path)) * float(EVERY), outcome.spike_times)
    line = np.insert(path, spikes, np.nan, axis=0) if model.system.reset else path
    across, up = (_unit(model, variables[i], float(np.nanmax(np.abs(path[:, i])))) for i in (x, y))
    axis.plot(across[0] * line[:, x], up[0] * line[:, y], color=COLOURS[0], linewidth=1, label=f"{SHOWN} ms")
    grids = [
        np.linspace(low - 0.08 * (high - low), high + 0.08 * (high - low), 201)
        for low, high in ((np.nanmin(path[:, i]), np.nanmax(path[:, i])) for i in (x, y))
    ]
    for colour, (name, points) in zip(COLOURS[1:], _nullclines(model, drive, *grids).items(), strict=False):
        axis.plot(across[0] * points[:, 0], up[0] * points[:, 1], color=colour, linewidth=1, label=f"d{name}/dt = 0")
    axis.set_xlabel(_labelled(variables[x], across[1]))
    axis.set_ylabel(_labelled(variables[y], up[1]))
    factor, unit = _unit(model, model.input, drive)
    axis.set_title(f"{model.input} = {factor * drive:.4g} {unit}".rstrip())
    axis.legend(fontsize=8, loc="best")


def _nullclines(model: NeuronModel, drive: float, across: Array, up: Array) -> dict[str, Array]:
    """Return the points where each variable has derivative 0; NaN separates lines."""
    system = model.exact.system
    plane = dict(zip(_ordered(model), np.meshgrid(across, up), strict=True))
    values = {**model.parameter_values, model.input: drive, **plane}
    opened: dict[str, Expr] = {}
    for name, value in system.subexpressions.items():
        opened[name] = substitute(value, opened)
    gap = np.full((1, 2), np.nan)
    found = {}
    for name, points in plane.items():
        with np.errstate(all="ignore"):
            slope = evaluate(substitute(system.derivatives[name], opened), values, ARRAYS)
        lines = contour_generator(across, up, np.broadcast_to(slope, points.shape), line_type=LineType.Separate).lines(
            0
        )
        found[name] = np.vstack([part for line in lines for part in (np.asarray(line, dtype=float), gap)] or [gap])
    return found


def _ordered(model: NeuronModel) -> list[str]:
    """Return the state variables, the one with the threshold first."""
    first = model.system.threshold.variable
    return [first, *(name for name in model.system.state if name != first)]


def _unit(model: NeuronModel, name: str, largest: float) -> tuple[float, str]:
    """Return the factor that converts values of a variable for display, and the unit of the result."""
    unit = units.unit_name(model.system.dimensions[name])
    if unit != "uA":
        return 1.0, "" if unit == "1" else unit
    return next(((factor, each) for each, factor in CURRENTS if abs(largest) * factor >= 1), (1.0, unit))


def _labelled(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
