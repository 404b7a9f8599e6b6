"""What the Python functions in a script (Brian2's network operations) change in a neuron of a group.

Such a function is a program, and is not run or translated here. It is only seen whether it can reach the group, by a
name or through another object, and to which of the group's variables it assigns.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import brian2
from brian2.core.base import BrianObject
from brian2.core.variables import VariableView
from brian2.groups.subgroup import Subgroup

from ...ground.errors import UserError
from ..group.texts import Texts
from .what_acts import contains

#: Instructions that store an item of an object.
_STORES_ITEM = ("STORE_SUBSCR", "STORE_SLICE")
#: Names with which code may change any variable.
_ANY = frozenset({"setattr", "set_states", "restore", "__setattr__", "__dict__", "exec", "eval"})
#: How many objects lie at most between a name in the code and the group.
_DEPTH = 3


class _Neuron(NamedTuple):
    """A neuron that code may change."""

    group: brian2.NeuronGroup
    at: int


def refuse_network_operations(group: brian2.NeuronGroup, index: int, texts: Texts) -> None:
    """Refuse a neuron that a network operation may change.

    Raises
    ------
    UserError
    """
    neurons = [(_Neuron(group, index), texts.used)]
    neurons += [(_Neuron(place.group, place.index), {place.variable}) for place in texts.places.values()]
    found = [each for reference in list(BrianObject.__instances__()) if (each := reference()) is not None]
    for function in [each.function for each in found if isinstance(each, brian2.NetworkOperation)]:
        for neuron, used in neurons:
            changed = sorted(_changed(function, neuron, {}) & used)
            if changed:
                raise UserError(
                    f"{group.name}: the network operation {getattr(function, '__name__', function)} changes "
                    f"{', '.join(changed)} of {neuron.group.name}, and a function in Python cannot be part of a model; "
                    "leave it out, or write it into the equations or a stimulus"
                )


def _changed(function: Any, neuron: _Neuron, seen: dict[int, bool], *, given: bool = False) -> set[str]:
    """Return the names of variables that a function, or one that it can call, may change.

    `seen` are the functions that were looked at, and whether they could be given the neuron, as `given` says.
    """
    function, own = _opened(function)
    if not isinstance(function, FunctionType) or seen.get(id(function), -1) >= given:
        return set()
    seen[id(function)] = given
    instructions = [each for code in _codes(function.__code__) for each in dis.get_instructions(code)]
    named = {str(each.argval) for each in instructions}
    objects = [*own, *_objects(function, named)]
    methods = [
        MethodType(method, each)
        for each in filter(_is_plain, objects)
        for name in named
        if isinstance(method := getattr(type(each), name, None), FunctionType)
    ]
    reached = [each for each in objects if _reaches(each, neuron, _DEPTH)]
    reaches = given or bool(reached)
    found: set[str] = set().union(*(_changed(each, neuron, seen, given=reaches) for each in (*objects, *methods)))
    variables = set(neuron.group.variables)
    if not reaches:
        return found
    if named & _ANY:
        return found | variables
    stored = {str(each.argval) for each in instructions if each.opname == "STORE_ATTR"}
    if any(each.opname in _STORES_ITEM for each in instructions):
        stored |= {str(each.argval) for each in instructions if each.opname in ("LOAD_ATTR", "LOAD_METHOD")}
        stored |= {each.name for each in reached if isinstance(each, VariableView)}
    return found | ({name.removesuffix("_") for name in stored} & variables)


def _opened(function: Any) -> tuple[Any, list[Any]]:
    """Return the function that something callable runs, and the objects that this is given."""
    if isinstance(function, partial):
        inner, own = _opened(function.func)
        return inner, [*own, *function.args, *function.keywords.values()]
    if isinstance(function, MethodType):
        return function.__func__, [function.__self__]
    method = type(function).__call__ if callable(function) else None  # of a class in Python, it is a function
    return (method, [function]) if isinstance(method, FunctionType) else (function, [])


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield code, and that of the functions inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _objects(function: FunctionType, named: set[str]) -> list[Any]:
    """Return the objects that a function can name."""
    found = [function.__globals__[name] for name in named if name in function.__globals__]
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # it has no value yet
            continue
    return [*found, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


def _is_plain(item: Any) -> bool:
    """Whether an object is one of the script's own classes, whose attributes may hold the group."""
    return not isinstance(item, ModuleType | type | FunctionType | BrianObject | brian2.Network) and hasattr(
        item, "__dict__"
    )


def _reaches(item: Any, neuron: _Neuron, depth: int) -> bool:
    """Whether an object is a group with a neuron, a part of it or one of its variables, or holds one."""
    if isinstance(item, VariableView):
        item = item.group
    if isinstance(item, brian2.NeuronGroup | Subgroup):
        return contains(item, *neuron)
    if isinstance(item, brian2.MagicNetwork):
        return True
    if not depth:
        return False
    inside: Iterable[Any] = ()
    if isinstance(item, brian2.Network):
        inside = item.objects
    elif isinstance(item, dict):
        inside = item.values()
    elif isinstance(item, list | tuple | set | frozenset):
        inside = item
    elif _is_plain(item):
        inside = vars(item).values()
    return any(_reaches(each, neuron, depth - 1) for each in inside)
