"""Look for features in any model: protocols scaled to the model, every finding checked on the reference solution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import islice

from ....harness.stimuli import Stimulus
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import NoValue, UserError
from ...references.cache import recall
from ..protocols.base import FEATURES, Feature, Verdict
from ..protocols.recorded import Recording
from ..protocols.subject import Subject


class FeatureOutcome(StrEnum):
    """The outcome of the search for a feature in a model."""

    FOUND = "found"
    """The reference solution shows it."""
    NOT_FOUND = "not found"
    """Not with these parameters, in these trials."""
    CANNOT = "cannot"
    """No parameters of the model can show it."""
    NOT_TRIED = "not tried"
    """The model has no rheobase with which to scale the protocols, or could not be run."""


FOUND, NOT_FOUND, CANNOT, NOT_TRIED = FeatureOutcome
#: Findings are checked on the reference solution; after this many failed checks the feature counts as not found.
CHECKS = 4
#: Number of trials that run at a time, in the order in which the feature makes them.
BATCH = 64


@dataclass(frozen=True)
class Finding:
    """Whether a model, with its parameters, shows a feature."""

    feature: str
    outcome: FeatureOutcome
    reason: str
    """If found, the detector's numbers on the reference solution; otherwise why not."""
    trials: int
    """Number of trials that were run."""
    stimulus: str = ""
    """The stimuli with which it was found: pieces as (ms, input at start, at end), in the input's internal unit."""


def search(model: NeuronModel, features: Iterable[str] | None = None) -> list[Finding]:
    """Look for features in a model with its parameters; earlier results come from the cache.

    Parameters
    ----------
    model : NeuronModel
    features : iterable of str, optional
        Names in `FEATURES`; all by default.
    """
    searcher = _Search(model)

    def find(feature: Feature) -> Finding:
        kept = recall("feature", model, feature.name, lambda: asdict(searcher.look(feature)))
        return Finding(**{**kept, "outcome": FeatureOutcome(kept["outcome"])})

    return [find(FEATURES[name]) for name in (FEATURES if features is None else features)]


def not_tried(reason: str, features: Iterable[str] | None = None) -> list[Finding]:
    """Return findings for features that could not be searched for."""
    return [Finding(name, NOT_TRIED, reason, 0) for name in (FEATURES if features is None else features)]


class _Search:
    def __init__(self, model: NeuronModel) -> None:
        self._model = model
        self._subject: Subject | NoValue | None = None

    def look(self, feature: Feature) -> Finding:
        why_not = feature.why_not(self._model)
        if why_not:
            return Finding(feature.name, CANNOT, why_not, 0)
        subject = self._made()
        if isinstance(subject, NoValue):
            return Finding(feature.name, NOT_TRIED, subject.reason, 0)
        tried, refuted, nearest = 0, 0, Verdict(False, "")
        trials = feature.trials(subject)
        while batch := list(islice(trials, BATCH)):
            for trial, verdict in zip(batch, _judged(feature, subject, batch), strict=True):
                tried += 1
                if not verdict.shown:
                    nearest = nearest if nearest.reason else verdict
                    continue
                checked = feature.judge(*(subject.solve(each, feature.needs_voltage) for each in trial))
                if checked.shown:
                    return Finding(feature.name, FOUND, checked.reason, tried, "; ".join(map(_described, trial)))
                refuted += 1
                nearest = checked
                if refuted == CHECKS:
                    break
            if refuted == CHECKS:
                break
        if not tried:
            return Finding(feature.name, NOT_FOUND, "no pulse makes it spike", 0)
        of = "the first" if not refuted else "the last one that a coarse run seemed to show"
        return Finding(feature.name, NOT_FOUND, f"in none of {tried} trials; {of}: {nearest.reason}", tried)

    def _made(self) -> Subject | NoValue:
        if self._subject is None:
            try:
                self._subject = Subject(self._model)
            except UserError as error:
                self._subject = NoValue(str(error))
        return self._subject


def _judged(feature: Feature, subject: Subject, trials: list[tuple[Stimulus, ...]]) -> Iterator[Verdict]:
    recordings: list[Recording] = subject.run([each for trial in trials for each in trial], feature.needs_voltage)
    at = iter(recordings)
    for trial in trials:
        yield feature.judge(*(next(at) for _ in trial))


def _described(stimulus: Stimulus) -> str:
    pieces = []
    for duration, shape in zip(stimulus.durations, stimulus.shapes, strict=True):
        numbers = [f"{float(duration):.4g}", f"{shape.offset:.5g}"]
        if shape.slope:
            numbers.append(f"{shape.at(float(duration)):.5g}")
        pieces.append(f"({', '.join(numbers)})")
    return ", ".join(pieces)
