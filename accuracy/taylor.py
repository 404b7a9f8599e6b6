"""Solutions by Taylor series of high order (heyoka), with spikes as events.

heyoka finds an event on the very series that advances the state, so a spike time is as accurate as the state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from typing import Any

import heyoka
import numpy as np

from ..harness.kernel import MAX_SPIKES_PER_MS
from ..harness.stimuli import Shape, Stimulus
from ..models.errors import UserError
from ..models.expression import FLOATS, Expr, evaluate
from ..models.neuron import NeuronModel

#: exprel(x) is computed at x/2**HALVINGS from this many terms of its series, which leave 1e-19 for |x| < 12, and
#: doubled back: right at x = 0 too, where (exp(x) - 1)/x is not.
HALVINGS, TERMS = 4, 18

#: The numbers of a stimulus's shape, in the order in which they are parameters.
_SHAPE = tuple(field.name for field in fields(Shape))

State = dict[str, Any]


@dataclass(frozen=True)
class Precision:
    """How a solution is computed."""

    name: str
    tolerance: float
    """Relative, of one step; it sets the order of the series."""
    high_accuracy: bool
    """Whether the rounding of the series' sum is compensated."""
    type: Any = float
    """The floating-point type."""

    def number(self, value: Fraction | float) -> Any:
        """Return a number of this precision, an exact fraction being rounded once."""
        if isinstance(value, Fraction):
            return self.type(value.numerator) / self.type(value.denominator)
        return self.type(value)


#: Two computations that share no step: another tolerance, hence another order and other steps, and other rounding.
FIRST = Precision("double", 2.0**-52, high_accuracy=False)
SECOND = Precision("double, compensated, lower order", 2.0**-49, high_accuracy=True)
#: An independent check: 80-bit arithmetic.
EXTENDED = Precision("extended", 2.0**-63, high_accuracy=False, type=np.longdouble)


@dataclass(frozen=True)
class Solution:
    """What a solver found: arrays of the precision's type."""

    times: Any
    """Spike times in ms."""
    samples: Any
    """State at the end of every piece of the stimulus: (pieces, state variables)."""


def solve(model: NeuronModel, stimulus: Stimulus, precision: Precision = FIRST) -> Solution:
    """Return the spike times, and the state at the end of every piece of the stimulus.

    Where a model has tables, the solution is that of the exact rates.

    Raises
    ------
    UserError
        If the solution leaves the finite numbers or spikes without end.
    """
    model = model.exact
    number = precision.number
    reset, threshold = model.system.reset, model.system.threshold
    flow = _flow(_Equations(model), precision, stimulus.terms)
    parameters = {name: number(value) for name, value in model.parameter_values.items()}
    state: State = {name: number(value) for name, value in model.initial_values.items()}
    spikes: list[Any] = []
    samples: list[list[Any]] = []
    now = free_from = number(0)
    start = number(0)
    for boundary, shape in stimulus.pieces:
        end = number(boundary)
        constants = [*parameters.values(), *(number(getattr(shape, name)) for name in _SHAPE), start]
        while now < end:
            if now < free_from:
                state, now, _ = flow.held(state, constants, now, min(free_from, end))
                # a voltage that moved on may have passed the threshold meanwhile
                level = evaluate(threshold.level, parameters, FLOATS, number)
                spiked = now >= free_from and state[threshold.variable] > level
            else:
                state, now, spiked = flow.free(state, constants, now, end)
            if spiked:
                spikes.append(now)
                if len(spikes) > MAX_SPIKES_PER_MS * float(stimulus.horizon) + 1:
                    raise UserError(f"{model.label} spikes without end; let its reset lead below the threshold")
                for name, value in reset:
                    state[name] = evaluate(value, {**parameters, **state}, FLOATS, number)
                free_from = now + number(model.refractory_ms)
        samples.append(list(state.values()))
        start = end
    return Solution(np.array(spikes, dtype=precision.type), np.array(samples, dtype=precision.type))


class _Equations:
    """A model as a key: two models with the same mathematics share compiled code."""

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        self._key = (model.equations, model.threshold, model.input, repr(model.constants))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equations) and self._key == other._key


