"""How does a user write an expression? For messages: Brian2's functions, and comparisons as they were given."""

from __future__ import annotations

from collections.abc import Iterator

from .expression import Const, Expr, Op, Var, expr, operation, rebuild, text
from .functions import READ_AS, ROWS

#: A comparison whose operands were exchanged when it was read (`Op.exchanged`).
_EXCHANGED = {"less": "more", "at_most": "at_least"}
#: Two comparisons that were read for one: how they are joined, and of which kind they are.
_FOR_ONE = {("and", "at_most"): "equal", ("or", "less"): "unequal"}
_INFINITE = Var("inf")


def words(root: Expr) -> str:
    """Write an expression as a user would, where `text` writes the operations as which it runs.

    ``int(v > 2)`` instead of ``select(2 < v, 1, 0)``; ``sign(x)``, ``clip(x, 0, inf)``, ``v == 2``. A choice that none
    of the functions stands for is written as in Python: ``(a if v > 2 else b)``.
    """
    return text(_in_words(root))


def _in_words(root: Expr) -> Expr:
    return rebuild(root, change=_changed)[0]


def _changed(old: Expr, made: Expr) -> Expr:
    """Return the words for a node; the operands of `made` are in words already."""
    if isinstance(old, Const) and old.name:
        return Var(old.name)
    if not isinstance(old, Op) or not isinstance(made, Op):
        return made
    if old.kind == "mul" and (rounded := _rounded(old)) is not None:
        return rounded
    if old.kind in _EXCHANGED and old.exchanged:
        return Op(_EXCHANGED[old.kind], made.args[::-1])
    if old.kind in ("and", "or"):
        return _one_comparison(old, made)
    if old.kind == "not":
        return Op("not", tuple(map(_truth, made.args)))
    return _choice(old, made) if old.kind == "select" else made


def _rounded(node: Op) -> Expr | None:
    """Return ``floor(x)`` for ``floor(x/unit)*unit``, as which it was read if `x` has a unit."""
    whole, unit = node.args
    if not isinstance(unit, Const) or not unit.unit or unit.name or not isinstance(whole, Op):
        return None
    inside = whole.args[0]
    return Op(whole.kind, (_in_words(inside.args[0]),)) if isinstance(inside, Op) else None


def _truth(condition: Expr) -> Expr:
    return Var(str(bool(condition.value))) if isinstance(condition, Const) else condition


def _one_comparison(old: Op, made: Op) -> Expr:
    """Return ``a == b`` or ``a != b`` if two comparisons stand for it."""
    first, second = old.args
    if not isinstance(first, Op) or not isinstance(second, Op) or (old.kind, first.kind) not in _FOR_ONE:
        return Op(made.kind, tuple(map(_truth, made.args)))
    if text(first) != text(Op(second.kind, second.args[::-1])):
        return made
    return Op(_FOR_ONE[old.kind, first.kind], tuple(map(_in_words, first.args)))


def _choice(old: Op, made: Op) -> Expr:
    for name, args, form in _possible(old):
        if text(form) == text(old):
            return Op(name, tuple(map(_in_words, args)))
    condition, yes, no = made.args
    if text(no) != "0":
        return Op("if", (yes, _truth(condition), no))
    switch = Op("int", (_truth(condition),))
    return switch if text(yes) == "1" else yes * switch


def _possible(node: Op) -> Iterator[tuple[str, tuple[Expr, ...], Expr]]:
    """Yield the calls that a choice may stand for: the function, its arguments, and the operations as which it runs."""
    condition, yes, no = node.args
    if not isinstance(condition, Op) or condition.kind != "less":
        return
    a, b = condition.args
    if isinstance(a, Op) and a.kind == "div" and isinstance(a.args[0], Op) and a.args[0].kind == "add":
        yield _call("timestep", a.args[0].args[0], a.args[1])
    yield _call("int", a)
    yield _call("sign", b)
    if isinstance(no, Op) and no.kind == "select":
        yield _call("clip", a, yes, no.args[1])
    yield "clip", (a, yes, _INFINITE), operation("select", condition, b, a)
    yield "clip", (b, -_INFINITE, yes), operation("select", condition, a, b)


def _call(name: str, *args: Expr) -> tuple[str, tuple[Expr, ...], Expr]:
    row = READ_AS.get(name) or ROWS[name]
    assert row.form is not None
    return name, args, expr(row.form(*args, operation))
