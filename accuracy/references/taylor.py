"""Solutions by Taylor series of high order (heyoka), with spikes as events; every step is inspected.

heyoka finds an event on the same series that advances the state, so a spike time is as accurate as the state.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...harness.stimuli import Stimulus
from ...models.algebra.expression import FLOATS, evaluate
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from .flow import upstroke
from .flow.conditions import has_exponentials, has_fractions_below
from .flow.known import flow_of
from .flow.precision import NotFiniteError, PoleError, Precision, State, StoppedError
from .flow.symbols import SHAPE
from .inspection.record import Record
from .inspection.rounding import Rounding
from .spikes.arriving import Arriving
from .spikes.endless import EndlessSpikesError, too_many
from .spikes.refractoriness import lasting, with_own_variable
from .spikes.statements import Disturbed, amplify, reset_at

#: A solution is stopped if it makes this many steps in a row with a mean length below this, in ms. (No step of the
#: catalogue's models at their drives is shorter than 0.005 ms.) They may be shorter if there are not more than so many
#: up to the horizon.
SEVERAL, SHORTEST, MOST_STEPS = 10_000, 1e-4, 10**7

#: Number of steps between inspections: at first, and at most; it grows by this factor. After a failed step it starts
#: again from the first.
FEW, MANY, FASTER = 8, 1024, 2

#: Longest steps, in ms, for further attempts after a solution left the finite numbers.
SHORTER = (2.0**-4, 2.0**-8, 2.0**-12)

#: Number of voltages at which an upstroke is searched for changes of conditions.
LOOKS = 4001

#: How far from the threshold a voltage on it is put, relative to its size, if a condition ends refractoriness: heyoka
#: would find that it crosses it now.
CLEAR = 2.0**-44

#: Two computations with no common step: a different tolerance, so a different order, different steps and rounding.
FIRST = Precision("double", 2.0**-52, high_accuracy=False)
SECOND = Precision("double, compensated, lower order", 2.0**-49, high_accuracy=True, margin=4.0, disturbed=Disturbed.UP)
#: The second computation without inspection of its steps: enough if it agrees with the first.
QUICK = replace(SECOND, inspected=False)
#: A further one, for models whose resets or arrivals amplify errors (`statements`).
OTHERWISE = replace(SECOND, disturbed=Disturbed.IN_TURN)
#: An independent check: 80-bit arithmetic.
EXTENDED = Precision("extended", 2.0**-63, high_accuracy=False, type=np.longdouble)
#: A stimulus of at least this many ms is worth an optimized flow.
LONG = 5000


@dataclass(frozen=True)
class Solution:
    """The result of a solver: arrays of the precision's type."""

    times: Any
    """Spike times in ms."""
    samples: Any
    """State at the end of every piece of the stimulus: (pieces, state variables)."""
    rounding: float | None = None
    """Estimate of the largest error of a spike time that is due to rounding, in ms; None if there is none."""


def solve(model: NeuronModel, stimulus: Stimulus, precision: Precision = FIRST) -> Solution:
    """Return the spike times, and the state at the end of every piece of the stimulus.

    For a model with tables, the solution uses the exact rates.

    Raises
    ------
    UserError
        If the solution leaves the finite numbers, or spikes without end (`EndlessSpikesError`).
    """
    if model.system.random:
        raise UserError(
            "it has random inputs, and their solutions have no Taylor series; use simulate", about=model.label
        )
    model = model.exact
    try:
        return _Solver(model, stimulus, precision).solution()
    except UserError as error:
        stopped = error.__cause__
        if not isinstance(stopped, (NotFiniteError, PoleError)) or not (
            has_fractions_below(model) or (isinstance(stopped, NotFiniteError) and has_exponentials(model))
        ):
            raise
    return _Solver(model, stimulus, precision, bounded=True).solution()


