"""The command line: it parses the arguments; `reports` makes the output, and each command imports what it needs."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn

from .models.ground.errors import UserError, shortened, visible
from .models.ground.interruption import as_ctrl_c, keeping
from .reports.commands.configuration import configure, settle

if TYPE_CHECKING:
    from .accuracy.study.suite import Suite
    from .models.definition.neuron import NeuronModel
    from .models.step import Step
    from .reports.regression.command import Source

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
#: Errors of a path given by the user.
_NO_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR)
#: A terminal that was closed.
_GONE = (errno.EIO,)
#: Default folder of ``spikecost run``.
OUT = "spikecost-report"


class _Parser(argparse.ArgumentParser):
    """The parser of every command: each prints JSON with ``--json``."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        # without a default, a command's parser does not undo an option before the command
        self.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")

    def error(self, message: str) -> NoReturn:
        """Print the error in one line and exit."""
        self.exit(2, f"{self.prog}: {visible(message)}; see {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; arguments that a command does not know are its error, not that of the whole program."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(map(str, unknown))}")
        return found, unknown


class _Names:
    """Names that a help text lists: what has them is imported only if the text is printed."""

    def __init__(self, load: Callable[[], Iterable[str]]) -> None:
        self._load = load

    def __str__(self) -> str:
        return ", ".join(self._load())


def _method_names() -> Iterable[str]:
    from .models.methods import METHODS

    return METHODS


def _precisions() -> Iterable[str]:
    from .models.number_formats import NUMBER_FORMATS

    return NUMBER_FORMATS


def _detections() -> Iterable[str]:
    from .models.detection import DETECTIONS

    return DETECTIONS


