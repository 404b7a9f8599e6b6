"""The parser of the command line: every command, its options, and the function that runs it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from . import on_models, on_runs
from .options import (
    OUT,
    Parser,
    add_consent,
    add_data,
    add_input,
    add_one_of,
    add_open,
    add_quiet,
    add_rows,
    add_run,
    add_step,
    add_store,
    add_workers,
    convention_names,
)
from .parser_of_atlas import add_atlas
from .parser_of_checks import add_checks


def make_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="spikecost",
        description="What a spiking-neuron model costs at the accuracy that you need.",
        epilog="Start with: spikecost recommend --rate 20Hz --tolerance 0.1ms",
    )
    parser.add_argument("--version", action="version", version=f"spikecost {version('spikecost')}")
    parser.set_defaults(json=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    _add_comparison(commands)
    _add_readers(commands)
    add_atlas(commands)

    models = commands.add_parser("models", help="list models, methods, detections and conventions")
    models.set_defaults(run=on_models.models)

    methods = commands.add_parser(
        "methods", help="list integration methods and spike detections, and what methods cost on a model"
    )
    methods.add_argument("--model", metavar="MODEL", help="such as izhikevich or izhikevich:CH")
    add_input(methods)
    methods.set_defaults(run=on_models.methods)

    published = commands.add_parser("published", help="compare published costs of models with the counts")
    published.add_argument(
        "--convention", default="izhikevich2004", help="the paper's convention (default izhikevich2004)"
    )
    published.set_defaults(run=on_models.published)

    _add_steps(commands)
    _add_features(commands.add_parser("features", help="look for the twenty features of Izhikevich 2004 in models"))
    add_checks(commands)

    doctor = commands.add_parser("doctor", help="say what works on this machine, what does not, and why")
    doctor.set_defaults(run=on_models.doctor)

    cached = commands.add_parser("cache", help="show, verify or remove the results kept on disk")
    _add_actions(
        cached,
        on_models.cache,
        info="show its folder and its content",
        verify="compare every entry with its key and checksum: 0 all are right, 2 some are damaged",
        clear="remove every entry; entries are made again when needed",
    )
    _add_claims(commands)
    _add_store_commands(commands)
    _describe(parser)
    return parser


def _add_comparison(commands: Any) -> None:
    """Add the command that makes runs."""
    run = commands.add_parser(
        "run",
        help="compare models at equal spike-time accuracy and write a report",
        epilog="Without options: lif, izhikevich and hodgkin_huxley, with every method and detection, under 20 "
        "fluctuating currents at 5, 20 and 50 Hz and 20 constant ones at 100 Hz, each for 1 s; spike-time errors from "
        "1 to 0.01 ms.",
    )
    run.add_argument(
        "--quick", action="store_true", help="fewer rates and tolerances, a coarser sweep: less than a minute"
    )
    run.add_argument("--full", action="store_true", help="the whole catalogue, every kind of stimulus, 10 s too: long")
    run.add_argument("--out", default=OUT, metavar="DIR", help=f"folder of the report (default {OUT})")
    add_workers(run)
    run.add_argument("--suite", metavar="FILE", help="a suite in TOML; the options below change it")
    add_consent(run)
    run.add_argument(
        "--models",
        nargs="+",
        action="names",
        metavar="MODEL",
        help="such as lif izhikevich:CH script.py:group model.toml (default: the suite's)",
    )
    add_input(run)
    run.add_argument(
        "--methods",
        nargs="+",
        action="names",
        metavar="METHOD",
        help="integration methods of `spikecost methods` (default: all)",
    )
    run.add_argument(
        "--detections",
        nargs="+",
        action="names",
        metavar="DETECTION",
        help="spike detections of `spikecost methods` (default: all)",
    )
    run.add_argument("--stimuli", nargs="+", action="names", metavar="KIND", help="such as constant ornstein_uhlenbeck")
    add_rows(run)
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
    run.add_argument(
        "--measures", nargs="+", action="names", metavar="MEASURE", help="measures to plot costs against, such as rms"
    )
    run.add_argument("--horizons", nargs="+", metavar="TIME", help="simulated time to compare, such as 1second")
    run.add_argument("--trials", type=int, metavar="N", help="stimuli of each kind")
    run.add_argument("--seed", type=int, metavar="N", help="first seed of stimuli and of the models' noise (default 0)")
    run.add_argument(
        "--features",
        action=argparse.BooleanOptionalAction,
        help="look for the twenty features of 2004 in the models, and run its demos (not with --quick)",
    )
    run.add_argument("--history", metavar="FILE", help="history to add the run to")
    add_store(run, fresh=True)
    run.add_argument(
        "--estimate",
        nargs="?",
        const=1,
        type=int,
        metavar="N",
        help="run nothing but a few cells in N regimes of each model (default 1), and estimate how long all take",
    )
    add_open(run)
    add_quiet(run)
    run.set_defaults(run=on_runs.run)


def _describe(parser: argparse.ArgumentParser) -> None:
    """Give every command its line in the list of commands as its description."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for listed in action._choices_actions:
                below = action.choices[listed.dest]
                below.description = f"{str(listed.help)[:1].upper()}{str(listed.help)[1:]}."
                _describe(below)


