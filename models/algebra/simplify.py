"""Turn a draft as written into the assignments that run.

Equal expressions are computed once. Numbers are folded exactly and rounded once, at the end. Expressions that depend
only on dt and on parameters are separated, to be computed once per run. The rewriting rules are in `rewriting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .draft import Draft
from .expression import Const, Expr, Op, Var, names, nodes
from .rewriting import Graph


@dataclass(frozen=True)
class Assign:
    """``target = value``; its operations are the operations in the tree `value`."""

    target: str
    value: Expr


@dataclass(frozen=True)
class Block:
    """Straight-line code."""

    assignments: tuple[Assign, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Names assigned, in order."""
        return tuple(assign.target for assign in self.assignments)

    @property
    def reads(self) -> list[str]:
        """Names that the block reads from outside, sorted."""
        return sorted(names(*(assign.value for assign in self.assignments)) - set(self.targets))


def lower(draft: Draft, outputs: Mapping[str, Expr], fixed: frozenset[str] = frozenset()) -> tuple[Block, Block]:
    """Make the assignments that compute `outputs`.

    Parameters
    ----------
    draft : Draft
    outputs : mapping
        Target name to expression over the draft's names.
    fixed : frozenset of str
        Inputs that do not change during a run.

    Returns
    -------
    once : Block
        The part that depends only on `fixed`.
    body : Block
        The rest; it ends with the outputs.
    """
    graph = Graph()
    while True:
        values: dict[str, Expr] = {}
        hints: dict[int, str] = {}
        for name, value in draft.assignments.items():
            node = graph.lower(value, values)
            values[name] = node
            hints.setdefault(id(node), name)
        roots = {target: graph.lower(value, values) for target, value in outputs.items()}
        if not graph.learn_opposites(roots.values()):
            break
    return _Emission(draft.inputs | set(outputs), hints, fixed).emit(roots)


class _Emission:
    """Chooses names for nodes that are used more than once, and the order of the assignments."""

    def __init__(self, taken: Iterable[str], hints: Mapping[int, str], fixed: frozenset[str]) -> None:
        self._taken = set(taken)
        self._hints = hints
        self._fixed = fixed

    def emit(self, roots: Mapping[str, Expr]) -> tuple[Block, Block]:
        order = list(nodes(*roots.values()))
        uses: dict[int, int] = {}
        for node in order:
            for arg in node.args if isinstance(node, Op) else ():
                uses[id(arg)] = uses.get(id(arg), 0) + 1
        for root in roots.values():
            uses[id(root)] = uses.get(id(root), 0) + 1
        fixed = self._fixed_nodes(order)
        used_by_varying = {
            id(arg) for node in order if isinstance(node, Op) and id(node) not in fixed for arg in node.args
        } | {id(root) for root in roots.values()}
        own_name = {id(root): target for target, root in reversed(list(roots.items())) if isinstance(root, Op)}
        written: dict[int, Expr] = {}
        once: list[Assign] = []
        body: list[Assign] = []
        for node in order:
            if not isinstance(node, Op):
                written[id(node)] = node
                continue
            value = Op(node.kind, tuple(written[id(arg)] for arg in node.args))
            is_fixed = id(node) in fixed
            if is_fixed and (uses[id(node)] > 1 or id(node) in used_by_varying):
                name = self._unique(None if id(node) in own_name else self._hints.get(id(node)), "fixed")
                once.append(Assign(name, value))
            elif uses[id(node)] > 1 or id(node) in own_name:
                name = own_name.get(id(node)) or self._unique(self._hints.get(id(node)), "x")
                body.append(Assign(name, value))
            else:
                written[id(node)] = value
                continue
            written[id(node)] = Var(name)
        assigned = {assign.target for assign in body}
        body.extend(Assign(target, written[id(root)]) for target, root in roots.items() if target not in assigned)
        return Block(tuple(once)), Block(tuple(body))

    def _fixed_nodes(self, order: Iterable[Expr]) -> set[int]:
        found: set[int] = set()
        for node in order:
            if (
                isinstance(node, Const)
                or (isinstance(node, Var) and node.name in self._fixed)
                or (isinstance(node, Op) and all(id(arg) in found for arg in node.args))
            ):
                found.add(id(node))
        return found

    def _unique(self, hint: str | None, other: str) -> str:
        name, number = hint or f"{other}1", 1
        while name in self._taken:
            number += 1
            name = f"{hint}_{number}" if hint else f"{other}{number}"
        self._taken.add(name)
        return name