def _conventions() -> Iterable[str]:
    from .flops.conventions import CONVENTIONS

    return CONVENTIONS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status: 0, 2 for a user's mistake, 130 if interrupted.

    An internal error prints its traceback and also returns 2: 1 is only for a check with regressed figures.
    """
    sys.excepthook = sys.__excepthook__  # Brian2 installs its own, which writes log files
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character that the terminal lacks must not cause a failure
    options = argparse.Namespace(status=0)
    try:
        with as_ctrl_c():
            parser = _parser()
            given = configure(parser)
            parser.parse_args(arguments, options)  # a help text may list methods, including those of other packages
            settle(options, given)
            options.status = _ran(options)
            sys.stdout.flush()  # a closed pipe is noticed here and not when Python ends
            return int(options.status)
    except UserError as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        _complain("interrupted before anything was finished")
        return 130
    except BrokenPipeError:  # the reader, such as head, has closed the pipe; the result of a check still holds
        _close_output()
        return int(options.status)
    except OSError as error:
        if error.errno in _NO_PATH and error.filename is not None:
            _complain(f"cannot use {shortened(os.fsdecode(error.filename))}: {error.strerror}; give another path")
            return 2
        if error.errno not in (*_NO_ROOM, *_GONE):
            _print_traceback()
            return 2
        _close_output()
        _complain(f"cannot write {error.filename or 'the output'}: {error.strerror}; free some space")
        return 2
    except ImportError as error:
        if str(error.name).partition(".")[0] == __package__:
            _print_traceback()
        else:
            _complain(f"cannot be loaded: {error}; install it anew, with what it depends on")
        return 2
    except Exception:
        _print_traceback()
        return 2


def _ran(options: argparse.Namespace) -> int:
    try:
        return int(options.run(options))
    except SystemExit as stop:  # from a model's file, or from another package
        raise UserError(f"code that was loaded ended the program (exit {stop.code}); it must not") from stop


def _complain(message: str) -> None:
    """Print a message on one line of the standard error, if it is still open."""
    with contextlib.suppress(OSError):
        print(f"spikecost: {visible(' '.join(message.split()))}", file=sys.stderr, flush=True)


def _print(text: str) -> None:
    """Print what a command found. All commands print here, so that no text of others controls the terminal."""
    print(visible(text))


def _print_traceback() -> None:
    sys.stderr.write(visible(traceback.format_exc()))


def _close_output() -> None:
    """Discard further output, so that Python does not report an error when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> _Parser:
    parser = _Parser(prog="spikecost", description="What a spiking-neuron model costs at the accuracy that you need.")
    parser.add_argument("--version", action="version", version=f"spikecost {version('spikecost')}")
    parser.set_defaults(json=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    run = commands.add_parser("run", help="compare models at equal spike-time accuracy and write a report")
    run.add_argument(
        "--quick", action="store_true", help="fewer rates and tolerances, a coarser sweep: less than a minute"
    )
    run.add_argument("--full", action="store_true", help="the whole catalogue, every kind of stimulus, 10 s too: long")
    run.add_argument("--out", default=OUT, metavar="DIR", help=f"folder of the report (default {OUT})")
    _add_workers(run)
    run.add_argument("--suite", metavar="FILE", help="a suite in TOML; the options below change it")
    _add_consent(run)
    run.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="such as lif izhikevich:CH script.py:group model.toml (default: the suite's)",
    )
    _add_input(run)
    run.add_argument(
        "--methods", nargs="+", metavar="METHOD", help="integration methods of `spikecost methods` (default: all)"
    )
    run.add_argument(
        "--detections", nargs="+", metavar="DETECTION", help="spike detections of `spikecost methods` (default: all)"
    )
    _add_kinds(run)
    run.add_argument("--rates", nargs="+", metavar="RATE", help="firing rates, such as 20 or 20Hz")
    run.add_argument(
        "--rheobases",
        nargs="+",
        type=float,
        metavar="MULTIPLE",
        help="drives as multiples of each model's rheobase; replaces rates unless --rates is given",
    )
    run.add_argument("--tolerances", nargs="+", metavar="TIME", help="spike-time errors allowed, such as 0.1ms")
    run.add_argument(
        "--criteria",
        nargs="+",
        metavar="MEASURE=VALUE",
        help="other measures, and their largest allowed distance from perfect, such as gamma_2ms=0.05",
    )
    run.add_argument("--measures", nargs="+", metavar="MEASURE", help="measures to plot costs against, such as rms")
    run.add_argument("--horizons", nargs="+", metavar="TIME", help="simulated time to compare, such as 1second")
    run.add_argument("--trials", type=int, metavar="N", help="stimuli of each kind")
    run.add_argument("--seed", type=int, metavar="N", help="first seed of stimuli and of the models' noise (default 0)")
    run.add_argument(
        "--features",
        action=argparse.BooleanOptionalAction,
        help="look for the twenty features of 2004 in the models, and run its demos (not with --quick)",
    )
    run.add_argument("--history", metavar="FILE", help="history to add the run to")
    _add_store(run, fresh=True)
    run.add_argument("--open", action="store_true", help="open the page in the browser when it is written")
    _add_quiet(run)
    run.set_defaults(run=_run)

    _add_readers(commands)

    models = commands.add_parser("models", help="list models, methods, detections and conventions")
    models.set_defaults(run=_models)

    methods = commands.add_parser(
        "methods", help="list integration methods and spike detections, and what methods cost on a model"
    )
    methods.add_argument("--model", metavar="MODEL", help="such as izhikevich or izhikevich:CH")
    _add_input(methods)
    methods.set_defaults(run=_methods)

    published = commands.add_parser("published", help="compare published costs of models with the counts")
    published.add_argument(
        "--convention", default="izhikevich2004", help="the paper's convention (default izhikevich2004)"
    )
    published.set_defaults(run=_published)

    _add_steps(commands)
    _add_features(commands.add_parser("features", help="look for the twenty features of Izhikevich 2004 in models"))
    _add_checks(commands)

    doctor = commands.add_parser("doctor", help="say what works on this machine, what does not, and why")
    doctor.set_defaults(run=_doctor)

    cached = commands.add_parser("cache", help="show, verify or remove the results kept on disk")
    actions = cached.add_subparsers(metavar="info|verify|clear", required=True, parser_class=_Parser)
    for name, text in (
        ("info", "show its folder and its content"),
        ("verify", "compare every entry with its key and checksum: 0 all are right, 2 some are damaged"),
        ("clear", "remove every entry; entries are made again when needed"),
    ):
        actions.add_parser(name, help=text).set_defaults(run=_cache, action=name)
    _add_claims_and_store(commands)
    _describe(parser)
    return parser


