"""Fixtures and settings that tests in several folders share."""

from __future__ import annotations

import base64
import collections
import gc
import json
import os
import platform
import shutil
import signal
import time
from collections.abc import Callable, Generator, Iterator
from functools import cache
from typing import Any

import brian2
import pytest
import sympy
from brian2 import ms
from hypothesis import HealthCheck, settings

from spikecost import cli
from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.regimes.drives import drive_for
from spikecost.flops.counters import COUNTERS, Counter
from spikecost.flops.toolchain import SCALAR, Build, has_vector_exp
from spikecost.harness.engines import brian2 as brian2_engine
from spikecost.harness.engines import brian2_engine as as_an_engine
from spikecost.harness.kernels.kernel import Kernel, compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import with_steps_alike
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not
from spikecost.reports.comparison import rendering
from spikecost.reports.writing import encoded

from .archetypes import DEEP, applicable, detections_of, is_covering, methods_of

# the same examples on every machine and every day, so that a failure can be reproduced; no deadline, because a busy
# machine must not make a test fail
settings.register_profile(
    "spikecost",
    max_examples=200 if DEEP else 30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("spikecost")

# a test computes what it tests; the tests of the store make their own
os.environ["SPIKECOST_STORE"] = "off"

# groups and synapses of tests are small: Cython would compile for ten times as long as they run
brian2.prefs.codegen.target = "numpy"

# Brian2 solves linear equations anew for every group, and once more for every run; three of them take seconds
sympy.ImmutableMatrix.exp = cache(sympy.ImmutableMatrix.exp)

# no test cuts the power: what a file has need not wait for the disk
os.fsync = os.fstat

# in a background job of a script Ctrl-C is ignored; tests send it to themselves
if getattr(signal.getsignal(signal.SIGINT), "previous_handler", None) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, brian2._InterruptHandler(signal.default_int_handler))

#: A search of all objects for garbage that takes longer than this, in s, is not repeated for the same objects.
LONG_SEARCH = 0.03

#: The beginning of the reason of a skip that is due to the processor.
NOT_TO_BE_INSTALLED = ("no PMU", "this processor has no")


@pytest.fixture(scope="session")
def drive_of() -> Callable[[str], Any]:
    """Return a constant drive for a registered model: its own drive, or the drive at which it fires at 70 Hz."""

    @cache
    def find(name: str) -> Any:
        model = MODELS[name]
        if model.drive is not None:
            return model.drive
        return units.quantity(drive_for(model, 70, 300).value, model.system.dimensions[model.input])

    return find


@pytest.fixture(scope="session")
def length_of() -> Callable[[str], int]:
    """Return the time in ms that a model needs at its drive for two spikes."""

    @cache
    def find(name: str) -> int:
        model, drive = MODELS[name], MODELS[name].drive
        for length in (40, 100, 200, 400):
            if drive is not None and len(reference(model, constant(drive, length * ms)).train) >= 2:
                return length
        return 1000

    return find


@pytest.fixture(scope="session")
def kernel_of() -> Callable[..., Kernel]:
    """Return the kernel of a model, method and detection.

    All kernels that everyday tests need for a model are compiled at once, because starting a compiler takes longer than
    compiling a kernel.
    """

    @cache
    def together(
        model: NeuronModel, methods: tuple[str, ...], detections: tuple[str, ...], build: Build
    ) -> dict[tuple[str, str], Kernel]:
        steps = [
            make_step(model, method, detection)
            for method in methods
            for detection in detections
            if not why_not(model, method, detection)
        ]
        return {(kernel.step.method, kernel.step.detection): kernel for kernel in compile_kernels(steps, build)}

    def find(model: str | NeuronModel, method: str, detection: str = "grid", build: Build = SCALAR) -> Kernel:
        model = get_model(model)
        every = tuple(with_steps_alike()), tuple(DETECTIONS)
        usual = (methods_of(model.name), detections_of(model.name)) if model.name in MODELS else every
        group = usual if method in usual[0] and detection in usual[1] else every
        return together(model, *group, build)[method, detection]

    return find


@pytest.fixture(scope="session")
def adaptive_kernels_of() -> Callable[..., dict[str, Kernel]]:
    """Return the kernels of a model and an adaptive method by detection, all compiled at once."""

    @cache
    def together(model: NeuronModel, method: str, varying: bool = False) -> dict[str, Kernel]:
        steps = [
            make_step(model, method, detection, varying)
            for detection in DETECTIONS
            if not why_not(model, method, detection, varying)
        ]
        return {kernel.step.detection: kernel for kernel in compile_kernels(steps)}

    return together


@pytest.fixture(scope="session")
def callgrind() -> Counter:
    """Return the counter that runs programs, which needs valgrind."""
    counter = COUNTERS["callgrind"]
    if reason := counter.why_not():
        pytest.skip(reason)
    return counter


