"""The commands that make runs and read them; each imports what it needs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..models.ground.errors import UserError
from ..models.ground.garbage import collecting
from ..models.ground.interruption import keeping
from .asked import data_file, names_in, several
from .printing import answer, complain, show_page, show_text

if TYPE_CHECKING:
    from ..accuracy.study.suite import Suite
    from ..harness.executors.beside import SecondProcess
    from ..reports.regression.command import Source

_PACKAGE = __package__.partition(".")[0]


def run(options: argparse.Namespace) -> int:
    """Compare models at equal accuracy and write a report."""
    from ..harness.executors.beside import second_process

    # a long run has no memory for it, and one of few models draws little
    short = options.quick and options.jobs > 1 and not options.models and not options.suite
    with second_process(worth_it=short) as second:
        second.prepare(f"{_PACKAGE}.reports.comparison.rendering")  # it imports this while this process does
        return _run(options, second)


def _run(options: argparse.Namespace, second: SecondProcess) -> int:
    from brian2 import Hz

    from ..accuracy.search.criterion import parse_criterion
    from ..accuracy.study.runner import check_jobs
    from ..accuracy.study.suite import FULL, QUICK, STANDARD, changed
    from ..models.definition.language import units
    from ..reports.results.suite_file import read_suite

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
    models = several(options.models or (), options)
    if models:
        chosen["models"] = tuple(models)
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
    if options.estimate is not None:
        return _estimate(options, suite)
    if options.history:
        from ..reports.regression.kept.history import History

        History(options.history).check()
    with keeping() as came:
        status = _run_and_say(options, suite, chosen, second)
        if came:  # the signal has been handled, even if it came too late to interrupt
            came.clear()
            return 130
    return status


def _estimate(options: argparse.Namespace, suite: Suite) -> int:
    from ..accuracy.study.estimate import estimate
    from ..reports.commands.estimate import as_json, as_text
    from ..reports.writing.bars import bars

    with bars(quiet=options.quiet) as progress:
        found = estimate(suite, options.estimate, progress)
    answer(options, lambda: as_json(found, options.jobs), lambda: as_text(found, options.jobs))
    return 0


def _run_and_say(options: argparse.Namespace, suite: Suite, chosen: Mapping[str, Any], second: SecondProcess) -> int:
    from ..accuracy.study.suite import FULL, changed
    from ..harness.store.store import OFF
    from ..reports.comparison.run import found, run, summary
    from ..reports.results.suite_file import left_out

    store = OFF if options.fresh else options.store
    comparison, page, elsewhere = run(
        suite,
        options.out,
        options.jobs,
        options.quiet,
        store,
        executor=options.executor,
        cluster=options.cluster,
        second=second,
    )
    said = "--quick left out: " if options.quick else "" if options.full or options.suite or chosen else "left out: "
    more = [said + left_out(changed(FULL, chosen), suite)] if said else []
    not_added = None
    if options.history and not comparison.study.interrupted:
        from ..reports.regression import command
        from ..reports.regression.of_run import figures_of

        try:
            more.append(command.add(options.history, figures_of(comparison)))
        except UserError as error:  # the report was written; its place is printed first
            not_added = error
    if elsewhere:
        complain(elsewhere)
    if options.open:
        show_page(page)
    answer(options, lambda: found(comparison, page, more), lambda: summary(comparison, page, "\n".join(more)))
    if comparison.study.interrupted:
        return 130
    if not_added:
        raise not_added
    return 2 if elsewhere else 0  # a following command would not find the report


def report(options: argparse.Namespace) -> int:
    """Write a run's tables, figures and references."""
    from ..harness.executors.beside import second_process
    from ..reports.comparison.places import is_long

    formats = None if options.format is None else names_in(options.format, "--format")
    if options.open and formats is not None and "html" not in formats:
        raise UserError(f"--open: --format {options.format} writes no page; add html to it")
    with second_process(worth_it=is_long(options.folder)) as second, collecting(after=0):
        second.prepare(f"{_PACKAGE}.reports.comparison.report")
        from ..reports.comparison.report import report

        written = report(options.folder, formats, options.out, second)
    if options.open:
        show_page(next(path for path in written if path.suffix == ".html"))
    names = [str(path) for path in written]
    answer(options, lambda: names, lambda: "\n".join(names))
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compare two runs."""
    from ..reports.comparison.run_comparison import compare_runs
    from ..reports.comparison.run_folder import RunFolder

    found = compare_runs(RunFolder.read(options.first), RunFolder.read(options.second))
    answer(options, found.to_json, lambda: found.text)
    return 0


def recommend(options: argparse.Namespace) -> int:
    """Recommend a model, a method and dt."""
    from ..accuracy.study.runner import check_jobs
    from ..models.definition.language import units
    from ..reports.comparison.recommendation.recommend import recommend
    from ..reports.comparison.run_folder import RunFolder
    from ..reports.writing.bars import bars

    check_jobs(options.jobs)
    with bars(quiet=options.quiet) as progress:
        found = recommend(
            units.parse_rate(options.rate),
            units.parse_quantity(options.tolerance),
            features=() if options.features is None else names_in(options.features, "--features"),
            budget=options.budget,
            run=None if options.folder is None else RunFolder.read(options.folder),
            models=several(options.models or (), options) or None,
            engine=options.engine,
            jobs=options.jobs,
            progress=progress,
            atlas=False if options.atlas is not None and options.atlas.lower() == "off" else options.atlas,
            seed=options.seed,
            drive=options.drive,
        )
    answer(options, found.to_json, lambda: found.text)
    return 0


def check(options: argparse.Namespace) -> int:
    """Compare a run with a baseline; return 1 if it regressed."""
    from ..reports.regression import command

    with _figures(options) as source:
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
    show_text(said)
    return status


@contextmanager
def _figures(options: argparse.Namespace) -> Iterator[Source]:
    """Return where figures come from; a run that has to be made shows its progress meanwhile."""
    from ..reports.regression import command
    from ..reports.writing.bars import bars

    with bars(quiet=options.quiet) as progress:
        yield command.source(
            options.folder,
            options.suite,
            options.jobs,
            options.models,
            allow_python=options.allow_python,
            progress=progress,
        )


def update(options: argparse.Namespace) -> int:
    """Write a run's figures to a baseline."""
    from ..reports.regression import command

    with _figures(options) as source:
        said = command.update(source, options.baseline, options.json, options.without_counter, options.figures)
    show_text(said)
    return 0


def history(options: argparse.Namespace) -> int:
    """Show figures over the runs of a history."""
    from ..reports.regression import command

    show_text(
        command.show(
            options.history,
            options.figure,
            as_json=options.json,
            file=options.plot,
            data=data_file(options),
            baseline=options.baseline,
            markdown=options.markdown,
            github=options.github,
        )
    )
    return 0


def history_add(options: argparse.Namespace) -> int:
    """Add a run to a history."""
    from ..reports.regression import command

    show_text(command.add(options.history, command.source(options.folder)(), options.commit, as_json=options.json))
    return 0