def _describe(parser: argparse.ArgumentParser) -> None:
    """Give every command its line in the list of commands as its description."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for listed in action._choices_actions:
                below = action.choices[listed.dest]
                below.description = f"{str(listed.help)[:1].upper()}{str(listed.help)[1:]}."
                _describe(below)


def _add_store(parser: argparse.ArgumentParser, fresh: bool = False) -> None:
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


def _add_store_commands(commands: Any) -> None:
    """Add the commands about the store of results."""
    stored = commands.add_parser("store", help="show, verify, prune or export the results that runs share")
    actions = stored.add_subparsers(metavar="info|verify|prune|export", required=True, parser_class=_Parser)
    for name, text in (
        ("info", "show its file and how much it holds"),
        ("verify", "compare every row with its checksum: 0 all are right, 2 some are damaged"),
        ("prune", "remove damaged rows that were set aside and results of other versions of the code"),
        ("export", "write every run as a table"),
    ):
        action = actions.add_parser(name, help=text)
        _add_store(action)
        if name == "prune":
            action.add_argument(
                "--size",
                type=float,
                metavar="MB",
                help="also remove what was not used for the longest time, down to this size",
            )
        if name == "export":
            action.add_argument("file", metavar="FILE", help="such as runs.parquet or runs.csv")
        action.set_defaults(run=_store, action=name)


def _add_kinds(run: argparse.ArgumentParser) -> None:
    """Add the options for the kinds of stimulus and for further rows of a run's table."""
    run.add_argument("--stimuli", nargs="+", metavar="KIND", help="such as constant ornstein_uhlenbeck")
    formats = run.add_argument(
        "--precision",
        dest="precisions",
        nargs="+",
        metavar="FORMAT",
        help="number formats of the kernels, each in rows of its own: %(names)s (default: double)",
    )
    vars(formats)["names"] = _Names(_precisions)  # a help text may contain every attribute of its option
    run.add_argument(
        "--engines", nargs="+", metavar="NAME", help="other simulators to run, too, such as nest neuron brian2:cython"
    )


def _add_engines(commands: Any) -> None:
    """Add the command that compares other simulators."""
    compared = commands.add_parser(
        "engines", help="how far other simulators are off with their default dt, which dt they need, what it costs"
    )
    compared.add_argument("models", nargs="*", metavar="MODEL", help="names or files (default: five of the catalogue)")
    compared.add_argument(
        "--engines", nargs="+", default=(), metavar="NAME", help="such as nest or neuron:crank_nicolson (default: all)"
    )
    compared.add_argument("--dt", metavar="TIME", help="time step, such as 0.1ms (default: that of each simulator)")
    compared.add_argument("--for", dest="horizon", default="200ms", metavar="TIME", help="duration (default 200ms)")
    compared.add_argument("--shortest", default="0.0005ms", metavar="TIME", help="shortest dt tried (default 0.0005ms)")
    compared.add_argument(
        "--neurons",
        type=int,
        default=1000,
        metavar="N",
        help="number of neurons that are timed (default 1000; 0: none)",
    )
    compared.add_argument("--texts", action="store_true", help="print the models as the simulators read them, too")
    _add_input(compared)
    compared.set_defaults(run=_engines)


def _add_steps(commands: Any) -> None:
    """Add the commands about one step of a model."""
    show = commands.add_parser("show", help="show a model's equations, its Step and its operations")
    _add_step(show)
    show.add_argument("--plot", metavar="FILE", help="plot firing rates, and the phase plane of two variables")
    _add_data(show)
    show.set_defaults(run=_show)

    count = commands.add_parser("count", help="count a model's operations")
    _add_step(count)
    count.add_argument("--dt", default="1ms", metavar="TIME", help="time step, such as 0.1ms (default 1ms)")
    _add_one_of(count, "--convention", "unit", _conventions)
    count.set_defaults(run=_count)

    measure = commands.add_parser("measure", help="compare operations on the processor with those of the Step")
    _add_step(measure)
    measure.add_argument("--counter", default="auto", help="a counter of `spikecost doctor` (default auto)")
    measure.add_argument("--steps", type=int, default=1000, metavar="N", help="steps to run (default 1000)")
    measure.add_argument(
        "--roofline",
        action="store_true",
        help="instead: the kernel's time per neuron and step in SIMD lanes, and the shortest time of its operations on "
        "this processor",
    )
    measure.set_defaults(run=_measure)

    _add_engines(commands)


