"""The command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from .flops.conventions import CONVENTIONS, Convention
from .flops.operations import count_step
from .models import units
from .models.catalogue import MODELS, get_model
from .models.detection import DETECTIONS
from .models.errors import UserError
from .models.expression import text
from .models.methods import ADAPTIVE, METHODS
from .models.neuron import NeuronModel
from .models.step import Step, applies, make_step

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


def _add_step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="such as izhikevich or izhikevich:CH")
    parser.add_argument("--method", default="euler", help=f"one of {', '.join(METHODS)} (default euler)")
    parser.add_argument("--detection", default="grid", help=f"one of {', '.join(DETECTIONS)} (default grid)")


def _run(options: argparse.Namespace) -> int:
    from .accuracy.criterion import parse_criterion  # noqa: PLC0415
    from .accuracy.study import Progress  # noqa: PLC0415
    from .accuracy.suite import QUICK, Suite  # noqa: PLC0415 - heavy, and only this command needs it
    from .reports.comparison import compare  # noqa: PLC0415
    from .reports.files import writable  # noqa: PLC0415
    from .reports.suite_file import left_out, read_suite  # noqa: PLC0415
    from .reports.table import SITUATION  # noqa: PLC0415

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
    folder = writable(options.out)
    with Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
             TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        tasks: list[Any] = []
        progress = Progress(
            begin=lambda phase, pieces: tasks.append(bar.add_task(phase, total=pieces)),
            done=lambda: bar.advance(tasks[-1]),
        )
        comparison = compare(suite.models, suite=suite, jobs=options.jobs, progress=progress)
    interrupted = comparison.study.interrupted
    page = comparison.save(folder / "interrupted" if interrupted else folder)
    _print_frame("Cost at equal spike-time accuracy: the cheapest way to run each model", comparison.cheapest,
                 (*_where(comparison.cheapest), "model", "method", "detection", "dt_ms", "flops_per_ms", "ns_per_ms",
                  "ns_per_ms_simd", "error_ms"))
    verdict = comparison.verdict
    if len(verdict):
        _print_frame(f"Operations per ms, divided by those of {comparison.baseline}", verdict,
                     ("view", *_where(verdict), *verdict.columns[1 + len(SITUATION):]))
    for regime in comparison.study.regimes:
        if regime.reason:
            print(f"not compared at {regime.level}, {regime.stimulus}: {regime.reason}")
    if options.quick:
        print("--quick left out: " + left_out(Suite(), suite))
    print(f"{'interrupted: what was finished' if interrupted else 'report'} is in {page.parent}, "
          f"open {page} (every cell: {page.parent / 'table.csv'})")
    return 130 if interrupted else 0


def _where(frame: Any) -> list[str]:
    """Return the columns of a situation that are not the same everywhere, and always rate and tolerance."""
    from .reports.table import SITUATION  # noqa: PLC0415 - heavy

    return [name for name in SITUATION if name in {"level", "tolerance"} or frame[name].nunique() > 1]


def _models(_options: argparse.Namespace) -> int:
    for name in MODELS:
        model = MODELS[name]
        presets = f" [presets {', '.join(model.presets)}]" if model.presets else ""
        methods = ", ".join(method for method in (*METHODS, *ADAPTIVE)
                            if not applies(model, method, "dense" if method in ADAPTIVE else "grid"))
        tables = f"; rates in tables {model.tables}" if model.tables else ""
        print(f"{name}: {model.description}{tables}{presets}\n    {model.source}\n    methods: {methods}")
    print(f"detections: {', '.join(DETECTIONS)}")
    for name in CONVENTIONS:
        convention = CONVENTIONS[name]
        print(f"convention {name}: counts {convention.counts}, in {convention.unit}. {convention.source}")
    return 0


def _methods(options: argparse.Namespace) -> int:
    from .reports.methods import methods  # noqa: PLC0415 - heavy

    model = get_model(options.model) if options.model else None
    frame = methods(model)
    of_model = f"; a step of {model.label} without a spike, as run" if model else ""
    _print_frame(f"Integration methods{of_model}", frame, tuple(frame.columns))
    return 0


def _show(options: argparse.Namespace) -> int:
    step = make_step(get_model(options.model), options.method, options.detection)
    model, count = step.model, count_step(step)
    print(f"{model.label}: {model.description}\n{model.source}\n")
    print("\n".join(f"    {line.strip()}" for line in model.equations.splitlines() if line.strip()))
    if model.tables:
        print(f"    what depends on {model.system.threshold.variable} alone: looked up in tables {model.tables}")
    print(f"    threshold {model.threshold}")
    if model.reset:
        print(f"    reset {model.reset}")
    if model.refractory is not None:
        print(f"    refractory {model.refractory}")
    for title, operations, lines in (
        ("once a run", count.as_run_once, _lines(step, "once")),
        (f"a step of {options.method}, in ms and the units above", count.as_run, _lines(step, "check", "advance")),
        (f"a spike ({options.detection} detection) adds", count.as_run_spike, _lines(step, "spike")),
        ("a step spent refractory", count.as_run_refractory, _lines(step, "pause")),
    ):
        if lines:
            print(f"\n{title}: {_by_kind(operations)}")
            print("\n".join(lines))
    if step.restarts:
        print("    then the step is run again over the rest of dt")
    print(f"\na step as written: {_by_kind(count.as_written())}")
    return 0


def _lines(step: Step, *blocks: str) -> list[str]:
    return [f"    {assign.target} = {text(assign.value)}" for block in blocks
            for assign in getattr(step, block).assignments]


def _count(options: argparse.Namespace) -> int:
    dt = units.parse_quantity(options.dt)
    dt_ms = float(units.in_ms(dt, "dt"))
    convention = CONVENTIONS[options.convention]
    step = make_step(get_model(options.model), options.method, options.detection)
    count = count_step(step)
    result = {
        "model": step.model.label,
        "method": step.method,
        "detection": step.detection,
        "dt_ms": dt_ms,
        "convention": convention.name,
        "counts": convention.counts,
        "flops_per_step": count.flops_per_step(convention, dt),
        "flops_per_ms": count.flops_per_ms(dt, convention),
        "published": _published(convention, step.model, options.method, dt_ms),
        "as_run": dict(count.as_run),
        "as_run_spike": dict(count.as_run_spike),
        "as_run_once": dict(count.as_run_once),
        "as_written": dict(count.as_written(dt)),
    }
    if options.json:
        print(json.dumps(result, indent=2))
        return 0
    print(f"{step.model.label}, {step.method}, {step.detection} detection, dt = {dt_ms:g} ms")
    print(f"{result['flops_per_step']:g} {convention.unit} a step, {result['flops_per_ms']:g} a ms "
          f"(convention {convention.name}: counts {convention.counts})")
    print(f"= {convention.breakdown(count.weighed_by(convention, dt))}")
    if result["published"] is not None:
        print(f"published: {result['published']:g} a step of {dt_ms:g} ms ({convention.source})")
    print(f"as run, a step without a spike: {_by_kind(count.as_run)}")
    print(f"as run, a spike adds:           {_by_kind(count.as_run_spike)}")
    print(f"as run, once a run:             {_by_kind(count.as_run_once)}")
    print(f"as written, a step:             {_by_kind(count.as_written(dt))}")
    return 0


def _published(convention: Convention, model: NeuronModel, method: str, dt_ms: float) -> float | None:
    """Return what the convention's source states for this very step, if it states anything."""
    cost, dt = convention.published.get(model.name, (None, None))
    return cost if method == "euler" and dt == dt_ms else None


