"""The flow of a model between spikes: Taylor series of high order (heyoka), with events."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import heyoka
import numpy as np
from numpy.typing import NDArray

from ....harness.stimuli import Shape
from ....models.algebra.draft import substitute
from ....models.algebra.expression import FLOATS, Expr, Op, Var, evaluate, nodes
from ....models.algebra.expression import names as names_of
from ....models.algebra.functions import FUNCTIONS
from ....models.algebra.polynomial import ZERO, by_products
from ....models.definition.neuron import NeuronModel
from ....models.language import units
from ..inspection.inspector import Inspector
from ..inspection.ranges import Range
from ..inspection.record import Record
from ..inspection.resting import at_rest
from ..inspection.rounding import Rounding
from ..spikes.statements import Disturbed
from .conditions import powers_of_parameters, right_hand_sides, take_out_conditions
from .poles import NEARLY_ZERO, nearest_pole
from .sizes import size_of

#: A Taylor step that begins at |x| < `NEAR` computes exprel(x) as exp(x/2) sinh(x/2)/(x/2), with this many terms of the
#: series of sinh (error 1e-19 even at the step's end, |x| < 4). Other steps use (exp(x) - 1)/x. The same for sinc(x),
#: with cos(x/2) and the series of sin.
NEAR, TERMS, BLOCK = 2, 12, 5

#: A model with more operations is compiled in heyoka's compact mode: in a second, not up to a minute, but half as fast.
#: (Hodgkin-Huxley has 76, Connor-Stevens 129.)
MOST_UNROLLED = 100

#: A kink counts as passed within this distance, relative to the largest terms of its argument over the next `AHEAD` ms:
#: because of rounding, a solution cannot come nearer.
MARGIN, AHEAD = 2.0**-46, 1.0

#: A solution that stays at a change of a condition is moved by this time, relative to the time, times a power of 2
#: (the number of times that it was found, at most `MOST_NUDGES`).
NUDGE, MOST_NUDGES = 2.0**-56, 16

#: A sign or a whole number changes now if its argument is at most this far from the edge, relative to it.
BESIDE = 2.0**-48
#: If its speed is 0, the next derivatives, up to this order, say to which side it goes. (If they are 0 as well, it may
#: stay, or leave more slowly: see `resting`.)
AHEAD_ORDERS = (1, 2, 3)
#: The time in ms after which a sign or a whole number may change again; heyoka's own is 0 where an argument touches.
COOLDOWN = 2.0**-24
#: A comparison whose distance leaves 0 slowly is kept this far from its edge.
LEAVING = 1e-300
#: The time of a change must be certain up to this, in ms; an asymptotic approach to an edge ends there due to rounding.
CERTAIN = 1e-6
#: An argument that rests on an edge is kept this far from it, so that nothing happens there.
REST = 0.5

#: No step needs to be more accurate than this, relative to the state: the inspection uses double precision.
FINEST = 2.0**-52

#: Number of compiled flows that are kept; each takes about 10 MB.
MOST_FLOWS = 64

#: The numbers of a stimulus's shape, in the order in which they are parameters.
SHAPE = tuple(each.name for each in fields(Shape))
#: Their names in a flow, which no model can use; after them, the start time of the stimulus's piece.
INPUT = (*(f"_input_{name}" for name in SHAPE), "_input_start")

State = dict[str, Any]

# it is expected that a state may rest where a condition changes: see `Flow`
heyoka.set_logger_level_error()


@dataclass(frozen=True)
class Precision:
    """The arithmetic and tolerance with which a solution is computed."""

    name: str
    tolerance: float
    """Relative tolerance of one step; it sets the order of the series."""
    high_accuracy: bool
    """Whether the rounding of the series' sum is compensated."""
    type: Any = float
    """The floating-point type."""
    margin: float = 1.0
    """Kinks count as passed at this many times `MARGIN` before they are reached."""
    disturbed: Disturbed = field(default=Disturbed.NOT, compare=False)
    """How the state is changed before resets and arrivals that amplify errors."""
    inspected: bool = field(default=True, compare=False)
    """Whether every step is inspected."""

    def number(self, value: Fraction | float) -> Any:
        """Convert to a number of this precision; an exact fraction is rounded once."""
        if isinstance(value, Fraction):
            return self.type(value.numerator) / self.type(value.denominator)
        return self.type(value)


