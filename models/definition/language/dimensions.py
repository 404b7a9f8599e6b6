"""The dimension of an expression, from the dimensions of its names; only numbers in powers are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import brian2
from brian2.core.namespace import DEFAULT_UNITS
from brian2.units.fundamentalunits import Dimension, Quantity, get_dimensions

from ...algebra.expression import FLOATS, Expr, evaluate
from ...algebra.functions import CALLABLE
from ...ground.errors import UserError, short
from . import units
from .grammar import HIGHEST_POWER
from .trees import Binary, Call, Name, Negative, Node, Number, Switch, comparisons, written


def check(
    root: Node,
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    expected: Dimension,
    *,
    value: Callable[[Node], Expr],
    where: str,
) -> None:
    """Compare the dimension of an expression with the expected dimension.

    Parameters and errors are those of `dimension`. In addition, a dimension other than the expected one is an error.
    """
    found = dimension(root, dimensions, constants, value=value, where=where)
    if found is not expected:
        raise UserError(
            f"{where}: '{short(written(root))}' has the unit {units.unit_name(found)}, "
            f"expected {units.unit_name(expected)}"
        )


def dimension(
    root: Node,
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    *,
    value: Callable[[Node], Expr],
    where: str,
) -> Dimension:
    """Return the dimension of an expression; the rules are those of Brian2.

    Parameters
    ----------
    root : Node
    dimensions, constants : mapping
        For every name that is not a unit.
    value : callable
        Makes an expression from a part of `root`: a power must be a number if the unit depends on it.
    where : str
        For messages.

    Raises
    ------
    UserError
        If the units in the expression do not fit.
    """

    def of(node: Node) -> Dimension:
        if isinstance(node, Number):
            return units.DIMENSIONLESS
        if isinstance(node, Name):
            if node.name in dimensions:
                return dimensions[node.name]
            return get_dimensions(constants[node.name] if node.name in constants else unit_called(node.name) or 1)
        if isinstance(node, Negative):
            return of(node.operand)
        if isinstance(node, Switch):
            for test in comparisons(node.condition):
                alike(test.left, test.right, of(test.left), of(test.right))
            return units.DIMENSIONLESS
        if isinstance(node, Call):
            rule, (found, *others) = CALLABLE[node.function].unit, [of(argument) for argument in node.arguments]
            for argument, other in zip(node.arguments[1:], others, strict=True):
                alike(node.arguments[0], argument, found, other)
            if rule is None and found is not units.DIMENSIONLESS:
                raise misfit(
                    f"the argument of '{short(written(node))}' has the unit {units.unit_name(found)}",
                    "give a number without a unit",
                )
            return found if rule is None else rule(found)
        left, right = of(node.left), of(node.right)
        if node.kind in ("add", "sub", "mod"):
            return alike(node.left, node.right, left, right)
        if node.kind == "floordiv":
            for operand, unit in ((node.left, left), (node.right, right)):
                if unit is not units.DIMENSIONLESS:
                    raise misfit(
                        f"'{short(written(operand))}' in '{short(written(node))}' has the unit {units.unit_name(unit)}",
                        "// needs numbers without units: divide both by a unit",
                    )
            return left
        if node.kind != "pow":
            return left * right if node.kind == "mul" else left / right
        if right is not units.DIMENSIONLESS:
            raise misfit(
                f"the power of '{short(written(node))}' has the unit {units.unit_name(right)}",
                "give a number without a unit",
            )
        return left if left is units.DIMENSIONLESS else left ** power(node)

    def alike(one: Node, another: Node, left: Dimension, right: Dimension) -> Dimension:
        if left is not right:
            raise misfit(
                f"'{short(written(one))}' has the unit {units.unit_name(left)}, "
                f"'{short(written(another))}' {units.unit_name(right)}",
                "what is added or compared needs the same unit",
            )
        return left

    def power(node: Binary) -> float:
        try:
            found = float(evaluate(value(node.right), {}, FLOATS))
        except KeyError:
            raise misfit(
                f"the power of '{short(written(node))}' changes, and with it the unit",
                "give a number, or take the power of a number without a unit",
            ) from None
        except (ArithmeticError, ValueError) as error:
            raise misfit(f"the power of '{short(written(node))}' is not a number: {error}", "give a number") from None
        if abs(found) > HIGHEST_POWER:
            raise misfit(f"the power of '{short(written(node))}' is too high", f"give at most {HIGHEST_POWER}")
        return found

    def misfit(problem: str, instead: str) -> UserError:
        return UserError(f"{where}: units do not fit in '{short(written(root))}': {problem}; {instead}")

    return of(root)


def unit_called(identifier: str) -> Any:
    """Return the unit with this name; None if there is none."""
    found = DEFAULT_UNITS.get(identifier, getattr(brian2, identifier, None))
    return found if isinstance(found, Quantity) else None