def _add_readers(commands: Any) -> None:
    """Add the commands that read runs."""
    report = commands.add_parser("report", help="write a run's tables, figures and references, for papers and people")
    add_run(report)
    report.add_argument(
        "--format",
        metavar="F,F,...",
        help="such as html,md,tex,csv,bib (default: all, long tables only as Parquet); svg or pdf given here are also "
        "of the run's own figures",
    )
    report.add_argument("--out", metavar="DIR", help="folder of the report (default: report, in that of the run)")
    add_open(report)
    report.set_defaults(run=on_runs.report)

    compared = commands.add_parser("compare", help="compare two runs: machines, compilers, versions")
    compared.add_argument("first", metavar="RUN_A", help="folder of a run")
    compared.add_argument("second", metavar="RUN_B", help="folder of another run; ratios are second over first")
    compared.set_defaults(run=on_runs.compare)

    recommend = commands.add_parser(
        "recommend", help="recommend a model, a method and dt, and with --engine brian2 a program"
    )
    add_run(recommend, None)
    recommend.add_argument("--rate", required=True, metavar="RATE", help="firing rate, such as 20 or 20Hz")
    recommend.add_argument("--tolerance", required=True, metavar="TIME", help="spike-time error allowed, such as 0.1ms")
    recommend.add_argument("--features", metavar="F,F,...", help="such as tonic_bursting,mixed_mode")
    recommend.add_argument(
        "--models",
        nargs="+",
        action="names",
        metavar="MODEL",
        help="only these models (default: those of the RUN or of the atlas)",
    )
    recommend.add_argument(
        "--engine",
        metavar="NAME",
        help="the dt that this simulator needs, such as nest or neuron:crank_nicolson; brian2: with a program",
    )
    add_input(recommend)
    recommend.add_argument(
        "--atlas",
        nargs="?",
        const="ornstein_uhlenbeck",
        metavar="DRIVE",
        help="answer from the atlas under this kind of drive (default ornstein_uhlenbeck, if the atlas can answer), "
        "or off: run the models",
    )
    recommend.add_argument(
        "--drive", metavar="KIND", help="the kind of drive, if the RUN has several at this rate, such as constant"
    )
    recommend.add_argument("--budget", metavar="FLOPS", help="operations per second allowed, such as '5e5 FLOP/s'")
    recommend.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="first seed of the stimuli and of the models' noise: the models are run, the atlas is not asked",
    )
    recommend.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads for what is run")
    add_quiet(recommend)
    recommend.set_defaults(run=on_runs.recommend)


