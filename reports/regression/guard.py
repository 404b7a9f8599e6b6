"""What the fixture of the pytest plugin does: costs of a user's models, and limits on them that a test asserts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from brian2 import Hz

from ...accuracy.study.suite import Suite
from ...flops.counters import auto
from ...flops.operations import count
from ...harness.measuring.measure import measure
from ...models.algebra.expression import KINDS as OPERATIONS
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError
from ...models.reading.by_name import get_model
from ..comparison.comparison import compare
from ..writing.numbers import as_said
from ..writing.text import rows
from .judge import counted_against_retired, different, judge, refuse_wrong_counts
from .judgement import CONTRADICTED
from .kept import baseline as baselines
from .kept.baseline import Baseline
from .kept.figures import Figures
from .kept.limits import refuse_idle
from .of_run import figures_of

#: How a cost is measured: few stimuli of constant drive, only one timed run, no inspection of Brian2's code.
SUITE = Suite(trials=4, repeats=1, thorough=False, features=False, methods=("euler", "rk4", "exponential_euler"))
#: Number of steps in which counted and retired operations are compared.
STEPS = 20


class Regressed(AssertionError):
    """A figure is worse than the baseline allows; the message is the table."""


class NotJudged(AssertionError):
    """Figures cannot be judged; the message is the table, and what to do."""


class JudgedCost(float):
    """A number of operations that knows what it describes, so that a failing test can say it."""

    of: str
    """What has this cost."""
    unit: str
    made_of: dict[str, Any]
    """For a cost at a tolerance: method, detection, dt_ms and error_ms of the cheapest combination."""

    def __new__(cls, value: float, of: str, unit: str, made_of: dict[str, Any] | None = None) -> JudgedCost:
        """Make a number."""
        cost = super().__new__(cls, value)
        cost.of, cost.unit, cost.made_of = of, unit, made_of or {}
        return cost

    def __repr__(self) -> str:
        return f"{float(self):.6g} {self.unit}"


#: The name of a comparison when its sides are exchanged.
_EXCHANGED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def explained(sign: str, left: object, right: object) -> list[str] | None:
    """Return why a comparison with a cost fails, as lines: a sentence and a table; None if no cost is compared.

    Parameters
    ----------
    sign : str
        Such as ``<=``.
    left, right : object
        What was compared.
    """
    if not isinstance(left, JudgedCost):
        left, right, sign = right, left, _EXCHANGED.get(sign, "")
    if not isinstance(left, JudgedCost) or not isinstance(right, int | float) or sign not in _EXCHANGED:
        return None
    limit = float(right)
    percent = f" ({100 * (left / limit - 1):+.3g} %)" if limit else ""
    now, allowed = f"{float(left):.6g}", f"{sign} {limit:.6g}"
    names = ("cost of", "now", "allowed", "over by", "")
    values = (left.of, now, allowed, f"{left - limit:+.4g}{percent}", left.unit)
    table = rows("", names, [dict(zip(names, values, strict=True))])
    return [f"{left.of} costs {now} {left.unit}, which is not {allowed}", "", *table.splitlines()]


@dataclass
class Guard:
    """The fixture ``spikecost``."""

    baseline: Baseline | None = None
    """What figures are compared with; None without ``--spikecost-baseline``."""
    keep: dict[str, Figures] | None = None
    """Where figures are collected for a new baseline, by model; None if there is no new baseline."""
    without_counter: bool = False
    """Whether to accept counts that no exact counter confirms."""
    judged: set[str] = field(default_factory=set)
    """Figures of the baseline that were compared with the figures of now."""

    def cost(
        self,
        model: str | NeuronModel,
        tolerance: Any,
        *,
        rate: float = 50.0,
        horizon: Any = "1 second",
        methods: Sequence[str] | None = None,
        detections: Sequence[str] | None = None,
        input: str | None = None,  # noqa: A002
    ) -> JudgedCost:
        """Return the cost of 1 ms of model time in the cheapest way that keeps the spike times within a tolerance.

        Parameters
        ----------
        model : str or NeuronModel
            Such as ``izhikevich:CH``, or ``my_model.py:model``.
        tolerance : str or Quantity
            Largest spike-time error allowed, such as ``"0.1 ms"``.
        rate : float
            Firing rate in Hz at which a constant drive makes the model spike.
        horizon : str or Quantity
            Model time that is compared.
        methods, detections : sequence of str, optional
            Methods and detections to try; by default forward Euler, RK4 and exponential Euler, with every detection.
        input : str, optional
            For a Brian2 group in a script: the variable that the stimulus drives; ``I`` by default.

        Returns
        -------
        Cost
            Operations per ms, a float.

        Raises
        ------
        UserError
            If a name is unknown, the model does not reach the rate, or no method keeps within the tolerance; or if a
            baseline is given and it lacks this figure.
        NotJudged
            If a baseline is given and not all figures can be judged, or some improved so much that it must be renewed.
        Regressed
            If a count differs from what the processor executed; or if a baseline is given and a figure of this model is
            worse than it allows.
        """
        of, rate = get_model(model, input), units.number_in(rate, Hz, "rate")
        comparison = compare(
            [of],
            _quantity(tolerance),
            rates=[rate],
            horizon=_quantity(horizon),
            methods=methods,
            detections=detections,
            suite=SUITE,
        )
        self._hold(figures_of(comparison))
        best = comparison.cheapest
        if best.empty:
            reasons = comparison.table["reason"]
            raise UserError(
                f"{of.label} has no cost at {tolerance}: {next(iter(reasons), 'no method was tried')}; "
                "give a looser tolerance or other methods"
            )
        row = best.iloc[0]
        how = {name: row[name] for name in ("method", "detection", "dt_ms", "error_ms")}
        return JudgedCost(
            row["flops_per_ms"],
            f"{of.label}, {tolerance}, {rate:g} Hz ({row['method']}, {row['detection']}, "
            f"dt {as_said(best)['dt_ms'].iloc[0]} ms)",
            "operations per ms",
            how,
        )

    def operations(
        self,
        model: str | NeuronModel,
        method: str,
        detection: str = "grid",
        input: str | None = None,  # noqa: A002
    ) -> JudgedCost:
        """Return how many operations one step of a model without a spike costs; `input` as in `cost`.

        Raises
        ------
        UserError
            If a name is unknown or the method does not apply.
        Regressed
            If the processor executes other operations than were counted.
        """
        found = count(get_model(model, input), method, detection)
        _refuse_contradiction(found.step.model, method, detection)
        return JudgedCost(
            found.flops_per_step(), f"{found.step.model.label}, {method}, {detection}", "operations per step"
        )

    def _hold(self, figures: Figures) -> None:
        figures = replace(figures, times={})
        if figures.contradictions:
            wrong = counted_against_retired(figures, [*figures.values], without_counter=True)
            raise Regressed("\n".join(each.sentence for each in wrong if each.verdict == CONTRADICTED))
        if self.keep is not None:
            refuse_wrong_counts(figures, self.without_counter)
            for label in figures.models:
                self.keep[label] = merged(self.keep.get(label), figures)
        elif self.baseline is not None:
            same = _asked_for(self.baseline.figures.values, figures)
            if not same:
                raise UserError(
                    f"{self.baseline.path} has no figure of {', '.join(figures.models)} at this tolerance "
                    "and rate; add them with --spikecost-update, and commit the file"
                )
            self.judged |= same.keys()
            judgement = replace(
                judge(self._narrowed(same, figures), figures, without_counter=self.without_counter),
                update=self._update(self.baseline),
            )
            if judgement.status == 1:
                raise Regressed(judgement.text)
            if judgement.status:
                raise NotJudged(
                    f"{judgement.text}\n(in tests: pytest --spikecost-update renews the baseline, "
                    "--spikecost-without-counter accepts counts that no exact counter confirms)"
                )

    def _update(self, baseline: Baseline) -> str:
        """Return the command that accepts the figures of all tests."""
        unconfirmed = ["--spikecost-without-counter"] if self.without_counter else []
        return shlex.join(["pytest", "--spikecost-update", *unconfirmed, f"--spikecost-baseline={baseline.path}"])

    def _narrowed(self, values: Mapping[str, float | NoValue], figures: Figures) -> Baseline:
        """Return a baseline of these figures only, with the limits that apply to them."""
        assert self.baseline is not None
        known = self.baseline
        refuse_idle(known.limits, {*known.figures.values, *figures.values}, f"the baseline {known.path}")
        limits = {
            pattern: limit
            for pattern, limit in known.limits.items()
            if any(fnmatchcase(name, pattern) for name in (*values, *figures.values))
        }
        return replace(known, figures=replace(known.figures, values=values, times={}), limits=limits)


def _asked_for(names: Mapping[str, float | NoValue], run: Figures) -> dict[str, float | NoValue]:
    """Return the figures of a baseline that a run should have: figures of its models, methods, cases and curves."""
    subjects = {_subject(name) for name in run.values}
    parts = {"/".join(subject.split("/")[:n]) for subject in subjects for n in (2, 3)}
    return {name: value for name, value in names.items() if _subject(name) in subjects | parts}


def _subject(name: str) -> str:
    """Return what a figure describes: a model's method, Step, case, or curve of errors."""
    subject, _, last = name.rpartition("/")
    return subject.rpartition("/")[0] if last in ("error_ms", "operations_per_block") else subject


