"""Which ways to run a model another simulator has, so that a recommendation can be restricted to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...models.ground.errors import UserError
from ...models.methods import METHODS


@dataclass(frozen=True)
class Restriction:
    """The part of a simulator that was compared with spikecost's kernels, spike by spike."""

    title: str
    detections: tuple[str, ...]
    has: Callable[[str], bool]
    """Whether it has a method."""
    model: str = ""
    """The only model of the catalogue that it has, with any preset; empty if it takes equations."""
    said: str = ""
    """What it can run, as a sentence."""

    def runs(self, row: Mapping[Any, Any] | pd.Series) -> bool:
        """Whether it can run a model in a way."""
        return (
            self.model in ("", str(row["model"]).partition(":")[0])
            and row["detection"] in self.detections
            and self.has(str(row["method"]))
        )


def in_brian2(method: str) -> bool:
    """Whether Brian2 has a method."""
    return method in METHODS and bool(METHODS[method].brian2)


#: By the name that a user gives. NEST's model ``izhikevich`` has two schemes (`consistent_integration`).
ENGINES: dict[str, Restriction] = {
    "brian2": Restriction("Brian2", ("grid",), in_brian2, said="Brian2 finds spikes at the end of a step only"),
    "nest": Restriction(
        "NEST",
        ("grid",),
        lambda method: method in ("euler", "izhikevich2003"),
        model="izhikevich",
        said="of NEST, its model izhikevich was compared: Euler and the scheme of 2003, spikes at the end of a step",
    ),
}
#: Simulators whose methods no kernel has, so that nothing is known of their costs.
_UNKNOWN = {
    "neuron": "NEURON's implicit methods are not among the methods that were run",
    "arbor": "Arbor's implicit method is not among the methods that were run",
}


def engine_named(name: str) -> Restriction:
    """Return an engine.

    Raises
    ------
    UserError
        If there is no such engine, or its methods are not among those of spikecost.
    """
    known = name.lower()
    if known in ENGINES:
        return ENGINES[known]
    why = _UNKNOWN.get(known, f"unknown engine '{name}'")
    raise UserError(f"{why}; give {' or '.join(ENGINES)}, or leave it out for any code that locates spikes")
