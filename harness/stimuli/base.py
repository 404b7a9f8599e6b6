"""A stimulus: pieces, each with a duration and a shape in time. It does not depend on any time step."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Dimension
from numpy.typing import NDArray

from ...models.definition.language import units
from ...models.ground.errors import UserError
from .parts.quantities import random_numbers
from .parts.shape import Shape, shape_value, terms_of
from .parts.train import Train, train_of


@dataclass(frozen=True, init=False, repr=False)
class Stimulus:
    """An input made of pieces, each with a shape; it may jump between pieces.

    Parameters
    ----------
    durations : iterable of Fraction
        In ms, one per piece.
    shapes : iterable of Shape or float
        One per piece, in the internal unit of `dimension`; a number is a constant piece.
    dimension : Dimension
    seed : int, optional
        Seed of the random numbers from which the shapes are made.
    arrivals : mapping, optional
        The train of spikes that arrive at each input of the model; see `with_arrivals`.
    noise : int
        Seed of the random inputs that the equations of a model may have; see `with_noise`.
    """

    durations: tuple[Fraction, ...]
    shapes: tuple[Shape, ...]
    dimension: Dimension
    seed: int | None
    arrivals: tuple[tuple[str, Train], ...]
    noise: int

    def __init__(
        self,
        durations: Iterable[Fraction],
        shapes: Iterable[Shape | float],
        dimension: Dimension,
        seed: int | None = None,
        arrivals: Iterable[tuple[str, Train]] = (),
        *,
        noise: int = 0,
    ) -> None:
        made = tuple(shape if isinstance(shape, Shape) else Shape(float(shape)) for shape in shapes)
        values = {"durations": tuple(durations), "shapes": made, "dimension": dimension, "seed": seed, "noise": noise}
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if not made or len(self.durations) != len(made) or min(self.durations) <= 0:
            raise UserError("a stimulus needs at least one piece, each with a positive duration and one value")
        if not all(shape.is_finite for shape in made):
            raise UserError("the numbers of a stimulus must be finite, and its decay times positive")
        within = ((name, train.until(float(self.horizon))) for name, train in arrivals)
        object.__setattr__(self, "arrivals", tuple((name, train) for name, train in within if len(train)))

    def __repr__(self) -> str:
        unit = units.unit_name(self.dimension) or "1"
        return (
            f"<Stimulus: {float(self.horizon):g} ms, {len(self.shapes)} piece{'s'[: len(self.shapes) > 1]}, in {unit}>"
        )

    @property
    def varies(self) -> bool:
        """Whether it changes within a piece."""
        return bool(self.terms)

    @cached_property
    def terms(self) -> frozenset[str]:
        """The terms of `Shape` that occur in any piece."""
        return terms_of(self.numbers)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The value of each piece.

        Raises
        ------
        UserError
            If it changes within a piece.
        """
        if self.varies:
            raise UserError(
                "the stimulus changes within its pieces, but one value per piece is expected; "
                "give a constant or piecewise-constant stimulus"
            )
        return tuple(shape.offset for shape in self.shapes)

    @cached_property
    def whole_durations(self) -> tuple[int, ...]:
        """The durations over their least common denominator, and that: equal where these are, and quick to compare."""
        wholes, denominator = _over_one_denominator(self.durations)
        return (*wholes, denominator)

    @cached_property
    def ends(self) -> tuple[Fraction, ...]:
        """The end of each piece in ms."""
        *wholes, denominator = self.whole_durations
        return tuple(Fraction(end, denominator) for end in accumulate(wholes))

    @cached_property
    def starts(self) -> NDArray[np.float64]:
        """The start of each piece in ms."""
        return np.array([0, *self.ends[:-1]], dtype=float)

    @cached_property
    def horizon(self) -> Fraction:
        """Its length in ms."""
        *wholes, denominator = self.whole_durations
        return Fraction(sum(wholes), denominator)

    @property
    def pieces(self) -> Iterator[tuple[Fraction, Shape]]:
        """The end of each piece in ms, and its shape."""
        return zip(self.ends, self.shapes, strict=True)

    @cached_property
    def unit(self) -> Fraction:
        """The longest time in ms that divides every piece; time steps must divide it."""
        *wholes, denominator = self.whole_durations
        return Fraction(math.gcd(*wholes), denominator)

    def at(self, times: Any) -> Any:
        """Return the values at some times in ms; at a jump, the value after the jump."""
        times = np.asarray(times, dtype=float)
        ends = np.array(self.ends, dtype=float)
        piece = np.minimum(np.searchsorted(ends, times, side="right"), len(ends) - 1)
        return self.within(piece, times - self.starts[piece])

    def within(self, piece: NDArray[np.int64], s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of some pieces, each s ms after its start."""
        found: NDArray[np.float64] = shape_value(self.terms, self.numbers[:, piece], s)
        return found

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The numbers of the shapes: an array (numbers of `Shape`, pieces)."""
        each = chain.from_iterable(shape.numbers for shape in self.shapes)
        return np.fromiter(each, float).reshape(len(self.shapes), -1).T

    def divided(self, piece: Any) -> Stimulus:
        """Return the same stimulus cut into equal pieces; the state is sampled at the end of each piece.

        Parameters
        ----------
        piece : Quantity
            A time that divides every piece.

        Raises
        ------
        UserError
            If `piece` does not divide every piece.
        """
        length = units.in_ms(piece, "piece")
        counts = [duration / length for duration in self.durations]
        if any(count.denominator != 1 for count in counts):
            raise UserError(
                f"pieces of {float(length):g} ms do not fill the stimulus's pieces, which are multiples of "
                f"{float(self.unit):g} ms; give a time that divides that"
            )
        shapes = tuple(
            shape.from_(float(i * length))
            for shape, count in zip(self.shapes, counts, strict=True)
            for i in range(int(count))
        )
        return replace(self, durations=(length,) * len(shapes), shapes=shapes)

    def cut(self, times: Iterable[Fraction]) -> Stimulus:
        """Return the same stimulus with additional cuts at some times in ms, at which the state is then sampled.

        Times outside the stimulus are ignored.
        """
        cuts = deque(sorted({at for at in times if at > 0}))
        durations, shapes, start = [], [], Fraction(0)
        for end, shape in self.pieces:
            edges = [start]
            while cuts and cuts[0] <= end:
                edges.append(cuts.popleft())
            if edges[-1] < end:
                edges.append(end)
            for first, last in pairwise(edges):
                durations.append(last - first)
                shapes.append(shape.from_(float(first - start)))
            start = end
        return replace(self, durations=tuple(durations), shapes=tuple(shapes))

    def with_arrivals(self, **trains: Any) -> Stimulus:
        """Return the same stimulus with spikes that arrive at some inputs of the model (`NeuronModel.arrivals`).

        Their times do not depend on any time step. Spikes at or after the end of the stimulus do not arrive.

        Parameters
        ----------
        **trains : Train, sequence of Train, or times
            For each input: a train such as `poisson_train` makes, trains that arrive together, or recorded times
            (quantities, a neo.SpikeTrain, numbers in ms). They replace arrivals of the same input.

        Raises
        ------
        UserError
            If they are not times of at least 0.
        """
        found = {**dict(self.arrivals), **{name: train_of(given) for name, given in trains.items()}}
        return replace(self, arrivals=tuple(found.items()))

    def scaled(self, factor: float) -> Stimulus:
        """Return the same stimulus with its input multiplied by `factor`."""
        found = replace(self, shapes=tuple(shape.scaled(factor) for shape in self.shapes))
        found.__dict__["whole_durations"] = self.whole_durations  # many may be made of one
        return found

    def with_noise(self, seed: int) -> Stimulus:
        """Return the same stimulus with other random inputs, for a model with noise in its equations.

        A seed gives one Brownian path for each source of noise, the same at every time step and for the reference.

        Raises
        ------
        UserError
            If the seed is not a whole number of at least 0.
        """
        random_numbers(seed)
        return replace(self, noise=int(seed))


def common_divisor(durations: Iterable[Fraction]) -> Fraction:
    """Return the longest duration that divides all durations."""
    wholes, denominator = _over_one_denominator(durations)
    return Fraction(math.gcd(*wholes), denominator)


def _over_one_denominator(values: Iterable[Fraction]) -> tuple[list[int], int]:
    """Return the numerators of some fractions over their least common denominator, and this denominator.

    A stimulus of 10 s may have ten thousand pieces; sums and quotients are much faster with whole numbers.
    """
    ratios = [value.as_integer_ratio() for value in values]
    common = math.lcm(*{denominator for _, denominator in ratios})
    return [numerator * (common // denominator) for numerator, denominator in ratios], common
