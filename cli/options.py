"""The parser of every command, and the options that several commands have."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from ..models.ground.errors import visible

#: Default folder of ``spikecost run``.
OUT = "spikecost-report"


class Parser(argparse.ArgumentParser):
    """The parser of every command: each prints JSON with ``--json``."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.register("type", int, whole_number)
        self.register("type", float, number)
        self.register("action", "names", ListOfNames)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1ms is a value, not an option
        # without a default, a command's parser does not undo an option before the command
        self.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")

    def error(self, message: str) -> NoReturn:
        """Print the error in one line and exit."""
        self.exit(2, f"{self.prog}: {visible(message)}; see {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; arguments that a command does not know are its error, not that of the whole program."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            from ..models.ground.registry import nearest

            options = [each for each in self._option_string_actions if each.startswith("--")]
            near = {str(each): nearest(str(each), options) for each in unknown if str(each).startswith("--")}
            meant = "".join(f"; did you mean {each}?" for each in dict.fromkeys(near.values()) if each)
            self.error(f"unrecognized arguments: {' '.join(map(str, unknown))}{meant}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a command that there is not."""
        if action.choices is not None and value not in action.choices:
            from ..models.ground.registry import known_are

            raise argparse.ArgumentError(None, f"unknown command '{value}': {known_are(str(value), action.choices)}")


class ListOfNames(argparse.Action):
    """Take names with spaces or commas between them: ``lif qif``, ``lif,qif`` and ``lif, qif``."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:  # noqa: ARG002
        """Keep the names; a file whose path has a comma is one name."""
        given = [
            each
            for value in values
            for each in ([value] if os.path.exists(value.partition(":")[0]) else value.split(","))
            if each
        ]
        if values and not given:
            raise argparse.ArgumentError(self, "expected at least one name")
        setattr(namespace, self.dest, given or values)


def whole_number(text: str) -> int:
    """Read the value of an option that is a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number; give one such as 2") from None


def number(text: str) -> float:
    """Read the value of an option that is a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; give one such as 1.5") from None


class ListedNames:
    """Names that a help text lists: what has them is imported only if the text is printed."""

    def __init__(self, load: Callable[[], Iterable[str]]) -> None:
        self._load = load

    def __str__(self) -> str:
        return ", ".join(self._load())


def method_names() -> Iterable[str]:
    """Return the names of the integration methods."""
    from ..models.methods import METHODS

    return METHODS


def precisions() -> Iterable[str]:
    """Return the names of the number formats."""
    from ..models.number_formats import NUMBER_FORMATS

    return NUMBER_FORMATS


def detection_names() -> Iterable[str]:
    """Return the names of the spike detections."""
    from ..models.detection import DETECTIONS

    return DETECTIONS


def convention_names() -> Iterable[str]:
    """Return the names of the counting conventions."""
    from ..flops.conventions import CONVENTIONS

    return CONVENTIONS


def add_one_of(
    parser: argparse.ArgumentParser,
    option: str,
    default: str | None,
    names: Callable[[], Iterable[str]],
    otherwise: str = "%(default)s",
) -> None:
    """Add an option that is one of some names; `otherwise` says what is taken if it is not given."""
    added = parser.add_argument(option, default=default, help=f"one of %(names)s (default {otherwise})")
    vars(added)["names"] = ListedNames(names)  # a help text may contain every attribute of its option


def add_step(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a model and its Step."""
    add_input(parser)
    parser.add_argument("model", help="such as izhikevich, izhikevich:CH, script.py:group or model.toml")
    add_one_of(parser, "--method", "euler", method_names)
    add_one_of(parser, "--detection", None, detection_names, "grid, or one that the method has")
    add_one_of(parser, "--precision", "double", precisions)


def add_rows(parser: argparse.ArgumentParser) -> None:
    """Add the options for further rows of a run's table: number formats and other simulators."""
    parser.add_argument(
        "--precision",
        dest="precisions",
        nargs="+",
        action="names",
        metavar="FORMAT",
        help="number formats of the kernels, such as double, single, s16.15; each has its own rows (default: double)",
    )
    parser.add_argument(
        "--engines",
        nargs="+",
        action="names",
        metavar="NAME",
        help="other simulators to run, too, such as nest neuron brian2:cython",
    )


def add_input(parser: argparse.ArgumentParser) -> None:
    """Add the options about a Brian2 group in a script."""
    parser.add_argument(
        "--input",
        metavar="NAME",
        help="the parameter that the stimulus drives, for a Brian2 group in a script (default: I, or an evident one; "
        "'' for none)",
    )
    parser.add_argument(
        "--synapses",
        metavar="HOW",
        help="for a Brian2 group that is the target of synapses: leave_out takes it without them, trains makes inputs "
        "of spikes of them",
    )


def add_run(parser: argparse.ArgumentParser, default: str | None = OUT) -> None:
    """Add the folder of a run."""
    otherwise = default or "the atlas answers, or some models are run, with few stimuli"
    parser.add_argument(
        "folder", nargs="?", default=default, metavar="RUN", help=f"folder of a run (default: {otherwise})"
    )


def add_consent(parser: argparse.ArgumentParser) -> None:
    """Add the consent to execute Python files of a suite."""
    parser.add_argument(
        "--allow-python", action="store_true", help="execute the Python files from which the suite takes models"
    )


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add the options about what computes a sweep."""
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads or processes (default: all cores)"
    )
    parser.add_argument(
        "--executor",
        metavar="KIND",
        help="what sweeps: threads (default), processes, or dask or ray, if there is a cluster",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="a Dask cluster that sweeps, such as tcp://host:8786 (default: SPIKECOST_CLUSTER)",
    )


def add_store(parser: argparse.ArgumentParser, fresh: bool = False) -> None:
    """Add the store of results and, if it can be ignored, that option."""
    parser.add_argument(
        "--store",
        metavar="FILE",
        help="where results are kept and taken from (default: SPIKECOST_STORE, or spikecost.db in your data folder; "
        "off: nowhere)",
    )
    if fresh:
        parser.add_argument(
            "--fresh", action="store_true", help="ignore the store: compute everything, and keep nothing in it"
        )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the file for the numbers of a plot."""
    parser.add_argument("--data", metavar="FILE", help="write the numbers of the plot as CSV")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add the option against progress bars."""
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_open(parser: argparse.ArgumentParser) -> None:
    """Add the option that shows the page that a command wrote."""
    parser.add_argument("--open", action="store_true", help="open the page in the browser when it is written")
