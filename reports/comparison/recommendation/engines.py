"""Which ways to run a model another simulator has, so that a recommendation can be restricted to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ....harness.engines import ENGINES as SIMULATORS
from ....models.ground.errors import UserError, check_text
from ....models.ground.named_files import name_in


@dataclass(frozen=True)
class Restriction:
    """The part of a simulator that was compared with spikecost's kernels, spike by spike."""

    title: str
    simulator: str
    """Its name among the engines: it has the methods that are schemes of this one. They find spikes on the grid."""
    model: str = ""
    """The only model of the catalogue that it has, with any preset; empty if it takes equations."""
    said: str = ""
    """What it can run, as a sentence."""

    def runs(self, row: Mapping[Any, Any] | pd.Series) -> bool:
        """Whether it can run a model in a way."""
        return (
            self.model in ("", name_in(str(row["model"])))
            and row["detection"] == "grid"
            and row["method"] in {scheme.ours for scheme in SIMULATORS[self.simulator].schemes.values()}
        )


#: By the name that a user gives.
ENGINES: dict[str, Restriction] = {
    "brian2": Restriction("Brian2", "brian2:numpy", said="Brian2 finds spikes at the end of a step only"),
    "nest": Restriction(
        "NEST",
        "nest",
        model="izhikevich",
        said="of NEST, its model izhikevich was compared: Euler and the scheme of 2003, spikes at the end of a step",
    ),
}


def engine_named(name: str) -> Restriction:
    """Return an engine.

    Raises
    ------
    UserError
        If there is no such engine, or its methods are not among those of spikecost.
    """
    check_text(name, "engine", "brian2")
    known = name.lower()
    if known in ENGINES:
        return ENGINES[known]
    why = f"unknown engine '{name}'"
    if known in SIMULATORS and not any(scheme.ours for scheme in SIMULATORS[known].schemes.values()):
        found = SIMULATORS[known]
        why = f"the methods of {found.title} ({', '.join(found.schemes)}) are not among those that were run"
    raise UserError(f"{why}; give {' or '.join(ENGINES)}, or leave it out for any code that locates spikes")
