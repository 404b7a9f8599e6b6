"""Exact counts kept on disk: they depend on the machine code and its numbers, not on when it runs.

The key contains a digest of the compiled library, the model with its numbers, the counter, the code that counts, and
the libraries of the machine. What a counter of the hardware measures is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...flops.counters import auto
from ...flops.counters.base import machine
from ...flops.toolchain import BUILDS, SCALAR
from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.code_version import code_version
from ...models.step import Step, make_step
from ..kernels.kernel import Kernel, compile_kernels
from .as_built import AsBuilt, as_built
from .measure import Measurement, Witness, measure
from .spike_cost import StepAndSpike, WholeRun, count_run, count_step_and_spike

#: Packages that count, or read machine code.
_PACKAGES = ("capstone", "pyelftools", "PyQBDI")


def kept_step_and_spike(kernel: Kernel, drive: float) -> StepAndSpike:
    """Return `count_step_and_spike`, from disk if it was counted before."""
    found = _recall("step and spike", [kernel], repr(drive), lambda: asdict(count_step_and_spike(kernel, drive)))
    return StepAndSpike(**found)


def kept_run(kernel: Kernel, drive: float) -> WholeRun:
    """Return `count_run`, from disk if it was counted before."""
    return WholeRun(**_recall("run", [kernel], repr(drive), lambda: asdict(count_run(kernel, drive))))


def kept_builds(step: Step) -> list[AsBuilt]:
    """Return `as_built`, from disk if it was counted before."""

    def compute() -> list[dict[str, Any]]:
        return [{**asdict(each), "build": each.build.name} for each in as_built(step)]

    kernels = [compile_kernels([step], build)[0] for build in BUILDS.values()]
    return [
        AsBuilt(**{**each, "build": BUILDS[each["build"]], "changes": tuple(each["changes"])})
        for each in _recall("builds", kernels, "", compute)
    ]


def kept_measurement(model: NeuronModel, method: str, detection: str) -> Measurement:
    """Return `measure`, from disk if it was measured before and no counter of the hardware works here."""
    if auto.best(exact=False) is not None:
        return measure(model, method, detection)
    kernel = compile_kernels([make_step(model, method, detection)], SCALAR)[0]
    request = repr((kernel.step.model.label, sorted(auto.reasons().items())))
    found = _recall("measurement", [kernel], request, lambda: measure(model, method, detection).to_json())
    witnesses = tuple(
        Witness(**{**each, "leaves_out": tuple(each["leaves_out"]), "not_documented": tuple(each["not_documented"])})
        for each in found["witnesses"]
    )
    return Measurement(**{**found, "witnesses": witnesses})


def _recall(what: str, kernels: Iterable[Kernel], request: str, compute: Callable[[], Any]) -> Any:
    counter = auto.best(exact=True)
    key = [what, request, counter.name if counter else "", code_version("models", "flops", "harness")]
    key += [f"{name} {fact}" for name, fact in machine().items()]
    key += [f"{name} {_version(name)}" for name in _PACKAGES]
    for kernel in kernels:
        step = kernel.step
        key += [
            _digest(kernel.library),
            step.method,
            step.detection,
            step.precision,
            repr(step.varying),
            step.model.content,
        ]
    return kept.recall("counts", "\n".join(key), compute)


@cache
def _digest(library: Path) -> str:
    return sha256(library.read_bytes()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
