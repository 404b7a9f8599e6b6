"""Right-hand sides with conditions, ``int(v > vh)``, taken apart: what is smooth, and where it changes."""

from __future__ import annotations

from dataclasses import replace

from ..models.equations import System
from ..models.errors import UserError
from ..models.expression import Expr, Op, Var, names, nodes, text
from ..models.neuron import NeuronModel
from ..models.program import Derivatives, Program


def take_out_conditions(model: NeuronModel) -> tuple[System, dict[str, tuple[Expr, Expr]]]:
    """Replace each comparison in the right-hand sides by a name for 1 or 0.

    Returns
    -------
    System
        With the names in place of comparisons; the model's own if there are none.
    dict
        By name, in an order in which each needs only earlier ones: the side that is less, and the other.
    """
    system = model.system
    sides = Derivatives(system, Program(frozenset())).right_hand_sides
    found: dict[str, tuple[Expr, Expr]] = {}
    known: dict[str, Expr] = {}
    done: dict[int, Expr] = {}
    for node in nodes(*sides.values()):
        if not isinstance(node, Op):
            done[id(node)] = node
            continue
        args = tuple(done[id(arg)] for arg in node.args)
        if node.kind in ("less", "at_most"):
            if model.input in names(*args):
                raise UserError(f"{model.label}: a condition on the input {model.input} has no reference solution; "
                                "make it one on the state")
            key = " < ".join(map(text, args))
            if key not in known:
                known[key] = Var(f"_switch_{len(found)}")
                found[f"_switch_{len(found)}"] = (args[0], args[1])
            done[id(node)] = known[key]
        elif node.kind == "select":
            condition, yes, no = args
            done[id(node)] = no + condition * (yes - no)
        else:
            done[id(node)] = Op(node.kind, args)
    if not found:
        return system, found
    return replace(system, derivatives={name: done[id(root)] for name, root in sides.items()}, subexpressions={}), found
