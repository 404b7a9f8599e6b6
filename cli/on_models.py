"""The commands about models, claims, this machine and what is kept; each imports what it needs."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from .asked import check_for_script, data_file, detection_of, import_brian2_alone, several, step_of
from .options import OUT
from .printing import answer, show_text


def engines(options: argparse.Namespace) -> int:
    """Compare other simulators."""
    from ..models.definition.language import units
    from ..reports.commands.engines import engines
    from ..reports.writing.bars import bars

    with bars(quiet=options.quiet) as progress:
        found = engines(
            several(options.models, options),
            options.engines,
            dt=None if options.dt is None else units.in_ms(units.parse_quantity(options.dt), "--dt"),
            horizon=units.parse_quantity(options.horizon),
            neurons=options.neurons,
            shortest=units.in_ms(units.parse_quantity(options.shortest), "--shortest"),
            progress=progress,
        )
    answer(options, found.to_json, lambda: found.shown(texts=options.texts))
    return 0


def models(options: argparse.Namespace) -> int:
    """List models, methods, detections and conventions."""
    from ..reports.commands.about_models.listing import listed

    found = listed()
    answer(options, lambda: found.models, lambda: found.text)
    return 0


def methods(options: argparse.Namespace) -> int:
    """List methods and detections."""
    from ..models.reading.by_name import get_model
    from ..reports.commands.about_models.methods import detections, methods
    from ..reports.writing.records import dumps, records
    from ..reports.writing.text import frame

    if options.model is None:
        check_for_script(options, ())
    model = None if options.model is None else get_model(options.model, options.input, options.synapses)
    of_model = f"; per step of {model.label} without a spike, as run" if model else ""
    table = methods(model)
    if options.json:
        show_text(dumps(records(table)))
    else:
        show_text(frame(f"Integration methods{of_model}", table))
        show_text(frame("Spike detections: where within a step a spike is", detections()))
    return 0


def show(options: argparse.Namespace) -> int:
    """Show a model's equations, its Step and its operations."""
    from ..reports.commands.about_models.show import show, shown

    step, data = step_of(options), data_file(options)
    if options.plot:
        from ..reports.figures.portrait import portrait
        from ..reports.writing.files import save_figure

        save_figure(portrait(step.model), options.plot, data)
    answer(options, lambda: shown(step), lambda: show(step))
    return 0


def count(options: argparse.Namespace) -> int:
    """Count a model's operations."""
    from ..models.ground.named_files import is_file
    from ..reports.commands.about_models.counted import as_text
    from ..reports.commands.about_models.listing import from_disk

    of_file = is_file(options.model)  # the file may change

    def made() -> dict[str, Any]:
        if not of_file:
            import_brian2_alone()
        from ..models.definition.language import units
        from ..reports.commands.about_models.counts import said

        return said(step_of(options), units.parse_quantity(options.dt), options.convention)

    asked = ("model", "input", "synapses", "method", "detection", "precision", "dt", "convention")
    question = " ".join(["count", *(repr(getattr(options, name)) for name in asked)])
    found = made() if of_file else from_disk(question, made, lambda each: bool(each["lasts"]))
    answer(options, lambda: found["found"], lambda: as_text(found))
    return 0


def published(options: argparse.Namespace) -> int:
    """Compare published costs with the counts."""
    from ..reports.commands.about_models.published import published, published_text
    from ..reports.writing.records import records

    found = published(options.convention)
    answer(options, lambda: records(found), lambda: published_text(found, options.convention))
    return 0


def measure(options: argparse.Namespace) -> int:
    """Compare operations on the processor with those of the Step."""
    from ..harness.measuring.measure import measure
    from ..harness.measuring.roofline import roofline
    from ..models.reading.by_name import get_model
    from ..reports.commands.about_models.counts import measured_text, roofline_text

    model = get_model(options.model, options.input, options.synapses)
    detection = detection_of(options, model)
    if options.roofline:
        near = roofline(model, options.method, detection, options.precision)
        answer(options, near.to_json, lambda: roofline_text(near))
        return 0
    found = measure(model, options.method, detection, options.counter, options.steps, precision=options.precision)
    answer(options, found.to_json, lambda: measured_text(found))
    return 0


def features(options: argparse.Namespace) -> int:
    """Look for the features of 2004."""
    from ..reports.commands.features import feature_tables
    from ..reports.writing.bars import bars
    from ..reports.writing.records import records
    from ..reports.writing.text import frame

    with bars(quiet=options.quiet) as progress:
        tables = list(
            feature_tables(
                several(options.models, options),
                options.presets,
                options.demos,
                progress,
                plot=options.plot,
                csv=options.csv,
                data=data_file(options),
            )
        )
    answer(
        options,
        lambda: {each.name: records(each.whole) for each in tables if each.name},
        lambda: "\n".join(frame(each.title, each.table) for each in tables),
    )
    return 0


def claims(options: argparse.Namespace) -> int:
    """Test published claims."""
    from ..accuracy.study.runner import check_jobs
    from ..reports.claims.evidence import Evidence
    from ..reports.claims.second_solver import solve_again
    from ..reports.commands.claims import check_pages, claims_text, verdicts, write
    from ..reports.writing.bars import bars

    check_jobs(options.jobs)
    check_pages(options.out)
    with bars(quiet=options.quiet) as progress:
        first, *others = (Evidence(options.jobs, progress, options.store, seed) for seed in options.seed)
        found = verdicts(options.names, first, others)
    suites = [suite for evidence in (first, *others) for suite in evidence.suites]
    again = solve_again(suites) if suites else None
    write(found, options.out, again)
    answer(options, lambda: [each.to_json() for each in found], lambda: claims_text(found, bool(options.names), again))
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Say what works on this machine."""
    from ..reports.commands.about_machine.doctor import findings
    from ..reports.writing.records import dumps
    from ..reports.writing.text import prose

    if options.json:
        show_text(dumps([asdict(finding) for finding in findings(OUT)]))
        return 0
    for finding in findings(OUT):
        show_text(prose(f"{'yes' if finding.here else 'no ':3}  {finding.what}: {finding.detail}"))
    return 0


def cache(options: argparse.Namespace) -> int:
    """Show, verify or remove what the cache has."""
    from ..reports.commands.about_machine.cache import ACTIONS

    found = ACTIONS[options.action]()
    answer(options, found.to_json, lambda: found.text)
    return 0 if found.sound else 2


def store(options: argparse.Namespace) -> int:
    """Show, verify, prune or export the store of results."""
    from ..reports.commands.about_machine.store import ACTIONS

    more = {"prune": ("size",), "export": ("file",)}.get(options.action, ())
    found = ACTIONS[options.action](options.store, *(getattr(options, name) for name in more))
    answer(options, found.to_json, lambda: found.text)
    return 0 if found.sound else 2
