"""The command of the atlas; it imports what it needs."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ..models.ground.errors import UserError, shortened
from .printing import answer, show_page


def atlas(options: argparse.Namespace) -> int:
    """Show, make or check the atlas."""
    from ..models.definition.language import units
    from ..reports.commands import atlas as commands

    folder = Path(options.folder) if options.folder else None
    if folder and options.action != "make" and not folder.is_dir():
        raise UserError(f"there is no folder {shortened(str(folder))}; give one that `spikecost atlas make` wrote")
    if options.action == "info":
        found = commands.info(folder)
    elif options.action == "show":
        found = commands.show(options.model, folder=folder, drive=options.drive, precision=options.precision)
    elif options.action == "page":
        found = commands.paged(options.out, folder)
    else:
        from ..accuracy.study.runner import check_jobs
        from ..reports.writing.bars import bars

        check_jobs(options.jobs)
        limit = math.inf
        if options.limit is not None:
            limit = float(units.in_ms(units.parse_quantity(options.limit), "--for")) / 1000
        given: dict[str, Any] = {"seconds": limit, "jobs": options.jobs, "folder": folder, "store": options.store}
        with bars(quiet=options.quiet) as progress:
            if options.action == "make":
                found = commands.made(options.models, options.drives, **given, progress=progress)
            else:
                found = commands.checked(options.fraction, options.seed, **given, progress=progress)
    if options.action == "page" and options.open:
        show_page(Path(options.out))
    answer(options, found.to_json, lambda: found.text)
    return 0 if found.sound else 2
