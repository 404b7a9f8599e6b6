"""The twenty demos of Izhikevich 2004: their models, and their inputs in continuous time and in the program's steps."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

from ....harness.stimuli import Shape, Stimulus
from ....models.catalogue.izhikevich import IZHIKEVICH
from ....models.definition.language.units import DIMENSIONLESS
from ....models.definition.neuron import NeuronModel

#: The scheme of the published programs, and their label of a spike.
METHOD, DETECTION = "izhikevich2004", "grid_start"
#: The models that the demos run.
IZHIKEVICH_2004 = ("izhikevich", "izhikevich_mv")

_TABLE = Path(__file__).with_name("izhikevich2004_demos.csv")
_PIECE = re.compile(r"[\[(]([^,]+),([^\])]+)([\])]) (\S+)(?: \+(\S+))?")
_SOURCE = "Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, figure 1"


@dataclass(frozen=True)
class Demo:
    """A panel of figure 1 as in its program; times in ms."""

    letter: str
    feature: str
    """The feature that it shows, a name in `FEATURES`."""
    model: NeuronModel
    stimulus: Stimulus
    """The input in continuous time."""
    closed: tuple[bool, ...]
    """Whether the end time of a piece belongs to it or to the next piece, one per piece."""
    tau: Fraction
    """The published time step."""
    spikes: int
    """Number of spikes of the program at its time step."""
    first_spike: float
    """Its time there."""

    def sampled(self, tau: Fraction) -> Stimulus:
        """Return the input as used by the program with a time step of tau: each step has the value at its start.

        The program makes steps at 0, tau, 2 tau ..., including the end, so it runs one step longer than the time span.
        If the end time of a piece belongs to it, the step that starts there has the value of this piece.
        """
        pieces = list(zip(self.stimulus.pieces, self.closed, strict=True))
        starts = [0]
        for (end, _), closed in pieces:
            whole = end / tau
            starts.append(int(whole) + 1 if closed or whole.denominator != 1 else int(whole))
        durations, shapes, before = [], [], Fraction(0)
        for (first, last), ((end, shape), _) in zip(pairwise(starts), pieces, strict=True):
            durations.append((last - first) * tau)
            shapes.append(shape.from_(float(first * tau - before)))
            before = end
        return replace(self.stimulus, durations=tuple(durations), shapes=tuple(shapes))


@cache
def demos() -> tuple[Demo, ...]:
    """Return the demos, from A to T."""
    with _TABLE.open(encoding="utf-8") as file:
        return tuple(_demo(row) for row in csv.DictReader(line for line in file if not line.startswith("#")))


def _demo(row: dict[str, str]) -> Demo:
    pieces = [piece for piece in map(_PIECE.fullmatch, row["input"].split("; ")) if piece]
    edges = [Fraction(0), *(Fraction(piece[2]) for piece in pieces)]
    assert [Fraction(piece[1]) for piece in pieces] == edges[:-1], row["input"]
    assert edges[-1] == Fraction(row["tspan"]), row["input"]
    shapes = [Shape(float(piece[4]), slope=float(piece[5] or 0)) for piece in pieces]
    model = IZHIKEVICH.replace(
        name=f"izhikevich2004_{row['letter']}",
        description=f"Izhikevich 2004, figure 1 {row['letter']}: {row['feature'].replace('_', ' ')}",
        source=_SOURCE,
        equations=f"""
            dv/dt = (0.04*v**2 + {row["v_lin"]}*v + {row["v_const"]} - u + I)/ms : 1
            du/dt = {row["u_eq"].lower()}/ms : 1
            a : 1
            b : 1
            c : 1
            d : 1
            I : 1
        """,
        threshold="v > 30",
        parameters={name: float(row[name]) for name in "abcd"},
        presets={},
        preset="",
        initial={"v": float(row["V0"]), "u": float(row["u0"])},
    )
    return Demo(
        letter=row["letter"],
        feature=row["feature"],
        model=model,
        stimulus=Stimulus([after - before for before, after in pairwise(edges)], shapes, DIMENSIONLESS),
        closed=tuple(piece[3] == "]" for piece in pieces),
        tau=Fraction(row["tau"]),
        spikes=int(row["spikes"]),
        first_spike=float(row["first_spike"]),
    )


def demos_of(models: Iterable[NeuronModel]) -> tuple[Demo, ...]:
    """Return the demos if one of the models is the one that they run."""
    return demos() if any(model.name in IZHIKEVICH_2004 for model in models) else ()
