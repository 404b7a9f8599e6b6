"""Solutions by Taylor series of high order (heyoka), with spikes as events.

heyoka finds an event on the very series that advances the state, so a spike time is as accurate as the state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from typing import Any

import heyoka
import numpy as np

from ..harness.kernel import MAX_SPIKES_PER_MS
from ..harness.stimuli import Shape, Stimulus
from ..models.errors import UserError
from ..models.expression import FLOATS, Expr, Op, evaluate, nodes
from ..models.neuron import NeuronModel
from ..models.polynomial import by_products
from .conditions import take_out_conditions

#: exprel(x) is computed at x/2**HALVINGS from this many terms of its series, which leave 1e-19 for |x| < 12, and
#: doubled back: right at x = 0 too, where (exp(x) - 1)/x is not.
HALVINGS, TERMS = 4, 18

#: A model of more operations is compiled in heyoka's compact mode: in a second instead of up to a minute; half as fast.
#: (Hodgkin-Huxley has 76, Connor-Stevens 129.)
MOST_UNROLLED = 100

#: A solution that takes so many steps in a row that are shorter than this on average, in ms, is given up. (No single
#: step of the catalogue's models at their drives is shorter than 0.005 ms.)
SEVERAL, SHORTEST = 2000, 1e-4

#: The numbers of a stimulus's shape, in the order in which they are parameters.
_SHAPE = tuple(field.name for field in fields(Shape))

State = dict[str, Any]

# that a state rests where a condition changes is no news: see `_Flow`
heyoka.set_logger_level_error()


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


class EndlessSpikesError(UserError):
    """More spikes than any neuron makes; what was found until then is kept.

    Attributes
    ----------
    times : array
        Spike times in ms.
    state : dict
        At the last of them, before its reset.
    """

    def __init__(self, model: NeuronModel, times: Any, state: State) -> None:
        super().__init__(f"{model.label} spikes without end; does its reset leave the threshold?")
        self.times = times
        self.state = {name: float(value) for name, value in state.items()}


def solve(model: NeuronModel, stimulus: Stimulus, precision: Precision = FIRST) -> Solution:
    """Return the spike times, and the state at the end of every piece of the stimulus.

    Where a model has tables, the solution is that of the exact rates.

    Raises
    ------
    UserError
        If the solution leaves the finite numbers, or spikes without end (`EndlessSpikesError`).
    """
    model = model.exact
    number = precision.number
    reset, threshold = model.system.reset, model.system.threshold
    flow = _flow(_Equations(model), precision, stimulus.terms)
    parameters = {name: number(value) for name, value in model.parameter_values.items()}
    state: State = {name: number(value) for name, value in model.initial_values.items()}
    spikes: list[Any] = []
    samples: list[list[Any]] = []

    def level() -> Any:
        return evaluate(threshold.level, {**parameters, **state}, FLOATS, number)

    def is_above() -> bool:
        return bool(state[threshold.variable] > level())

    def leave_the_level() -> None:
        # heyoka finds no other crossing in a step that starts exactly on one; so start a unit in the last place below
        if state[threshold.variable] == level():
            state[threshold.variable] = np.nextafter(state[threshold.variable], number(-math.inf))

    leave_the_level()
    now = free_from = number(0)
    start = number(0)
    spiked = model.spike_interrupts and is_above()  # at once
    for boundary, shape in stimulus.pieces:
        end = number(boundary)
        constants = [*parameters.values(), *(number(getattr(shape, name)) for name in _SHAPE), start]
        switches = flow.switches(state, constants)
        while now < end:
            try:
                if not spiked and now < free_from:
                    state, now, _ = flow.held(state, constants, switches, now, min(free_from, end))
                    # a voltage or a threshold that moved on may have passed the other meanwhile
                    spiked = now >= free_from and is_above()
                elif not spiked:
                    state, now, spiked = flow.free(state, constants, switches, now, end)
            except _StoppedError as error:
                raise UserError(f"{model.label} {error}") from None
            if spiked:
                spikes.append(now)
                if len(spikes) > MAX_SPIKES_PER_MS * float(stimulus.horizon) + 1:
                    raise EndlessSpikesError(model, np.array(spikes, dtype=float), state)
                reset_at(now, model, state, parameters, number)
                if reset and not model.refractory_ms and is_above():
                    raise UserError(f"{model.label} spikes without end: its reset leaves {threshold.variable} above "
                                    "the threshold")
                if reset:
                    leave_the_level()
                free_from = now + number(model.refractory_ms)
                switches = flow.switches(state, constants)
                spiked = False
        samples.append(list(state.values()))
        start = end
    return Solution(np.array(spikes, dtype=precision.type), np.array(samples, dtype=precision.type))


def reset_at(now: Any, model: NeuronModel, state: State, parameters: Mapping[str, Any], number: Callable[[Any], Any]
             ) -> None:
    """Apply a model's reset to its state.

    Raises
    ------
    UserError
        If it has no value there.
    """
    try:
        values = {**parameters, **state}  # and those of temporary variables
        for name, value in model.system.reset:
            values[name] = evaluate(value, values, FLOATS, number)
        state.update({name: values[name] for name in state})
    except ArithmeticError as error:
        raise UserError(f"{model.label}: its reset '{model.reset}' has no value at {float(now):.4g} ms ({error}); "
                        "give another reset or other parameters") from None


class _StoppedError(Exception):
    """Why there is no solution beyond some time: what follows the model's name in a message."""


