"""The flow of a model between spikes: Taylor series of high order (heyoka), with events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import heyoka
import numpy as np
from numpy.typing import NDArray

from ....models.algebra.draft import substitute
from ....models.algebra.expression import Expr, Op, nodes
from ....models.algebra.expression import names as names_of
from ....models.algebra.polynomial import ZERO
from ....models.definition.neuron import NeuronModel
from ..inspection.inspector import Inspector
from ..inspection.ranges import Range
from ..inspection.record import Record
from ..inspection.rounding import Rounding
from .conditions import right_hand_sides
from .poles import NEARLY_ZERO, nearest_pole
from .precision import NotFiniteError, Precision, State, StoppedError
from .switching import AHEAD, BESIDE, Switching, margin_of, resting
from .symbols import INPUT

#: The level of LLVM's optimization by whether a flow is `optimized`. Of Hodgkin-Huxley, 0 compiles in 0.1 s and 3 in
#: 1.1 s, and 3 is then 1.6 times as fast. Level 0 fuses no multiplication with an addition, so its last bits differ.
LEVEL = {False: 0, True: 3}
#: A model with more operations is compiled in heyoka's compact mode: at level 3 in a second, not up to a minute, but
#: half as fast. (Hodgkin-Huxley has 76, Connor-Stevens 129.)
MOST_UNROLLED = {False: 500, True: 100}

#: A solution that stays at a change of a condition is moved by this time, relative to the time, times a power of 2
#: (the number of times that it was found, at most `MOST_NUDGES`).
NUDGE, MOST_NUDGES = 2.0**-56, 16

#: The time in ms after which a sign or a whole number may change again; heyoka's own is 0 where an argument touches.
COOLDOWN = 2.0**-24
#: The time of a change must be certain up to this, in ms; an asymptotic approach to an edge ends there due to rounding.
CERTAIN = 1e-6
#: No step needs to be more accurate than this, relative to the state: the inspection uses double precision.
FINEST = 2.0**-52

# it is expected that a state may rest where a condition changes: see `Flow`
heyoka.set_logger_level_error()


class Flow:
    """A model's flow between spikes, and while it is refractory.

    If the right-hand side is not smooth (see `conditions`), each condition is a parameter of the flow, 1 or 0, and its
    change is an event: a series never extends over a jump or a kink.
    """

    def __init__(
        self, model: NeuronModel, precision: Precision, terms: frozenset[str], *, bounded: bool, optimized: bool
    ) -> None:
        self._model = model
        self._precision, self._optimized = precision, optimized
        self._terms = terms
        self.switching = Switching(model, precision, terms, bounded=bounded)
        self.system, self._conditions = self.switching.system, self.switching.conditions
        self._symbols = self.switching.symbols
        domains = any(each.domain for each in self._conditions.values())
        self._written = tuple(right_hand_sides(model).values()) if domains else ()
        self._switched: int | None = None
        self._given: list[Any] = []
        """The switches at the start of `advance`, and those that have changed since then."""
        self._changed: dict[int, Any] = {}
        self._again = 0
        self._touched: tuple[Any, int] = (None, 0)
        self._touching = False
        self._direction = 0
        self._onwards: dict[frozenset[str], Any] = {}
        """The rates of change of all distances, by the variables that are held."""
        self._free = self._integrator(frozenset(), event=True)
        held = self.system.held
        self.moves_while_refractory = set(held) != set(self.system.state)
        """Whether any variable changes while the model is refractory."""
        self._inspectors: dict[frozenset[str], Inspector] = {frozenset(): self._inspector(frozenset())}
        self._inspectors |= {held: self._inspector(held)} if self.moves_while_refractory and held else {}

    @cached_property
    def _held(self) -> Any:
        """The integrator while the model is refractory; most models never are, and it takes long to compile."""
        return self._integrator(self.system.held, event=False)

    @property
    def order(self) -> int:
        """Order of the series."""
        return int(self._free.order)

    def forget(self) -> None:
        """Begin a new solution."""
        self._touched, self._again = (None, 0), 0
        for inspector in self._inspectors.values():
            inspector.forget()

    def _pass_together(
        self, state: State, used: list[Any], switches: list[Any], now: Any, held: frozenset[str]
    ) -> None:
        """Change what jumps, other than kinks, where a solution passes it at the same time as what has changed.

        With one of two changed, the solution may not move, as in ``f*int(v < c) + g*int(v >= c)``, or move back. `used`
        are the numbers of the flow before the change.
        """
        if self._touching:
            return
        inspector = self._inspectors[frozenset()]
        near, passed = self.switching.near(state, used, now, self._switched, inspector), self._switched
        jumps = passed in {*self.switching.compared, *self.switching.stepped}
        if not near and not jumps:
            return
        at, numbers = (np.array(values, dtype=self._precision.type) for values in (list(state.values()), used))
        speeds = self.switching.change(1, at, numbers, now, held)
        if (
            passed is not None
            and jumps
            and abs(speeds[passed]) * CERTAIN < BESIDE / 4 * self.switching.size(passed, state, used, now, inspector)
        ):
            raise resting(now)
        for i, edge in near.items():
            condition, rises = list(self._conditions.values())[i], speeds[i] > 0
            if condition.whole:
                beyond = edge if rises else edge - 1
            else:
                beyond = int(rises) if condition.argument is None else np.sign(speeds[i])
            switches[i] = self._precision.number(beyond) if speeds[i] else switches[i]

    def advance(
        self,
        state: State,
        numbers: list[Any],
        switches: list[Any],
        now: Any,
        end: Any,
        *,
        refractory: bool,
        most: int,
        longest: float = math.inf,
        record: Record | None = None,
    ) -> tuple[State, Any, bool, int]:
        """Advance until a spike, a change of a condition, `end`, or `most` steps.

        Parameters
        ----------
        state : dict
        numbers : list
            Parameters, and those of the stimulus's piece.
        switches : list
            Updated when a condition changes.
        now, end : number
            In ms.
        refractory : bool
            Whether variables are held and spikes are ignored.
        most : int
            Largest number of steps.
        longest : float
            Longest step, in ms.
        record : Record, optional
            Receives the steps.

        Returns
        -------
        tuple
            The state, the time in ms, whether there is a spike, and the number of steps.

        Raises
        ------
        StoppedError
            If the solution does not exist beyond this time.
        """
        integrator = self._held if refractory else self._free
        if self._conditions:
            flow = self.system.held if refractory else frozenset()
            self.switching.keep_at_rest(state, numbers, switches, now, self._inspectors[flow])
        integrator.time = now
        integrator.state[:] = list(state.values())
        integrator.pars[:] = [*numbers, *switches][: len(integrator.pars)]
        self._switched, self._direction, self._changed, self._given = None, 0, {}, switches
        kept: dict[str, Any] = {}
        if record is not None:
            record.begin(now, [float(x) for x in (*numbers, *switches)], refractory=refractory)
            kept = {"callback": record.keeper(integrator), "write_tc": True}
        if longest < math.inf:
            kept["max_delta_t"] = self._precision.number(longest)
        outcome, _, _, steps, *_ = integrator.propagate_until(end, max_steps=most, **kept)
        after = dict(zip(state, integrator.state.copy(), strict=True))
        limits = heyoka.taylor_outcome
        if outcome == limits.err_nf_state:
            at = float(integrator.time if np.isfinite(integrator.time) else now)
            raise NotFiniteError(f"leaves the finite numbers at {at:.4g} ms; give a weaker drive or other parameters")
        if outcome == limits.time_limit:
            return after, end, False, steps
        if outcome == limits.step_limit:
            if not steps:
                # where a solution almost jumps, the series have no finite coefficients, and steps have no length
                raise NotFiniteError(
                    f"makes no progress at {float(integrator.time):.4g} ms; give a weaker drive or other parameters"
                )
            return after, integrator.time, False, steps
        if self._switched is not None:
            held = self.switching.condition is not None and self.switching.holds(switches)
            used = [*numbers, *switches]
            switches[: len(self._conditions)] = self._switches_of(integrator, switches)
            flow = self.system.held if refractory else frozenset()
            self._pass_together(after, used, switches, integrator.time, flow)
            dependent = [i for i in self.switching.dependent if i != self._switched]
            # two may change at the same time, and others with them
            at_once = [i for i in self.switching.stepped if i != self._switched or self._touching]
            self.switching.look_ahead(at_once, after, numbers, switches, integrator.time)
            self.switching.look(dependent, after, numbers, switches, integrator.time)
            self.switching.look_ahead(
                set(dependent) & set(self.switching.stepped), after, numbers, switches, integrator.time
            )
            self._refuse_what_stays(after, numbers, switches, integrator.time, flow)
            self._leave(after, integrator.time)
            spiked = (
                self.switching.condition is not None and not refractory and not held and self.switching.holds(switches)
            )
            if spiked and self._model.spike_interrupts:
                integrator.reset_cooldowns()
            later = integrator.time if spiked else self._beyond(after, integrator.time, numbers, switches, refractory)
            return after, later, spiked, steps
        if self._model.spike_interrupts:
            integrator.reset_cooldowns()
        return after, integrator.time, True, steps

    def speeds(self, state: State, numbers: list[Any], now: Any) -> dict[str, Any]:
        """Return the change of each state variable per ms: arrays if one of the variables is an array."""
        return self._inspectors[frozenset()].speeds(state, numbers, float(now))

    def pole(self, state: State, numbers: list[Any], now: Any, sizes: Mapping[str, float]) -> str:
        """Return the quotient that divides by zero at this state; empty if there is none.

        `sizes` are the usual sizes of the state variables.
        """
        inspector = self._inspectors[frozenset()]
        at = {name: float(value) for name, value in inspector.names_at(state, numbers, float(now)).items()}
        ratio, quotient = nearest_pole(right_hand_sides(self._model).values(), at, sizes)
        return quotient if ratio <= NEARLY_ZERO else ""

    def resolved(self, over: State, numbers: list[Any], now: Any, weights: Callable[[dict[str, Range]], Any]) -> Any:
        """Return where no narrow feature of the equations matters; see `Inspector.resolved`."""
        return self._inspectors[frozenset()].resolved(over, numbers, float(now), weights)

    def first_change(self, state: State, numbers: list[Any], now: Any, voltages: NDArray[np.float64]) -> float | None:
        """Return the first of rising voltages beyond which a condition is another one; None if all stay as they are.

        Between two of `voltages` it is located to the last digit.
        """
        variable, inspector = self.system.threshold.variable, self._inspectors[frozenset()]
        while True:
            sides = inspector.distances({**state, variable: voltages}, numbers, float(now)) > 0
            changed = (sides != sides[:, :1]).any(axis=0)
            if not changed.any():
                return None
            after = int(np.argmax(changed))
            before, beyond = voltages[after - 1], voltages[after]
            if np.nextafter(before, beyond) >= beyond:
                return float(beyond)
            voltages = np.unique(np.linspace(before, beyond, len(voltages)))

    def reset_cooldowns(self) -> None:
        """Forget which events were just found, before another solution or a repeated part of this one."""
        for integrator in (self._free, self.__dict__.get("_held")):  # the latter may not have been needed yet
            if integrator is not None and integrator.with_events:
                integrator.reset_cooldowns()

    def first_bad(self, record: Record) -> int | None:
        """Return the first recorded step that cannot be trusted."""
        for held, part, first in record.parts(self.system.held):
            found = self._inspectors[held].first_bad(part, self._error)
            if found is not None:
                return first + found
        return None

    def check_domain(self, record: Record) -> None:
        """Refuse steps in which a root or a power has no value.

        Raises
        ------
        StoppedError
        """
        for held, part, _ in record.parts(self.system.held) if self._written else ():
            lost = self._inspectors[held].first_without_value(part)
            if lost is not None:
                culprits = ", ".join(sorted({each.domain for each in self._conditions.values() if each.domain}))
                raise StoppedError(
                    f"has no solution beyond {part.starts[lost]:.4g} ms, where {culprits} has no value; "
                    "give other parameters, or a form that has a value everywhere"
                )

    def longest(self, record: Record, i: int) -> float | None:
        """Return the length of the part of a step that can be trusted, in ms; None if there is none."""
        for held, part, first in record.parts(self.system.held):
            if first <= i < first + len(part.lengths):
                return self._inspectors[held].longest(part, i - first, self._error)
        raise AssertionError(i)

    def remember(self, record: Record, rounding: Rounding | None, spikes: Sequence[Any]) -> None:
        """Remember steps that passed the inspection, and the spikes up to their end."""
        for held, part, _ in record.parts(self.system.held):
            self._inspectors[held].remember(part)
            if rounding is not None:
                rounding.add(self._inspectors[held], part, spikes)

    @property
    def _error(self) -> float:
        return max(float(self._precision.tolerance), FINEST)

    def _switches_of(self, integrator: Any, switches: list[Any]) -> list[Any]:
        found = list(integrator.pars[self.switching.first_switch : self.switching.first_switch + len(self._conditions)])
        found += switches[len(found) : len(self._conditions)]
        return [self._changed.get(i, value) for i, value in enumerate(found)]

    def _refuse_what_stays(
        self, state: State, numbers: list[Any], switches: list[Any], now: Any, held: frozenset[str]
    ) -> None:
        """Refuse a solution that is pushed back where a condition has just changed."""
        assert self._switched is not None
        condition, speeds = list(self._conditions.values())[self._switched], self._onwards[held]
        if condition.kink or not self._direction:
            return
        at, used = (
            np.array(values, dtype=self._precision.type) for values in (list(state.values()), [*numbers, *switches])
        )
        onwards = speeds(at, pars=used[: speeds.nparams], time=now)[self._switched]
        if onwards * (1 if condition.whole else self._direction) < 0:
            raise StoppedError(
                f"stays where a condition changes at {float(now):.4g} ms, pushed back from both sides: "
                "there is no solution to refer to; give other parameters"
            )

    def _leave(self, state: State, now: Any) -> None:
        """Move away from a change of a condition at which the state rests: heyoka would find it again forever."""
        touched, times = self._touched
        if touched is None or touched != now or times % 2:
            return
        if times > 2:
            raise resting(now)
        voltage = self.system.threshold.variable
        state[voltage] -= np.spacing(max(abs(state[voltage]), self._precision.number(1)))

    def _beyond(self, state: State, now: Any, numbers: list[Any], switches: list[Any], refractory: bool) -> Any:
        """Move along the solution if a change was found that had been found before; return the time.

        Where a distance is steep in the state, its rounding is larger than heyoka expects: it may find its zero again
        and again without moving.
        """
        if not self._again:
            return now
        inspector = self._inspectors.get(self.system.held if refractory else frozenset())
        step = NUDGE * max(float(now), AHEAD) * 2.0 ** min(self._again, MOST_NUDGES)
        for name, speed in inspector.speeds(state, [*numbers, *switches], float(now)).items() if inspector else ():
            state[name] += self._precision.number(float(speed) * step)
        now += self._precision.number(step)
        near = self.switching.near(state, [*numbers, *switches], now, self._switched, self._inspectors[frozenset()])
        others = [i for i in range(len(self._conditions)) if i not in {self._switched, *near, *self.switching.stepped}]
        self.switching.look(others, state, numbers, switches, now)
        return now

    def _inspector(self, held: frozenset[str]) -> Inspector:
        sides = {
            name: ZERO if name in held else _opened(value, self.system.subexpressions)
            for name, value in self.system.derivatives.items()
        }
        return Inspector(
            sides,
            self.switching.bare,
            self.switching.numbers,
            shape=INPUT,
            terms=self._terms,
            input_name=self._model.input,
            written=self._written,
            signs={
                name: margin_of(name) for name, each in self._conditions.items() if each.argument and not each.whole
            },
            wholes=[name for name, each in self._conditions.items() if each.whole],
            internal=set(self.system.state) - self._used_elsewhere,
        )

    @cached_property
    def _used_elsewhere(self) -> set[str]:
        """What the threshold, refractoriness, conditions and statements use; a statement's own variable left out."""
        system = self.system
        used = [system.threshold.holds, *self.switching.bare.values()]
        used += [system.refractory.value] if system.refractory else []
        found = names_of(*(_opened(each, system.subexpressions) for each in used))
        for name, value in (*system.reset, *(each for statements in system.arrivals.values() for each in statements)):
            found |= names_of(_opened(value, system.subexpressions)) - {name}
        return found

    def _integrator(self, held: frozenset[str], event: bool) -> Any:
        system, precision = self.system, self._precision
        values = self._symbols.values()
        derivatives = self._symbols.slopes(values, held)
        kind = {} if precision.type is float else {"fp_type": precision.type}
        events = []
        if event and self.switching.condition is None:
            distance = values[system.threshold.variable] - self._symbols.symbolic(system.threshold.level, values)
            events.append(heyoka.t_event(distance, direction=heyoka.event_direction.positive, **kind))
        surfaces = self._symbols.all_of(self.switching.surfaces.values())
        if surfaces:
            self._onwards[held] = self._symbols.compiled(self._symbols.changes(self.switching.surfaces.values(), held))
        moving = set(system.state) - held | ({self._model.input} if self._terms else set())
        events += [
            heyoka.t_event(
                distance,
                callback=self._switch(i),
                **({"cooldown": precision.number(COOLDOWN)} if i in self.switching.stepped else {}),
                **kind,
            )
            for i, (distance, surface) in enumerate(zip(surfaces, self.switching.surfaces.values(), strict=True))
            if names_of(surface) & moving
        ]
        sides = nodes(*system.subexpressions.values(), *system.derivatives.values())
        operations = sum(1 for node in sides if isinstance(node, Op))
        return heyoka.taylor_adaptive(
            derivatives,
            state=[precision.number(0)] * len(derivatives),
            compact_mode=operations > MOST_UNROLLED[self._optimized],
            opt_level=LEVEL[self._optimized],
            tol=precision.number(precision.tolerance),
            high_accuracy=precision.high_accuracy,
            t_events=events,
            **kind,
        )

    def _switch(self, i: int) -> Callable[[Any, int], bool]:
        """Return the callback for a change of a condition."""
        place, number = self.switching.first_switch + i, self._precision.number
        condition = list(self._conditions.values())[i]

        def value_after(integrator: Any, direction: int) -> Any:
            if condition.whole:
                n = self._changed.get(i, self._given[i])
                if direction > 0:
                    return n  # it has just come in
                assert self.switching.distances is not None
                pars = np.zeros(self.switching.distances.nparams, dtype=self._precision.type)
                pars[: len(integrator.pars)] = integrator.pars[: len(pars)]
                x = self.switching.distances(integrator.state, pars=pars, time=integrator.time)[i]
                return n + 1 if x > n + 0.5 else n - 1
            return int(direction > 0) if condition.argument is None else direction

        def switch(integrator: Any, direction: int) -> bool:
            self._switched, self._touching = i, not direction
            self._direction = direction
            if not direction and condition.argument is not None:
                return False
            if not direction:  # it only touches; if this happens twice at the same time, it stays there
                at, times = self._touched
                self._touched = (integrator.time, times + 1 if at == integrator.time else 1)
                return False
            value = number(value_after(integrator, direction))
            inside = place < len(integrator.pars)  # else only the threshold needs it
            before = integrator.pars[place] if inside else self._changed.get(i, self._given[i])
            self._again = self._again + 1 if condition.argument is None and before == value else 0
            self._changed[i] = value
            if inside:
                integrator.pars[place] = value
            return False

        return switch


def _opened(value: Expr, subexpressions: Mapping[str, Expr]) -> Expr:
    for name, opened in reversed(list(subexpressions.items())):
        value = substitute(value, {name: opened})
    return value
