"""Brian2's own examples: what becomes of every group with a threshold in them.

``python tests/models/reading/examples_of_brian2.py`` gets the source distribution of the installed version of Brian2
with pip, executes each of its examples in a process of its own, converts each group that would spike at each call of
``run``, runs one of its neurons in Brian2 and here, and writes the last part of ``docs/groups.md``. Nothing of the
examples is kept. A run of the script itself is shortened to `SHORT`.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from unittest.mock import MagicMock

import brian2
import numpy as np
from brian2 import ms
from brian2.core.base import BrianObject
from brian2.utils.stringtools import get_identifiers

import spikecost as sc
from spikecost.harness.engines import brian2 as engine
from spikecost.models.ground.errors import UserError

HERE = Path(__file__).resolve()
if __package__:
    from . import abroad_groups as abroad
else:  # as a script, without the package of the tests
    sys.path.insert(0, str(HERE.parent))
    import abroad_groups as abroad

#: A run of an example is shortened to this, and an example is ended after so many seconds of processor time, or of wall
#: time, and after so many bytes.
SHORT, PROCESSOR, WALL, MEMORY = 2 * ms, 240, 900, 6 << 30
RUN = brian2.Network.run


@dataclass(frozen=True)
class Found:
    """What becomes of a group of an example."""

    file: str
    group: str
    """The name of a variable of the script, or what Brian2 calls it."""
    equations: bool
    """Whether it has differential equations."""
    row: abroad.Row


# --- the examples ----------------------------------------------------------------------------------------------------


def source(folder: Path, version: str = brian2.__version__) -> Path:
    """Get the source distribution of a version of Brian2 from PyPI, and return the folder of its examples."""
    asked = ["pip", "download", "--quiet", "--no-binary", "brian2", "--no-deps", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", *asked, f"brian2=={version}"], check=True, timeout=900)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    (examples,) = folder.glob("*/examples")
    return examples


def scripts(folder: Path) -> list[Path]:
    """Return the examples that make groups of neurons."""
    return sorted(path for path in folder.rglob("*.py") if re.search(r"\bNeuronGroup\b", path.read_text("utf-8")))


def census(folder: Path, only: Sequence[Path] | None = None) -> tuple[list[Found], dict[str, str]]:
    """Return what becomes of the groups of each example, and of each example without such a group: why."""
    found: list[Found] = []
    without: dict[str, str] = {}
    for script in scripts(folder) if only is None else only:
        with tempfile.TemporaryDirectory() as kept:
            said = in_a_process(script, Path(kept))
            rows = [json.loads(path.read_text("utf-8")) for path in sorted(Path(kept).glob("*.json"))]
        name = script.relative_to(folder).as_posix()
        found += [Found(name, each["group"], each["equations"], abroad.Row(**each["row"])) for each in rows]
        if not rows and re.search(r"\bthreshold\s*=", script.read_text("utf-8")):
            without[name] = said
        sys.stderr.write(f"{name}: {len(rows)} groups, {said}\n")
    return found, without


def in_a_process(script: Path, kept: Path) -> str:
    """Execute an example in a process of its own, which writes its rows to files, and return how it ended."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        try:
            with (kept / "output").open("w") as out:
                os.dup2(out.fileno(), 1)
                os.dup2(out.fileno(), 2)
            resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR + 5))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            (kept / "said").write_text(Watch(script, kept).execute(), "utf-8")
        except BaseException:
            (kept / "said").write_text(traceback.format_exc(), "utf-8")
        finally:
            os._exit(0)
    ends = time.monotonic() + WALL
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > ends:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "was ended after its time"
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):  # whatever it has started
        os.killpg(child, signal.SIGKILL)
    said = kept / "said"
    return said.read_text("utf-8") if said.exists() else "was ended after its time"


