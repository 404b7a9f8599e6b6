"""Operations at regular times (Brian2's ``run_regularly``) on a neuron of a group.

An operation that draws a random number for a parameter is the same as a random number in the equations, which is held
until the next operation. Other operations that change what spikes depend on are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import brian2
from brian2.equations.codestrings import Expression
from brian2.equations.equations import INTEGER, PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.groups.subgroup import Subgroup

from ...definition.language import grammar, trees
from ...definition.language.noise import named
from ...ground.errors import UserError, quoted
from ..group.texts import Texts, assigned, numbers_of, one_line, replaced, uses_clock


def with_drawn(group: brian2.NeuronGroup, index: int, texts: Texts) -> tuple[Texts, Any]:
    """Return texts in which parameters that operations draw are random numbers, and their sampling step.

    The sampling step is None if the texts have no random numbers that are held.

    Raises
    ------
    UserError
        If another operation changes what spikes depend on, or random numbers are drawn at different steps.
    """
    drawn: dict[str, str] = {}
    steps: dict[float, Any] = {}
    clock = texts.clock
    for operation in _operations(group, index):
        code = one_line(operation.abstract_code)
        if not assigned(code) & texts.used:
            continue
        # dt is that of the group, also if the operation has another one
        numbers = numbers_of(group, index, code)
        found = _random(replaced(code, numbers), texts)
        clock = clock or uses_clock(numbers)
        if found is None or set(found) & set(drawn):
            raise UserError(
                f"{group.name}: the operation '{operation.name}' ({code}) outside the equations cannot be run: only "
                "one that draws random numbers for parameters can; write it into the equations or the reset"
            )
        drawn |= found
        steps[float(operation.clock.dt)] = operation.clock.dt
    if any(named(each.expr.code)[1] for each in texts.equations.values() if each.expr is not None):
        steps[float(group.clock.dt)] = group.clock.dt
    if len(steps) > 1:
        raise UserError(
            f"{group.name} draws random numbers every {' and every '.join(map(quoted, steps.values()))}; use one step"
        )
    if drawn:
        equations = Equations([_as_drawn(each, drawn) for each in texts.equations.values()])
        texts = replace(texts, equations=equations, clock=clock)
    return texts, next(iter(steps.values()), None)


def changed_by_operations(group: brian2.NeuronGroup, index: int) -> dict[str, set[str]]:
    """Return the variables of a neuron that each operation at regular times changes, by the operation's name."""
    return {each.name: assigned(one_line(each.abstract_code)) for each in _operations(group, index)}


def _operations(part: Any, index: int) -> Iterator[Any]:
    """Yield the operations at regular times of a group, and of its subgroups with a neuron."""
    known = {id(each) for each in _its_own(part)}
    for other in part.contained_objects:
        if isinstance(other, Subgroup):
            if other.start <= index < other.stop:
                yield from _operations(other, index)
        elif id(other) not in known and getattr(other, "abstract_code", None) is not None:
            yield other


def _its_own(group: Any) -> list[Any]:
    """Return the objects that run the equations of a group."""
    updaters = [getattr(group, name, None) for name in ("state_updater", "subexpression_updater")]
    return [*getattr(group, "thresholder", {}).values(), *getattr(group, "resetter", {}).values(), *updaters]


def _random(code: str, texts: Texts) -> dict[str, str] | None:
    """Return the random numbers that an operation draws, by parameter; None if it does anything else."""
    found: dict[str, str] = {}
    try:
        statements = list(grammar.statements(named(code)[0]))
    except grammar.Unreadable:
        return None
    parts = [part.partition("=") for part in code.split(";") if part.strip()]
    for (target, operator, value), (_, _, right) in zip(statements, parts, strict=True):
        changing = texts.state | texts.assigned | assigned(code) | {"t", "lastspike"}
        is_parameter = target in texts.equations and texts.equations[target].type == PARAMETER
        used = texts.needed_by(trees.written(value))
        if operator or not is_parameter or target in {*texts.assigned, *found} or used & changing:
            return None
        if not named(right)[1]:
            return None
        # Brian2 leaves out the fraction when it stores an integer
        is_integer = texts.equations[target].var_type == INTEGER
        found[target] = f"int({right.strip()})" if is_integer else right.strip()
    return found


def _as_drawn(equation: SingleEquation, drawn: dict[str, str]) -> SingleEquation:
    if equation.varname not in drawn:
        return equation
    code = Expression(drawn[equation.varname])
    return SingleEquation(SUBEXPRESSION, equation.varname, equation.dim, equation.var_type, code, [])
