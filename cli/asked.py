"""The models, the Step and the files that the options of a command ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from ..models.ground.errors import UserError, quoted, short

if TYPE_CHECKING:
    from ..models.definition.neuron import NeuronModel
    from ..models.step import Step


def import_brian2_alone() -> None:
    """Import Brian2 without the libraries that it only gives on to scripts, if it is not imported yet.

    These are pylab, whose names a script gets with Brian2's, and pytest, for Brian2's own tests. Brian2 goes on without
    them if they are missing. They take a third of the time of its import. Do not call this before a user's script is
    executed.
    """
    if "brian2" in sys.modules:
        return
    left_out = [name for name in ("pylab", "pytest") if name not in sys.modules]
    sys.modules |= dict.fromkeys(left_out)  # type: ignore[arg-type]  # None: as if it were missing
    try:
        import_module("brian2")
    finally:
        for name in left_out:
            del sys.modules[name]


def names_in(text: str, option: str) -> list[str]:
    """Return names with commas between them, and blanks around them.

    Raises
    ------
    UserError
        If there is none.
    """
    found = [name for each in text.split(",") if (name := each.strip())]
    if not found:
        raise UserError(f"{option} '{short(text)}': expected at least one name")
    return found


def check_for_script(options: argparse.Namespace, models: Sequence[str]) -> None:
    """Check that what the options say of a Brian2 group in a script is said of a script.

    Raises
    ------
    UserError
        If it is not.
    """
    from ..models.ground.named_files import runs_code

    for name in ("input", "synapses"):
        given = getattr(options, name)
        if given is not None and not any(map(runs_code, models)):
            raise UserError(
                f"--{name} {quoted(given)}: it is for a Brian2 group in a script; name one, as script.py:group, or "
                f"leave --{name} out"
            )


def several(models: Sequence[str], options: argparse.Namespace) -> list[str | NeuronModel]:
    """Return the models; what the options say of Brian2 groups holds for those from scripts."""
    from ..models.ground.named_files import runs_code
    from ..models.reading.by_name import get_model
    from ..models.reading.files import each_named

    check_for_script(options, models)
    asked = options.input, options.synapses
    return [
        get_model(model, *asked) if asked != (None, None) and isinstance(model, str) and runs_code(model) else model
        for model in each_named(models)
    ]


def step_of(options: argparse.Namespace) -> Step:
    """Return the Step of the model, method, detection and precision."""
    from ..models.reading.by_name import get_model
    from ..models.step import make_step

    model = get_model(options.model, options.input, options.synapses)
    return make_step(model, options.method, detection_of(options, model), precision=options.precision)


def detection_of(options: argparse.Namespace, model: NeuronModel) -> str:
    """Return the detection that was asked for, or else the first that the method has: the grid, if it can be used."""
    from ..models.detection import DETECTIONS
    from ..models.step import why_not

    if options.detection:
        return str(options.detection)
    return next((name for name in ("grid", *DETECTIONS) if not why_not(model, options.method, name)), "grid")


def data_file(options: argparse.Namespace) -> str | None:
    """Return the file for the numbers of a plot, which is written only with the plot."""
    if options.data and not options.plot:
        raise UserError(f"--data {options.data}: it writes the numbers of a plot; give --plot, too")
    return str(options.data) if options.data else None
