"""Two libraries with PAPI: the system's libpapi through ctypes, and the wheel python-papi, imported as pypapi."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from .base import Refused

_NULL = -1
_EINVAL = -1
#: Versions of the system library that are tried if its file name does not contain one.
_VERSIONS = ((7, 0), (7, 1), (7, 2), (7, 3), (8, 0))
#: PAPI's arrays for paths hold 1024 bytes.
_LONGEST_PATH = 1000
#: The component that reads the processor's counting unit.
_COMPONENT = "perf"


class PapiError(Exception):
    """An error message of PAPI, unchanged."""


class Library(Protocol):
    """The PAPI calls that are needed; each may raise `PapiError`."""

    title: str
    """Name of the library, with its version."""

    def create(self) -> int:
        """Return a new event set."""
        ...

    def add(self, handle: int, name: str) -> None:
        """Add an event by name."""
        ...

    def is_multiplexed(self, handle: int) -> bool:
        """Whether the set shares counters in turns."""
        ...

    def start(self, handle: int) -> None:
        """Start from zero."""
        ...

    def read(self, handle: int, count: int) -> tuple[int, ...]:
        """Return the values of `count` events."""
        ...

    def stop(self, handle: int, count: int) -> tuple[int, ...]:
        """Stop and return the values."""
        ...

    def destroy(self, handle: int) -> None:
        """Empty the set and give it back."""
        ...

    def why_disabled(self) -> str:
        """Return why PAPI's perf_event component is disabled; empty if it is not."""
        ...


class _ComponentInfo(ctypes.Structure):
    """The first fields of PAPI_component_info_t, as of PAPI 7.0 and later."""

    _fields_ = (
        ("name", ctypes.c_char * 128),
        ("short_name", ctypes.c_char * 64),
        ("description", ctypes.c_char * 128),
        ("version", ctypes.c_char * 64),
        ("support_version", ctypes.c_char * 64),
        ("kernel_version", ctypes.c_char * 64),
        ("disabled_reason", ctypes.c_char * 1024),
        ("disabled", ctypes.c_int),
    )


class SystemPapi:
    """The system's libpapi, 7 or later.

    Raises
    ------
    Refused
        If it is not installed, too old, or does not start.
    """

    def __init__(self) -> None:
        name = ctypes.util.find_library("papi") or "libpapi.so"
        try:
            self._papi = ctypes.CDLL(name)
        except OSError:
            raise Refused("libpapi is not installed (Debian: apt-get install libpapi-dev)") from None
        self._papi.PAPI_strerror.restype = ctypes.c_char_p
        self._papi.PAPI_get_component_info.restype = ctypes.POINTER(_ComponentInfo)
        self.title = f"libpapi {_initialize(self._papi, name)}"

    def create(self) -> int:
        """Return a new event set."""
        handle = ctypes.c_int(_NULL)
        self._check(self._papi.PAPI_create_eventset(ctypes.byref(handle)))
        return handle.value

    def add(self, handle: int, name: str) -> None:
        """Add an event by name."""
        self._check(self._papi.PAPI_add_named_event(handle, name.encode()))

    def is_multiplexed(self, handle: int) -> bool:
        """Whether the set shares counters in turns."""
        return bool(self._check(self._papi.PAPI_get_multiplex(handle)))

    def start(self, handle: int) -> None:
        """Start from zero."""
        self._check(self._papi.PAPI_start(handle))

    def read(self, handle: int, count: int) -> tuple[int, ...]:
        """Return the values of `count` events."""
        values = (ctypes.c_longlong * count)()
        self._check(self._papi.PAPI_read(handle, values))
        return tuple(values)

    def stop(self, handle: int, count: int) -> tuple[int, ...]:
        """Stop and return the values."""
        values = (ctypes.c_longlong * count)()
        self._check(self._papi.PAPI_stop(handle, values))
        return tuple(values)

    def destroy(self, handle: int) -> None:
        """Empty the set and give it back; a running one is stopped."""
        self._papi.PAPI_stop(handle, None)
        self._papi.PAPI_cleanup_eventset(handle)
        self._papi.PAPI_destroy_eventset(ctypes.byref(ctypes.c_int(handle)))

    def why_disabled(self) -> str:
        """Return why PAPI's perf_event component is disabled."""
        for i in range(self._papi.PAPI_num_components()):
            info = self._papi.PAPI_get_component_info(i)
            if info and info.contents.short_name.decode() == _COMPONENT and info.contents.disabled:
                return f"perf_event disabled: {info.contents.disabled_reason.decode()}"
        return ""

    def _check(self, code: int) -> int:
        if code < 0:
            raise PapiError(f"{(self._papi.PAPI_strerror(code) or b'unknown error').decode()} ({code})")
        return code


