"""What a comparison runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from numbers import Real
from typing import Any

from brian2 import Hz, ms

from ...flops.conventions import CONVENTIONS, Convention, get_convention
from ...harness.engines import named_engine
from ...harness.stimuli import STIMULI
from ...models.catalogue import MODELS
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.detection import DETECTIONS
from ...models.ground.errors import UserError, quoted, short, whole_number
from ...models.methods import DOUBLE, METHODS, usual
from ...models.number_formats import NUMBER_FORMATS
from ...models.reading.by_name import get_model
from ...models.reading.files import each_named
from ..measures import MEASURES
from ..regimes.regime import Regime, as_it_stands, at_rate, at_rheobase
from ..search.criterion import Criterion
from ..search.voltage import VoltageRms

#: Why a method with dense output is not run on the grid: the grid would force its steps, and its cost would be wasted.
LEFT_OUT = "an adaptive method is run with its dense output alone, if that is among the detections"
#: Number of stimuli of a regime: several, so that a mean has an interval.
TRIALS = 20
LARGEST_SEED = 10**9
#: How many models the representation of a suite names.
MOST_NAMED = 5
#: Names of the fields that are tuples.
_LISTS = (
    "models",
    "methods",
    "detections",
    "stimuli",
    "rates",
    "rheobases",
    "horizons",
    "tolerances",
    "criteria",
    "measures",
    "conventions",
    "precisions",
    "engines",
)
#: The smallest and the largest value of numbers: values beyond are a slip, or would run for weeks.
_LIMITS = {
    "rates": (0, 1e5),
    "rheobases": (0, 1e4),
    "horizons": (0, 1e6),
    "tolerances": (0, 1e6),
    "trials": (1, 1e4),
    "repeats": (1, 1e4),
    "per_decade": (1, 1000),
    "coarsest": (0, 1e6),
    "finest": (0, 1e6),
    "finest_varying": (0, 1e6),
}
_WHOLE = ("trials", "repeats", "per_decade", "seed")
#: The units of numbers that may also be given as quantities.
_UNITS = {
    "rates": Hz,
    "rheobases": None,
    "horizons": ms,
    "tolerances": ms,
    "coarsest": ms,
    "finest": ms,
    "finest_varying": ms,
}


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True, repr=False)
class Suite:
    """What is run. Times in ms, rates in Hz.

    Every model is driven by every kind of stimulus, over every horizon, to every rate and every multiple of its
    rheobase. Every method and detection is run in each of these regimes, and tested with every tolerance and criterion.
    """

    models: tuple[str | NeuronModel, ...] = ("lif", "izhikevich", "hodgkin_huxley")
    methods: tuple[str, ...] = usual()
    detections: tuple[str, ...] = ("grid", "linear", "hermite", "dense")
    stimuli: tuple[str, ...] = ("constant",)
    rates: tuple[float, ...] = (10.0, 20.0, 50.0, 100.0)
    rates_of: Mapping[str, tuple[float, ...]] = field(default_factory=dict, hash=False)
    """The rates of single kinds of stimulus, by name; they replace `rates` for these."""
    rheobases: tuple[float, ...] = ()
    """Multiples of the rheobase, in addition to the rates."""
    horizons: tuple[float, ...] = (1000.0,)
    trials: int = TRIALS
    """Stimuli of each regime."""
    tolerances: tuple[float, ...] = (1.0, 0.1, 0.01)
    """Largest spike-time errors allowed."""
    criteria: tuple[Criterion, ...] = ()
    """Other measures and their tolerances, in addition to the largest spike-time error."""
    measures: tuple[str, ...] = ()
    """Measures to take at every dt, in addition to those of the criteria."""
    coarsest: float = 5.0
    finest: float = 8e-4
    """For a horizon of 1 s or less; for a longer one, dt is longer so that the number of steps is the same."""
    finest_varying: float = 2e-3
    """The same for inputs that vary in time, and for models with random inputs: their steps are more expensive."""
    per_decade: int = 8
    repeats: int = 3
    """Number of timed runs of each case."""
    time_lanes: bool = True
    """Whether to time neurons in SIMD lanes, too."""
    witnessed: bool = True
    """Whether to also record, time and count on the processor: costs and errors do not need these."""
    conventions: tuple[str | Convention, ...] = ()
    """Conventions that get a column in the table, in addition to ``unit`` and ``izhikevich2004``."""
    thorough: bool = True
    """Whether to also count what Brian2 executes and what compiler options for speed change."""
    features: bool = True
    """Whether to look for the twenty features of Izhikevich 2004 in the models, and to run the demos of his model."""
    seed: int = 0
    """Seed of the first stimulus that has random numbers, and of the models' noise in it; the next has the next."""
    precisions: tuple[str, ...] = (DOUBLE,)
    """Number formats of our kernels. Double is always the first; the others are further rows, and rank no model."""
    engines: tuple[str, ...] = ()
    """Other simulators whose rows are in the same table, such as ``nest`` or ``neuron:crank_nicolson``."""

    def __post_init__(self) -> None:
        self._check_numbers()
        object.__setattr__(self, "models", each_named(self.models))
        for method in self.methods:
            METHODS[method]
        for registry, names in (
            (STIMULI, self.stimuli),
            (DETECTIONS, self.detections),
            (MEASURES, self.measures),
            (NUMBER_FORMATS, self.precisions),
        ):
            for name in names:
                registry[name]
        for name in self.engines:
            named_engine(name)
        # names of the catalogue, each once, are labels of different models; to read all models takes half a second
        alone = all(isinstance(model, str) and model in MODELS for model in self.models)
        alone = alone and len({*self.models}) == len(self.models)
        labels = [] if alone else [get_model(model).label for model in self.models]
        for label in labels:
            if labels.count(label) > 1:
                raise UserError(f"two of the models are called {label}; give one of them another name")
        for convention in self.conventions:
            if isinstance(convention, Convention) and CONVENTIONS.get(convention.name, convention) is not convention:
                raise UserError(f"the convention '{convention.name}' exists already; choose another name")
            get_convention(convention)
        for name in (each for each in _LISTS if each not in ("models", "criteria")):
            given = [each.name if isinstance(each, Convention) else each for each in getattr(self, name)]
            twice = next((value for value in given if given.count(value) > 1), None)
            if twice is not None:
                raise UserError(f"{name}: {twice} is there twice; give it once")
        others = tuple(name for name in self.precisions if name != DOUBLE)
        object.__setattr__(self, "precisions", (DOUBLE, *others))
        needed = {
            "models": self.models,
            "methods": self.methods,
            "detections": self.detections,
            "stimuli": self.stimuli,
            "horizons": self.horizons,
            "rates or rheobases": self.rheobases or all(map(self.rates_for, self.stimuli)),
            "tolerances or criteria": self.tolerances or self.criteria,
        }
        if missing := [name for name, given in needed.items() if not given]:
            raise UserError(f"there are no {', no '.join(missing)}: give at least one")

    def _check_numbers(self) -> None:
        for name in _LISTS:
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Sequence):
                raise UserError(f"{name} = {quoted(given)}: give a tuple or list")
        self._check_rates_of()
        for name, unit in _UNITS.items():
            given = getattr(self, name)
            plain = (
                tuple(units.number_in(value, unit, name.rstrip("s")) for value in given)
                if name in _LISTS
                else units.number_in(given, unit, name)
            )
            object.__setattr__(self, name, plain)
        for name, (least, most) in _LIMITS.items():
            given = getattr(self, name)
            for value in given if isinstance(given, Sequence) and not isinstance(given, str | bytes) else (given,):
                if not _is_number(value):
                    raise UserError(f"{name} = {quoted(value)}: give a number from {least:g} to {most:g}")
                if not least and not 0 < value < math.inf:
                    raise UserError(f"{name.rstrip('s')} = {value:g} is not positive and finite; give a number above 0")
                if not least <= value <= most:
                    raise UserError(f"{name} = {short(str(value))}: give {least:g} or more, and at most {most:g}")
        for rate in (rate for own in self.rates_of.values() for rate in own):
            least, most = _LIMITS["rates"]
            if not least < rate <= most:
                raise UserError(f"rates_of has the rate {rate:g}: give more than 0 and at most {most:g} Hz")
        for name in _WHOLE:
            least, most = _LIMITS.get(name, (0, LARGEST_SEED))
            expected = f"a whole number from {least:.0f} to {most:.0f}"
            number = whole_number(getattr(self, name), name, expected)
            if not least <= number <= most:
                raise UserError(f"{name} = {number}: give {expected}")
            object.__setattr__(self, name, number)
        if self.coarsest < self.finest:
            raise UserError(
                f"coarsest = {self.coarsest:g} ms is below finest = {self.finest:g} ms; give the longest "
                "time step as the coarsest"
            )

    def __repr__(self) -> str:
        models = ", ".join(getattr(model, "label", str(model)) for model in self.models[:MOST_NAMED])
        more = f" and {len(self.models) - MOST_NAMED} more" if len(self.models) > MOST_NAMED else ""
        levels = [f"{rate:g} Hz" for rate in self.all_rates] + [
            f"{multiple:g} x rheobase" for multiple in self.rheobases
        ]
        return (
            f"<Suite: {models}{more}; {len(self.methods)} methods, {len(self.detections)} detections; "
            f"{', '.join(self.stimuli)} at {', '.join(levels)}; {self.trials} stimuli each>"
        )

    def _check_rates_of(self) -> None:
        if not isinstance(self.rates_of, Mapping):
            raise UserError(
                f"rates_of = {quoted(self.rates_of)}: give rates by kind of stimulus, such as {{'constant': (100,)}}"
            )
        plain: dict[str, tuple[float, ...]] = {}
        for kind, own in self.rates_of.items():
            STIMULI[kind]
            if isinstance(own, str) or not isinstance(own, Sequence) or not own:
                raise UserError(f"rates_of: {kind} = {quoted(own)}: give a tuple or list of rates")
            plain[kind] = tuple(units.number_in(value, Hz, "rate") for value in own)
            twice = next((value for value in plain[kind] if plain[kind].count(value) > 1), None)
            if twice is not None:
                raise UserError(f"rates_of: {kind}: {twice:g} is there twice; give it once")
        object.__setattr__(self, "rates_of", plain)

    def rates_for(self, stimulus: str) -> tuple[float, ...]:
        """Return the rates at which a kind of stimulus makes models fire."""
        return self.rates_of.get(stimulus, self.rates)

    @property
    def all_rates(self) -> tuple[float, ...]:
        """The rates of all kinds of stimulus, from low to high."""
        return tuple(sorted({rate for stimulus in self.stimuli for rate in self.rates_for(stimulus)}))

    def why_left_out(self, method: str, detection: str) -> str:
        """Return why a method is not run with a detection although it could be; empty if it is."""
        if METHODS[method].dense_output and detection != "dense" and "dense" in self.detections:
            return LEFT_OUT
        return ""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every method with every detection, except those that are left out."""
        return tuple(
            (method, detection)
            for method in self.methods
            for detection in self.detections
            if not self.why_left_out(method, detection)
        )

    @property
    def own_conventions(self) -> tuple[Convention, ...]:
        """The conventions that are not registered: they are known to this suite only."""
        return tuple(each for each in self.conventions if isinstance(each, Convention) and each.name not in CONVENTIONS)

    @property
    def all_criteria(self) -> tuple[Criterion, ...]:
        """The tolerances as criteria, and the other ones."""
        return (*(Criterion("maximum", value) for value in self.tolerances), *self.criteria)

    @property
    def all_measures(self) -> tuple[str, ...]:
        """Measures that are taken of every run, in addition to the errors of matched spikes."""
        wanted = dict.fromkeys([*self.measures, *(each.measure for each in self.criteria)])
        return tuple(name for name in wanted if name not in _ALWAYS)

    @property
    def drawn_measures(self) -> tuple[str, ...]:
        """Measures that costs can be drawn against, in addition to the largest error and the error of the voltage."""
        return (*FREE, *(name for name in self.all_measures if name not in FREE))

    def regimes(self, model: NeuronModel) -> Iterator[Regime]:
        """Find the regimes of a model."""
        return (find() for find in self.finding_regimes(model))

    def finding_regimes(self, model: NeuronModel) -> Iterator[Callable[[], Regime]]:
        """Yield what finds each regime of a model, in the order of `regimes`."""
        for horizon in self.horizons:
            for stimulus in self.stimuli:
                if not model.input:
                    yield partial(as_it_stands, model, stimulus, horizon, self.trials, seed=self.seed)
                    continue
                for rate in self.rates_for(stimulus):
                    yield partial(at_rate, model, stimulus, rate, horizon, self.trials, seed=self.seed)
                for multiple in self.rheobases:
                    yield partial(at_rheobase, model, stimulus, multiple, horizon, self.trials, seed=self.seed)

    def number_of_regimes(self, model: NeuronModel) -> int:
        """Return the number of regimes of a model."""
        if not model.input:
            return len(self.horizons) * len(self.stimuli)
        return len(self.horizons) * sum(len(self.rates_for(each)) + len(self.rheobases) for each in self.stimuli)


#: Measures of matched spikes that `spike_time_error` always gives.
FREE = ("rms", "mean", "drift")
#: All measures that it gives, and the error of the voltage.
_ALWAYS = ("maximum", *FREE, "missing", "extra", VoltageRms.name)

#: What ``spikecost run`` runs by default. Under currents that fluctuate, all its models fire at any rate. Under a
#: constant current, Hodgkin-Huxley fires above 50 Hz only: this drive is a special case, and is shown at one rate.
STANDARD = Suite(stimuli=("ornstein_uhlenbeck", "constant"), rates=(5.0, 20.0, 50.0), rates_of={"constant": (100.0,)})
#: Fields that say how models are driven.
_DRIVES = ("stimuli", "rates", "rates_of", "rheobases")


def changed(suite: Suite, changes: Mapping[str, Any]) -> Suite:
    """Return a suite with some fields changed.

    Changed rates are those of every kind of stimulus. If one of the drives of `STANDARD` is changed, the others are
    those of ``Suite()``: a constant current, if only rates are given.
    """
    if any(name in changes for name in _DRIVES):
        standard = all(getattr(suite, name) == getattr(STANDARD, name) for name in _DRIVES)
        kept = {name: getattr(Suite(), name) for name in _DRIVES} if standard else {}
        changes = {**kept, **({"rates_of": {}} if "rates" in changes else {}), **changes}
    return replace(suite, **changes)


#: What ``--full`` runs: the whole catalogue under every kind of stimulus, two horizons, and drives relative to the
#: rheobase in addition to the rates.
FULL = Suite(models=tuple(MODELS), stimuli=tuple(STIMULI), rheobases=(1.5,), horizons=(1000.0, 10_000.0))
#: What ``--quick`` runs: the higher rates, the looser tolerances, three methods, fewer stimuli; without counting
#: Brian2's code and without features.
QUICK = Suite(
    methods=("euler", "rk4", "exponential_euler"),
    rates=(50.0, 100.0),
    tolerances=(1.0, 0.1),
    trials=8,
    thorough=False,
    features=False,
)