@dataclass
class _Place:
    """The position of a solution in progress."""

    state: State
    now: Any
    start: Any
    """Index of the piece of the stimulus."""
    free_from: Any
    """End of the refractory time."""
    spiked: bool
    """Whether there is a spike now."""
    piece: int = 0
    arrived: int = 0
    """Number of the times at which spikes arrive that have passed."""
    switches: list[Any] | None = None
    """None if all conditions must be evaluated."""
    changed: frozenset[str] | None = frozenset()
    """The names that have changed since then, apart from the flow; None if nothing need be evaluated again."""
    spikes: int = 0
    samples: int = 0
    longest: float = math.inf
    """Longest step, in ms."""
    steps: int = 0
    since: Any = 0.0
    """Number of steps since a time in ms."""

    def copy(self) -> _Place:
        return replace(self, state=dict(self.state), switches=self.switches and list(self.switches))

    def change(self, names: Iterable[str]) -> None:
        """Note that names have changed at once."""
        self.changed = (self.changed or frozenset()).union(names)


class _Solver:
    """One solution in progress.

    Many steps are made at a time and then inspected. If a step fails, the solution goes back to it, makes the part of
    it that can be trusted, and continues from there.
    """

    def __init__(self, model: NeuronModel, stimulus: Stimulus, precision: Precision, *, bounded: bool = False) -> None:
        number = precision.number
        states = model.system.state
        model, self._is_free = with_own_variable(model)
        self._wanted = [model.system.state.index(name) for name in states]
        self._model, self._stimulus, self._number, self._type = model, stimulus, number, precision.type
        until = model.system.refractory
        self._asks = until is not None and until.condition is not None
        """Whether a condition ends refractoriness."""
        optimized = stimulus.horizon >= LONG
        self._flow = flow_of(model, precision, stimulus.terms, bounded=bounded, optimized=optimized)
        self._flow.forget()
        self._flow.reset_cooldowns()
        self._parameters = {name: number(value) for name, value in model.parameter_values.items()}
        self._pieces = list(stimulus.pieces)
        self._arriving = Arriving(model, stimulus, disturbed=precision.disturbed)
        amplifies = amplify(model.system.reset, states, model.parameter_values)
        self._disturbed = precision.disturbed if amplifies else Disturbed.NOT
        self._numbers: tuple[int, list[Any]] = (-1, [])
        self._spikes: list[Any] = []
        self._samples: list[list[Any]] = []
        state: State = {name: number(value) for name, value in model.initial_values.items()}
        self._sizes = {name: abs(float(value)) for name, value in state.items()}
        zero = number(0)
        self._at = _Place(state, zero, zero, zero, spiked=False)
        self._leave_the_level()
        self._at.spiked = model.spike_interrupts and self._is_above()  # immediately, at the start
        self._record: Record | None = None
        if precision.inspected:
            self._record = Record(len(state), self._flow.order, MANY + 1, precision.type)
        self._marks: list[tuple[int, _Place]] = []
        self._batch = FEW * FEW if precision.inspected else SEVERAL
        self._tries = 0
        self._rounding = self._estimate()
        self._looked_at: Any = None

    def solution(self) -> Solution:
        """Solve."""
        while self._at.piece < len(self._pieces):
            if self._record is not None:
                self._marks.append((self._record.count, self._at.copy()))
            try:
                self._go_on()
            except UserError as error:
                if not self._went_back(unfinished=True):
                    self._try_again(error)
                continue
            full = self._record is not None and self._record.count >= self._batch
            if (full or self._at.piece == len(self._pieces)) and not self._went_back():
                self._tries, self._at.longest = 0, math.inf
        samples = np.array(self._samples, dtype=self._type)
        return Solution(
            np.array(self._spikes, dtype=self._type),
            samples[:, self._wanted],
            None if self._rounding is None else self._rounding.of_spikes(len(self._spikes)),
        )

    def _estimate(self) -> Rounding | None:
        """Return an estimate of the effect of rounding; None if it cannot be made for this model and stimulus."""
        if self._record is None or len(self._model.system.state) > 1 or self._stimulus.varies:
            return None
        ends, times = np.array(self._stimulus.ends[:-1], dtype=float), self._arriving.times
        return Rounding(np.union1d(ends, times) if len(ends) else times)

    def _try_again(self, error: UserError) -> None:
        """Continue after a number was not finite: with a spike if the threshold is near, otherwise in shorter steps."""
        if not isinstance(error.__cause__, NotFiniteError) or self._record is None:
            raise error
        if self._rose():
            self._tries, self._at.longest = 0, math.inf
            return
        if self._tries == len(SHORTER):
            self._refuse_pole()
            raise error
        self._at.longest = SHORTER[self._tries]
        self._tries += 1

    def _refuse_pole(self) -> None:
        """Say where the equations divide by zero, if it is here."""
        at = self._at
        pole = self._flow.pole(at.state, [*self._numbers_now(), *(at.switches or [])], at.now, self._sizes)
        if pole:
            raise UserError(
                f"it has no solution beyond {float(at.now):.4g} ms, where {pole} divides by zero; "
                "give other parameters, or a form that has a value there",
                about=self._model.label,
            ) from PoleError(pole)

    def _rose(self) -> bool:
        """Follow an upstroke that is too fast for a series, up to the threshold or a change of a condition before it.

        Returns
        -------
        bool
            Whether there was one.
        """
        if self._model.system.threshold.condition is not None:
            return False
        at, variable, level = self._at, self._model.system.threshold.variable, self._level()
        if at.now < at.free_from or not at.state[variable] < level:
            return False
        flow, numbers = self._flow, [*self._numbers_now(), *(at.switches or [])]
        voltages = np.linspace(float(at.state[variable]), float(level), LOOKS)
        end = flow.first_change(at.state, numbers, at.now, voltages)
        found = upstroke.follow(
            flow, at.state, numbers, at.now, float(level) if end is None else end, longest=float(self._stop() - at.now)
        )
        if found is None:
            return False
        at.now += self._number(found.time)
        at.state = {name: self._number(value) for name, value in found.state.items()}
        if not found.left:
            at.spiked, at.switches = end is None, at.switches if end is None else None
            at.state[variable] = level if end is None else at.state[variable]
        self._keep_pace(1)
        return True

    def _numbers_now(self) -> list[Any]:
        """Return the parameters of the flow, without switches."""
        piece = self._at.piece
        if self._numbers[0] != piece:
            shape = self._pieces[piece][1]
            self._numbers = piece, [*self._parameters.values(), *(self._number(getattr(shape, name)) for name in SHAPE)]
        return [*self._numbers[1], self._at.start]

    def _switches_now(self) -> list[Any]:
        """Return the switches, after what has changed."""
        at = self._at
        return self._flow.switching.at(at.state, self._numbers_now(), at.now, at.switches, at.changed or ())

    def _stop(self) -> Any:
        """Return the end of the piece of the stimulus, or the time of an arrival before it."""
        at = self._at
        end = self._number(self._pieces[at.piece][0])
        return min(self._number(self._arriving.times[at.arrived]), end) if at.arrived < len(self._arriving) else end

    def _go_on(self) -> None:
        """Continue until an event: a spike, the end of refractoriness or of a piece, an arrival, or a switch."""
        at, flow, model, number = self._at, self._flow, self._model, self._number
        end = number(self._pieces[at.piece][0])
        stop = self._stop()
        is_arrival, end = stop < end, stop
        numbers = self._numbers_now()
        if at.switches is None or at.changed is not None:
            at.switches, at.changed = self._switches_now(), None
        if at.now < end and not at.spiked:
            refractory = at.now < at.free_from
            until = min(at.free_from, end) if refractory else end
            if refractory and not flow.moves_while_refractory:
                at.now = until
            else:
                made = 0 if self._record is None else self._record.count
                try:
                    at.state, at.now, at.spiked, steps = flow.advance(
                        at.state,
                        numbers,
                        at.switches,
                        at.now,
                        until,
                        refractory=refractory,
                        most=self._batch - made,
                        longest=at.longest,
                        record=self._record,
                    )
                except StoppedError as error:
                    raise UserError(f"it {error}", about=model.label) from error
                self._keep_pace(steps)
            if refractory:
                self._ask()
            if refractory and self._is_free and at.now >= at.free_from:
                at.state[self._is_free] = number(1)
                at.change([self._is_free])
            if refractory:
                # a voltage or a threshold that changed meanwhile may have crossed the other
                at.spiked = at.now >= at.free_from and self._is_above()
        if at.spiked:
            self._spike()
        if is_arrival:
            if not at.now < end:
                self._arrive()
        elif not at.now < end:
            self._samples.append(list(at.state.values()))
            at.samples += 1
            at.piece, at.start = at.piece + 1, end
            at.change([model.input])

    def _ask(self) -> None:
        """End refractoriness now if the condition that ends it no longer holds."""
        at = self._at
        if self._asks and at.now < at.free_from and not self._flow.switching.waits(self._switches_now()):
            at.free_from = at.now
            self._stand_clear()
            if self._is_free:
                at.state[self._is_free] = self._number(1)
                at.change([self._is_free])

    def _arrive(self) -> None:
        """Run the statements of all spikes that arrive now; the threshold is tested after the last of them."""
        at, was_above = self._at, self._is_above()
        refractory = at.now < at.free_from
        self._arriving.run(at.arrived, at.state, self._parameters, self._number, refractory=refractory)
        at.arrived += 1
        at.change(name for statements in self._model.system.arrivals.values() for name, _ in statements)
        if refractory:
            self._ask()  # what is above the threshold then spikes
            refractory = at.now < at.free_from
        if not refractory and self._is_above():
            at.spiked = self._model.spike_interrupts or not was_above
        elif self._model.spike_interrupts:
            self._leave_the_level()

    def _spike(self) -> None:
        at, model, number = self._at, self._model, self._number
        self._spikes.append(at.now)
        at.spikes += 1
        if too_many(self._spikes, float(self._stimulus.horizon)):
            raise EndlessSpikesError(model, np.array(self._spikes, dtype=float), at.state)
        reset_at(at.now, model, at.state, self._parameters, number, factor=self._disturbed.factor(at.spikes))
        reset = model.system.reset
        if model.system.threshold.condition is None or model.spike_interrupts:
            at.change(name for name, _ in reset)
        lasts = lasting(model, at.state, self._parameters, number)
        if reset and not lasts and self._is_above():
            raise self._stays_above()
        if self._asks:
            self._stand_clear()
        elif reset:
            self._leave_the_level()
        at.free_from = at.now + lasts
        at.spiked = False
        self._ask()
        if self._asks and not at.now < at.free_from and self._is_above():
            raise self._stays_above()

    def _stays_above(self) -> UserError:
        name = self._model.system.threshold.variable
        return UserError(f"it spikes without end: its reset leaves {name} above the threshold", about=self._model.label)

    def _went_back(self, *, unfinished: bool = False) -> bool:
        """Inspect the steps; return whether one cannot be trusted. The solution then continues from within this step.

        If all can be trusted and the last segment is `unfinished`, it continues from the end of the last step.
        """
        record, flow = self._record, self._flow
        if record is None or not record.count:
            self._marks.clear()
            return False
        bad = flow.first_bad(record)
        if bad is None:
            try:
                flow.check_domain(record)
            except StoppedError as error:
                raise UserError(f"it {error}", about=self._model.label) from None
            flow.remember(record, self._rounding, self._spikes)
            if record.count > self._marks[-1][0] and unfinished:
                # the solution was stopped after these steps
                self._at.state = dict(zip(self._at.state, record.last_state, strict=True))
                self._at.now, self._at.switches = (
                    record.last_end,
                    flow.switching.among(record.numbers_of(record.count - 1)),
                )
                self._at.changed = None
            record.clear()
            self._marks.clear()
            self._batch = min(FASTER * self._batch, MANY)
            return False
        longest = flow.longest(record, bad)
        place = next(place for count, place in reversed(self._marks) if count <= bad)
        begins = record.start_of(bad)
        numbers = record.numbers_of(bad)
        if longest is None and begins != self._looked_at:
            # once more from its start: a change of a condition may have been missed so soon after another one
            self._looked_at, longest = begins, 0.0
        if longest is None:
            raise UserError(
                f"it has no reliable solution beyond {float(begins):.4g} ms: its "
                "right-hand side changes more abruptly there than double precision can follow; give other "
                "parameters",
                about=self._model.label,
            )
        self._at = place
        del self._spikes[place.spikes :], self._samples[place.samples :]
        state = record.state_in(bad, longest)
        place.state = dict(zip(place.state, state, strict=True))
        place.now = begins + self._number(longest)
        place.spiked = False
        place.switches, place.changed = flow.switching.looked_again(place.state, numbers, place.now), None
        record.clear()
        flow.reset_cooldowns()
        self._marks.clear()
        self._batch = FEW
        if place.now == begins:
            self._refuse_pole()
        self._keep_pace(1)
        return True

    def _keep_pace(self, steps: int) -> None:
        """Stop if the solution needs very many very short steps."""
        at = self._at
        at.steps += steps if at.longest == math.inf else 0  # steps that were limited do not count
        if at.steps < SEVERAL:
            return
        shortest = min(SHORTEST, float(self._stimulus.horizon) / MOST_STEPS)
        if at.now - at.since < at.steps * shortest:
            self._refuse_pole()
            raise UserError(
                f"it needs steps below {shortest:g} ms at {float(at.now):.4g} ms; "
                "give a weaker drive or other parameters",
                about=self._model.label,
            )
        at.steps, at.since = 0, at.now

    def _level(self) -> Any:
        at = self._at.state
        return evaluate(self._model.system.threshold.level, {**self._parameters, **at}, FLOATS, self._number)

    def _is_above(self) -> bool:
        if self._model.system.threshold.condition is not None:
            return self._flow.switching.holds(self._switches_now())
        return bool(self._at.state[self._model.system.threshold.variable] > self._level())

    def _stand_clear(self) -> None:
        """Put the voltage on the side of the threshold to which it moves while refractory, if it is on it.

        A condition such as that of the spike itself may end refractoriness: which side it is on decides.
        """
        system, at = self._model.system, self._at
        variable, level = system.threshold.variable, self._level()
        clear = self._number(CLEAR * max(abs(float(level)), self._sizes[variable]) or CLEAR)
        if system.threshold.condition is not None or not abs(at.state[variable] - level) < clear:
            return
        speeds = self._flow.speeds(at.state, [*self._numbers_now(), *self._switches_now()], at.now)
        moves = {name: 0.0 if name in system.held else float(speeds[name]) for name in system.state}
        values = {**self._parameters, **at.state}
        slopes = {name: evaluate(slope, values, FLOATS) for name, slope in system.threshold.slopes.items()}
        falls = moves[variable] < sum(slopes[name] * moves[name] for name in slopes)
        at.state[variable] = level - clear if falls else level + clear
        at.change([variable])

    def _leave_the_level(self) -> None:
        # heyoka finds no other crossing in a step that starts exactly on one, so start a unit in the last place below
        state, variable = self._at.state, self._model.system.threshold.variable
        if self._model.system.threshold.condition is not None:
            return
        if state[variable] == self._level():
            state[variable] = np.nextafter(state[variable], self._number(-math.inf))
