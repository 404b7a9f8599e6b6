"""The random inputs of a model's equations."""

from __future__ import annotations

from collections.abc import Mapping

from brian2 import ms

from ...algebra.draft import substitute
from ...algebra.expression import Expr, names
from ...algebra.polynomial import is_zero, linear_parts
from ...ground.errors import UserError, at
from ..language.noise import NOISE

#: The two meanings of noise whose factor depends on the state. Brian2's is Stratonovich's.
STRATONOVICH, ITO = "stratonovich", "ito"
INTERPRETATIONS = (STRATONOVICH, ITO)
#: The sampling step of ``randn()`` and ``rand()`` if a model gives none: Brian2's default dt.
SAMPLING = 0.1 * ms


def without_noise(
    found: Mapping[str, Expr], subexpressions: Mapping[str, Expr], random: Mapping[str, str]
) -> tuple[dict[str, Expr], dict[str, Expr]]:
    """Write out the subexpressions that contain noise, so that only derivatives contain it.

    Parameters
    ----------
    found : mapping
        All right-hand sides by name.
    subexpressions : mapping
        Those of subexpressions, in an order in which each needs only earlier ones.
    random : mapping
        The kind of each random input.

    Returns
    -------
    (dict, dict)
        The same two, without those subexpressions among the second.
    """
    noisy: dict[str, Expr] = {}
    kept: dict[str, Expr] = {}
    sources = {name for name, kind in random.items() if kind == NOISE}
    for name, value in subexpressions.items():
        written = substitute(value, noisy)
        (noisy if names(written) & sources else kept)[name] = written
    if not noisy:
        return dict(found), dict(subexpressions)
    return {name: substitute(value, noisy) for name, value in found.items()}, kept


def refuse_drawn(value: Expr, random: Mapping[str, str], what: str) -> None:
    """Refuse random inputs in what is no derivative.

    Raises
    ------
    UserError
    """
    for name, kind in random.items():
        if name in names(value):
            raise UserError(
                f"{what} uses {name if kind == NOISE else f'{kind}()'}, and only derivatives can be random; use a "
                "number, a parameter, or a state variable with noise in its equation"
            )


def diffusion(derivatives: Mapping[str, Expr], random: Mapping[str, str], model: str) -> dict[str, dict[str, Expr]]:
    """Return the factor of each source of noise in each derivative; zeros are left out.

    Parameters
    ----------
    derivatives : mapping
        Without subexpressions.
    random : mapping
        The kind of each random input.
    model : str
        Its name, for messages.

    Raises
    ------
    UserError
        If noise enters a derivative in another way than multiplied by a factor.
    """
    sources = [name for name, kind in random.items() if kind == NOISE]
    found: dict[str, dict[str, Expr]] = {}
    for variable, value in derivatives.items() if sources else ():
        factors = {}
        for source in sources:
            parts = linear_parts(value, source)
            if parts is None or names(parts[1]) & set(sources):
                with at("equations", variable):
                    raise UserError(
                        f"{model}: equation of '{variable}': the noise {source} must be multiplied by a factor and "
                        "added, such as sigma*xi; write the equation so"
                    )
            if not is_zero(parts[1]):
                factors[source] = parts[1]
        if factors:
            found[variable] = factors
    return found
