"""The mechanism ``hh`` that NEURON and Arbor bring with them, for models with its equations."""

from __future__ import annotations

from brian2 import cm, mV, siemens, ufarad

from ...models.algebra.draft import NotApplicable
from ...models.catalogue import MODELS
from ...models.definition.neuron import NeuronModel
from .nmodl import Mechanism

#: The scheme that runs it, and the model of ours with the same equations.
HH, MODEL = "hh", "hodgkin_huxley"


def own_hh(model: NeuronModel) -> Mechanism:
    """Express a model by the simulators' mechanism hh, which starts with its gates at rest.

    Raises
    ------
    NotApplicable
        If it has other equations, or starts in another state.
    """
    known = MODELS[MODEL]
    same = ("equations", "threshold", "refractory", "reset", "input")
    gates = [name for name in known.initial if name != "v"]
    if any(getattr(model, each) != getattr(known, each) for each in same) or any(
        model.initial[name] != known.initial[name] for name in gates
    ):
        raise NotApplicable(f"the mechanism hh has the equations and the initial state of {MODEL}")
    given = {**model.constants, **model.parameters}
    settings = {
        **{f"g{name.lower()}bar": float(given[f"g{name}"] / (siemens / cm**2)) for name in ("Na", "K")},
        "gl": float(given["gL"] / (siemens / cm**2)),
        "el": float(given["EL"] / mV),
    }
    reversals = {name.lower(): float(given[f"E{name}"] / mV) for name in ("Na", "K")}
    capacitance = float(given["C"] / (ufarad / cm**2))
    lines = [
        *(f"{name} = {value!r}" for name, value in settings.items()),
        *(f"e{name} = {value!r}" for name, value in reversals.items()),
        f"cm = {capacitance!r}",
    ]
    text = f"insert {HH}, and a current clamp\n" + "\n".join(lines) + "\n"
    return Mechanism(text, 0.0, "", 1.0, HH, settings, reversals, capacitance)