def _initialize(papi: ctypes.CDLL, name: str) -> str:
    """Initialize PAPI and return its version: PAPI starts only if the caller names the right version."""
    match = re.search(r"so\.(\d+)\.(\d+)", name)
    named = ((int(match[1]), int(match[2])),) if match else _VERSIONS
    if named[0][0] < 7:
        raise Refused(f"{name} is older than PAPI 7; install 7 or later")
    _require_short_paths()
    answer = _EINVAL
    for major, minor in named:
        version = major << 24 | minor << 16
        answer = papi.PAPI_library_init(version)
        if answer == version:
            return f"{major}.{minor}"
        if answer != _EINVAL:
            break
    raise Refused(f"{name} does not start: PAPI_library_init returned {answer}")


def _require_short_paths() -> None:
    """Refuse to start PAPI if it would abort: it copies the path of each mapped code file into a fixed array."""
    try:
        mapped = Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:
        return
    if any(len(line.split(maxsplit=5)[-1]) >= _LONGEST_PATH for line in mapped):
        raise Refused(
            f"PAPI aborts if a loaded library has a path of {_LONGEST_PATH} characters or more; use "
            "folders with shorter paths"
        )


class PythonPapi:
    """The PAPI that the wheel python-papi contains.

    Raises
    ------
    Refused
        If it is not installed, another package uses its import name, or it does not start.
    """

    def __init__(self) -> None:
        try:
            self._papi: Any = importlib.import_module("pypapi.papi_low")
            self._lib: Any = importlib.import_module("pypapi._papi").lib
            errors: Any = importlib.import_module("pypapi.exceptions")
        except ImportError as error:
            if importlib.util.find_spec("pypapi") is None:
                raise Refused("python-papi is not installed") from None
            raise Refused(f"the installed pypapi does not belong to python-papi ({error})") from None
        self._error: type[Exception] = errors.PapiError
        version = int(importlib.import_module("pypapi.consts").PAPI_VERSION)
        self.title = f"python-papi with PAPI {version >> 24}.{version >> 16 & 255}"
        _require_short_paths()
        try:
            self._papi.library_init()
        except self._error as error:
            raise Refused(f"{self.title} does not start: {error}") from error

    def create(self) -> int:
        """Return a new event set."""
        return int(self._call(self._papi.create_eventset))

    def add(self, handle: int, name: str) -> None:
        """Add an event by name."""
        self._call(self._papi.add_named_event, handle, name)

    def is_multiplexed(self, handle: int) -> bool:
        """Whether the set shares counters in turns."""
        return bool(self._lib.PAPI_get_multiplex(handle) > 0)

    def start(self, handle: int) -> None:
        """Start from zero."""
        self._call(self._papi.start, handle)

    def read(self, handle: int, count: int) -> tuple[int, ...]:
        """Return the values of `count` events."""
        return self._values(self._papi.read, handle, count)

    def stop(self, handle: int, count: int) -> tuple[int, ...]:
        """Stop and return the values."""
        return self._values(self._papi.stop, handle, count)

    def destroy(self, handle: int) -> None:
        """Empty the set and give it back; a running one is stopped."""
        for release in (self._papi.stop, self._papi.cleanup_eventset, self._papi.destroy_eventset):
            try:
                self._call(release, handle)
            except PapiError:
                continue  # not running, or empty: there is nothing to release

    def why_disabled(self) -> str:
        """Return why PAPI's perf_event component is disabled; usually the processor is newer than the wheel."""
        info = self._call(self._papi.get_component_info, 0)
        return (
            f"perf_event disabled: {info.disabled_reason} (the wheel's tables may be older than this CPU)"
            if info.disabled
            else ""
        )

    def _values(self, function: Any, handle: int, count: int) -> tuple[int, ...]:
        found = tuple(int(value) for value in self._call(function, handle))
        if len(found) != count:
            raise PapiError(f"{len(found)} values for {count} events")
        return found

    def _call(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except self._error as error:
            raise PapiError(str(error)) from error


@cache
def system_papi() -> SystemPapi:
    """Return the system's PAPI, initialized once."""
    return SystemPapi()


@cache
def python_papi() -> PythonPapi:
    """Return python-papi, initialized once."""
    return PythonPapi()


#: In the order in which they are tried.
LIBRARIES = (system_papi, python_papi)
