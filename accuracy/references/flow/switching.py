"""On which side of each condition a solution is: the switches of a flow, and how near their edges are."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from ....models.algebra.expression import FLOATS, Var, evaluate
from ....models.algebra.expression import names as names_of
from ....models.definition.neuron import NeuronModel
from ..inspection.inspector import Inspector
from ..inspection.resting import at_rest
from .conditions import take_out_conditions
from .precision import Precision, State, StoppedError
from .sizes import size_of
from .symbols import INPUT, SHAPE, Symbols

#: A kink counts as passed within this distance, relative to the largest terms of its argument over the next `AHEAD` ms:
#: because of rounding, a solution cannot come nearer.
MARGIN, AHEAD = 2.0**-46, 1.0

#: A sign or a whole number changes now if its argument is at most this far from the edge, relative to it.
BESIDE = 2.0**-48
#: If its speed is 0, the next derivatives, up to this order, say to which side it goes. (If they are 0 as well, it may
#: stay, or leave more slowly: see `resting`.)
AHEAD_ORDERS = (1, 2, 3)
#: A comparison whose distance leaves 0 slowly is kept this far from its edge.
LEAVING = 1e-300
#: An argument that rests on an edge is kept this far from it, so that nothing happens there.
REST = 0.5


class Switching:
    """The conditions of a model's right-hand side, and the switches that say which of them hold.

    A switch is a parameter of the flow. Kinks, comparisons, signs and whole numbers are described in `conditions`.
    """

    def __init__(self, model: NeuronModel, precision: Precision, terms: frozenset[str], *, bounded: bool) -> None:
        self._model, self._precision = model, precision
        self.system, self.conditions = take_out_conditions(model, bounded=bounded)
        self.first_switch = len(model.system.parameters) + len(INPUT)
        names = tuple(self.conditions)
        self.numbers = (*model.system.parameters, *INPUT, *names, *map(margin_of, names))
        """The names of the flow's parameters."""
        self.symbols = Symbols(self.system, self.numbers, model.input, terms, precision)
        self.surfaces = {name: each.distance_with(Var(margin_of(name))) for name, each in self.conditions.items()}
        # when a condition changes, the conditions that depend on it may jump
        self.dependent = [
            i
            for i, (name, each) in enumerate(self.conditions.items())
            if names_of(each.distance) & set(self.conditions) - {name}
        ]
        self.condition = self.system.threshold.condition
        """The threshold in terms of conditions, if it does not have the usual form."""
        self.stepped = [i for i, each in enumerate(self.conditions.values()) if each.argument is not None]
        """Signs and whole numbers."""
        self.compared = [i for i, each in enumerate(self.conditions.values()) if each.compares]
        self.bare = {
            name: each.distance if each.compares else self.surfaces[name] for name, each in self.conditions.items()
        }
        """As `surfaces`, without what keeps a comparison away from an edge on which it rests."""
        self.arguments = [each.argument or self.bare[name] for name, each in self.conditions.items()]
        self.distances = self.symbols.compiled(self.symbols.all_of(self.arguments)) if names else None
        self._ahead: dict[tuple[int, frozenset[str]], Any] = {}

    def at(
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
        if self.distances is None:
            return []
        count = len(self.conditions)
        found = [number(0)] * count + [number(margin) for margin in self._margins(state, constants)]
        moved = set(changed)
        for i, (name, condition) in enumerate(self.conditions.items()):
            if before is None or condition.kink or names_of(condition.distance) & moved - {name}:
                self.look([i], state, constants, found, now)
                if i in self.stepped:
                    self.look_ahead([i], state, constants, found, now)
            else:
                found[i], found[count + i] = before[i], before[count + i]
            if before is not None and found[i] != before[i]:
                moved.add(name)
        return found

    def looked_again(self, state: State, numbers: list[Any], now: Any) -> list[Any]:
        """Return the switches among the parameters of the flow; conditions are evaluated again."""
        found = self.among(numbers)
        which = [i for i in range(len(self.conditions)) if i not in self.stepped]
        if which:
            self.look(which, state, numbers[: self.first_switch], found, now)
        return found

    def among(self, numbers: list[float]) -> list[Any]:
        """Return the switches among the parameters of the flow."""
        return [self._precision.number(value) for value in numbers[self.first_switch :]]

    def holds(self, switches: list[Any]) -> bool:
        """Whether the threshold's condition holds, for a threshold of another form than a variable above a level."""
        assert self.condition is not None
        values = dict(zip(self.conditions, map(float, switches), strict=False))
        return bool(evaluate(self.condition, values, FLOATS))

    def waits(self, switches: list[Any]) -> bool:
        """Whether a neuron that is refractory stays so, if a condition ends its refractoriness."""
        until = self.system.refractory
        assert until is not None
        assert until.condition is not None
        values = dict(zip(self.conditions, map(float, switches), strict=False))
        return bool(evaluate(until.condition, values, FLOATS))

    def look(self, which: Iterable[int], state: State, constants: list[Any], switches: list[Any], now: Any) -> None:
        """Set some switches, in order: a condition may depend on earlier ones."""
        assert self.distances is not None
        number = self._precision.number
        at = np.array(list(state.values()), dtype=self._precision.type)
        conditions = list(self.conditions.values())
        for i in which:
            used = [*constants, *switches][: self.distances.nparams]
            distance = self.distances(at, pars=np.array(used, dtype=self._precision.type), time=now)[i]
            if conditions[i].argument is not None:
                switches[i] = number(np.floor(distance) if conditions[i].whole else np.sign(distance))
            else:
                switches[i] = number(int(distance >= 0 if conditions[i].inclusive else distance > 0))

    def look_ahead(
        self, which: Iterable[int], state: State, constants: list[Any], switches: list[Any], now: Any
    ) -> None:
        """Set signs and whole numbers that are about to change to their next values: heyoka would not find this."""
        assert self.distances is not None
        number = self._precision.number
        at = np.array(list(state.values()), dtype=self._precision.type)
        conditions = list(self.conditions.values())
        for i in which:
            used = np.array([*constants, *switches], dtype=self._precision.type)
            x = self.distances(at, pars=used[: self.distances.nparams], time=now)[i]
            edge = np.rint(x) if conditions[i].whole else 0 * x
            if not abs(x - edge) <= BESIDE * max(abs(edge), 1):
                switches[len(conditions) + i] = number(0)
                continue
            speed = next(filter(None, (self.change(times, at, used, now)[i] for times in AHEAD_ORDERS)), 0)
            switches[len(conditions) + i] = number(REST if x == edge and not speed else 0)
            if not speed:
                continue
            switches[i] = number(np.sign(speed)) if not conditions[i].whole else number(edge if speed > 0 else edge - 1)

    def near(self, state: State, used: list[Any], now: Any, passed: int | None, inspector: Inspector) -> dict[int, Any]:
        """Return the edge of each condition, except kinks and what has been passed, that is there up to rounding."""
        others = [i for i in (*self.compared, *self.stepped) if i != passed]
        if not others:
            return {}
        assert self.distances is not None
        conditions = list(self.conditions.values())
        at, numbers = (np.array(values, dtype=self._precision.type) for values in (list(state.values()), used))
        distances = self.distances(at, pars=numbers[: self.distances.nparams], time=now)
        edges = {i: np.rint(distances[i]) if conditions[i].whole else 0 for i in others}
        return {
            i: edge
            for i, edge in edges.items()
            if abs(distances[i] - edge) <= BESIDE * self.size(i, state, used, now, inspector)
        }

    def size(self, i: int, state: State, used: list[Any], now: Any, inspector: Inspector) -> float:
        """Return the size of the terms of a condition's argument."""
        values = inspector.names_at(state, used, float(now))
        return size_of(self.arguments[i], {name: (float(value), abs(float(value))) for name, value in values.items()})

    def change(self, times: int, at: Any, numbers: Any, now: Any, held: frozenset[str] = frozenset()) -> Any:
        """Return a derivative in time of the arguments of all conditions; each is compiled when it is needed."""
        if (times, held) not in self._ahead:
            self._ahead[times, held] = self.symbols.compiled(self.symbols.changes(self.arguments, held, times))
        change = self._ahead[times, held]
        return change(at, pars=numbers[: change.nparams], time=now)

    def keep_at_rest(
        self, state: State, numbers: list[Any], switches: list[Any], now: Any, inspector: Inspector
    ) -> None:
        """Keep what rests on an edge away from it, where heyoka would find it again forever.

        Raises
        ------
        StoppedError
            If it is not certain that a sign or a whole number stays there.
        """
        if not self.conditions:
            return
        assert self.distances is not None
        conditions, number, count = list(self.conditions.values()), self._precision.number, len(self.conditions)
        waiting = {i for i in self.stepped if switches[count + i]}
        switches[count:] = [
            margin if each.kink else number(0) for each, margin in zip(conditions, switches[count:], strict=True)
        ]
        if self.compared:
            at = np.array(list(state.values()), dtype=self._precision.type)
            used = np.array([*numbers, *switches][: self.distances.nparams], dtype=self._precision.type)
            distances = self.distances(at, pars=used, time=now)
            waiting |= {i for i in self.compared if not distances[i]}
        if not waiting:
            return
        rests = at_rest(inspector, state, [*numbers, *switches], now)
        for i in waiting:
            if rests[i]:
                switches[count + i] = number(-REST if conditions[i].compares and not switches[i] else REST)
            elif i in self.compared and switches[i] == conditions[i].inclusive:
                self._leave_slowly(i, state, [*numbers, *switches], switches, now)
            elif i in self.stepped:
                self.look_ahead([i], state, numbers, switches, now)
                if switches[count + i]:
                    raise resting(now)

    def _leave_slowly(self, i: int, state: State, used: list[Any], switches: list[Any], now: Any) -> None:
        """Set a comparison whose distance and its first derivative are 0: heyoka would find this edge again forever."""
        at, numbers = (np.array(values, dtype=self._precision.type) for values in (list(state.values()), used))
        if self.change(1, at, numbers, now)[i]:
            return
        speed = next(filter(None, (self.change(times, at, numbers, now)[i] for times in AHEAD_ORDERS[1:])), 0)
        if speed:
            switches[i] = self._precision.number(int(speed > 0))
            switches[len(self.conditions) + i] = self._precision.number(math.copysign(LEAVING, speed))

    def _margins(self, state: State, constants: list[Any]) -> list[float]:
        """Return for each condition the distance at which it counts as passed: 0 except for kinks."""
        numbers = dict(zip(self.numbers, map(float, constants), strict=False))
        value = {name: float(x) for name, x in state.items()}
        shape = {name: numbers[own] for name, own in zip(SHAPE, INPUT, strict=False)}
        now = {**numbers, **value, self._model.input: shape["offset"] + abs(shape["decay"]) + abs(shape["amplitude"])}
        now |= dict.fromkeys(self.conditions, 1.0)
        sized = {name: (x, abs(x)) for name, x in now.items()}
        threshold = self.system.threshold
        # in an upstroke, only until the voltage is at its threshold
        way = abs(value[threshold.variable]) + size_of(threshold.level, sized)
        time = AHEAD
        kinks = [each.distance for each in self.conditions.values() if each.kink]
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
            for each in self.conditions.values()
        ]


def resting(now: Any) -> StoppedError:
    """Return the error of a solution that rests on an edge."""
    return StoppedError(f"rests where a condition changes at {float(now):.4g} ms; give other parameters")


def margin_of(name: str) -> str:
    """Return the name of the parameter by which a condition counts as passed before its edge is reached."""
    return f"{name}_margin"
