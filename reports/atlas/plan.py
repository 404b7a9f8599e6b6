"""What the atlas consists of: its parts, in the order of their use, and what identifies a part.

A part is one regime of one model and preset in one number format: a kind of drive at one rate, or at a multiple of the
rheobase, over one horizon. The most useful parts come first: those of the default suite, then those of cortical
neurons.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ...accuracy.study.study import ours_in
from ...accuracy.study.suite import Suite
from ...models.catalogue import with_presets
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError, quoted, short
from ...models.ground.named_files import name_in
from ...models.ground.registry import known_are
from ...models.methods import DOUBLE, METHODS, usual
from ...models.reading.by_name import get_model

#: What every part is run with. Eight stimuli fill the lanes of a 512-bit register: on such a processor they take no
#: longer than four. The default suite has twenty: its largest dt hold for more stimuli, its intervals are narrower.
SETTINGS = Suite(trials=8, tolerances=(1.0, 0.3, 0.1, 0.03, 0.01), witnessed=False, thorough=False, features=False)
#: Kinds of drive, from the most useful.
DRIVES = ("ornstein_uhlenbeck", "constant", "poisson_conductance", "poisson_arrivals")
#: Firing rates in Hz, and multiples of the rheobase, from the most useful.
RATES, RHEOBASES = (20.0, 50.0, 5.0, 100.0), (1.5,)
#: The horizon of all models, and a longer one for the models that are compared most, in ms.
HORIZON, LONG = 1000.0, 10_000.0
#: Number formats: that of all parts, and a further one for the models that are compared most, under currents.
PRECISIONS = (DOUBLE, "single")
#: The models that are compared most.
FIRST = ("lif", "izhikevich:RS", "hodgkin_huxley")
#: Cortical neurons, and models that are often used in their place.
SECOND = (
    *("adex:RS", "exponential_if", "izhikevich:FS", "izhikevich:CH", "izhikevich:IB", "izhikevich:LTS"),
    *("izhikevich2007:RS", "adaptive_lif", "adex:bursting", "traub_miles:paper", "wang_buzsaki", "pospischil_rs"),
    *("pospischil_fs", "hodgkin_huxley_tables", "qif"),
)
#: Raised when the same request would give other rows, or rows of another form.
FORM = 1
_SETTINGS = tuple(
    getattr(SETTINGS, name)
    for name in ("trials", "tolerances", "detections", "seed", "coarsest", "finest", "finest_varying", "per_decade")
)
_LENGTH = 16
_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True)
class Part:
    """One regime of one model and preset."""

    model: str
    """Its label, such as ``izhikevich:RS``."""
    stimulus: str
    """Kind of drive."""
    level: float
    """A rate in Hz, or a multiple of the rheobase."""
    of_rheobase: bool = False
    horizon: float = HORIZON
    """In ms."""
    precision: str = DOUBLE

    @property
    def said(self) -> str:
        """The level as in tables: ``20 Hz`` or ``1.5 x rheobase``."""
        return f"{self.level:g} x rheobase" if self.of_rheobase else f"{self.level:g} Hz"

    @property
    def engine(self) -> str:
        """What computes it, as in tables: ``spikecost`` or ``spikecost:single``."""
        return ours_in(self.precision)

    @property
    def key(self) -> tuple[str, str, str, float, str]:
        """What distinguishes its rows (`columns.PART`)."""
        return self.model, self.stimulus, self.said, self.horizon, self.engine

    def suite(self, methods: Sequence[str], model: str | NeuronModel | None = None) -> Suite:
        """Return what is run, with some methods; `model` replaces that of the part."""
        return replace(
            SETTINGS,
            models=(model or self.model,),
            methods=tuple(methods),
            stimuli=(self.stimulus,),
            rates=() if self.of_rheobase else (self.level,),
            rheobases=(self.level,) if self.of_rheobase else (),
            horizons=(self.horizon,),
            precisions=(self.precision,),
        )

    def identity(self, method: str) -> str:
        """Return a digest of everything that the rows of a method are asked of: the model and the request.

        The code that computes them is not part of it: ``spikecost atlas check`` computes rows again and compares them.
        """
        format_of_numbers = () if self.precision == DOUBLE else (self.precision,)
        request = (FORM, self.stimulus, self.said, self.horizon, method, *_SETTINGS, *format_of_numbers)
        content = f"{_definition(self.model)}\0{request!r}"
        return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:_LENGTH]


@cache
def _definition(label: str) -> str:
    return get_model(label).definition


def methods() -> tuple[str, ...]:
    """Return the methods of spikecost that suites have; those of other packages are not in the atlas."""
    return tuple(name for name in usual() if type(METHODS[name]).__module__.startswith(f"{_PACKAGE}."))


@cache
def labels() -> tuple[str, ...]:
    """Return every model of the catalogue with every preset, in the order of tables; not those of other packages."""
    return tuple(model.label for model in with_presets())


def check_drive(drive: object, name: str = "drive") -> None:
    """Check that the atlas has a kind of drive, which was given as the argument `name`.

    Raises
    ------
    UserError
        If it does not.
    """
    _check(drive, name, "drive", "a kind of drive", DRIVES)


def check_precision(precision: object) -> None:
    """Check that the atlas has a number format.

    Raises
    ------
    UserError
        If it does not.
    """
    _check(precision, "precision", "precision", "a number format", PRECISIONS)


def _check(given: object, name: str, noun: str, called: str, known: Sequence[str]) -> None:
    if not isinstance(given, str):
        raise UserError(f"{name} = {quoted(given)}: give {called} of the atlas, such as '{known[0]}'")
    if given not in known:
        raise UserError(f"the atlas has no {noun} '{short(given)}': {known_are(given, known)}; give one of them")


def parts(models: Sequence[str] = (), drives: Sequence[str] = ()) -> list[Part]:
    """Return the parts of the atlas, the most useful first; of some models and drives alone, if they are given.

    Raises
    ------
    UserError
        If there is no such model in the catalogue, or no such drive in the atlas.
    """
    known = labels()
    for name in models:
        get_model(name)
        if not any(name in (label, name_in(label)) for label in known):
            raise UserError(f"the atlas has only models of the catalogue, not {name}; give one of `spikecost models`")
    for drive in drives:
        check_drive(drive)
    return [
        part
        for part in _all(known)
        if (not models or part.model in models or name_in(part.model) in models)
        and (not drives or part.stimulus in drives)
    ]


def _all(known: Sequence[str]) -> list[Part]:
    places = {label: place for place, label in enumerate(dict.fromkeys((*FIRST, *SECOND, *known)))}
    several = [part for label in known for part in _of(label)]
    return sorted(several, key=lambda part: (_rank(part), places[part.model]))


def _of(label: str) -> Iterator[Part]:
    usual = HORIZON, DOUBLE
    more = [(LONG, DOUBLE), *((HORIZON, precision) for precision in PRECISIONS[1:])] if label in FIRST else []
    for horizon, precision in (usual, *more):
        for drive in DRIVES if (horizon, precision) == usual else DRIVES[:2]:
            for rate in RATES:
                yield Part(label, drive, rate, horizon=horizon, precision=precision)
            for multiple in RHEOBASES if horizon == HORIZON else ():
                yield Part(label, drive, multiple, True, horizon, precision)


def _rank(part: Part) -> int:
    """Return how many steps a part is from the most useful ones: of its model, drive, level and horizon."""
    of_model = 0 if part.model in FIRST else 1 if part.model in SECOND else 2
    of_drive = (0, 0, 2, 3)[DRIVES.index(part.stimulus)]
    of_level = 2 if part.of_rheobase else (0, 1, 2, 1)[RATES.index(part.level)]
    return 2 * of_model + of_drive + of_level + 2 * (part.horizon == LONG) + 3 * (part.precision != DOUBLE)