class Watch:
    """Executes an example, and looks at its groups at each run."""

    def __init__(self, script: Path, kept: Path) -> None:
        self._script, self._kept = script, kept
        self._seen: set[str] = set()
        self._names: dict[str, Any] = {}
        self._built_first = False
        """Whether the script builds a standalone program before it runs it."""

    def execute(self) -> str:
        """Execute it, and return how it ended."""
        import matplotlib

        matplotlib.use("Agg")
        brian2.BrianLogger.log_level_error()
        brian2.prefs.codegen.target = "numpy"
        brian2.seed(1)
        warnings.simplefilter("ignore")  # pytest makes them errors; Brian2 compares single precision with 1e50
        sys.meta_path.append(NotHere())
        self._patch()
        os.chdir(self._script.parent)
        sys.path.insert(0, str(self._script.parent))
        sys.argv = [str(self._script)]
        names = {"__name__": "__main__", "__file__": str(self._script)}
        sys.modules["__main__"].__dict__.update(names)
        try:
            exec(compile(self._script.read_text("utf-8"), self._script, "exec"), names)
            said = "ended"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}".partition("\n")[0]
        return said

    def _patch(self) -> None:
        """Look at the groups at each run, which is shortened; run everything in this process, without a device."""
        import multiprocessing.pool

        watch = self

        def run(network: Any, duration: Any, *_: Any, namespace: Any = None, **__: Any) -> None:
            watch._names = dict(namespace or watch._around())
            if watch._built_first:
                return
            watch.look()
            RUN(network, min(duration, SHORT), namespace=watch._names)

        def run_of_device(*_: Any, run_args: Mapping[Any, Any] | None = None, **__: Any) -> None:
            for variable, value in (run_args or {}).items():
                if not isinstance(variable, str):
                    variable[:] = value
            watch.look()

        def set_device(*_: Any, build_on_run: bool = True, **__: Any) -> None:
            watch._built_first = not build_on_run

        brian2.Network.run = run
        devices = sys.modules["brian2.devices.device"]
        for module in (brian2, devices):
            module.set_device = set_device
        for name in ("build", "reinit", "activate", "delete", "insert_code"):
            setattr(devices.RuntimeDevice, name, lambda *_, **__: None)
        devices.RuntimeDevice.run = run_of_device
        multiprocessing.Pool = multiprocessing.pool.ThreadPool = Serial  # type: ignore[assignment,misc]
        multiprocessing.Process = Serial.Process  # type: ignore[assignment,misc]

    def _around(self) -> dict[str, Any]:
        """Return the names around the call, in the script."""
        frame: FrameType | None = sys._getframe()
        while frame and not frame.f_code.co_filename.startswith(str(self._script.parent)):
            frame = frame.f_back
        return {**frame.f_globals, **frame.f_locals} if frame else self._names

    def look(self) -> None:
        """Convert and run each group with a threshold that is new, in a process of its own, so that none is changed."""
        groups = [each() for each in list(BrianObject.__instances__())]
        for group in sorted(groups, key=lambda each: str(getattr(each, "name", ""))):
            if type(group) is not brian2.NeuronGroup or "spike" not in group.events:
                continue
            kind = f"{group.user_equations} {group.events} {group.event_codes} {group._refractory}"
            if kind in self._seen:
                continue
            self._seen.add(kind)
            named = [name for name, value in self._names.items() if value is group and not name.startswith("_")]
            child = os.fork()
            if not child:
                try:
                    brian2.Network.run = RUN
                    row = row_of(abroad.Row("", ""), group, self._names, [g for g in groups if g is not group])
                    said = {"group": (named or [group.name])[0], "equations": bool(group.equations.diff_eq_names)}
                    path = self._kept / f"{len(self._seen):03}.json"
                    path.write_text(json.dumps(said | {"row": asdict(row)}), "utf-8")
                finally:
                    os._exit(0)
            os.waitpid(child, 0)