def _add_readers(commands: Any) -> None:
    """Add the commands that read runs."""
    report = commands.add_parser("report", help="write a run's tables, figures and references, for papers and people")
    _add_run(report)
    report.add_argument("--format", metavar="F,F,...", help="such as html,md,tex,csv,bib (default: all)")
    report.add_argument("--out", metavar="DIR", help="folder of the report (default: report, in that of the run)")
    report.set_defaults(run=_report)

    compared = commands.add_parser("compare", help="compare two runs: machines, compilers, versions")
    compared.add_argument("first", metavar="RUN_A", help="folder of a run")
    compared.add_argument("second", metavar="RUN_B", help="folder of another run; ratios are second over first")
    compared.set_defaults(run=_compare)

    recommend = commands.add_parser(
        "recommend", help="recommend a model, a method and dt, and with --engine brian2 a program"
    )
    _add_run(recommend, None)
    recommend.add_argument("--rate", required=True, metavar="RATE", help="firing rate, such as 20 or 20Hz")
    recommend.add_argument("--tolerance", required=True, metavar="TIME", help="spike-time error allowed, such as 0.1ms")
    recommend.add_argument("--features", default="", metavar="F,F,...", help="such as tonic_bursting,mixed_mode")
    recommend.add_argument(
        "--models", nargs="+", metavar="MODEL", help="only these models (default: those of the RUN, or of the suite)"
    )
    recommend.add_argument(
        "--engine",
        metavar="NAME",
        help="the dt that this simulator needs, such as nest or neuron:crank_nicolson; brian2: with a program",
    )
    _add_input(recommend)
    recommend.add_argument("--budget", metavar="FLOPS", help="operations per second allowed, such as '5e5 FLOP/s'")
    recommend.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads without a RUN")
    _add_quiet(recommend)
    recommend.set_defaults(run=_recommend)


def _add_consent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-python", action="store_true", help="execute the Python files from which the suite takes models"
    )


def _add_run(parser: argparse.ArgumentParser, default: str | None = OUT) -> None:
    otherwise = default or "some models are run, with few stimuli"
    parser.add_argument(
        "folder", nargs="?", default=default, metavar="RUN", help=f"folder of a run (default: {otherwise})"
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="FILE", help="write the numbers of the plot as CSV")


def _data(options: argparse.Namespace) -> str | None:
    if options.data and not options.plot:
        raise UserError(f"--data {options.data}: it writes the numbers of a plot; give --plot, too")
    return str(options.data) if options.data else None


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads or processes (default: all cores)"
    )
    parser.add_argument(
        "--executor", metavar="KIND", help="what sweeps: threads (default), processes, or dask, if there is a cluster"
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="a Dask cluster that sweeps, such as tcp://host:8786 (default: SPIKECOST_CLUSTER)",
    )


def _add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _add_input(parser: argparse.ArgumentParser) -> None:
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


def _several(models: Sequence[str], options: argparse.Namespace) -> list[str | NeuronModel]:
    """Return the models; what the options say of Brian2 groups holds for those from scripts."""
    from .models.catalogue import get_model
    from .models.ground.named_files import runs_code
    from .models.reading.files import each_named

    asked = options.input, options.synapses
    return [
        get_model(model, *asked) if asked != (None, None) and isinstance(model, str) and runs_code(model) else model
        for model in each_named(models)
    ]


def _add_step(parser: argparse.ArgumentParser) -> None:
    _add_input(parser)
    parser.add_argument("model", help="such as izhikevich, izhikevich:CH, script.py:group or model.toml")
    _add_one_of(parser, "--method", "euler", _method_names)
    _add_one_of(parser, "--detection", None, _detections, "grid, or one that the method has")
    _add_one_of(parser, "--precision", "double", _precisions)


def _add_one_of(
    parser: argparse.ArgumentParser,
    option: str,
    default: str | None,
    names: Callable[[], Iterable[str]],
    otherwise: str = "%(default)s",
) -> None:
    """Add an option that is one of some names; `otherwise` says what is taken if it is not given."""
    added = parser.add_argument(option, default=default, help=f"one of %(names)s (default {otherwise})")
    vars(added)["names"] = _Names(names)  # a help text may contain every attribute of its option


