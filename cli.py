"""The command line: it parses; what is printed is made in `reports`, imported by the command that needs it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from .flops.conventions import CONVENTIONS
from .models import units
from .models.catalogue import get_model
from .models.detection import DETECTIONS
from .models.errors import UserError
from .models.methods import METHODS
from .models.step import Step, make_step

#: Where ``spikecost run`` writes unless it is told otherwise.
OUT = "spikecost-report"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status: 0, 2 for a mistake of the user's, 130 if interrupted."""
    sys.excepthook = sys.__excepthook__  # Brian2 puts its own there, which writes log files
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()  # a reader that has gone is noticed here and not when Python ends
        return status
    except UserError as error:
        print(f"spikecost: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("spikecost: interrupted before anything was finished", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> _Parser:
    parser = _Parser(prog="spikecost", description="What a spiking-neuron model costs at the accuracy that you need.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    run = commands.add_parser("run", help="compare models at equal spike-time accuracy and write a report")
    run.add_argument("--quick", action="store_true", help="fewer rates and tolerances, a coarser sweep: under a minute")
    run.add_argument("--out", default=OUT, metavar="DIR", help=f"folder of the report (default {OUT})")
    run.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads (default: all cores)")
    run.add_argument("--suite", metavar="FILE", help="a suite in TOML; the options below change it")
    run.add_argument("--models", nargs="+", metavar="MODEL", help="such as lif izhikevich:CH (default: the suite's)")
    run.add_argument("--methods", nargs="+", metavar="METHOD")
    run.add_argument("--detections", nargs="+", metavar="DETECTION")
    run.add_argument("--stimuli", nargs="+", metavar="KIND", help="such as constant ornstein_uhlenbeck")
    run.add_argument("--rates", nargs="+", type=float, metavar="HZ", help="firing rates in Hz")
    run.add_argument("--tolerances", nargs="+", metavar="TIME", help="spike-time errors allowed, such as 0.1ms")
    run.add_argument("--criteria", nargs="+", metavar="MEASURE=VALUE",
                     help="other measures and how far from perfect they may be, such as gamma_2ms=0.05")
    run.add_argument("--measures", nargs="+", metavar="MEASURE", help="measures to draw costs against, such as rms")
    run.add_argument("--horizons", nargs="+", metavar="TIME", help="model time that is compared, such as 1second")
    run.add_argument("--trials", type=int, metavar="N", help="stimuli of each kind")
    run.set_defaults(run=_run)

    _add_readers(commands)

    models = commands.add_parser("models", help="list models, methods, detections and conventions")
    models.set_defaults(run=_models)

    methods = commands.add_parser("methods", help="list integration methods, and what they cost on a model")
    methods.add_argument("--model", help="such as izhikevich or izhikevich:CH")
    methods.set_defaults(run=_methods)

    show = commands.add_parser("show", help="show a model's equations, its Step and its operations")
    _add_step(show)
    show.set_defaults(run=_show)

    count = commands.add_parser("count", help="count a model's operations")
    _add_step(count)
    count.add_argument("--dt", default="1ms", metavar="TIME", help="time step, such as 0.1ms (default 1ms)")
    count.add_argument("--convention", default="unit", help=f"one of {', '.join(CONVENTIONS)} (default unit)")
    count.add_argument("--json", action="store_true", help="print JSON")
    count.set_defaults(run=_count)

    measure = commands.add_parser("measure", help="count a model's operations on the processor, beside the Step's")
    _add_step(measure)
    measure.add_argument("--counter", default="auto", help="a counter of `spikecost doctor` (default auto)")
    measure.add_argument("--steps", type=int, default=1000, metavar="N", help="steps to run (default 1000)")
    measure.add_argument("--json", action="store_true", help="print JSON")
    measure.set_defaults(run=_measure)

    doctor = commands.add_parser("doctor", help="say what works here, what does not, and why")
    doctor.set_defaults(run=_doctor)
    return parser


def _add_readers(commands: Any) -> None:
    """Add the commands that read runs."""
    report = commands.add_parser("report", help="write a run's tables, figures and literature, for papers and people")
    _add_run(report)
    report.add_argument("--format", metavar="F,F,...", help="such as html,md,tex,csv,bib (default: all)")
    report.add_argument("--out", metavar="DIR", help="folder of the report (default: report, in that of the run)")
    report.add_argument("--json", action="store_true", help="print JSON")
    report.set_defaults(run=_report)

    compared = commands.add_parser("compare", help="compare two runs: machines, compilers, versions")
    compared.add_argument("first", metavar="RUN_A", help="folder of a run")
    compared.add_argument("second", metavar="RUN_B", help="folder of another; ratios are its over the first's")
    compared.add_argument("--json", action="store_true", help="print JSON")
    compared.set_defaults(run=_compare)

    recommend = commands.add_parser("recommend", help="recommend a model, a method and dt, and a Brian2 program")
    _add_run(recommend, None)
    recommend.add_argument("--rate", required=True, metavar="RATE", help="firing rate, such as 20Hz")
    recommend.add_argument("--tolerance", required=True, metavar="TIME", help="spike-time error allowed, such as 0.1ms")
    recommend.add_argument("--features", default="", metavar="F,F,...", help="such as tonic_bursting,mixed_mode")
    recommend.add_argument("--models", nargs="+", metavar="MODEL", help="without a RUN (default: the suite's)")
    recommend.add_argument("--budget", metavar="FLOPS", help="operations per second allowed, such as '5e5 FLOP/s'")
    recommend.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads without a RUN")
    recommend.add_argument("--json", action="store_true", help="print JSON")
    recommend.set_defaults(run=_recommend)


def _add_run(parser: argparse.ArgumentParser, default: str | None = OUT) -> None:
    otherwise = default or "some models are run, with few stimuli"
    parser.add_argument("folder", nargs="?", default=default, metavar="RUN",
                        help=f"folder of a run (default: {otherwise})")


def _add_step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="such as izhikevich or izhikevich:CH")
    parser.add_argument("--method", default="euler", help=f"one of {', '.join(METHODS)} (default euler)")
    parser.add_argument("--detection", default="grid", help=f"one of {', '.join(DETECTIONS)} (default grid)")


def _run(options: argparse.Namespace) -> int:
    from .accuracy.criterion import parse_criterion
    from .accuracy.suite import QUICK, Suite
    from .reports.run import run, summary
    from .reports.suite_file import left_out, read_suite

    if options.jobs < 1:
        raise UserError(f"--jobs {options.jobs}: give 1 or more")
    suite = QUICK if options.quick else Suite()
    if options.suite:
        suite = read_suite(options.suite, suite)
    chosen: dict[str, Any] = {
        name: tuple(getattr(options, name))
        for name in ("models", "methods", "detections", "stimuli", "rates", "measures")
        if getattr(options, name)
    }
    for name in ("tolerances", "horizons"):
        if getattr(options, name):
            given = [units.parse_quantity(value) for value in getattr(options, name)]
            chosen[name] = tuple(float(units.in_ms(value, name.removesuffix("s"))) for value in given)
    if options.criteria:
        chosen["criteria"] = tuple(parse_criterion(text) for text in options.criteria)
    if options.trials is not None:
        chosen["trials"] = options.trials
    suite = replace(suite, **chosen)
    comparison, page = run(suite, options.out, options.jobs)
    print(summary(comparison, page, "--quick left out: " + left_out(Suite(), suite) if options.quick else ""))
    return 130 if comparison.study.interrupted else 0


def _report(options: argparse.Namespace) -> int:
    from .reports.report import report

    formats = None if options.format is None else [name for name in options.format.split(",") if name]
    written = [str(path) for path in report(options.folder, formats, options.out)]
    print(json.dumps(written, indent=2) if options.json else "\n".join(written))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from .reports.run_comparison import compare_runs
    from .reports.run_folder import RunFolder

    found = compare_runs(RunFolder.read(options.first), RunFolder.read(options.second))
    print(json.dumps(found.to_json(), indent=2) if options.json else found.text)
    return 0


def _recommend(options: argparse.Namespace) -> int:
    from .reports.recommend import recommend
    from .reports.run import bar
    from .reports.run_folder import RunFolder

    if options.jobs < 1:
        raise UserError(f"--jobs {options.jobs}: give 1 or more")
    with bar() as progress:
        found = recommend(
            units.parse_quantity(options.rate), units.parse_quantity(options.tolerance),
            features=[name for name in options.features.split(",") if name], budget=options.budget,
            run=RunFolder.read(options.folder) if options.folder else None, models=options.models, jobs=options.jobs,
            progress=progress,
        )
    print(json.dumps(found.to_json(), indent=2) if options.json else found.text)
    return 0


def _models(_options: argparse.Namespace) -> int:
    from .reports.catalogue import catalogue

    print(catalogue())
    return 0


def _methods(options: argparse.Namespace) -> int:
    from .reports.methods import methods
    from .reports.text import frame

    model = get_model(options.model) if options.model else None
    of_model = f"; a step of {model.label} without a spike, as run" if model else ""
    print(frame(f"Integration methods{of_model}", methods(model)))
    return 0


def _show(options: argparse.Namespace) -> int:
    from .reports.show import show

    print(show(_step(options)))
    return 0


def _count(options: argparse.Namespace) -> int:
    from .reports.counts import counted, counted_text

    given = _step(options), units.parse_quantity(options.dt), options.convention
    print(json.dumps(counted(*given), indent=2) if options.json else counted_text(*given))
    return 0


def _measure(options: argparse.Namespace) -> int:
    from .harness.measure import measure
    from .reports.counts import measured_text

    found = measure(get_model(options.model), options.method, options.detection, options.counter, options.steps)
    print(json.dumps(found.to_json(), indent=2) if options.json else measured_text(found))
    return 0


def _doctor(_options: argparse.Namespace) -> int:
    from .reports.doctor import findings

    for finding in findings():
        print(f"{'yes' if finding.here else 'no ':3}  {finding.what}: {finding.detail}")
    return 0


def _step(options: argparse.Namespace) -> Step:
    return make_step(get_model(options.model), options.method, options.detection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