class StoppedError(Exception):
    """There is no solution beyond some time. The text follows the model's name in a message."""


class NotFiniteError(StoppedError):
    """A number was infinite or NaN."""


class PoleError(StoppedError):
    """A quotient divides by zero. The text is the quotient."""


class Flow:
    """A model's flow between spikes, and while it is refractory.

    If the right-hand side is not smooth (see `conditions`), each condition is a parameter of the flow, 1 or 0, and its
    change is an event: a series never extends over a jump or a kink.
    """

    def __init__(self, model: NeuronModel, precision: Precision, terms: frozenset[str], *, bounded: bool) -> None:
        self._model = model
        self._precision = precision
        self._terms = terms
        self.system, self._conditions = take_out_conditions(model, bounded=bounded)
        self._first_switch = len(model.system.parameters) + len(INPUT)
        names = tuple(self._conditions)
        self._numbers = (*model.system.parameters, *INPUT, *names, *map(_margin, names))
        self._surfaces = {name: each.distance_with(Var(_margin(name))) for name, each in self._conditions.items()}
        domains = any(each.domain for each in self._conditions.values())
        self._written = tuple(right_hand_sides(model).values()) if domains else ()
        # when a condition changes, the conditions that depend on it may jump
        self._dependent = [
            i
            for i, (name, each) in enumerate(self._conditions.items())
            if names_of(each.distance) & set(self._conditions) - {name}
        ]
        condition = self.system.threshold.condition
        self._condition = condition
        """The threshold in terms of conditions, if it does not have the usual form."""
        self._stepped = [i for i, each in enumerate(self._conditions.values()) if each.argument is not None]
        self._compared = [i for i, each in enumerate(self._conditions.values()) if each.compares]
        self._bare = {
            name: each.distance if each.compares else self._surfaces[name] for name, each in self._conditions.items()
        }
        """As `_surfaces`, without what keeps a comparison away from an edge on which it rests."""
        arguments = [each.argument or self._bare[name] for name, each in self._conditions.items()]
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
        self._distances = self._compiled(self._symbols(arguments)) if names else None
        self._arguments = arguments
        self._ahead: dict[tuple[int, frozenset[str]], Any] = {}
        self._free = self._integrator(frozenset(), event=True)
        held = self.system.held
        self._held = self._integrator(held, event=False) if set(held) != set(self.system.state) else None
        self._inspectors: dict[frozenset[str], Inspector] = {frozenset(): self._inspector(frozenset())}
        self._inspectors |= {held: self._inspector(held)} if self._held is not None and held else {}

    @property
    def order(self) -> int:
        """Order of the series."""
        return int(self._free.order)

    @property
    def moves_while_refractory(self) -> bool:
        """Whether any variable changes while the model is refractory."""
        return self._held is not None

    def forget(self) -> None:
        """Begin a new solution."""
        self._touched, self._again = (None, 0), 0
        for inspector in self._inspectors.values():
            inspector.forget()

    def switches(
        self,
        state: State,
        constants: list[Any],
        now: Any,
        before: list[Any] | None = None,
        changed: Collection[str] = (),
    ) -> list[Any]:
        """Return 1 or 0 for each condition (whether it holds), then the distance at which each counts as passed.

        What jumps stays as it was before if it depends on nothing that has changed: a solution may come so near to an
        edge that its distance is rounded to 0, although it never reaches this edge.
        """
        number = self._precision.number
        if self._distances is None:
            return []
        count = len(self._conditions)
        found = [number(0)] * count + [number(margin) for margin in self._margins(state, constants)]
        moved = set(changed)
        for i, (name, condition) in enumerate(self._conditions.items()):
            if before is None or condition.kink or names_of(condition.distance) & moved - {name}:
                self._look([i], state, constants, found, now)
                if i in self._stepped:
                    self._look_ahead([i], state, constants, found, now)
            else:
                found[i], found[count + i] = before[i], before[count + i]
            if before is not None and found[i] != before[i]:
                moved.add(name)
        return found

    def looked_again(self, state: State, numbers: list[Any], now: Any) -> list[Any]:
        """Return the switches among the parameters of the flow; conditions are evaluated again."""
        found = self.switches_in(numbers)
        which = [i for i in range(len(self._conditions)) if i not in self._stepped]
        if which:
            self._look(which, state, numbers[: self._first_switch], found, now)
        return found

    def holds(self, switches: list[Any]) -> bool:
        """Whether the threshold's condition holds, for a threshold of another form than a variable above a level."""
        assert self._condition is not None
        values = dict(zip(self._conditions, map(float, switches), strict=False))
        return bool(evaluate(self._condition, values, FLOATS))

    def waits(self, switches: list[Any]) -> bool:
        """Whether a neuron that is refractory stays so, if a condition ends its refractoriness."""
        until = self.system.refractory
        assert until is not None
        assert until.condition is not None
        values = dict(zip(self._conditions, map(float, switches), strict=False))
        return bool(evaluate(until.condition, values, FLOATS))

    def _look(self, which: Iterable[int], state: State, constants: list[Any], switches: list[Any], now: Any) -> None:
        """Set some switches, in order: a condition may depend on earlier ones."""
        assert self._distances is not None
        number = self._precision.number
        at = np.array(list(state.values()), dtype=self._precision.type)
        conditions = list(self._conditions.values())
        for i in which:
            used = [*constants, *switches][: self._distances.nparams]
            distance = self._distances(at, pars=np.array(used, dtype=self._precision.type), time=now)[i]
            if conditions[i].argument is not None:
                switches[i] = number(np.floor(distance) if conditions[i].whole else np.sign(distance))
            else:
                switches[i] = number(int(distance >= 0 if conditions[i].inclusive else distance > 0))

    def _look_ahead(
        self, which: Iterable[int], state: State, constants: list[Any], switches: list[Any], now: Any
    ) -> None:
        """Set signs and whole numbers that are about to change to their next values: heyoka would not find this."""
        assert self._distances is not None
        number = self._precision.number
        at = np.array(list(state.values()), dtype=self._precision.type)
        conditions = list(self._conditions.values())
        for i in which:
            used = np.array([*constants, *switches], dtype=self._precision.type)
            x = self._distances(at, pars=used[: self._distances.nparams], time=now)[i]
            edge = np.rint(x) if conditions[i].whole else 0 * x
            if not abs(x - edge) <= BESIDE * max(abs(edge), 1):
                switches[len(conditions) + i] = number(0)
                continue
            speed = next(filter(None, (self._change(times, at, used, now)[i] for times in AHEAD_ORDERS)), 0)
            switches[len(conditions) + i] = number(REST if x == edge and not speed else 0)
            if not speed:
                continue
            switches[i] = number(np.sign(speed)) if not conditions[i].whole else number(edge if speed > 0 else edge - 1)

    def _pass_together(
        self, state: State, used: list[Any], switches: list[Any], now: Any, held: frozenset[str]
    ) -> None:
        """Change what jumps, other than kinks, where a solution passes it at the same time as what has changed.

        With one of two changed, the solution may not move, as in ``f*int(v < c) + g*int(v >= c)``, or move back. `used`
        are the numbers of the flow before the change.
        """
        if self._touching:
            return
        near, passed = self._near(state, used, now), self._switched
        jumps = passed in {*self._compared, *self._stepped}
        if not near and not jumps:
            return
        at, numbers = (np.array(values, dtype=self._precision.type) for values in (list(state.values()), used))
        speeds = self._change(1, at, numbers, now, held)
        if (
            passed is not None
            and jumps
            and abs(speeds[passed]) * CERTAIN < BESIDE / 4 * self._size(passed, state, used, now)
        ):
            raise _resting(now)
        for i, edge in near.items():
            condition, rises = list(self._conditions.values())[i], speeds[i] > 0
            if condition.whole:
                beyond = edge if rises else edge - 1
            else:
                beyond = int(rises) if condition.argument is None else np.sign(speeds[i])
            switches[i] = self._precision.number(beyond) if speeds[i] else switches[i]

    def _near(self, state: State, used: list[Any], now: Any) -> dict[int, Any]:
        """Return the edge of each condition, other than kinks and what has changed, that is there up to rounding."""
        others = [i for i in (*self._compared, *self._stepped) if i != self._switched]
        if not others:
            return {}
        assert self._distances is not None
        conditions = list(self._conditions.values())
        at, numbers = (np.array(values, dtype=self._precision.type) for values in (list(state.values()), used))
        distances = self._distances(at, pars=numbers[: self._distances.nparams], time=now)
        edges = {i: np.rint(distances[i]) if conditions[i].whole else 0 for i in others}
        return {
            i: edge for i, edge in edges.items() if abs(distances[i] - edge) <= BESIDE * self._size(i, state, used, now)
        }

    def _size(self, i: int, state: State, used: list[Any], now: Any) -> float:
        """Return the size of the terms of a condition's argument."""
        values = self._inspectors[frozenset()].names_at(state, used, float(now))
        return size_of(self._arguments[i], {name: (float(value), abs(float(value))) for name, value in values.items()})

    def _change(self, times: int, at: Any, numbers: Any, now: Any, held: frozenset[str] = frozenset()) -> Any:
        """Return a derivative in time of the arguments of all conditions; each is compiled when it is needed."""
        if (times, held) not in self._ahead:
            self._ahead[times, held] = self._compiled(self._changes(self._arguments, held, times))
        change = self._ahead[times, held]
        return change(at, pars=numbers[: change.nparams], time=now)

    def _keep_at_rest(self, state: State, numbers: list[Any], switches: list[Any], now: Any, refractory: bool) -> None:
        """Keep what rests on an edge away from it, where heyoka would find it again forever.

        Raises
        ------
        StoppedError
            If it is not certain that a sign or a whole number stays there.
        """
        if not self._conditions:
            return
        assert self._distances is not None
        conditions, number, count = list(self._conditions.values()), self._precision.number, len(self._conditions)
        waiting = {i for i in self._stepped if switches[count + i]}
        switches[count:] = [
            margin if each.kink else number(0) for each, margin in zip(conditions, switches[count:], strict=True)
        ]
        if self._compared:
            at = np.array(list(state.values()), dtype=self._precision.type)
            used = np.array([*numbers, *switches][: self._distances.nparams], dtype=self._precision.type)
            distances = self._distances(at, pars=used, time=now)
            waiting |= {i for i in self._compared if not distances[i]}
        if not waiting:
            return
        inspector = self._inspectors[self.system.held if refractory else frozenset()]
        rests = at_rest(inspector, state, [*numbers, *switches], now)
        for i in waiting:
            if rests[i]:
                switches[count + i] = number(-REST if conditions[i].compares and not switches[i] else REST)
            elif i in self._compared and switches[i] == conditions[i].inclusive:
                self._leave_slowly(i, state, [*numbers, *switches], switches, now)
            elif i in self._stepped:
                self._look_ahead([i], state, numbers, switches, now)
                if switches[count + i]:
                    raise _resting(now)

    def _leave_slowly(self, i: int, state: State, used: list[Any], switches: list[Any], now: Any) -> None:
        """Set a comparison whose distance and its first derivative are 0: heyoka would find this edge again forever."""
        at, numbers = (np.array(values, dtype=self._precision.type) for values in (list(state.values()), used))
        if self._change(1, at, numbers, now)[i]:
            return
        speed = next(filter(None, (self._change(times, at, numbers, now)[i] for times in AHEAD_ORDERS[1:])), 0)
        if speed:
            switches[i] = self._precision.number(int(speed > 0))
            switches[len(self._conditions) + i] = self._precision.number(math.copysign(LEAVING, speed))

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
        assert integrator is not None
        self._keep_at_rest(state, numbers, switches, now, refractory)
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
                # where a solution all but jumps, the series have no finite coefficients, and steps have no length
                raise NotFiniteError(
                    f"makes no progress at {float(integrator.time):.4g} ms; give a weaker drive or other parameters"
                )
            return after, integrator.time, False, steps
        if self._switched is not None:
            held = self._condition is not None and self.holds(switches)
            used = [*numbers, *switches]
            switches[: len(self._conditions)] = self._switches_of(integrator, switches)
            flow = self.system.held if refractory else frozenset()
            self._pass_together(after, used, switches, integrator.time, flow)
            dependent = [i for i in self._dependent if i != self._switched]
            # two may change at the same time, and others with them
            at_once = [i for i in self._stepped if i != self._switched or self._touching]
            self._look_ahead(at_once, after, numbers, switches, integrator.time)
            self._look(dependent, after, numbers, switches, integrator.time)
            self._look_ahead(set(dependent) & set(self._stepped), after, numbers, switches, integrator.time)
            self._refuse_what_stays(after, numbers, switches, integrator.time, flow)
            self._leave(after, integrator.time)
            spiked = self._condition is not None and not refractory and not held and self.holds(switches)
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
        for integrator in (self._free, self._held):
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

    def switches_in(self, numbers: list[float]) -> list[Any]:
        """Return the switches among the parameters of the flow."""
        return [self._precision.number(value) for value in numbers[self._first_switch :]]

    def _switches_of(self, integrator: Any, switches: list[Any]) -> list[Any]:
        found = list(integrator.pars[self._first_switch : self._first_switch + len(self._conditions)])
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
            raise _resting(now)
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
        near = self._near(state, [*numbers, *switches], now)
        others = [i for i in range(len(self._conditions)) if i not in {self._switched, *near, *self._stepped}]
        self._look(others, state, numbers, switches, now)
        return now

    def _margins(self, state: State, constants: list[Any]) -> list[float]:
        """Return for each condition the distance at which it counts as passed: 0 except for kinks."""
        numbers = dict(zip(self._numbers, map(float, constants), strict=False))
        value = {name: float(x) for name, x in state.items()}
        shape = {name: numbers[own] for name, own in zip(SHAPE, INPUT, strict=False)}
        now = {**numbers, **value, self._model.input: shape["offset"] + abs(shape["decay"]) + abs(shape["amplitude"])}
        now |= dict.fromkeys(self._conditions, 1.0)
        sized = {name: (x, abs(x)) for name, x in now.items()}
        threshold = self.system.threshold
        # in an upstroke, only until the voltage is at its threshold
        way = abs(value[threshold.variable]) + size_of(threshold.level, sized)
        time = AHEAD
        kinks = [each.distance for each in self._conditions.values() if each.kink]
        at = sized
        # what starts at 0 with a speed of 0 has a size only after the next look
        for _ in self.system.state:
            speeds = {name: size_of(slope, at) for name, slope in self.system.derivatives.items()}
            time = min(time, way / (speeds[threshold.variable] or math.inf))
            ahead = {name: (value[name], max(abs(value[name]), time * speed)) for name, speed in speeds.items()}
            at = {**sized, **ahead}
            if all(size_of(kink, at) for kink in kinks):
                break
        # a root's argument, such as an absolute value, is handled after the conditions that it contains
        margin = MARGIN * self._precision.margin
        return [
            max(margin * (2 if each.domain else 1) * size_of(each.distance, at), 1e-300) if each.kink else 0.0
            for each in self._conditions.values()
        ]

    def _inspector(self, held: frozenset[str]) -> Inspector:
        sides = {
            name: ZERO if name in held else _opened(value, self.system.subexpressions)
            for name, value in self.system.derivatives.items()
        }
        return Inspector(
            sides,
            self._bare,
            self._numbers,
            shape=INPUT,
            terms=self._terms,
            input_name=self._model.input,
            written=self._written,
            signs={name: _margin(name) for name, each in self._conditions.items() if each.argument and not each.whole},
            wholes=[name for name, each in self._conditions.items() if each.whole],
        )

    def _integrator(self, held: frozenset[str], event: bool) -> Any:
        system, precision = self.system, self._precision
        values = self._values()
        derivatives = self._slopes(values, held)
        kind = {} if precision.type is float else {"fp_type": precision.type}
        events = []
        if event and self._condition is None:
            distance = values[system.threshold.variable] - self._symbolic(system.threshold.level, values)
            events.append(heyoka.t_event(distance, direction=heyoka.event_direction.positive, **kind))
        surfaces = self._symbols(self._surfaces.values())
        if surfaces:
            self._onwards[held] = self._compiled(self._changes(self._surfaces.values(), held))
        moving = set(system.state) - held | ({self._model.input} if self._terms else set())
        events += [
            heyoka.t_event(
                distance,
                callback=self._switch(i),
                **({"cooldown": precision.number(COOLDOWN)} if i in self._stepped else {}),
                **kind,
            )
            for i, (distance, surface) in enumerate(zip(surfaces, self._surfaces.values(), strict=True))
            if names_of(surface) & moving
        ]
        sides = nodes(*system.subexpressions.values(), *system.derivatives.values())
        operations = sum(1 for node in sides if isinstance(node, Op))
        return heyoka.taylor_adaptive(
            derivatives,
            state=[precision.number(0)] * len(derivatives),
            compact_mode=operations > MOST_UNROLLED,
            tol=precision.number(precision.tolerance),
            high_accuracy=precision.high_accuracy,
            t_events=events,
            **kind,
        )

    def _slopes(self, values: dict[str, Any], held: frozenset[str]) -> list[tuple[Any, Any]]:
        """Return each state variable and its derivative."""
        zero = heyoka.expression(self._precision.number(0))
        return [
            (values[name], zero if name in held else self._symbolic(value, values))
            for name, value in self.system.derivatives.items()
        ]

    def _changes(self, expressions: Iterable[Expr], held: frozenset[str], times: int = 1) -> list[Any]:
        """Return the rates of change of expressions along the flow, or higher derivatives."""
        time = heyoka.make_vars("_time")
        values = self._values(time)
        slopes = self._slopes(values, held)
        found = [self._symbolic(value, values) for value in expressions]
        for _ in range(times):
            found = [
                sum(
                    (heyoka.diff(each, variable) * slope for variable, slope in slopes),
                    start=heyoka.diff(each, time),  # what is due to the input alone
                )
                for each in found
            ]
        return [heyoka.subs(each, {time: heyoka.time}) for each in found]

    def _values(self, time: Any = heyoka.time) -> dict[str, Any]:
        """Return the flow's expressions for the names of the model."""
        system = self.system
        values: dict[str, Any] = {name: heyoka.par[i] for i, name in enumerate(self._numbers)}
        values[self._model.input] = self._input(len(system.parameters), time)
        values |= {name: heyoka.make_vars(name) for name in system.state}
        for name, value in system.subexpressions.items():
            values[name] = self._symbolic(value, values)
        return values

    def _symbols(self, expressions: Iterable[Expr]) -> list[Any]:
        values = self._values()
        return [self._symbolic(value, values) for value in expressions]

    def _compiled(self, expressions: list[Any]) -> Any:
        kind = {} if self._precision.type is float else {"fp_type": self._precision.type}
        return heyoka.cfunc(expressions, vars=[heyoka.make_vars(name) for name in self.system.state], **kind)

    def _switch(self, i: int) -> Callable[[Any, int], bool]:
        """Return the callback for a change of a condition."""
        place, number = self._first_switch + i, self._precision.number
        condition = list(self._conditions.values())[i]

        def value_after(integrator: Any, direction: int) -> Any:
            if condition.whole:
                n = self._changed.get(i, self._given[i])
                if direction > 0:
                    return n  # it has just come in
                assert self._distances is not None
                pars = np.zeros(self._distances.nparams, dtype=self._precision.type)
                pars[: len(integrator.pars)] = integrator.pars[: len(pars)]
                x = self._distances(integrator.state, pars=pars, time=integrator.time)[i]
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

    def _input(self, first: int, time: Any) -> Any:
        """Return the input as a function of time, `Shape`'s formula; its numbers are parameters from `first` on."""
        numbers = {name: heyoka.par[first + i] for i, name in enumerate((*SHAPE, "start"))}
        s = time - numbers["start"]
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
        # the series of a power is 0/0 if its base is zero
        return evaluate(
            by_products(value), values, self._algebra, lambda x: heyoka.expression(self._precision.number(x))
        )

    @property
    def _algebra(self) -> dict[str, Any]:
        return {
            **{kind: FLOATS[kind] for kind in ("add", "sub", "mul", "div", "pow", "neg")},
            **{name: getattr(heyoka, row.library) for name, row in FUNCTIONS.items() if hasattr(heyoka, row.library)},
            "abs": lambda x: heyoka.sqrt(x * x),
            "exprel": lambda x: _exprel(x, self._precision),
            "sinc": lambda x: _sinc(x, self._precision),
            "log10": lambda x: heyoka.log(x) / heyoka.expression(np.log(self._precision.type(10))),
        }