def _add_checks(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="compare a run with a baseline: 0 it holds, 1 it regressed, "
        "2 it could not be judged, or improved so much that the baseline must be renewed",
    )
    baseline = commands.add_parser("baseline", help="make a baseline, or renew it")
    update = baseline.add_subparsers(metavar="update", required=True, parser_class=_Parser).add_parser(
        "update", help="write the figures of a run to a baseline; its limits stay"
    )
    for command in (check, update):
        command.add_argument("folder", nargs="?", metavar="RUN", help="folder of a run (default: runs a small suite)")
        command.add_argument("--baseline", required=True, metavar="FILE", help="file of the baseline")
        command.add_argument("--suite", metavar="FILE", help="a suite in TOML to run instead of the small suite")
        _add_consent(command)
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads")
        command.add_argument(
            "--models",
            nargs="+",
            default=(),
            metavar="MODEL",
            help="run these models instead of the suite's, such as my_model.py:model",
        )
        command.add_argument(
            "--without-counter",
            action="store_true",
            help="accept counts that no exact counter confirms, where none works (see doctor)",
        )
    update.add_argument(
        "--figures",
        nargs="+",
        default=(),
        metavar="PATTERN",
        help="renew only figures with these names, such as 'lif*dt_ms' (default: all)",
    )
    check.add_argument(
        "--only", default="*", metavar="PATTERN", help="judge only figures with these names, such as 'lif*dt_ms'"
    )
    check.add_argument(
        "--gate-times",
        action="store_true",
        help="a kernel that became slower counts as regressed; the toolchain must be the baseline's",
    )
    check.add_argument("--all", action="store_true", help="also list the figures that hold")
    check.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    check.add_argument("--markdown", metavar="FILE", help="write the table as Markdown")
    check.add_argument("--github", action="store_true", help="add annotations, and the table to the step summary")
    check.set_defaults(run=_check)
    update.set_defaults(run=_update)

    history = commands.add_parser("history", help="show figures over the runs of a history, and where they changed")
    add = history.add_subparsers(metavar="add", parser_class=_Parser).add_parser("add", help="add a run")
    add.add_argument("folder", metavar="RUN", help="folder of a run")
    add.add_argument("--commit", metavar="HASH", help="commit that was run (default: from the run or folder)")
    for command in (history, add):
        command.add_argument(
            "--history",
            "--store",
            dest="history",
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="file of the history (default: SPIKECOST_HISTORY, or spikecost-history.sqlite here)",
        )
    history.add_argument("--figure", metavar="PATTERN", help="such as 'lif*dt_ms' (default: figures that changed)")
    history.add_argument(
        "--baseline", metavar="FILE", help="judge changes by the limits in this baseline (default: those of its kind)"
    )
    history.add_argument("--markdown", metavar="FILE", help="write the changes as Markdown")
    history.add_argument("--github", action="store_true", help="add the changes to the step summary")
    history.add_argument("--plot", metavar="FILE", help="plot the figures to a .png, .svg or .pdf")
    _add_data(history)
    history.set_defaults(run=_history, history=None)
    add.set_defaults(run=_history_add)