class _Flow:
    """A model's flow between spikes, and while it is refractory."""

    def __init__(self, model: NeuronModel, precision: Precision, terms: frozenset[str]) -> None:
        self._model = model
        self._precision = precision
        self._terms = terms
        self._free = self._integrator(frozenset(), event=True)
        held = model.system.held
        self._held = self._integrator(held, event=False) if set(held) != set(model.system.state) else None

    def free(self, state: State, constants: list[Any], now: Any, end: Any) -> tuple[State, Any, bool]:
        """Advance until a spike or `end`."""
        return self._advance(self._free, state, constants, now, end)

    def held(self, state: State, constants: list[Any], now: Any, end: Any) -> tuple[State, Any, bool]:
        """Advance what goes on while refractory."""
        if self._held is None:
            return state, end, False
        return self._advance(self._held, state, constants, now, end)

    def _advance(self, integrator: Any, state: State, constants: list[Any], now: Any, end: Any
                 ) -> tuple[State, Any, bool]:
        integrator.time = now
        integrator.state[:] = list(state.values())
        integrator.pars[:] = constants[: len(integrator.pars)]
        outcome = integrator.propagate_until(end)[0]
        after = dict(zip(state, integrator.state.copy(), strict=True))
        if outcome == heyoka.taylor_outcome.time_limit:
            return after, end, False
        if outcome == heyoka.taylor_outcome.err_nf_state:
            raise UserError(f"{self._model.label} leaves the finite numbers at {float(integrator.time):.4g} ms; "
                            "give a weaker drive or other parameters")
        if self._model.system.reset:
            integrator.reset_cooldowns()
        return after, integrator.time, True

    def _integrator(self, held: frozenset[str], event: bool) -> Any:
        system, precision = self._model.system, self._precision
        values: dict[str, Any] = {name: heyoka.par[i] for i, name in enumerate(system.parameters)}
        values[self._model.input] = self._input(len(system.parameters))
        values |= {name: heyoka.make_vars(name) for name in system.state}
        for name, value in system.subexpressions.items():
            values[name] = self._symbolic(value, values)
        derivatives = [
            (values[name], heyoka.expression(precision.number(0)) if name in held else self._symbolic(value, values))
            for name, value in system.derivatives.items()
        ]
        kind = {} if precision.type is float else {"fp_type": precision.type}
        events = {}
        if event:
            distance = values[system.threshold.variable] - self._symbolic(system.threshold.level, values)
            events["t_events"] = [heyoka.t_event(distance, direction=heyoka.event_direction.positive, **kind)]
        return heyoka.taylor_adaptive(
            derivatives, state=[precision.number(0)] * len(derivatives),
            tol=precision.number(precision.tolerance), high_accuracy=precision.high_accuracy, **events, **kind,
        )

    def _input(self, first: int) -> Any:
        """Return the input as a function of time, its numbers being parameters from `first` on: `Shape`'s formula."""
        numbers = {name: heyoka.par[first + i] for i, name in enumerate((*_SHAPE, "start"))}
        s = heyoka.time - numbers["start"]
        value = numbers["offset"]
        if "slope" in self._terms:
            value = value + numbers["slope"] * s
        if "decay" in self._terms:
            value = value + numbers["decay"] * heyoka.exp(-s / numbers["tau"])
        if "sine" in self._terms:
            speed = numbers["omega"]
            if "sweep" in self._terms:
                speed = speed + numbers["sweep"] * s
            value = value + numbers["amplitude"] * heyoka.sin(numbers["phase"] + speed * s)
        return value

    def _symbolic(self, value: Expr, values: dict[str, Any]) -> Any:
        return evaluate(value, values, self._algebra, lambda x: heyoka.expression(self._precision.number(x)))

    @property
    def _algebra(self) -> dict[str, Any]:
        return {
            **{kind: FLOATS[kind] for kind in ("add", "sub", "mul", "div", "pow", "neg")},
            "exp": heyoka.exp,
            "sqrt": heyoka.sqrt,
            "abs": lambda x: heyoka.sqrt(x * x),
            "exprel": lambda x: _exprel(x, self._precision),
        }


def _exprel(x: Any, precision: Precision) -> Any:
    def number(value: Fraction) -> Any:
        return heyoka.expression(precision.number(value))

    y = x * number(Fraction(1, 2**HALVINGS))
    value = number(Fraction(1, math.factorial(TERMS)))
    for k in range(TERMS - 1, 0, -1):
        value = value * y + number(Fraction(1, math.factorial(k)))
    power, half = heyoka.exp(y), number(Fraction(1, 2))
    for _ in range(HALVINGS):
        value = value * (half * power + half)  # exprel(2 y) = exprel(y) (exp(y) + 1)/2
        power = power * power
    return value


@cache
def _flow(equations: _Equations, precision: Precision, terms: frozenset[str]) -> _Flow:
    return _Flow(equations.model, precision, terms)