class Serial:
    """A pool of processes that is this process."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def map(self, function: Any, values: Any, *_: Any, **__: Any) -> list[Any]:
        """Call the function with each value."""
        return [function(value) for value in values]

    imap = imap_unordered = map  # noqa: A003

    def starmap(self, function: Any, values: Any, *_: Any, **__: Any) -> list[Any]:
        """Call the function with the values in each."""
        return [function(*value) for value in values]

    def __enter__(self) -> Serial:
        return self

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        """Do nothing."""

    join = terminate = close

    class Process:
        """A process that is this one."""

        def __init__(self, *_: Any, target: Any = None, args: Any = (), kwargs: Any = None, **__: Any) -> None:
            self._call = (target, args, kwargs or {})

        def start(self) -> None:
            """Call the function."""
            target, args, kwargs = self._call
            target(*args, **kwargs)

        def join(self, *_: Any) -> None:
            """Do nothing."""


class NotHere(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Packages that are not installed are replaced by ones that do nothing."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return a specification of anything that a script imports, which nobody else has found."""
        del path, target
        frame: FrameType | None = sys._getframe()
        while frame and ("importlib" in frame.f_code.co_filename or frame.f_code.co_filename == str(HERE)):
            frame = frame.f_back
        asked_by_script = frame is not None and "examples" in frame.f_code.co_filename
        known = isinstance(sys.modules.get(fullname.rpartition(".")[0]), MagicMock)
        return importlib.machinery.ModuleSpec(fullname, self) if asked_by_script or known else None

    def create_module(self, spec: Any) -> ModuleType:
        """Make the package."""
        made: Any = MagicMock(name=spec.name)
        made.__path__, made.__spec__, made.__all__ = [], spec, []
        return made  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing."""


# --- a group ---------------------------------------------------------------------------------------------------------


def row_of(row: abroad.Row, group: Any, names: Mapping[str, Any], others: Sequence[Any]) -> abroad.Row:
    """Return what becomes of one neuron of a group (not the first, whose parameters are often 0)."""
    owners = {getattr(getattr(each, "owner", None), "name", "") for each in group.variables.values()}
    linked = tuple(each for each in others if getattr(each, "name", None) in owners)
    identifiers = {
        name
        for each in (group, *linked)
        for equation in each.user_equations.values()
        if equation.expr is not None
        for name in get_identifiers(equation.expr.code)
    }
    timed = any(isinstance({**names, **(group.namespace or {})}.get(name), brian2.TimedArray) for name in identifiers)
    for each in (reference() for reference in list(BrianObject.__instances__())):
        each._network = None  # that of the script
    made = abroad.Abroad(group, names, min(len(group) - 1, int(len(group) * 0.7)), {}, linked, timed)
    try:
        abroad.converted(made)
    except UserError as error:
        if "synapses=" in str(error):
            made = replace(made, asked=abroad.LEFT_OUT)
    try:
        model = abroad.converted(made)
    except UserError as error:
        if "say which one the stimulus drives" in str(error):
            made = replace(made, asked={**made.asked, "input": ""})
    else:
        made = replace(made, timed=timed and model.drive is None and bool(model.input))
    try:
        return abroad.what_becomes(row, made)
    except StopIteration:
        pass
    except Exception as error:
        if "StopIteration" not in repr(error.__cause__):
            return replace(row, note=f"no: {type(error).__name__}: {error}".partition("\n")[0])
    return by_the_model(row, made)


def by_the_model(row: abroad.Row, made: abroad.Abroad) -> abroad.Row:
    """Complete the row of a group that draws random numbers outside its equations: Brian2 runs the model of it."""
    model, settings = abroad.converted(made), sc.settings_from_brian2(made.group, namespace=made.names)
    stimulus = abroad.stimulus_of(made, model).with_noise(1)
    ours = abroad.ours_of(model, stimulus, settings)
    dt = abroad.dt_of(settings, stimulus)
    theirs = engine.run(model, settings.method, stimulus, dt, "numpy", detection=settings.detection)
    equal = abroad.same(ours, abroad.Run(np.asarray(theirs), {}))
    row = replace(row, method=settings.method, input=model.input, spikes=len(theirs), equal=equal)
    return replace(row, note=abroad.RANDOM + " (Brian2 ran the model of it)")


# --- the page --------------------------------------------------------------------------------------------------------

HEAD = "| file | group | input | method | spikes | equal to Brian2's |\n|---|---|---|---|---|---|"
WITHOUT = "Examples in which no group with a threshold was reached, and how they ended:"
NO_EQUATIONS = "a source of spikes, without differential equations"


def lines(found: Sequence[Found]) -> Iterator[str]:
    """Write the rows of the table."""
    for each in found:
        row = each.row
        cells = [f"`{each.file}`", f"`{each.group}`"]
        if row.refused:
            cells += ["", "", "", "refused: " + (row.refused if each.equations else NO_EQUATIONS)]
        else:
            equal = {True: "yes", False: "no", None: ""}[row.equal] + row.note
            if row.equal and not row.spikes:
                equal = equal.replace("yes", "yes, in its state", 1)
            cells += [row.input or "as it stands", row.method, str(row.spikes), equal]
        yield f"| {' | '.join(cells)} |"


def totals(found: Sequence[Found]) -> str:
    """Say how many groups are accepted, and how many are equal."""
    neurons = [each.row for each in found if each.equations]
    accepted = [row for row in neurons if not row.refused]
    equal = [row for row in accepted if row.equal]
    silent = sum(not row.spikes for row in equal)
    slowest = max((row.seconds for row in accepted), default=0.0)
    return (
        f"{len(neurons)} groups have differential equations: {len(accepted)} are accepted, and {len(equal)} are\n"
        f"equal to Brian2's; {silent} of these do not spike without the rest of their script, and have the same state\n"
        f"(to {abroad.EQUAL:g} of its size) at the end. {len(found) - len(neurons)} groups are sources of spikes "
        f"without equations.\nNo conversion took more than {np.ceil(10 * slowest) / 10:g} s of processor time."
    )


def part_of_page(found: Sequence[Found], without: Mapping[str, str]) -> str:
    """Write the part of the page about the examples."""
    others = [f"- `{name}`: {said.replace('|', '/')}" for name, said in without.items()]
    return "\n".join(
        [
            abroad.EXAMPLES,
            f"The examples of Brian2 {brian2.__version__}, in its source distribution on PyPI, were executed on "
            f"{time.strftime('%Y-%m-%d')}",
            "by `python tests/models/reading/examples_of_brian2.py`, with each run shortened, and with packages that",
            "are not installed replaced by ones that do nothing. Each group with a threshold that differs from the",
            "others of its file was treated as above. `tox -e deep` does it again.",
            "",
            totals(found),
            "",
            HEAD,
            *lines(found),
            "",
            *([WITHOUT, "", *others, ""] if others else []),
        ]
    )


def main() -> None:
    """Write the part of the page."""
    with tempfile.TemporaryDirectory() as folder:
        found, without = census(source(Path(folder)))
    page = abroad.DOCUMENT.read_text("utf-8").partition(abroad.EXAMPLES)[0]
    abroad.DOCUMENT.write_text(page + part_of_page(found, without), "utf-8")


if __name__ == "__main__":
    main()