def _run(options: argparse.Namespace) -> int:
    from brian2 import Hz

    from .accuracy.search.criterion import parse_criterion
    from .accuracy.study.runner import check_jobs
    from .accuracy.study.suite import FULL, QUICK, STANDARD, changed
    from .models.language import units
    from .reports.regression.kept.history import History
    from .reports.results.suite_file import read_suite

    check_jobs(options.jobs)
    if options.fresh and options.store:
        raise UserError("--fresh and --store: give one of them")
    if options.quick and options.full:
        raise UserError("--quick and --full: give one of them")
    suite = QUICK if options.quick else FULL if options.full else STANDARD
    if options.suite:
        suite = read_suite(options.suite, suite, models=options.models or (), allow_python=options.allow_python)
    chosen: dict[str, Any] = {
        name: tuple(getattr(options, name))
        for name in ("models", "methods", "detections", "stimuli", "rheobases", "measures", "precisions", "engines")
        if getattr(options, name)
    }
    if options.models:
        chosen["models"] = tuple(_several(options.models, options))
    if options.rates:
        chosen["rates"] = tuple(units.number_in(units.parse_rate(rate), Hz, "rate") for rate in options.rates)
    elif options.rheobases:
        chosen["rates"] = ()
    for name in ("tolerances", "horizons"):
        if getattr(options, name):
            given = [units.parse_quantity(value) for value in getattr(options, name)]
            chosen[name] = tuple(float(units.in_ms(value, name.removesuffix("s"))) for value in given)
    if options.criteria:
        chosen["criteria"] = tuple(parse_criterion(text) for text in options.criteria)
    chosen |= {name: getattr(options, name) for name in ("trials", "seed") if getattr(options, name) is not None}
    if options.features is not None:
        chosen["features"] = options.features
    suite = changed(suite, chosen)
    if options.history:
        History(options.history).check()
    with keeping() as came:
        status = _run_and_say(options, suite, chosen)
        if came:  # the signal has been handled, even if it came too late to interrupt
            came.clear()
            return 130
    return status


def _run_and_say(options: argparse.Namespace, suite: Suite, chosen: Mapping[str, Any]) -> int:
    from .accuracy.study.suite import FULL
    from .harness.store.store import OFF
    from .reports.comparison.run import found, run, summary
    from .reports.regression import command
    from .reports.regression.of_run import figures_of
    from .reports.results.suite_file import left_out
    from .reports.writing.records import dumps

    store = OFF if options.fresh else options.store
    comparison, page, elsewhere = run(
        suite, options.out, options.jobs, options.quiet, store, executor=options.executor, cluster=options.cluster
    )
    said = "--quick left out: " if options.quick else "" if options.full or options.suite or chosen else "left out: "
    more = [said + left_out(FULL, suite)] if said else []
    not_added = None
    if options.history and not comparison.study.interrupted:
        try:
            more.append(command.add(options.history, figures_of(comparison)))
        except UserError as error:  # the report was written; its place is printed first
            not_added = error
    if elsewhere:
        _complain(elsewhere)
    if options.open:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    _print(dumps(found(comparison, page, more)) if options.json else summary(comparison, page, "\n".join(more)))
    if comparison.study.interrupted:
        return 130
    if not_added:
        raise not_added
    return 2 if elsewhere else 0  # a following command would not find the report


def _report(options: argparse.Namespace) -> int:
    from .reports.comparison.report import report
    from .reports.writing.records import dumps

    formats = None if options.format is None else [name for name in options.format.split(",") if name]
    written = [str(path) for path in report(options.folder, formats, options.out)]
    _print(dumps(written) if options.json else "\n".join(written))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from .reports.comparison.run_comparison import compare_runs
    from .reports.comparison.run_folder import RunFolder
    from .reports.writing.records import dumps

    found = compare_runs(RunFolder.read(options.first), RunFolder.read(options.second))
    _print(dumps(found.to_json()) if options.json else found.text)
    return 0


def _recommend(options: argparse.Namespace) -> int:
    from .accuracy.study.runner import check_jobs
    from .models.language import units
    from .reports.comparison.recommend import recommend
    from .reports.comparison.run_folder import RunFolder
    from .reports.writing.bars import bars
    from .reports.writing.records import dumps

    check_jobs(options.jobs)
    with bars(quiet=options.quiet) as progress:
        found = recommend(
            units.parse_rate(options.rate),
            units.parse_quantity(options.tolerance),
            features=[name for name in options.features.split(",") if name],
            budget=options.budget,
            run=RunFolder.read(options.folder) if options.folder else None,
            models=None
            if not options.models
            else options.models
            if options.folder
            else _several(options.models, options),
            engine=options.engine,
            jobs=options.jobs,
            progress=progress,
        )
    _print(dumps(found.to_json()) if options.json else found.text)
    return 0


