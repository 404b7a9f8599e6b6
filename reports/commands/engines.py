"""What `spikecost engines` shows: how far other simulators are off, which time step they need, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import pandas as pd

from ...accuracy.search.engines.errors import SHORTEST, EngineErrors, engine_errors, own_errors
from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.study import OURS
from ...harness.engines import ENGINES, named_engine
from ...harness.stimuli import Stimulus, constant
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError, attempt
from ...models.reading.by_name import get_model
from ..writing.records import records
from ..writing.text import frame, prose

#: The models that are compared if none is given, and the tolerances in ms.
MODELS, TOLERANCES = ("lif", "izhikevich", "adex", "hodgkin_huxley", "traub_miles"), (1.0, 0.1, 0.01)
#: The time step of our kernels, which have no default, in ms.
_OWN_DT = Fraction(1, 40)
_DASH = "\u2013"


@dataclass(frozen=True)
class Engines:
    """A table, and the models as the simulators read them."""

    table: pd.DataFrame
    """One row per model and simulator. Without a value: a reason in ``note``."""
    texts: dict[str, str]
    """By model and simulator."""
    labels: pd.DataFrame
    """One row per simulator: its default time step, how it finds and labels spikes, and the source of both."""
    title: str

    def shown(self, *, texts: bool = False) -> str:
        """Return the text for a terminal, with the models as the simulators read them if `texts`."""
        how = "\n".join(
            prose(f"{row['engine']}: {row['spikes']} ({row['source']}). Default dt {row['default dt (ms)']:g} ms.")
            for row in self.labels.to_dict("records")
        )
        read = [f"{name}\n{text}" for name, text in self.texts.items()] if texts else []
        return "\n".join([frame(self.title, self.table), how, *([""] if read else []), *read])

    def to_json(self) -> dict[str, Any]:
        """Return dictionaries, lists and strings."""
        return {"engines": records(self.table), "labels": records(self.labels), "texts": self.texts}


def engines(
    models: Sequence[str | NeuronModel],
    names: Sequence[str] = (),
    *,
    dt: Fraction | None = None,
    horizon: Any,
    neurons: int = 1000,
    shortest: Fraction = SHORTEST,
    progress: Progress | None = None,
) -> Engines:
    """Compare simulators on models with a constant input, their drive.

    Parameters
    ----------
    models : sequence of str or NeuronModel
        If empty: `MODELS`.
    names : sequence of str
        Names of engines, such as ``nest`` or ``neuron:crank_nicolson``; if empty: every engine.
    dt : Fraction, optional
        In ms; by default each simulator's own.
    horizon : Quantity
    neurons : int
        Number of neurons of the simulations that are timed; 0 if none is.
    shortest : Fraction
        The shortest time step to try, in ms.
    progress : Progress, optional
        Told how far the comparison is.

    Raises
    ------
    UserError
        If a name is not known, or a model has no drive.
    """
    asked = [named_engine(name) for name in (names or ENGINES)]
    rows: list[dict[str, Any]] = []
    texts: dict[str, str] = {}
    progress = progress or Progress()
    compared = [get_model(each) for each in (models or MODELS)]
    several = [*(names or ENGINES), OURS]
    stimuli = [driven(model, horizon) for model in compared]
    progress.begin("comparing simulators", len(compared) * len(several))
    for model, stimulus in zip(compared, stimuli, strict=True):
        look = partial(row_of, model, stimulus, dt=dt, neurons=neurons, shortest=shortest)
        for name in several:
            row, text = look(name)
            progress.done()
            rows.append(row)
            if text:
                texts[f"{model.label} {name}"] = text
    table = pd.DataFrame(rows)
    if not neurons:
        table = table.drop(columns=_COSTS)
    labels = list(dict.fromkeys(engine for engine, _ in asked))
    return Engines(
        table,
        texts,
        pd.DataFrame(
            [
                {
                    "engine": each.title,
                    "spikes": each.labels.said,
                    "source": each.labels.source,
                    "default dt (ms)": float(each.default_dt),
                    "source of dt": each.default_dt_source,
                }
                for each in labels
            ]
        ),
        f"Largest spike-time error over {float(units.in_ms(horizon, 'horizon')):g} ms of constant input, and the "
        "largest round dt with which it, and that of every smaller one, is within a tolerance (all in ms)"
        + (f"; ns of wall time per ms of each of {neurons} neurons" if neurons else ""),
    )


def driven(model: NeuronModel, horizon: Any) -> Stimulus:
    """Return a model's drive, for a time.

    Raises
    ------
    UserError
        If the model has an input and no drive.
    """
    if model.drive is None and model.input:
        raise UserError(f"{model.label} has no drive; give the model one")
    return constant(model.drive if model.input else 0, horizon)


def row_of(
    model: NeuronModel,
    stimulus: Stimulus,
    name: str,
    *,
    dt: Fraction | None = None,
    neurons: int = 0,
    shortest: Fraction = SHORTEST,
) -> tuple[dict[str, str], str]:
    """Return the row of a simulator, and the model as it reads it; empty if it cannot run it.

    Parameters
    ----------
    model : NeuronModel
    stimulus : Stimulus
    name : str
        Of an engine, or `OURS` for our kernels.
    dt, neurons, shortest
        As in `engines`.
    """
    if name == OURS:
        own = partial(own_errors, model, stimulus, TOLERANCES, dt or _OWN_DT)
        found = attempt(partial(own, shortest=shortest, neurons=neurons))
        return _row(model, OURS, found), ""
    engine, method = named_engine(name)
    look = partial(engine_errors, model, engine, stimulus, TOLERANCES, method=method)
    found = attempt(partial(look, dt=dt, shortest=shortest, neurons=neurons))
    return _row(model, engine.title, found), "" if isinstance(found, NoValue) else found.text


def _for(what: str, tolerance: float) -> str:
    """Return the name of a column."""
    return f"{what} for {tolerance:g} ms"


#: The columns that depend on the machine.
_COSTS = ["ns", _for("ns", TOLERANCES[1]), "build s"]


def _row(model: NeuronModel, title: str, found: EngineErrors | NoValue) -> dict[str, str]:
    values = _values(found) if isinstance(found, EngineErrors) else {"note": found.reason}
    columns = ("method", "dt", "error", *(_for("dt", tolerance) for tolerance in TOLERANCES), *_COSTS)
    return {"model": model.label, "engine": title, **dict.fromkeys(columns, _DASH), **values}


def _values(found: EngineErrors) -> dict[str, str]:
    error, notes, said = found.at_dt, [], _DASH
    if isinstance(error, NoValue):
        notes.append(f"at dt = {float(found.dt):g} ms: {error.reason}")
    elif error.missing or error.extra:
        notes.append(f"{error.missing} spikes missing, {error.extra} too many at dt = {float(found.dt):g} ms")
    else:
        said = f"{error.maximum:.2g}"
    if found.fails is not None:
        notes.append(found.fails.reason)
    if isinstance(found.nanoseconds, NoValue) and found.nanoseconds is not error:
        notes.append(found.nanoseconds.reason)
    return {
        "method": found.method,
        "dt": f"{float(found.dt):g}",
        "error": said,
        **{
            _for("dt", tolerance): _DASH if found.fails else f"{float(dt):g}" if dt else f"< {float(found.shortest):g}"
            for tolerance, dt in found.needed.items()
        },
        "ns": _time(found.nanoseconds),
        _for("ns", TOLERANCES[1]): _time(found.nanoseconds_needed),
        "build s": f"{found.build_seconds:.2g}",
        "note": "; ".join(notes),
    }


def _time(value: float | NoValue | None) -> str:
    return f"{value:.3g}" if isinstance(value, float) else _DASH
