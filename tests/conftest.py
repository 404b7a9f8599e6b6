"""What tests in several folders share."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from functools import cache
from typing import Any

import pytest
from hypothesis import settings

from spikecost.accuracy.drives import drive_for
from spikecost.flops.toolchain import SCALAR, Build
from spikecost.harness.kernel import Kernel, compile_kernels
from spikecost.models import units
from spikecost.models.catalogue import MODELS, get_model
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import ADAPTIVE, METHODS
from spikecost.models.neuron import NeuronModel
from spikecost.models.step import applies, make_step

# the same examples on every machine and every day: a failure is one that can be looked at again
settings.register_profile("spikecost", derandomize=True, deadline=None, database=None)
settings.load_profile("spikecost")


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
def kernel_of() -> Callable[..., Kernel]:
    """Return the kernel of a model, method and detection.

    All of a model's kernels are compiled at once: a compiler takes longer to start than to compile one.
    """

    @cache
    def together(model: NeuronModel, build: Build) -> dict[tuple[str, str], Kernel]:
        steps = [make_step(model, method, detection) for method in METHODS for detection in DETECTIONS
                 if not applies(model, method, detection)]
        return {(kernel.step.method, kernel.step.detection): kernel for kernel in compile_kernels(steps, build)}

    def find(model: str | NeuronModel, method: str, detection: str = "grid", build: Build = SCALAR) -> Kernel:
        return together(get_model(model), build)[method, detection]

    return find


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport,
                                                                                         pytest.TestReport]:
    """In CI nothing may be missing: a skip is a failure unless the machine has no PMU, which no install can mend."""
    report = yield
    if report.skipped and os.environ.get("CI") and "no PMU" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `combination` for every (model, method, detection) that is registered and applies.

    One that takes `adaptive` is run for every adaptive method likewise.
    """
    for fixture, methods in (("combination", METHODS), ("adaptive", ADAPTIVE)):
        if fixture in metafunc.fixturenames:
            found = [
                (model, method, detection)
                for model in MODELS for method in methods for detection in DETECTIONS
                if not applies(MODELS[model], method, detection)
            ]
            metafunc.parametrize(fixture, found, ids=["-".join(names) for names in found])