def _engines(options: argparse.Namespace) -> int:
    from .models.language import units
    from .reports.commands.engines import engines
    from .reports.writing.records import dumps

    found = engines(
        _several(options.models, options),
        options.engines,
        dt=None if options.dt is None else units.in_ms(units.parse_quantity(options.dt), "--dt"),
        horizon=units.parse_quantity(options.horizon),
        neurons=options.neurons,
        shortest=units.in_ms(units.parse_quantity(options.shortest), "--shortest"),
    )
    _print(dumps(found.to_json()) if options.json else found.shown(texts=options.texts))
    return 0


def _models(options: argparse.Namespace) -> int:
    from .reports.commands.listing import listed
    from .reports.writing.records import dumps

    found = listed()
    _print(dumps(found.models) if options.json else found.text)
    return 0


def _methods(options: argparse.Namespace) -> int:
    from .models.catalogue import get_model
    from .reports.commands.methods import detections, methods
    from .reports.writing.records import dumps, records
    from .reports.writing.text import frame

    model = get_model(options.model, options.input, options.synapses) if options.model else None
    of_model = f"; per step of {model.label} without a spike, as run" if model else ""
    table = methods(model)
    if options.json:
        _print(dumps(records(table)))
    else:
        _print(frame(f"Integration methods{of_model}", table))
        _print(frame("Spike detections: where within a step a spike is", detections()))
    return 0


def _show(options: argparse.Namespace) -> int:
    from .reports.commands.show import show, shown
    from .reports.writing.records import dumps

    step, data = _step(options), _data(options)
    if options.plot:
        from .reports.figures.portrait import portrait
        from .reports.writing.files import save_figure

        save_figure(portrait(step.model), options.plot, data)
    _print(dumps(shown(step)) if options.json else show(step))
    return 0


def _count(options: argparse.Namespace) -> int:
    from .models.language import units
    from .reports.commands.counts import counted, counted_text
    from .reports.writing.records import dumps

    given = _step(options), units.parse_quantity(options.dt), options.convention
    _print(dumps(counted(*given)) if options.json else counted_text(*given))
    return 0


def _published(options: argparse.Namespace) -> int:
    from .reports.commands.published import published, published_text
    from .reports.writing.records import dumps, records

    found = published(options.convention)
    _print(dumps(records(found)) if options.json else published_text(found, options.convention))
    return 0


def _measure(options: argparse.Namespace) -> int:
    from .harness.measuring.measure import measure
    from .harness.measuring.roofline import roofline
    from .models.catalogue import get_model
    from .reports.commands.counts import measured_text, roofline_text
    from .reports.writing.records import dumps

    model = get_model(options.model, options.input, options.synapses)
    detection = _detection(options, model)
    if options.roofline:
        near = roofline(model, options.method, detection, options.precision)
        _print(dumps(near.to_json()) if options.json else roofline_text(near))
        return 0
    found = measure(model, options.method, detection, options.counter, options.steps, precision=options.precision)
    _print(dumps(found.to_json()) if options.json else measured_text(found))
    return 0


def _add_features(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", metavar="MODEL", help="such as lif izhikevich:CH (default: every model)")
    _add_input(parser)
    parser.add_argument("--presets", action="store_true", help="every preset of models given without a preset")
    parser.add_argument("--demos", action="store_true", help="the demos of 2004, as published and converged")
    parser.add_argument("--plot", metavar="FILE", help="plot features against cost, as stated and at equal accuracy")
    parser.add_argument("--csv", metavar="FILE", help="write the last table with all its columns")
    _add_data(parser)
    _add_quiet(parser)
    parser.set_defaults(run=_features)


def _features(options: argparse.Namespace) -> int:
    from .reports.commands.features import feature_tables
    from .reports.writing.bars import bars
    from .reports.writing.records import dumps, records
    from .reports.writing.text import frame

    with bars(quiet=options.quiet) as progress:
        tables = list(
            feature_tables(
                _several(options.models, options),
                options.presets,
                options.demos,
                progress,
                plot=options.plot,
                csv=options.csv,
                data=_data(options),
            )
        )
    _print(
        dumps({each.name: records(each.whole) for each in tables if each.name})
        if options.json
        else "\n".join(frame(each.title, each.table) for each in tables)
    )
    return 0


def _add_claims_and_store(commands: Any) -> None:
    _add_claims(commands)
    _add_store_commands(commands)


def _add_claims(commands: Any) -> None:
    claims = commands.add_parser("claims", help="test published claims about costs and accuracy")
    claims.add_argument(
        "names", nargs="*", metavar="CLAIM", help="such as ratios_2004 (default: every claim, in short)"
    )
    claims.add_argument("--out", metavar="FILE", help="write every number as a page in Markdown")
    claims.add_argument("--seed", type=int, default=0, help="seed of the stimuli (default 0)")
    claims.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads (default: all cores)"
    )
    _add_store(claims)
    _add_quiet(claims)
    claims.set_defaults(run=_claims)


