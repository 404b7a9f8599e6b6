"""Registries: what can be named on the command line and in a suite."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any, Generic, Protocol, TypeVar

from .errors import UserError, quoted


class Named(Protocol):
    """Anything that has a name."""

    @property
    def name(self) -> str:
        """The name that users type."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class _Later(Generic[T]):
    """An item that is loaded when it is first asked for."""

    load: Callable[[], T]


class Registry(Mapping[str, T]):
    """Named things of one kind, in the order in which they were registered.

    Parameters
    ----------
    kind : str
        What is registered here, for messages ("model", "method").
    *groups : str
        Entry-point groups through which other packages add items; every entry point loads one item.
    made_whole : callable, optional
        Converts an item of another package to the item that is registered.
    """

    def __init__(self, kind: str, *groups: str, made_whole: Callable[[Any], Any] = lambda item: item) -> None:
        self.kind = kind
        self._groups = groups
        self._made_whole = made_whole
        self._items: dict[str, T | _Later[T]] = {}
        self._outside_loaded = False

    def register(self, item: T) -> T:
        """Add `item` under its name and return it.

        Raises
        ------
        ValueError
            If the name is taken: a registration must not silently replace another.
        """
        self._add(item.name, item)
        return item

    def register_later(self, name: str, load: Callable[[], T]) -> None:
        """Add the item that `load` returns under its name; it is loaded when it is first asked for.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        self._add(name, _Later(load))

    def _add(self, name: str, item: T | _Later[T]) -> None:
        if name in self._items:
            raise ValueError(f"the {self.kind} '{name}' is registered already")
        self._items[name] = item

    def __getitem__(self, name: str) -> T:
        self._load_outside()
        if not isinstance(name, str):
            raise UserError(f"{self.kind} = {quoted(name)}: give its name, such as '{next(iter(self._items), 'none')}'")
        try:
            item = self._items[name]
        except KeyError:
            raise UserError(f"unknown {self.kind} '{name}': {known_are(name, self._items)}") from None
        if isinstance(item, _Later):
            item = item.load()
            if item.name != name:
                raise ValueError(f"the {self.kind} '{item.name}' is registered as '{name}'")
            self._items[name] = item
        return item

    def __repr__(self) -> str:
        return f"<{self.kind}: {', '.join(self)}>"

    def get(self, name: str, default: Any = None) -> Any:
        """Return the item with a name, or `default`."""
        return self[name] if name in self else default  # noqa: SIM401 - this is `get`

    def __contains__(self, name: object) -> bool:
        self._load_outside()
        return isinstance(name, str) and name in self._items

    def __iter__(self) -> Iterator[str]:
        self._load_outside()
        return iter(self._items)

    def __len__(self) -> int:
        self._load_outside()
        return len(self._items)

    def _load_outside(self) -> None:
        if self._outside_loaded:
            return
        self._outside_loaded = True
        for entry in (entry for group in self._groups for entry in entry_points(group=group)):
            try:
                self.register(self._made_whole(entry.load()))
            except Exception as error:  # code of another package may raise any error
                self._outside_loaded = False  # report it again the next time, instead of continuing without the item
                raise UserError(
                    f"the {self.kind} '{entry.name}' of the package {_package(entry)} cannot be used: "
                    f"{type(error).__name__}: {' '.join(str(error).split())}; repair or uninstall the package"
                ) from error


def known_are(name: str, known: Iterable[str]) -> str:
    """Say what is known instead of a name, and first which one was probably meant."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    return (f"did you mean '{near}'? " if near else "") + (
        f"known are {', '.join(names)}" if names else "there are none"
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the name that was probably meant, empty if there is none: a similar one, or the first that begins so.

    Capital and small letters are the same here.
    """
    asked, names = name.casefold(), list(known)
    small = {each.casefold(): each for each in reversed(names)}  # of names that differ in this alone, the first
    begins = (each for each in names if len(asked) > 1 and each.casefold().startswith(asked))
    near = difflib.get_close_matches(asked, small, n=1)
    return small[near[0]] if near else next(begins, "")


def import_all(package: str, folder: Iterable[str]) -> None:
    """Import every module of a package in alphabetical order, so that a file added there registers its items.

    Modules that the package has already imported keep their place: tables list items in the order of registration.

    Parameters
    ----------
    package : str
        The ``__name__`` of the package.
    folder : iterable of str
        Its ``__path__``.
    """
    for name in sorted(module.name for module in iter_modules(folder)):
        import_module(f"{package}.{name}")


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
