"""What the kernel of any method reads and writes: the arrays of a call, and the results in them."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...flops.counters import Argument, Records
from ...models.definition.language.names import TIME
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.methods import DOUBLE, METHODS, Method
from ...models.number_formats import NUMBER_FORMATS
from ...models.step import Step
from ..stimuli import Stimulus, edges_of
from ..stimuli.random_inputs import RandomInputs
from .arriving import Arrivals
from .c_blocks import NOT_FINITE, PIECE, STEP_TOO_SMALL, STOP, STUCK_IN_A_STEP, TERMS, TOO_MANY_STEPS
from .c_source import MAX_SPIKES_PER_STEP, in_parts, pieces_may_differ, refills, tallied, vector_length
from .outcome import MAX_SPIKES_PER_MS, Array, Failure, Outcome, reset_is_above
from .refused import bytes_per_step, check_models, check_size, check_stimuli, check_whole
from .sampled import SampledInputs, all_edges

#: Further failures of methods that choose their steps, by the value that the kernel writes to `spikes.stuck`.
_GIVEN_UP = {STEP_TOO_SMALL: Failure.STEP_TOO_SMALL, TOO_MANY_STEPS: Failure.ENDLESS_STEPS}
#: A run is ended if its error control takes more steps than this per ms of model time, including rejected steps;
MAX_STEPS_PER_MS = 10_000
#: a run with fixed steps is ended if its steps are divided into more parts than this on average.
MAX_PARTS_PER_STEP = 100
_MARGIN = 10_000
#: A rough number of steps per ms under error control, if nothing else is known.
_STEPS_PER_MS = 10


#: ``struct spikes`` of the kernels: counters, and the addresses of a neuron's arrays.
_SPIKES = np.dtype(
    [("capacity", np.int64), ("count", np.int64), ("stuck", np.int64), ("step", np.uintp), ("at", np.uintp)]
)


#: The memory for spikes of timed runs.
_OF_THREAD = threading.local()


class Arguments:
    """The arrays that a kernel reads and writes."""

    _own_ends: Sequence[NDArray[np.int64]] = ()
    """If stimuli have different pieces, for each neuron: which pieces, of those of all, its own pieces end with."""

    def __init__(
        self,
        step: Step,
        stimuli: Sequence[Stimulus],
        setting: Fraction | float,
        models: Sequence[NeuronModel] | None,
        together: Sequence[Step] = (),
        *,
        in_lanes: bool = False,
        timed: bool = False,
    ) -> None:
        model, lanes = step.model, len(stimuli)
        self._lanes, self._steps_together = lanes, tuple(together) or (step,)
        self._step, self._method = step, METHODS[step.method]
        self._stored = NUMBER_FORMATS[step.precision].stored
        self._by_dt, sampled = self._method.knob == "dt", self._method.template.sampled_input
        check_stimuli(model, stimuli, step)
        check_models(stimuli, models)
        self._horizon = stimuli[0].horizon
        about = number_of_steps(stimuli[0], setting, self._method)
        check_size(stimuli, about, len(step.state), bytes_per_step(step, stimuli[0], about))
        self._neurons = [model] if models is None else list(models)
        self._setting = float(setting)
        # a solution may start again at each arrival
        cuts = max(sum(len(train) for _, train in each.arrivals) for each in stimuli) if model.arrivals else 0
        if self._by_dt:
            edges = self._divide(stimuli, Fraction(setting))
            check_whole(step, int(self._edges[-1]), self._setting)
            pieces: NDArray[Any] = np.diff(self._edges)
            self._most_attempts = MAX_PARTS_PER_STEP * (int(self._edges[-1]) + cuts) + _MARGIN
            refractory = refractory_steps(model, self._setting, step.restarts)
        else:
            pieces = np.array(stimuli[0].durations, dtype=float)
            self._most_attempts = int(MAX_STEPS_PER_MS * self._horizon) + MAX_PARTS_PER_STEP * cuts + _MARGIN
            refractory = 0.0
        self._steps = float(about)
        self.work = self._steps * lanes
        """Number of steps of all neurons; an estimate if an error control chooses the steps."""
        self._starts = stimuli[0].starts
        self._refractory = float(refractory)
        self._pieces = pieces
        self._sampled = None
        if pieces_may_differ(step):
            full = whole_vectors(step, stimuli) if in_lanes else stimuli
            self._sampled = SampledInputs(full, [*edges, *edges[-1:] * (len(full) - lanes)], self._setting)
        self._inputs = (
            _pieces(stimuli)
            if not sampled
            else np.empty(0)
            if self._sampled
            else self._stored(np.array([stimulus.values for stimulus in stimuli]).T.copy())
        )
        self._make_state(lanes // len(self._neurons))
        self._arrivals = (
            Arrivals(step, stimuli, pieces=pieces, dt=self._setting if self._by_dt else None)
            if model.arrivals
            else None
        )
        self._random = RandomInputs(model, stimuli, Fraction(setting)) if model.system.random else None
        self._carried = np.zeros(lanes)
        self._tallied = tallied(step)
        self._tallies = np.zeros((lanes, max(len(self._tallied), 1)), dtype=np.int64)
        self._make_records(lanes * len(self._steps_together), timed)
        self._asks = self._arrivals is not None and self._arrivals.are_many and refills(step) and not timed
        self._failed: BaseException | None = None
        # made now, so that a timed run contains only the compiled code
        self._kept = () if in_parts(step) else (*self._values(asks=self._asks), self._spikes)
        self._whole = tuple(map(_as_c, self._kept))

    def _divide(self, stimuli: Sequence[Stimulus], dt: Fraction) -> list[NDArray[np.int64]]:
        """Set the steps at which a piece of any stimulus begins; return those of each."""
        distinct = {id(stimulus): stimulus for stimulus in stimuli}  # many neurons may share a few
        alike = {stimulus.whole_durations: stimulus for stimulus in distinct.values()}
        found = {pieces: edges_of(stimulus, dt) for pieces, stimulus in alike.items()}
        own = {key: found[stimulus.whole_durations] for key, stimulus in distinct.items()}
        edges = [own[id(stimulus)] for stimulus in stimuli]
        self._edges = all_edges(edges)
        if len(found) > 1:
            self._own_ends = [self._edges.searchsorted(own[1:]) - 1 for own in edges]
        return edges

    def _make_state(self, copies: int) -> None:
        """Make the parameters, the state and its samples, for neurons that are used in turn `copies` times."""
        step = self._step
        self._parameters = self._stored(_rows([n.parameter_values for n in self._neurons], copies))
        state = _rows([n.initial_values for n in self._neurons], copies)
        if self._method.counts_steps(step.model, step.detection):
            state[step.state.index(TIME)] = np.rint(state[step.state.index(TIME)] / self._setting)
        self._state = self._stored(state)
        self._samples = self._stored(np.full((len(self._pieces), *state.shape), np.nan))

    def _make_records(self, records: int, timed: bool) -> None:
        """Make the arrays of spikes: one row for each neuron of each Step."""
        capacity = int(MAX_SPIKES_PER_MS * float(self._horizon)) + MAX_SPIKES_PER_STEP
        # a timed run does not wait for memory pages. Others never touch most of them
        pages = _written_to(records * capacity) if timed else np.empty((2, records * capacity))
        self._spike_place = pages[0].view(np.int64).reshape(records, capacity)
        self._spike_at = pages[1].reshape(records, capacity)
        self._spikes = np.zeros(records, dtype=_SPIKES)
        self._spikes["capacity"] = capacity
        for name, buffer in (("step", self._spike_place), ("at", self._spike_at)):
            self._spikes[name] = buffer.ctypes.data + buffer.strides[0] * np.arange(records)

    def calls(self) -> Iterator[tuple[Any, ...]]:
        """Yield the arguments of each call of the C function.

        A run with inputs that are random, or that vary in time, or with arrivals at exact times, is a sequence of
        calls, each for a block of steps.
        """
        if self._whole:
            yield self._whole
            return
        total = int(self._pieces.sum())
        # on the grid, a call starts with neurons that are below the threshold
        blocks = [total] if self._arrivals and not self._step.cuts else [each.block for each in self._by_step]
        same = (self._parameters, self._state, self._tallies, self._carried, self._spikes)
        known = {id(array): _as_c(array) for array in same}
        for first in range(0, total, min(blocks)):
            values = (*self._values(first, min(first + min(blocks), total)), self._spikes)
            yield tuple(known.get(id(value)) or _as_c(value) for value in values)
            if self._spikes["stuck"][0] == STOP:
                return

    def run(self, function: Any) -> None:
        """Call the C function."""
        of_input_only = self._by_step == [self._sampled] and not self._arrivals and self._step.precision == DOUBLE
        if self._sampled and of_input_only:
            self._sampled.run(
                function,
                self._lanes,
                self._refractory,
                (self._parameters, self._state, self._samples),
                self._most_attempts,
                *(self._tallies, self._carried, self._spikes),
            )
            return
        for call in self.calls():
            function(*call)
        if self._failed:
            raise self._failed

    @property
    def _by_step(self) -> list[RandomInputs | SampledInputs | Arrivals]:
        """What is made for a block of steps at a time."""
        return [each for each in (self._random, self._sampled, self._arrivals) if each is not None]

    def _values(self, first: int = 0, end: int | None = None, *, asks: bool = False) -> tuple[Any, ...]:
        """Return the arguments in the order of the C function, without the record of spikes, which is the last.

        `first` and `end` are the steps of the call, if it is a part of a run (`in_parts`); `asks` is whether the kernel
        asks for arrivals that are not the first (`refills`).
        """
        pieces, inputs, samples = self._pieces, self._inputs, self._samples
        arriving: tuple[Any, ...] = ()
        if self._arrivals:
            arriving = (
                self._arrivals.in_turn(self._end_with)
                if asks
                else (*self._arrivals.arrays(self._stored, first, end), *[0] * refills(self._step))
            )
        of_part: tuple[Any, ...] = ()
        if in_parts(self._step):
            edges = self._edges
            end = int(edges[-1]) if end is None else end
            inside = slice(int(edges.searchsorted(first, "right")) - 1, int(edges.searchsorted(end)))
            cut = edges[inside.start : inside.stop + 1].copy()
            cut[0], cut[-1] = first, end
            pieces = cut[1:] - cut[:-1]
            inputs = self._stored(self._sampled.values(first, end - first)) if self._sampled else inputs[inside]
            samples = samples[inside]
            drawn = (self._stored(self._random.values(first, end - first)),) if self._random else ()
            of_part = (*drawn, self._carried, first)
        return (
            self._lanes,
            len(pieces),
            pieces,
            inputs,
            self._setting,
            self._refractory,
            self._parameters,
            self._state,
            samples,
            self._most_attempts,
            self._tallies,
            *arriving,
            *of_part,
        )

    def stop(self) -> None:
        """End the running call that uses these arguments."""
        self._spikes["stuck"] = STOP

    def _end_with(self, error: BaseException) -> None:
        """End the running call, which cannot go on because of an error."""
        self._failed = error
        self.stop()

    @property
    def as_workload(self) -> tuple[Argument, ...]:
        """The same arguments in the form that a counter needs."""
        lanes, capacity = self._spike_at.shape
        return (
            *self._values(),
            Records(tuple((capacity, 0, 0, self._spike_place[i], self._spike_at[i]) for i in range(lanes))),
        )

    def outcomes(self) -> list[Outcome]:
        """Return the results of the neurons, after the call; of each Step in turn, if several ran together."""
        lanes, numbers = self._lanes, NUMBER_FORMATS[self._step.precision].numbers
        states = numbers(self._state).T.copy()
        finite = [bool(np.isfinite(state).all()) for state in states]
        samples: list[Array] = list(numbers(self._samples).transpose(2, 0, 1).copy())
        if self._own_ends:
            samples = [each[own] for each, own in zip(samples, self._own_ends, strict=True)]
        if self._method.counts_steps(self._step.model, self._step.detection):
            for found in (states, *samples):  # the time among the state variables is then a number of steps
                found[..., self._step.state.index(TIME)] *= self._setting
        kept = [dict(zip(self._tallied, tallies, strict=False)) for tallies in self._tallies.tolist()]
        capacity, horizon = self._spike_at.shape[1], float(self._horizon)
        outcomes = []
        rows = zip(self._spikes["count"].tolist(), self._spikes["stuck"].tolist(), strict=True)
        for record, (spikes, stuck) in enumerate(rows):
            which, lane = divmod(record, lanes)
            count = min(spikes, capacity)
            place, at = self._spike_place[record, :count], self._spike_at[record, :count]
            outcomes.append(
                Outcome(
                    # counted steps, or ms since the start of the piece: no time is summed over the run
                    spike_times=(place + at) * self._setting if self._by_dt else self._starts[place] + at,
                    state=states[lane],
                    failure=self._failure(lane, spikes, stuck, finite[lane]),
                    samples=samples[lane],
                    tallies=self._method.tallies(self._steps_together[which], kept[lane], self._steps, count, horizon),
                )
            )
        return outcomes

    def _failure(self, lane: int, spikes: int, stuck: int, finite: bool) -> Failure:
        if stuck in _GIVEN_UP:
            return _GIVEN_UP[stuck]
        if stuck & NOT_FINITE or not finite:
            return Failure.DIVERGED
        if stuck or spikes > self._spike_at.shape[1]:
            state = NUMBER_FORMATS[self._step.precision].numbers(self._state[:, lane])
            if reset_is_above(self._neurons[lane % len(self._neurons)], state):
                return Failure.ENDLESS
            return Failure.TOO_MANY if stuck & STUCK_IN_A_STEP else Failure.TOO_FAST
        return Failure.NONE


def _written_to(numbers: int) -> Array:
    """Return memory for twice as many numbers that was written to before; the same one in the next timed run."""
    known: Array | None = getattr(_OF_THREAD, "pages", None)
    if known is None or known.size < 2 * numbers:
        known = _OF_THREAD.pages = np.full(2 * numbers, np.nan)
    return known[: 2 * numbers].reshape(2, numbers)


def number_of_steps(stimulus: Stimulus, setting: Fraction | float, method: Method) -> Fraction:
    """Return the number of steps of dt in a stimulus; an estimate if an error control chooses the steps.

    Raises
    ------
    UserError
        If the setting is not positive and finite.
    """
    if not 0 < setting < math.inf:
        unit = " ms" if method.knob == "dt" else ""
        raise UserError(
            f"{method.knob} = {float(setting):g}{unit} is not positive and finite; give {method.name} a "
            f"{method.knob} above 0"
        )
    return stimulus.horizon / Fraction(setting) if method.knob == "dt" else _STEPS_PER_MS * stimulus.horizon


def _rows(values: Sequence[Mapping[str, float]], copies: int) -> Array:
    """Return the values of neurons, which are used in turn `copies` times, as an array (values, neurons)."""
    return np.ascontiguousarray(np.tile(np.array([list(each.values()) for each in values]).T, copies))


def whole_vectors(step: Step, stimuli: Sequence[Stimulus]) -> list[Stimulus]:
    """Return stimuli with the last one repeated, so that they fill whole vectors of the processor."""
    return [*stimuli, *[stimuli[-1]] * (-len(stimuli) % vector_length(step))]


def _pieces(stimuli: Sequence[Stimulus]) -> Array:
    """Return the stimuli for a kernel that does not sample its input: an array (pieces, neurons, `PIECE`)."""
    found = np.zeros((len(stimuli[0].shapes), len(stimuli), PIECE))
    for lane, stimulus in enumerate(stimuli):
        found[:, lane, :-1] = stimulus.numbers.T
        found[:, lane, -1].view(np.int64)[:] = sum(bit * (stimulus.numbers[row] != 0) for bit, row in TERMS.values())
    return found


def refractory_steps(model: NeuronModel, dt: float, restarts: bool) -> float:
    """Return for how many steps of dt (ms) a model is refractory; a whole number unless steps restart."""
    steps = model.refractory_ms / dt
    if restarts or not steps:
        return steps
    # Brian2 counts from the start of the step in which the spike is found, and rounds down (with a margin of dt/1000)
    return max(math.floor(steps + 1e-3) - 1, 0)


def _as_c(argument: Any) -> Any:
    """Return what ctypes passes on: an array, a number, or a function that the kernel calls, as it is."""
    if callable(argument):
        return argument
    if isinstance(argument, np.ndarray):
        return ctypes.c_void_p(argument.ctypes.data)
    return ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_double(argument)