def _measure(options: argparse.Namespace) -> int:
    from .harness.measure import measure  # noqa: PLC0415 - heavy

    found = measure(get_model(options.model), options.method, options.detection, options.counter, options.steps)
    if options.json:
        print(json.dumps(found.to_json(), indent=2))
        return 0
    print(f"{found.model}, {found.method}, {found.detection} detection: {found.steps} steps without a spike")
    print(f"counted from the Step: {_by_kind(found.analytic)}")
    for witness in found.witnesses:
        print(f"{witness.counter}: {_by_kind(witness.operations)}")
        if witness.libm:
            print(f"    and in the mathematics library: {_by_kind(witness.libm)}")
        ratio = "unknown" if witness.ratio is None else f"{witness.ratio:.6g}"
        print(f"    measured over counted: {ratio}; {', '.join(f'{k} {v}' for k, v in witness.provenance.items())}")
    for name, reason in found.why_not.items():
        print(f"not {name}: {reason}")
    return 0


def _by_kind(operations: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in operations.items() if n) or "nothing"


def _doctor(_options: argparse.Namespace) -> int:
    from .reports.doctor import findings  # noqa: PLC0415 - heavy

    for finding in findings():
        print(f"{'yes' if finding.here else 'no ':3}  {finding.what}: {finding.detail}")
    return 0


def _print_frame(title: str, frame: Any, columns: tuple[str, ...]) -> None:
    from .reports.page import number  # noqa: PLC0415 - heavy

    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        shown.add_column(name, justify="left" if frame[name].dtype.kind not in "fi" else "right")
    for row in frame[list(columns)].to_dict("records"):
        shown.add_row(*(number(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 160).print(shown, "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