def _claims(options: argparse.Namespace) -> int:
    from .accuracy.study.runner import check_jobs
    from .reports.claims.evidence import Evidence
    from .reports.commands.claims import check_page, claims_text, verdicts, write
    from .reports.writing.bars import bars
    from .reports.writing.records import dumps

    check_jobs(options.jobs)
    check_page(options.out)
    with bars(quiet=options.quiet) as progress:
        found = verdicts(options.names, Evidence(options.jobs, progress, options.store, options.seed))
    if options.out:
        write(found, options.out)
    _print(dumps([each.to_json() for each in found]) if options.json else claims_text(found, bool(options.names)))
    return 0


def _check(options: argparse.Namespace) -> int:
    from .reports.regression import command

    source = _figures(options)
    status, said = command.check(
        source,
        options.baseline,
        gate_times=options.gate_times,
        only=options.only,
        every=options.all,
        as_json=options.json,
        junit=options.junit,
        markdown=options.markdown,
        github=options.github,
        without_counter=options.without_counter,
        arguments=source.arguments,
        whose=source.whose,
    )
    options.status = status  # it is the exit status, even if the table is not read to its end
    _print(said)
    return status


def _figures(options: argparse.Namespace) -> Source:
    from .reports.regression import command

    return command.source(
        options.folder, options.suite, options.jobs, options.models, allow_python=options.allow_python
    )


def _update(options: argparse.Namespace) -> int:
    from .reports.regression import command

    _print(command.update(_figures(options), options.baseline, options.json, options.without_counter, options.figures))
    return 0


def _history(options: argparse.Namespace) -> int:
    from .reports.regression import command

    _print(
        command.show(
            options.history,
            options.figure,
            as_json=options.json,
            file=options.plot,
            data=_data(options),
            baseline=options.baseline,
            markdown=options.markdown,
            github=options.github,
        )
    )
    return 0


def _history_add(options: argparse.Namespace) -> int:
    from .reports.regression import command

    _print(command.add(options.history, command.source(options.folder)(), options.commit, as_json=options.json))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from .reports.commands.doctor import findings
    from .reports.writing.records import dumps
    from .reports.writing.text import prose

    if options.json:
        _print(dumps([asdict(finding) for finding in findings(OUT)]))
        return 0
    for finding in findings(OUT):
        _print(prose(f"{'yes' if finding.here else 'no ':3}  {finding.what}: {finding.detail}"))
    return 0


def _cache(options: argparse.Namespace) -> int:
    from .reports.commands.cache import ACTIONS
    from .reports.writing.records import dumps

    found = ACTIONS[options.action]()
    _print(dumps(found.to_json()) if options.json else found.text)
    return 0 if found.sound else 2


def _store(options: argparse.Namespace) -> int:
    from .reports.commands.store import ACTIONS
    from .reports.writing.records import dumps

    more = {"prune": ("size",), "export": ("file",)}.get(options.action, ())
    found = ACTIONS[options.action](options.store, *(getattr(options, name) for name in more))
    _print(dumps(found.to_json()) if options.json else found.text)
    return 0 if found.sound else 2


def _step(options: argparse.Namespace) -> Step:
    from .models.catalogue import get_model
    from .models.step import make_step

    model = get_model(options.model, options.input, options.synapses)
    return make_step(model, options.method, _detection(options, model), precision=options.precision)


def _detection(options: argparse.Namespace, model: NeuronModel) -> str:
    """Return the detection that was asked for, or else the first that the method has: the grid, if it can be used."""
    from .models.detection import DETECTIONS
    from .models.step import why_not

    if options.detection:
        return str(options.detection)
    return next((name for name in ("grid", *DETECTIONS) if not why_not(model, options.method, name)), "grid")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
