"""Make parts of the atlas. A part that the data have, asked for in the same way, is not made again."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ...accuracy.search.status import Status
from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.phases.sweeping import cases_of, without_points
from ...accuracy.study.runner import run_suite
from ...accuracy.study.study import Study
from ...accuracy.study.suite import Suite
from ...models.definition.neuron import NeuronModel
from ...models.ground.code_version import code_version
from ...models.ground.named_files import name_in
from ...models.methods import DOUBLE
from ...models.reading.by_name import get_model
from .columns import rows_of
from .kept import add, read
from .plan import Part, methods, parts

#: Digits of the digest of the code.
_LENGTH = 12


@dataclass(frozen=True)
class Made:
    """What was made."""

    parts: tuple[Part, ...]
    seconds: float
    """Processor time, compiler included."""
    left: int
    """Number of parts that are asked for and still missing."""


def missing(
    models: Sequence[str] = (), drives: Sequence[str] = (), folder: Path | None = None
) -> list[tuple[Part, tuple[str, ...]]]:
    """Return the parts of the plan that the data lack, the most useful first, each with the methods that it lacks."""
    wanted = parts(models, drives)
    rows = read(folder, ["model", "identity"], models={name_in(part.model) for part in wanted}, precision=None)
    # presets with the same parameters have the same identity
    known = set(rows.itertuples(index=False, name=None))
    lacking = [
        (part, tuple(name for name in methods() if (part.model, part.identity(name)) not in known)) for part in wanted
    ]
    return [(part, names) for part, names in lacking if names]


def make(
    models: Sequence[str] = (),
    drives: Sequence[str] = (),
    *,
    seconds: float = float("inf"),
    jobs: int = 1,
    folder: Path | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Made:
    """Make the parts that are missing, the most useful first; each is written when it is finished.

    Parameters
    ----------
    models, drives : sequence of str
        By default all.
    seconds : float
        No part is begun after this wall time.
    jobs : int
        Number of threads.
    folder : Path, optional
        By default the data that come with spikecost.
    store : str or Path, optional
        The store, which keeps what an interrupted part has computed.
    progress : Progress, optional
    """
    progress = progress or Progress()
    begun, used = time.monotonic(), processor_time()
    todo = missing(models, drives, folder)
    done: list[Part] = []
    progress.begin("making parts of the atlas", len(todo))
    for part, names in todo:
        if time.monotonic() - begun > seconds:
            break
        rows = computed(part, names, jobs=jobs, store=store)
        if rows is None:
            raise KeyboardInterrupt
        add(rows, folder)
        done.append(part)
        progress.done()
        progress.say(f"made {', '.join([*part.key[:3], *[part.precision] * (part.precision != DOUBLE)])}")
    return Made(tuple(done), processor_time() - used, len(todo) - len(done))


def computed(
    part: Part,
    names: Sequence[str],
    *,
    jobs: int = 1,
    store: str | Path | None = None,
    model: NeuronModel | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame | None:
    """Return the rows of a part for some methods; None if the run was interrupted.

    Parameters
    ----------
    part : Part
    names : sequence of str
        The methods.
    jobs, store, progress
        As in `run_suite`.
    model : NeuronModel, optional
        Instead of the part's.
    """
    before = processor_time()
    suite = part.suite(names, model)
    study = _without_trials(suite, part.engine) or run_suite(suite, jobs, progress, store)
    if study.interrupted:
        return None
    rows = rows_of(study, part.engine)
    identities = {name: "" if model else part.identity(name) for name in names}
    return rows.assign(
        identity=rows["method"].map(identities),
        version=f"{version('spikecost')} {code_version('models', 'flops', 'harness', 'accuracy')[:_LENGTH]}",
        made=datetime.now(UTC).date().isoformat(),
        seconds=None if study.reused else round(processor_time() - before, 1),
    )


def _without_trials(suite: Suite, engine: str) -> Study | None:
    """Return the study of a regime that the model does not reach, which `run_suite` refuses; None if it is reached."""
    (regime,) = suite.regimes(get_model(suite.models[0]))
    if regime.trials:
        return None
    status = Status.FAILED if regime.failed else Status.RATE_NOT_REACHABLE
    curves = [
        without_points(regime, method, detection, None, reason=regime.reason, status=status, engine=engine)
        for method, detection in suite.pairs
    ]
    cases = [case for curve in curves for case in cases_of(curve, suite)]
    return Study(suite, regimes=[regime], curves=curves, cases=cases)


def processor_time() -> float:
    """Return the processor time in s of this process, its threads, and the compilers that it has waited for."""
    own: Callable[[int], float] = lambda who: sum(resource.getrusage(who)[:2])  # noqa: E731
    return own(resource.RUSAGE_SELF) + own(resource.RUSAGE_CHILDREN)
