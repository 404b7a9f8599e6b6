"""What `spikecost engines` shows: how far other simulators are off, which time step they need, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import pandas as pd

from ...accuracy.search.engine_errors import SHORTEST, EngineErrors, engine_errors, own_errors
from ...harness.engines import ENGINES
from ...harness.stimuli import constant
from ...models.catalogue import get_model
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError, attempt
from ...models.language import units
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
    progress: Callable[[], None] = lambda: None,
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
    progress : callable
        Called after each simulator.

    Raises
    ------
    UserError
        If a name is not known, or a model has no drive.
    """
    asked = [_engine(name) for name in (names or ENGINES)]
    rows: list[dict[str, Any]] = []
    texts: dict[str, str] = {}
    for model in [get_model(each) for each in (models or MODELS)]:
        if model.drive is None and model.input:
            raise UserError(f"{model.label} has no drive; give the model one")
        stimulus = constant(model.drive if model.input else 0, horizon)
        for name, method in asked:
            engine = ENGINES[name]
            look = partial(engine_errors, method=method, dt=dt, shortest=shortest, neurons=neurons)
            found = attempt(partial(look, model, engine, stimulus, TOLERANCES))
            row = {"model": model.label, "engine": engine.title}
            if isinstance(found, NoValue):
                rows.append({**row, **_nothing(found.reason)})
            else:
                rows.append({**row, **_row(found)})
                texts[f"{model.label} {name}"] = found.text
            progress()
        ours = attempt(
            partial(own_errors, model, stimulus, TOLERANCES, dt or _OWN_DT, shortest=shortest, neurons=neurons)
        )
        row = {"model": model.label, "engine": "spikecost"}
        rows.append({**row, **(_nothing(ours.reason) if isinstance(ours, NoValue) else _row(ours))})
        progress()
    table = pd.DataFrame(rows)
    if not neurons:
        table = table.drop(columns=_COSTS)
    labels = [ENGINES[name] for name in dict.fromkeys(name for name, _ in asked)]
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


def _engine(name: str) -> tuple[str, str]:
    """Return the name of an engine, and the scheme after it, if any: ``neuron:crank_nicolson``."""
    if name in ENGINES:
        return name, ""
    engine, _, method = name.rpartition(":")
    if engine in ENGINES and method in ENGINES[engine].schemes:
        return engine, method
    if engine in ENGINES:
        raise UserError(f"{engine} has no method '{method}'; give {', '.join(ENGINES[engine].schemes)}")
    ENGINES[name]
    raise AssertionError


def _nothing(reason: str) -> dict[str, Any]:
    columns = ("method", "dt", "error", *map(_needed, TOLERANCES), "ns", _at(TOLERANCES[1]), "build s")
    return {**dict.fromkeys(columns, _DASH), "note": reason}


#: The columns that depend on the machine.
_COSTS = ["ns", f"ns for {TOLERANCES[1]:g} ms", "build s"]


def _needed(tolerance: float) -> str:
    return f"dt for {tolerance:g} ms"


def _at(tolerance: float) -> str:
    return f"ns for {tolerance:g} ms"


def _row(found: EngineErrors) -> dict[str, Any]:
    error, notes = found.at_dt, []
    if error.missing or error.extra:
        notes.append(f"{error.missing} spikes missing, {error.extra} too many at dt = {float(found.dt):g} ms")
    notes += [each.reason for each in (found.nanoseconds,) if isinstance(each, NoValue) and each.reason != "not timed"]
    return {
        "method": found.method,
        "dt": f"{float(found.dt):g}",
        "error": _DASH if error.missing or error.extra else f"{error.maximum:.2g}",
        **{
            _needed(tolerance): f"< {float(found.shortest):g}" if dt is None else f"{float(dt):g}"
            for tolerance, dt in found.needed.items()
        },
        "ns": _time(found.nanoseconds),
        _at(TOLERANCES[1]): _time(found.nanoseconds_needed),
        "build s": f"{found.build_seconds:.2g}",
        "note": "; ".join(notes),
    }


def _time(value: float | NoValue) -> str:
    return _DASH if isinstance(value, NoValue) else f"{value:.3g}"