def _resting(now: Any) -> StoppedError:
    return StoppedError(f"rests where a condition changes at {float(now):.4g} ms; give other parameters")


def _margin(name: str) -> str:
    return f"{name}_margin"


def _opened(value: Expr, subexpressions: Mapping[str, Expr]) -> Expr:
    for name, opened in reversed(list(subexpressions.items())):
        value = substitute(value, {name: opened})
    return value


def _exprel(x: Any, precision: Precision) -> Any:
    half = x * heyoka.expression(precision.number(Fraction(1, 2)))
    square = half * half
    near = _sinhc(square, precision) * heyoka.exp(half)
    return _near_or_far(square, near, (heyoka.exp(x) - heyoka.expression(precision.number(1))) / x, precision)


def _sinc(x: Any, precision: Precision) -> Any:
    half = x * heyoka.expression(precision.number(Fraction(1, 2)))
    square = half * half
    near = _sinhc(-square, precision) * heyoka.cos(half)
    return _near_or_far(square, near, heyoka.sin(x) / x, precision)


def _near_or_far(square: Any, near: Any, far: Any, precision: Precision) -> Any:
    """Return one of two forms; `square` is that of half of the argument."""
    edge = heyoka.expression(precision.number(Fraction(NEAR**2, 4)))
    return heyoka.select(heyoka.lt(square, edge), near, far)


