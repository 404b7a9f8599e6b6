"""What tests in several folders share."""

from __future__ import annotations

import collections
import json
import os
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from brian2 import ms
from hypothesis import HealthCheck, settings

from spikecost import cli
from spikecost.accuracy.drives import drive_for
from spikecost.accuracy.reference import reference
from spikecost.flops.counters import COUNTERS, Counter
from spikecost.flops.toolchain import SCALAR, Build
from spikecost.harness.engines import brian2 as brian2_engine
from spikecost.harness.kernel import Kernel, compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models import units
from spikecost.models.catalogue import MODELS, get_model
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import with_steps_alike
from spikecost.models.neuron import NeuronModel
from spikecost.models.step import make_step, why_not

# the same examples on every machine and every day: a failure is one that can be looked at again
# a loaded machine is no reason to fail
settings.register_profile("spikecost", derandomize=True, deadline=None, database=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spikecost")

#: How the reason of a skip begins that is the processor's.
NOT_TO_BE_INSTALLED = ("no PMU", "this processor has no")


@pytest.fixture(scope="session")
def drive_of() -> Callable[[str], Any]:
    """Return a constant drive for a model of the registry: its own, or, if it states none, where it fires at 70 Hz."""

    @cache
    def find(name: str) -> Any:
        model = MODELS[name]
        if model.drive is not None:
            return model.drive
        return units.quantity(drive_for(model, 70, 300).value, model.system.dimensions[model.input])

    return find


@pytest.fixture(scope="session")
def length_of() -> Callable[[str], int]:
    """Return for how many ms a model has to run under its drive for two spikes."""

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

    All of a model's kernels are compiled at once: a compiler takes longer to start than to compile one.
    """

    @cache
    def together(model: NeuronModel, build: Build) -> dict[tuple[str, str], Kernel]:
        steps = [make_step(model, method, detection) for method in with_steps_alike() for detection in DETECTIONS
                 if not why_not(model, method, detection)]
        return {(kernel.step.method, kernel.step.detection): kernel for kernel in compile_kernels(steps, build)}

    def find(model: str | NeuronModel, method: str, detection: str = "grid", build: Build = SCALAR) -> Kernel:
        return together(get_model(model), build)[method, detection]

    return find


@pytest.fixture(scope="session")
def adaptive_kernels_of() -> Callable[..., dict[str, Kernel]]:
    """Return the kernels of a model and an adaptive method by detection, all compiled at once."""

    @cache
    def together(model: NeuronModel, method: str, varying: bool = False) -> dict[str, Kernel]:
        steps = [make_step(model, method, detection, varying) for detection in DETECTIONS
                 if not why_not(model, method, detection, varying)]
        return {kernel.step.detection: kernel for kernel in compile_kernels(steps)}

    return together


@pytest.fixture(scope="session")
def callgrind() -> Counter:
    """Return the counter that runs programs, which needs valgrind."""
    counter = COUNTERS["callgrind"]
    if reason := counter.available():
        pytest.skip(reason)
    return counter


@pytest.fixture(scope="session")
def compiled_brian2() -> None:
    """Brian2 can compile here."""
    if reason := brian2_engine.cannot_compile():
        pytest.skip(f"Brian2 cannot compile: {reason}")


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `deep`, unless it is asked for."""
    if not os.environ.get("SPIKECOST_DEEP"):
        deep = [item for item in items if item.get_closest_marker("deep")]
        config.hook.pytest_deselected(items=deep)
        items[:] = [item for item in items if item not in deep]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport,
                                                                                         pytest.TestReport]:
    """In CI nothing may be missing: a skip is a failure unless the processor lacks it, which no install can mend."""
    report = yield
    lacks = any(lack in str(report.longrepr) for lack in NOT_TO_BE_INSTALLED)
    if report.skipped and os.environ.get("CI") and not lacks:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Say in the last line how many tests were skipped and why; `tox` runs pytest more than once and adds them up."""
    yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(session.config, "workerinput"):  # a process of pytest-xdist reports to another
        return
    reasons = [str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminal.stats.get("skipped", [])]
    if "SPIKECOST_SKIPPED" in os.environ:
        before = Path(os.environ["SPIKECOST_SKIPPED"])
        reasons = [*(json.loads(before.read_text()) if before.exists() else ()), *reasons]
        before.write_text(json.dumps(reasons))
    why = "; ".join(f"{n} because {reason}" for reason, n in collections.Counter(reasons).most_common())
    terminal.write_line(f"{len(reasons)} skipped: {why or 'nothing is missing on this machine'}")


#: These models meet every method with every detection; the others with one that stays on the grid and one that locates
#: the crossing: what a detection does does not depend on the model.
EVERY_DETECTION = ("lif", "izhikevich", "hodgkin_huxley", "hodgkin_huxley_tables", "mihalas_niebur")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `combination` for every (model, method) that applies, and its detections."""
    if "combination" in metafunc.fixturenames:
        found = [
            (model, method, detection)
            for model in MODELS for method in with_steps_alike()
            for detection in (DETECTIONS if model in EVERY_DETECTION else ("grid", "hermite"))
            if not why_not(MODELS[model], method, detection)
        ]
        metafunc.parametrize("combination", found, ids=["-".join(names) for names in found])