def _refuse_contradiction(model: NeuronModel, method: str, detection: str) -> None:
    """Check that the processor executes what was counted, if an exact counter works."""
    counter = auto.best(exact=True)
    if counter is None or not counter.tells_images:
        return
    try:
        found = measure(model, method, detection, counter, STEPS)
    except UserError:  # for example, it spikes at once: there is no step without a spike
        return
    wrong = [
        f"{kind}: {found.analytic.get(kind, 0)} counted, {found.witnesses[0].operations.get(kind, 0)} retired"
        for kind in OPERATIONS
        if kind not in ("sign", "select") and found.analytic.get(kind, 0) != found.witnesses[0].operations.get(kind, 0)
    ]
    if wrong:
        raise Regressed(
            f"counts of {model.label}, {method}, {detection} differ from what the processor executed in "
            f"{found.steps} steps ({counter.name}): {'; '.join(wrong)}; the count is wrong"
        )


def read_baseline(path: str) -> Baseline:
    """Read the baseline that ``--spikecost-baseline`` names."""
    return baselines.read(path)


def merged(first: Figures | None, second: Figures) -> Figures:
    """Return the figures of both; where both have a figure, that of the second."""
    if first is None:
        return second
    suite = {name: value for name, value in first.suite.items() if second.suite.get(name) == value}
    return replace(
        second, values={**first.values, **second.values}, models={**first.models, **second.models}, suite=suite
    )