def _add_steps(commands: Any) -> None:
    """Add the commands about one step of a model."""
    show = commands.add_parser("show", help="show a model's equations, its Step and its operations")
    add_step(show)
    show.add_argument("--plot", metavar="FILE", help="plot firing rates, and the phase plane of two variables")
    add_data(show)
    show.set_defaults(run=on_models.show)

    count = commands.add_parser("count", help="count a model's operations")
    add_step(count)
    count.add_argument("--dt", default="1ms", metavar="TIME", help="time step, such as 0.1ms (default 1ms)")
    add_one_of(count, "--convention", "unit", convention_names)
    count.set_defaults(run=on_models.count)

    measure = commands.add_parser("measure", help="compare operations on the processor with those of the Step")
    add_step(measure)
    measure.add_argument("--counter", default="auto", help="a counter of `spikecost doctor` (default auto)")
    measure.add_argument("--steps", type=int, default=1000, metavar="N", help="steps to run (default 1000)")
    measure.add_argument(
        "--roofline",
        action="store_true",
        help="instead: the kernel's time per neuron and step in SIMD lanes, and the shortest time of its operations on "
        "this processor",
    )
    measure.set_defaults(run=on_models.measure)

    _add_engines(commands)


def _add_engines(commands: Any) -> None:
    """Add the command that compares other simulators."""
    compared = commands.add_parser(
        "engines", help="how far other simulators are off with their default dt, which dt they need, what it costs"
    )
    compared.add_argument(
        "models", nargs="*", action="names", metavar="MODEL", help="names or files (default: five of the catalogue)"
    )
    compared.add_argument(
        "--engines",
        nargs="+",
        action="names",
        default=(),
        metavar="NAME",
        help="such as nest or neuron:crank_nicolson (default: all)",
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
    add_input(compared)
    add_quiet(compared)
    compared.set_defaults(run=on_models.engines)


def _add_features(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models", nargs="*", action="names", metavar="MODEL", help="such as lif izhikevich:CH (default: every model)"
    )
    add_input(parser)
    parser.add_argument("--presets", action="store_true", help="every preset of models given without a preset")
    parser.add_argument("--demos", action="store_true", help="the demos of 2004, as published and converged")
    parser.add_argument("--plot", metavar="FILE", help="plot features against cost, as stated and at equal accuracy")
    parser.add_argument("--csv", metavar="FILE", help="write the last table with all its columns")
    add_data(parser)
    add_quiet(parser)
    parser.set_defaults(run=on_models.features)


def _add_claims(commands: Any) -> None:
    claims = commands.add_parser("claims", help="test published claims about costs and accuracy")
    claims.add_argument(
        "names", nargs="*", action="names", metavar="CLAIM", help="such as ratios_2004 (default: every claim, in short)"
    )
    claims.add_argument(
        "--out",
        nargs="+",
        default=(),
        metavar="FILE",
        help="write every number as a page in Markdown (.md), and as JSON (.json)",
    )
    claims.add_argument(
        "--seed",
        type=int,
        nargs="+",
        default=[0],
        metavar="N",
        help="seed of the first stimulus (default 0); with several, say whether a verdict depends on it",
    )
    claims.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="threads (default: all cores)"
    )
    add_store(claims)
    add_quiet(claims)
    claims.set_defaults(run=on_models.claims)


def _add_store_commands(commands: Any) -> None:
    """Add the commands about the store of results."""
    stored = commands.add_parser("store", help="show, verify, prune or export the results that runs share")
    actions = _add_actions(
        stored,
        on_models.store,
        info="show its file and how much it holds",
        verify="compare every row with its checksum: 0 all are right, 2 some are damaged",
        prune="remove damaged rows that were set aside and results of other versions of the code",
        export="write every run as a table",
    )
    for action in actions.values():
        add_store(action)
    actions["prune"].add_argument(
        "--size", type=float, metavar="MB", help="also remove what was not used for the longest time, down to this size"
    )
    actions["export"].add_argument("file", metavar="FILE", help="such as runs.parquet or runs.csv")


def _add_actions(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int], **actions: str
) -> dict[str, Parser]:
    """Add what a command can do, each action with its help text; return the parser of each."""
    added = parser.add_subparsers(metavar="|".join(actions), required=True, parser_class=Parser)
    found = {name: added.add_parser(name, help=text) for name, text in actions.items()}
    for name, each in found.items():
        each.set_defaults(run=run, action=name)
    return found
