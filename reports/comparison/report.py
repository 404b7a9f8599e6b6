"""``spikecost report``: the files of a run for people and papers, made only from its data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from ...harness.executors.beside import HERE, SecondProcess
from ..writing.files import replace_all
from .formats import render
from .places import MANIFEST
from .run_folder import RunFolder

#: The folder of a report within the folder of its run, and the file that is written last.
FOLDER, SIGN = "report", "report.json"


def report(
    folder: str | Path,
    formats: Iterable[str] | None = None,
    out: str | Path | None = None,
    second: SecondProcess = HERE,
) -> list[Path]:
    """Write a run's report and return the paths of its files.

    Parameters
    ----------
    folder : str or Path
        Folder of the run.
    formats : iterable of str, optional
        Names in `FORMATS`. By default all; ``svg`` and ``pdf`` are then of the figures for papers alone, and not
        also of those that the folder of the run has as pictures, and long tables are only Parquet files.
    out : str or Path, optional
        Folder of the report; by default ``report`` in the folder of the run.
    second : SecondProcess, optional
        A second process, which draws the figures.

    Raises
    ------
    UserError
        If the run is incomplete, a format is unknown, or the folder cannot be written. Then nothing is overwritten.
    """
    run = RunFolder.read(folder)
    files = render(run, formats, second)
    target = Path(folder) / FOLDER if out is None else Path(out)
    digest = hashlib.sha256((Path(folder) / MANIFEST).read_bytes()).hexdigest()
    sign = {"run": digest, "made": run.about["made"], "files": sorted(files)}
    replace_all(target, files, SIGN, (json.dumps(sign, indent=1) + "\n").encode())
    return [target / name for name in files]