@pytest.fixture
def brian2_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brian2 as an engine runs in this process, which has imported it; tests of engines start another one."""

    def ask(_title: str, _program: str, question: dict[str, str]) -> Any:
        return json.loads(json.dumps(as_an_engine.answered(base64.b64decode(question["given"]), "")))

    monkeypatch.setattr(as_an_engine, "ask", ask)


@pytest.fixture(scope="session")
def compiled_brian2() -> None:
    """Brian2 can compile here."""
    if reason := brian2_engine.why_not_compiled():
        pytest.skip(f"Brian2 cannot compile: {reason}")


@pytest.fixture(scope="session")
def vector_library() -> None:
    """Functions can be computed in SIMD lanes here."""
    if not has_vector_exp():
        if platform.machine() != "x86_64":
            pytest.skip("this processor has no functions in SIMD lanes here: run the tests on x86-64")
        pytest.skip(
            "functions in SIMD lanes need gcc and glibc's libmvec (Debian: apt-get install gcc libc6); set CC=gcc"
        )


@pytest.fixture(scope="session")
def cpp_compiler() -> str:
    """Return the path of a C++ compiler."""
    found = shutil.which("g++")
    if found is None:
        pytest.skip("there is no C++ compiler g++: install it (Debian: apt-get install g++)")
    return found


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str, str]]:
    """Run a command of the command line in process; return its status and what it printed."""

    def run(*arguments: str) -> tuple[Any, str, str]:
        status: Any
        try:
            status = cli.main(list(arguments))
        except SystemExit as stop:  # argparse
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def pytest_sessionstart(session: pytest.Session) -> None:
    """Handle signals that ``nohup`` or a shell's ``&`` ignore: tests send them, also to programs that they start."""
    del session
    for number, usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that need a browser, and leave out tests that are not selected. Files with slow tests come first, so
    that no process is still busy with one when the others have ended.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    if not DEEP:
        deep = {item for item in items if item.get_closest_marker("product") or item.get_closest_marker("deep")}
        config.hook.pytest_deselected(items=list(deep))
        items[:] = [item for item in items if item not in deep]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what exists before the first test out of garbage collection: Brian2 collects in every run, and searching
    all modules and tests for garbage takes longer than most runs.
    """
    del session
    gc.collect()
    gc.freeze()
    gc.callbacks.append(_time_searches)


#: When the search for garbage began, and whether a search of all objects has become long since the last test.
_search = {"begun": 0.0, "long": False}


def _time_searches(phase: str, about: dict[str, int]) -> None:
    if phase == "start":
        _search["begun"] = time.perf_counter()
    elif about["generation"] == 2:
        _search["long"] |= time.perf_counter() - _search["begun"] > LONG_SEARCH


def pytest_runtest_logfinish() -> None:
    """Leave out what Brian2 and sympy keep of earlier tests, too."""
    if _search["long"]:
        gc.freeze()
        _search["long"] = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a skipped test counts as failed, unless the processor lacks what it needs (nothing can install that)."""
    report = yield
    lacks = any(lack in str(report.longrepr) for lack in NOT_TO_BE_INSTALLED)
    if report.skipped and os.environ.get("CI") and not lacks:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Say in the last line how many tests were skipped and why."""
    yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(session.config, "workerinput"):  # a process of pytest-xdist reports to another
        return
    reasons = [str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminal.stats.get("skipped", [])]
    why = "; ".join(f"{n} because {reason}" for reason, n in collections.Counter(reasons).most_common())
    terminal.write_line(f"{len(reasons)} skipped: {why or 'nothing is missing on this machine'}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `combination` for every (model, method) that applies, and its detections."""
    if "combination" in metafunc.fixturenames:
        found = [
            (model, method, detection)
            for model in MODELS
            for method in applicable(model)
            for detection in detections_of(model)
            if DEEP or is_covering(model, method, detection)
            if not why_not(MODELS[model], method, detection)
        ]
        metafunc.parametrize("combination", found, ids=["-".join(each) for each in found])


@pytest.fixture(scope="session", autouse=True)
def _no_pictures() -> Iterator[None]:
    """The pictures of a run take longer to draw than the run; tests that look at them take `pictures`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            rendering, "to_figures", lambda _figure, kinds: {kind: f"no {kind} in this test".encode() for kind in kinds}
        )
        yield


@pytest.fixture(scope="module")
def pictures() -> Iterator[None]:
    """The pictures of a run are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "to_figures", encoded.to_figures)
        yield


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rows of tables and sentences have one line each; `tests/test_cli.py` sets widths of terminals."""
    monkeypatch.setenv("COLUMNS", "1000")
