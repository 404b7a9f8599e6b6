"""The command line: it parses the arguments; `reports` makes the output, and each command imports what it needs."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from ..models.ground.errors import MORE_MEMORY, UserError, is_without_memory, shortened, visible
from ..models.ground.interruption import as_ctrl_c
from ..reports.commands.about_machine.configuration import configure, settle
from .completion import complete_if_asked
from .parser import make_parser as _parser
from .printing import complain, make_streams_usable

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
#: Errors of a path given by the user.
_NO_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR)
#: A terminal that was closed.
_GONE = (errno.EIO,)


def main(arguments: Sequence[str] | None = None, at_once: Callable[[int], object] = int) -> int:
    """Run a command; return the exit status: 0, 2 for a user's mistake, 130 if interrupted.

    An internal error prints its traceback and also returns 2: 1 is only for a check with regressed figures.

    Parameters
    ----------
    arguments : sequence of str
    at_once : callable
        Called with the exit status if the system refuses memory: a program that has no more to do can end there,
        because libraries that clean up without memory crash or wait forever.
    """
    sys.excepthook = sys.__excepthook__  # Brian2 installs its own, which writes log files
    make_streams_usable()
    options = argparse.Namespace(status=0)
    try:
        with as_ctrl_c():
            parser = _parser()
            complete_if_asked(parser)
            given = configure(parser)
            parser.parse_args(arguments, options)  # a help text may list methods, including those of other packages
            settle(options, given)
            options.status = _ran(options)
            sys.stdout.flush()  # a closed pipe is noticed here and not when Python ends
            return int(options.status)
    except UserError as error:
        complain(str(error))
        return 2
    except KeyboardInterrupt:
        complain("interrupted before anything was finished")
        return 130
    except BrokenPipeError:  # the reader, such as head, has closed the pipe; the result of a check still holds
        _close_output()
        return int(options.status)
    except OSError as error:
        if error.errno in _NO_PATH and error.filename is not None:
            complain(f"cannot use {shortened(os.fsdecode(error.filename))}: {error.strerror}; give another path")
            return 2
        if is_without_memory(error):
            return _without_memory(at_once)
        if error.errno not in (*_NO_ROOM, *_GONE):
            _print_traceback()
            return 2
        _close_output()
        complain(f"cannot write {error.filename or 'the output'}: {error.strerror}; free some space")
        return 2
    except ImportError as error:
        if str(error.name).partition(".")[0] == __name__.partition(".")[0]:
            _print_traceback()
        elif is_without_memory(error):
            return _without_memory(at_once)
        else:
            complain(f"cannot be loaded: {error}; install it again, with what it depends on")
        return 2
    except MemoryError:
        return _without_memory(at_once)
    except Exception:
        _print_traceback()
        return 2


def _without_memory(at_once: Callable[[int], object]) -> int:
    complain(MORE_MEMORY)
    with contextlib.suppress(OSError, MemoryError):
        sys.stdout.flush()
    at_once(2)
    return 2


def _ran(options: argparse.Namespace) -> int:
    try:
        return int(options.run(options))
    except SystemExit as stop:  # from a model's file, or from another package
        raise UserError(f"code that was loaded ended the program (exit {stop.code}); it must not") from stop


def _print_traceback() -> None:
    sys.stderr.write(visible(traceback.format_exc()))


def _close_output() -> None:
    """Discard further output, so that Python does not report an error when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
