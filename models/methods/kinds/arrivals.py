"""Blocks for spikes that arrive, which all methods share.

A spike arrives at the end of its step (detections on the grid, as in Brian2) or at its exact time (detections that
locate spikes): the step is then cut there. The order on the grid is Brian2's: update, test of the threshold, arrivals,
reset. Spikes that arrive in one step, or at one exact time, run their statements in the order of the model's inputs. At
an exact time the threshold is tested after the last of them. In addition to the model's names the blocks use

- ``_v_arrived``: new value of ``v``;
- ``_before``: the variable of the threshold before the arrivals.

The blocks are

- ``arrival NAME`` for each input, and ``refractory arrival NAME`` if it is another one: variables that are held during
  refractoriness do not change;
- ``jump``: whether the arrivals lifted the variable above the threshold; only at exact times, and only if they may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...algebra.draft import substitute
from ...algebra.expression import Expr, Var, at_most, less
from ...algebra.simplify import Block, lower
from ...algebra.system import System
from ...definition.language.names import TIME
from ...definition.neuron import NeuronModel
from ...definition.parts.arrivals import parameters_of
from . import events


@dataclass(frozen=True)
class Arrival:
    """What an arriving spike runs."""

    free: str
    """Name of the block."""
    targets: tuple[str, ...]
    """The variables that it changes."""
    refractory: str
    """Name of the block while the neuron is refractory: the same, unless variables are held."""
    refractory_targets: tuple[str, ...]
    parameters: tuple[tuple[int, str], ...]
    """Place and name of each parameter that the statements use."""


def arrivals(model: NeuronModel) -> list[Arrival]:
    """Return what arriving spikes run, in the order of the model's inputs."""
    system = model.system
    places = {name: place for place, name in enumerate(system.parameters)}
    found = []
    for name in system.arrivals:
        targets, held = _targets(system, name), _held_targets(model, name)
        free = f"arrival {name}"
        found.append(
            Arrival(
                free,
                targets,
                f"refractory {free}" if held else free,
                tuple(target for target in targets if target not in held),
                tuple((places[each], each) for each in parameters_of(system, name)),
            )
        )
    return found


def at_the_start(dt: Expr) -> Expr:
    """Return the time at the start of a step whose end is the variable, a number of steps; Brian2 shows this time."""
    return (Var(TIME) - 1) * dt


def blocks(model: NeuronModel, *, exact: bool, counts_steps: bool = False) -> dict[str, Block]:
    """Return the blocks of arriving spikes.

    Parameters
    ----------
    model : NeuronModel
    exact : bool
        Whether they arrive at their exact time.
    counts_steps : bool
        Whether the time is a number of steps; it is then that of the step's end.
    """
    found = {}
    now = {TIME: at_the_start(Var("dt"))} if counts_steps else {}
    for name in model.system.arrivals:
        held = _held_targets(model, name)
        found[f"arrival {name}"] = _statements(model, name, frozenset(), now)
        if held:
            found[f"refractory arrival {name}"] = _statements(model, name, held, now)
    if exact and may_jump(model):
        found["jump"] = _jump(model)
    return found


def blocks_between(model: NeuronModel, *, exact: bool) -> dict[str, Block]:
    """Return the blocks for methods whose blocks share the end of refractoriness, `events.waiting`.

    In addition to `blocks` there is ``still waits``: whether the neuron is refractory at the arrival, at ``_end``.
    """
    found = blocks(model, exact=exact) if model.arrivals else {}
    if found and exact and model.is_refractory_at_times:
        found["still waits"] = events.block(model, {"_waits": less(Var("_end"), Var("_until"))}, "_until", "_end")
    return found


def ask(model: NeuronModel) -> bool:
    """Whether an arrival at an exact time must know whether the neuron is refractory."""
    differ = any(_held_targets(model, name) for name in model.system.arrivals)
    return differ or (model.is_refractory_at_times and may_jump(model))


def may_jump(model: NeuronModel) -> bool:
    """Whether an arrival may lift the neuron above its threshold: it changes the variable, or moves the level."""
    test = model.system.threshold
    moved = {target for name in model.system.arrivals for target in _targets(model.system, name)}
    return bool(moved & test.names)


def _targets(system: System, name: str) -> tuple[str, ...]:
    changed = {target for target, _ in system.arrivals[name]}
    return tuple(variable for variable in system.state if variable in changed)


def _held_targets(model: NeuronModel, name: str) -> frozenset[str]:
    return model.system.held & set(_targets(model.system, name)) if model.is_refractory_at_times else frozenset()


def _statements(model: NeuronModel, name: str, held: frozenset[str], now: Mapping[str, Expr]) -> Block:
    made = events.draft(model)
    values: dict[str, Expr] = dict(now)
    for target, value in model.system.arrivals[name]:
        if target not in held:
            values[target] = made.let(f"{target}_new", substitute(value, values))
    targets = [target for target in _targets(model.system, name) if target not in held]
    return lower(made, {f"_{target}_arrived": values[target] for target in targets})[1]


def _jump(model: NeuronModel) -> Block:
    test = model.system.threshold
    if test.condition is not None:
        return events.block(model, events.comparisons(model, {}, "_"))
    inclusive = test.comparison == ">="
    outputs: dict[str, Expr] = {"_above": (at_most if inclusive else less)(test.level, Var(test.variable))}
    if model.spike_is_crossing:
        outputs["_was_below"] = (less if inclusive else at_most)(Var("_before"), test.level)
    return events.block(model, outputs, "_before")


def of_statements(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of blocks that run the statements of an input."""
    return tuple(name for name in names if name.startswith(("arrival ", "refractory arrival ")))


def of_arrivals(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of tallies that are the cost of arriving spikes."""
    return (*of_statements(names), *(name for name in names if name in _AT_ARRIVALS))


#: What a fixed-step method tallies in addition at arrivals, and the test of the threshold after them.
_AT_ARRIVALS = ("jump", "still waits", "cut", "cut once", "piece", "refractory piece", "refractory end in a piece")