def update_baseline(path: str, kept: dict[str, Figures], whole: bool = True) -> str:
    """Make a baseline from figures; return what to print.

    Parameters
    ----------
    path : str
    kept : dict
        The figures, by model.
    whole : bool
        Whether these are all figures; otherwise figures of other models stay.

    Raises
    ------
    UserError
        If there is no figure, or the file is not a baseline.
    """
    if not kept:
        raise UserError("no test asked for a cost, so there is nothing to keep; the baseline was left as it is")
    new: Figures | None = None
    for figures in kept.values():
        new = merged(new, figures)
    assert new is not None
    old = baselines.read(path).figures if baselines.exists(path) else Figures({})
    kept_too = ""
    if not whole:
        others = {name: value for name, value in old.values.items() if name.partition("/")[0] not in new.models}
        if others and (differences := different(old, new)):
            raise UserError(
                f"{path} was made elsewhere ({'; '.join(differences.values())}): run all tests to renew "
                "it, or renew it where it was made; it was left as it is"
            )
        if others:
            new = merged(replace(old, values=others), new)
            kept_too = f"; {len(others)} of models that these tests do not use were kept"
    changed = baselines.update(path, replace(new, times=old.times))
    return f"{path}: {changed.said(kept_too)}"


def _quantity(value: Any) -> Any:
    return units.parse_quantity(value) if isinstance(value, str) else value