class _Equations:
    """A model as a key: two models with the same mathematics share compiled code."""

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        self._key = (model.equations, model.threshold, model.input, repr(model.constants), model.spike_interrupts)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equations) and self._key == other._key


class _Flow:
    """A model's flow between spikes, and while it is refractory.

    Where the right-hand side has conditions, ``int(v > vh)``, it is not smooth. Each condition is then a parameter of
    the flow, 1 or 0, and where its two sides cross is an event at which the parameter changes: the series never
    reaches over a jump.
    """

    def __init__(self, model: NeuronModel, precision: Precision, terms: frozenset[str]) -> None:
        self._model = model
        self._precision = precision
        self._terms = terms
        self._system, conditions = take_out_conditions(model)
        self._first_switch = len(model.system.parameters) + len(_SHAPE) + 1
        self._conditions = conditions
        self._slides, self._touched = False, None
        self._distances = self._compiled(self._surfaces(self._values())) if conditions else None
        self._free = self._integrator(frozenset(), event=True)
        held = model.system.held
        self._held = self._integrator(held, event=False) if set(held) != set(model.system.state) else None

    def switches(self, state: State, constants: list[Any]) -> list[Any]:
        """Return 1 for each condition that holds, and 0 for the others."""
        values = [self._precision.number(0)] * len(self._conditions)
        if self._distances is None:
            return values
        for i in range(len(values)):  # a condition may have earlier ones in it
            used = [*constants, *values][: self._distances.nparams]
            distances = self._distances(np.array(list(state.values()), dtype=self._precision.type),
                                        pars=np.array(used, dtype=self._precision.type))
            values[i] = self._precision.number(int(distances[i] > 0))
        return values

    def free(self, state: State, constants: list[Any], switches: list[Any], now: Any, end: Any
             ) -> tuple[State, Any, bool]:
        """Advance until a spike or `end`; `switches` change on the way."""
        self._free.time = now
        return self._advance(self._free, state, constants, switches, end=end)

    def held(self, state: State, constants: list[Any], switches: list[Any], now: Any, end: Any
             ) -> tuple[State, Any, bool]:
        """Advance what goes on while refractory."""
        if self._held is None:
            return state, end, False
        self._held.time = now
        return self._advance(self._held, state, constants, switches, end=end)

    def _advance(self, integrator: Any, state: State, numbers: list[Any], switches: list[Any], *, end: Any
                 ) -> tuple[State, Any, bool]:
        integrator.state[:] = list(state.values())
        integrator.pars[:] = [*numbers, *switches][: len(integrator.pars)]
        self._slides = False
        outcome = self._propagated(integrator, end)
        if self._slides:
            raise _StoppedError(f"stays where a condition changes at {float(integrator.time):.4g} ms, pushed back from "
                                "both sides: there is no solution to refer to; give other parameters")
        switches[:] = integrator.pars[self._first_switch :]
        after = dict(zip(state, integrator.state.copy(), strict=True))
        if outcome == heyoka.taylor_outcome.time_limit:
            return after, end, False
        if outcome == heyoka.taylor_outcome.err_nf_state:
            raise _StoppedError(f"leaves the finite numbers at {float(integrator.time):.4g} ms; "
                                "give a weaker drive or other parameters")
        if self._model.spike_interrupts:
            integrator.reset_cooldowns()
        return after, integrator.time, True

    def _propagated(self, integrator: Any, end: Any) -> Any:
        """Propagate; return the outcome.

        What comes to rest exactly where a condition changes goes on from a unit in the last place below: heyoka would
        find that it touches there for ever.
        """
        voltage = self._system.state.index(self._system.threshold.variable)
        self._touched = rested = None
        while True:
            outcome = self._until(integrator, end)
            if self._touched is None or integrator.time != self._touched or self._slides:
                return outcome
            if rested == self._touched:
                raise _StoppedError(f"rests where a condition changes at {float(rested):.4g} ms; give other parameters")
            rested, self._touched = self._touched, None
            integrator.state[voltage] -= np.spacing(max(abs(integrator.state[voltage]), self._precision.number(1)))

    @staticmethod
    def _until(integrator: Any, end: Any) -> Any:
        """Propagate as far as heyoka goes; give up where it all but stands still."""
        while True:
            before = integrator.time
            outcome = integrator.propagate_until(end, max_steps=SEVERAL)[0]
            if outcome != heyoka.taylor_outcome.step_limit:
                return outcome
            if integrator.time - before < SEVERAL * SHORTEST:
                raise _StoppedError(f"needs steps below {SHORTEST:g} ms at {float(before):.4g} ms; "
                                    "give a weaker drive or other parameters")

    def _integrator(self, held: frozenset[str], event: bool) -> Any:
        system, precision = self._system, self._precision
        values = self._values()
        derivatives = [
            (values[name], heyoka.expression(precision.number(0)) if name in held else self._symbolic(value, values))
            for name, value in system.derivatives.items()
        ]
        kind = {} if precision.type is float else {"fp_type": precision.type}
        events = []
        if event:
            distance = values[system.threshold.variable] - self._symbolic(system.threshold.level, values)
            events.append(heyoka.t_event(distance, direction=heyoka.event_direction.positive, **kind))
        surfaces = self._surfaces(values)
        speeds = self._compiled([
            sum((heyoka.diff(distance, variable) * slope for variable, slope in derivatives),
                start=heyoka.expression(precision.number(0))) for distance in surfaces]) if surfaces else None
        events += [heyoka.t_event(distance, callback=self._switch(i, speeds), **kind)
                   for i, distance in enumerate(surfaces)]
        sides = nodes(*system.subexpressions.values(), *system.derivatives.values())
        operations = sum(1 for node in sides if isinstance(node, Op))
        return heyoka.taylor_adaptive(
            derivatives, state=[precision.number(0)] * len(derivatives), compact_mode=operations > MOST_UNROLLED,
            tol=precision.number(precision.tolerance), high_accuracy=precision.high_accuracy,
            t_events=events, **kind,
        )

    def _values(self) -> dict[str, Any]:
        """Return what the names of the model are in the flow."""
        system = self._system
        values: dict[str, Any] = {name: heyoka.par[i] for i, name in enumerate(system.parameters)}
        values[self._model.input] = self._input(len(system.parameters))
        values |= {name: heyoka.make_vars(name) for name in system.state}
        values |= {name: heyoka.par[self._first_switch + i] for i, name in enumerate(self._conditions)}
        for name, value in system.subexpressions.items():
            values[name] = self._symbolic(value, values)
        return values

    def _surfaces(self, values: dict[str, Any]) -> list[Any]:
        """Return an expression for each condition, which is positive where it holds."""
        return [self._symbolic(more, values) - self._symbolic(less, values)
                for less, more in self._conditions.values()]

    def _compiled(self, expressions: list[Any]) -> Any:
        kind = {} if self._precision.type is float else {"fp_type": self._precision.type}
        return heyoka.cfunc(expressions, vars=[heyoka.make_vars(name) for name in self._system.state], **kind)

    def _switch(self, i: int, speeds: Any) -> Callable[[Any, int], bool]:
        """Return what happens where the two sides of a condition cross; `speeds` is that of their distance."""
        place, number = self._first_switch + i, self._precision.number

        def switch(integrator: Any, direction: int) -> bool:
            if not direction:  # they only touch; if twice at the same time, for good
                before, self._touched = self._touched, integrator.time
                return bool(before is None or before != self._touched)
            integrator.pars[place] = number(int(direction > 0))
            onwards = speeds(integrator.state, pars=integrator.pars[: speeds.nparams], time=integrator.time)[i]
            self._slides = onwards * direction < 0
            return not self._slides

        return switch

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
        # the series of a power is 0/0 where its base is zero
        return evaluate(by_products(value), values, self._algebra,
                        lambda x: heyoka.expression(self._precision.number(x)))

    @property
    def _algebra(self) -> dict[str, Any]:
        return {
            **{kind: FLOATS[kind] for kind in ("add", "sub", "mul", "div", "pow", "neg")},
            "exp": heyoka.exp,
            "sqrt": heyoka.sqrt,
            "abs": lambda x: heyoka.sqrt(x * x),
            "exprel": lambda x: _exprel(x, self._precision),
            "tanh": heyoka.tanh,
            "cosh": heyoka.cosh,
            "sinh": heyoka.sinh,
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