def _sinhc(square: Any, precision: Precision) -> Any:
    """Return the series of sinh(x)/x from the square of x, which is negative for sin(x)/x."""

    def number(value: Fraction | int) -> Any:
        return heyoka.expression(precision.number(Fraction(value)))

    # blocks of the series, in powers of the square: fewer products than Horner's scheme (Paterson & Stockmeyer 1973)
    powers = [number(1), square]
    for k in range(2, BLOCK + 1):
        powers.append(powers[k // 2] * powers[k - k // 2])
    value = None
    for first in reversed(range(0, TERMS + 1, BLOCK)):
        block = number(0)
        for k in range(first, min(first + BLOCK, TERMS + 1)):
            block = block + number(Fraction(1, math.factorial(2 * k + 1))) * powers[k - first]
        value = block if value is None else value * powers[BLOCK] + block
    return value


class _Equations:
    """A model as a key of the cache: two models with the same mathematics share compiled code."""

    _keys: ClassVar[WeakKeyDictionary[NeuronModel, tuple[Any, ...]]] = WeakKeyDictionary()

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        if model not in self._keys:
            values = model.parameter_values
            powers = {name: values[name] for name in powers_of_parameters(model)}
            constants = {name: float(units.internal(value)) for name, value in model.constants.items()}
            until = model.system.refractory
            asked = until is not None and until.condition is not None
            self._keys[model] = (
                model.equations,
                model.threshold,
                model.input,
                model.system.state,  # a reset may use the time
                repr(constants),
                model.spike_interrupts,
                repr(powers),
                model.refractory if asked else "",
            )
        self._key = self._keys[model]

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equations) and self._key == other._key


def flow_of(model: NeuronModel, precision: Precision, terms: frozenset[str], *, bounded: bool = False) -> Flow:
    """Return the flow of a model for an input with these terms, compiled once.

    If `bounded`, its exponentials are bounded; see `conditions`.
    """
    return _flow(_Equations(model), precision, terms, bounded)


@lru_cache(maxsize=MOST_FLOWS)
def _flow(equations: _Equations, precision: Precision, terms: frozenset[str], bounded: bool) -> Flow:
    return Flow(equations.model, precision, terms, bounded=bounded)


#: Forget all flows.
forget = _flow.cache_clear
