"""Counted equals retired: the processor executes exactly the operations that the Step lists, by kind, for every
registered combination of model and method.

`_Interpreter` runs a Step in the way that the kernel should, with Python's floats, and adds up the counts of the blocks
that it runs. The kernel under the instrumented counter must show the same operations, and the same bits of state.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from brian2 import ms

from spikecost.flops import Operations, count_block, count_step
from spikecost.flops.counters import COUNTERS
from spikecost.flops.toolchain import SCALAR
from spikecost.harness.kernels.arguments import refractory_steps
from spikecost.harness.kernels.c_source import MAX_SPIKES_PER_STEP
from spikecost.harness.kernels.kernel import Kernel, compile_kernels
from spikecost.harness.stimuli import Stimulus
from spikecost.models.algebra.expression import FLOATS, Const, Op, evaluate, nodes
from spikecost.models.algebra.simplify import Block
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods.kinds.fixed_step import conditions
from spikecost.models.step import Step, make_step, why_not

from ...archetypes import OF_EACH_FORM, applicable, choose, detections_with, everyday_methods, is_archetype
from .levels import NEEDS, require_level

#: Steps in ms; the first one is used at which the model spikes and stays finite. (In a coarse step an exponential
#: upstroke overflows.)
STEPS = (Fraction(1, 64), Fraction(1, 256), Fraction(1, 1024))
#: The model as it is; several steps of refractoriness; less than a step of it: it ends in the step of the spike.
REFRACTORY = {"own": None, "long": 2 * ms, "short": ms / 100}
#: The models tried with these: with all variables held, with one that still changes, and without a reset, for which a
#: short time would mean spikes without end. (Refractory kernels work in the same way for all models.)
WAITING = {"lif": ("own", "long", "short"), "izhikevich": ("own", "long", "short"), "fitzhugh_nagumo": ("own", "long")}
#: Methods of three forms: one stage, several stages, the exact solution.
FEW = ("euler", "rk4", "exact")
STATE = 7  # place of the state among a kernel's arguments


def _divide(a: float, b: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(a) / np.float64(b))


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


#: Python's floats, with infinities as in the processor where Python raises an error.
ALGEBRA: Mapping[str, Callable[..., Any]] = {**FLOATS, "div": _divide, "exp": _exp}


def _function_of_single(name: str, arguments: int) -> Callable[..., np.float32]:
    function = ctypes.CDLL("libm.so.6")[name]
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float] * arguments
    return lambda *given: np.float32(function(*given))


#: numpy's numbers of 32 bits, with the functions of C's library for them.
ALGEBRAS = {
    "double": (ALGEBRA, float),
    "single": (
        {
            **FLOATS,
            "neg": lambda a: -a,
            "abs": abs,
            "exp": _function_of_single("expf", 1),
            "pow": _function_of_single("powf", 2),
        },
        np.float32,
    ),
}


def _cells() -> list[Any]:
    found = [
        (name, refractory, method)
        for name in MODELS
        for method in applicable(name)
        for refractory in WAITING.get(name, ("own",))
    ]
    return choose(found, _is_everyday)


def _is_everyday(cell: tuple[str, str, str]) -> bool:
    """Whether everyday tests have it: one method, unless the method matters.

    Where all variables are held, or a refractory time ends within a step, the blocks are the same for all methods.
    """
    name, refractory, method = cell
    if refractory == "short" or (refractory == "long" and name == "lif"):
        return method in FEW
    if refractory == "long":
        return method in OF_EACH_FORM
    return method in everyday_methods(name)[: None if is_archetype(name) else 1]


def _detections(model: NeuronModel, method: str) -> list[str]:
    found = [each for each in detections_with(model.name, method) if not why_not(model, method, each)]
    assert found
    return found


@cache
def _model(name: str, refractory: str) -> NeuronModel:
    model, duration = MODELS[name], REFRACTORY[refractory]
    return model if duration is None else model.replace(refractory=duration)


class _Interpreter:
    def __init__(self, step: Step, dt: Fraction, drive: float, state: dict[str, float]) -> None:
        self.step = step
        self.counted = Operations()
        self.passed = dict.fromkeys(("steps", "spikes", "pauses", "resumes"), 0)
        self._algebra, self._number = ALGEBRAS[step.precision]
        n = self._number
        self.state = {name: n(value) for name, value in state.items()}
        self._fixed = {
            name: n(value) for name, value in {**step.model.parameter_values, step.model.input: drive}.items()
        }
        self._dt = n(float(dt))
        self._refractory = n(refractory_steps(step.model, float(dt), step.restarts))
        self._left = n(0.0)
        self._once = self._run(step.blocks["once"], {**self._fixed, "dt": self._dt})

    def _run(self, block: Block, values: dict[str, float]) -> dict[str, float]:
        values = dict(values)
        for assign in block.assignments:
            values[assign.target] = evaluate(assign.value, values, self._algebra, self._number)
        self.counted += count_block(block)
        return values

    def advance(self) -> None:
        step = self.step
        values = {**self._once, **self.state, "left": self._left}
        values = self._run(step.blocks["check"], values)
        if values.get("waiting"):
            self._interrupt(values, waiting=True)
            return
        values = self._run(step.blocks["advance"], values)
        self.passed["steps"] += 1
        if all(values[name] for name in conditions(step.model)):
            self._interrupt(values, waiting=False)
        else:
            self._take(values, "next")

    def _interrupt(self, values: dict[str, float], waiting: bool) -> None:
        step = self.step
        values |= {"done": self._number(0.0), "step": self._dt}
        for _ in range(MAX_SPIKES_PER_STEP):
            if not waiting:
                self.passed["spikes"] += 1
                values = self._run(step.blocks["spike"], values)
                self._take(values, "reset" if step.restarts or step.model.system.reset else "next")
                self._left = self._refractory
                if not step.restarts:
                    return
                values |= {**self.state, "done": values["elapsed"], "dt": values["rest"], "left": self._left}
                values = self._run(step.blocks["check"], values)
            if values.get("waiting"):
                if step.restarts:
                    values = self._run(step.blocks["resume"], values)
                if not step.restarts or not values["ends"]:
                    self.passed["pauses"] += 1
                    values = self._run(step.blocks["pause"], values)
                    self._take(values, "held")
                    self._left = values["left_next"]
                    return
                self.passed["resumes"] += 1
                self._take(values, "held")
                values |= {**self.state, "done": values["elapsed"], "dt": values["rest"]}
                self._left = self._number(0.0)
            waiting = False
            values = self._run(step.blocks["advance"], self._run(step.blocks["once"], values))
            if not all(values[name] for name in conditions(step.model)):
                self._take(values, "next")
                return

    def _take(self, values: dict[str, float], which: str) -> None:
        self.state |= {name: values[f"{name}_{which}"] for name in self.state if f"{name}_{which}" in values}


class _Cell:
    """A kernel and its Step."""

    def __init__(self, kernel: Kernel) -> None:
        self.step = kernel.step
        self.kernel = kernel
        self.dt = STEPS[0]

    def stimulus(self, drive: float, steps: int) -> Stimulus:
        model = self.step.model
        return Stimulus((self.dt * steps,), (drive,), model.system.dimensions[model.input])

    def state_after(self, drive: float, steps: int) -> dict[str, float]:
        if not steps:
            return self.step.model.initial_values
        outcome = self.kernel.run([self.stimulus(drive, steps)], self.dt)[0]
        return dict(zip(self.step.state, map(float, outcome.state), strict=True))

    def before_a_spike(self) -> tuple[float, dict[str, float]]:
        """Return a drive, and the state three steps before the first spike at this drive."""
        for self.dt in STEPS:
            for drive in self.drives():
                outcome = self.kernel.run([self.stimulus(drive, int(100 / self.dt))], self.dt)[0]
                if len(outcome.spike_times) and not outcome.failure:
                    first = math.ceil(outcome.spike_times[0] / float(self.dt))
                    return drive, self.state_after(drive, max(first - 3, 0))
        pytest.fail(f"no drive makes {self.step.model.name} spike")

    def drives(self) -> Iterator[float]:
        """Return the model's own drive and larger drives; without one, a wide range of drives."""
        own = self.step.model.drive
        if own is not None:
            yield from (float(units.internal(own)) * factor for factor in (1, 2, 4, 8))
        yield from (sign * 10.0 ** (quarter / 4) for quarter in range(-8, 24) for sign in (1, -1))

    @property
    def refractory_steps(self) -> int:
        """The number of steps for which refractoriness lasts."""
        return int(self.step.model.refractory_ms / float(self.dt))

    def check(self, drive: float, state: dict[str, float], steps: int) -> _Interpreter:
        """Assert that counted equals retired over some steps."""
        interpreter = _Interpreter(self.step, self.dt, drive, state)
        for _ in range(steps):
            interpreter.advance()
        workload = self.kernel.workload([self.stimulus(drive, steps)], self.dt)
        own_state = workload.arguments[STATE]
        assert isinstance(own_state, np.ndarray)
        own_state[:, 0] = list(state.values())
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(workload)
        assert counts.own.by_kind == interpreter.counted.present
        in_single = interpreter.counted.present if self.step.precision == "single" else {}
        assert {kind: n for kind, n in counts.own.single.items() if n} == in_single
        assert [float(x) for x in own_state[:, 0]] == list(interpreter.state.values())
        return interpreter


@pytest.mark.parametrize(("name", "refractory", "method"), _cells())
def test_counted_equals_retired(name: str, refractory: str, method: str, kernel_of: Callable[..., Kernel]) -> None:
    model = _model(name, refractory)
    for detection in _detections(model, method):
        cell = _Cell(kernel_of(model, method, detection))
        drive, state = cell.before_a_spike()
        quiet = cell.check(0.0, model.initial_values, 5)
        assert quiet.passed == {"steps": 5, "spikes": 0, "pauses": 0, "resumes": 0}
        waits = cell.refractory_steps
        spiking = cell.check(drive, state, waits + 12 if waits else 6)
        assert spiking.passed["spikes"] >= 1
        if refractory == "long":
            assert spiking.passed["pauses"] >= waits - 2
            assert spiking.passed["resumes"] >= (1 if cell.step.restarts else 0)
        if refractory == "short" and cell.step.restarts:
            assert spiking.passed["resumes"] >= 1


@pytest.mark.parametrize(
    ("name", "refractory", "method"),
    choose(
        [
            (name, refractory, method)
            for name in MODELS
            for refractory in WAITING.get(name, ("own",))
            for method in applicable(name)
        ],
        lambda cell: is_archetype(cell[0]) and cell[2] == everyday_methods(cell[0])[0],
    ),
)
def test_counted_equals_retired_in_single_precision(name: str, refractory: str, method: str) -> None:
    """Every operation is on 32-bit numbers, and the state has the bits of a Step evaluated with numpy's float32."""
    model = _model(name, refractory)
    found = [each for each in _detections(model, method) if not why_not(model, method, each, False, "single")]
    assert found
    kernels = compile_kernels([make_step(model, method, each, precision="single") for each in found], SCALAR)
    for cell in map(_Cell, kernels):
        drive, state = cell.before_a_spike()
        cell.check(0.0, model.initial_values, 5)
        waits = cell.refractory_steps
        spiking = cell.check(drive, state, waits + 12 if waits else 6)
        assert spiking.passed["spikes"] >= 1


@pytest.mark.parametrize(("name", "refractory", "method"), _cells())
def test_count_names_the_paths(name: str, refractory: str, method: str, kernel_of: Callable[..., Kernel]) -> None:
    """The fields of Count are the operations of whole steps, as the interpreter runs them."""
    model = _model(name, refractory)
    for detection in _detections(model, method):
        cell = _Cell(kernel_of(model, method, detection))
        step, count = cell.step, count_step(cell.step)
        drive, state = cell.before_a_spike()
        interpreter = _Interpreter(step, cell.dt, drive, state)
        assert interpreter.counted == count.as_run_once
        for _ in range(min(cell.refractory_steps, 300) + 12):
            before, passed = interpreter.counted, dict(interpreter.passed)
            interpreter.advance()
            change = [kind for kind in passed for _ in range(interpreter.passed[kind] - passed[kind])]
            if change == ["resumes"]:
                expected = count.as_run_refractory_end
            elif change == ["pauses"]:
                expected = count.as_run_refractory
            elif change == ["spikes", "pauses", "resumes"]:  # it ends above the threshold
                expected = count.as_run_refractory_end + count.as_run_spike
            elif change == ["steps", "spikes", "resumes"]:
                expected = count.as_run + count_block(step.blocks["spike"]) + count.as_run_refractory_end
            else:
                assert change in (["steps"], ["steps", "spikes"], ["steps", "spikes", "pauses"])
                expected = count.as_run + (count.as_run_spike if "spikes" in change else Operations())
            assert before + expected == interpreter.counted


@pytest.mark.parametrize(
    ("model", "method", "detection", "level", "precision"),
    choose(
        [
            (*way, level, precision)
            for precision in ALGEBRAS
            for level in NEEDS
            for way in (
                ("lif", "rk4", "hermite"),
                ("izhikevich", "euler", "linear"),
                ("hodgkin_huxley", "exponential_euler", "grid"),
                ("hodgkin_huxley_tables", "euler", "grid"),
                ("ifb", "heun", "linear"),
            )
        ],
        # the instructions of a level do not depend on the model: one model at every level, the others at the lowest
        lambda case: case[0] == "lif" or case[3:] == ("x86-64-v2", "double"),
    ),
)
def test_counted_equals_retired_in_builds_for_other_processors(
    model: str, method: str, detection: str, level: str, precision: str
) -> None:
    # without AVX-512's registers, which no scalar build uses, level 4 is one with the instructions of level 3
    require_level("x86-64-v3" if level == "x86-64-v4" else level)
    step = make_step(model, method, detection, precision=precision)
    cell = _Cell(compile_kernels([step], SCALAR.for_processor(level))[0])
    drive, state = cell.before_a_spike()
    cell.check(0.0, cell.step.model.initial_values, 5)
    assert cell.check(drive, state, 6).passed["spikes"] >= 1


@pytest.mark.parametrize(
    ("model", "method"),
    choose(
        ((name, method) for name in MODELS for method in applicable(name)),
        # the selects are those of the model's equations
        lambda cell: cell[1] in everyday_methods(cell[0])[: 3 if is_archetype(cell[0]) else 1],
    ),
)
def test_both_sides_of_every_select(model: str, method: str, kernel_of: Callable[..., Kernel]) -> None:
    """Start where each quotient x/(exp(x) - 1) of the first stage is singular or a condition changes, and near it."""
    cell = _Cell(kernel_of(model, method))
    for variable, value in _singular(cell.step):
        for beside in (0.0, 1e-9, 1e-3, -1e-3):
            state = cell.step.model.initial_values | {variable: value + beside}
            cell.check(0.0, state, 2)


def test_hodgkin_huxley_at_its_singular_voltages() -> None:
    assert sorted(_singular(make_step("hodgkin_huxley", "euler"))) == [("v", -55.0), ("v", -40.0)]


def test_ifb_where_its_calcium_current_comes_on() -> None:
    assert _singular(make_step("ifb", "euler")) == [("v", -60.0)]


def _singular(step: Step) -> list[tuple[str, float]]:
    """Find where a select switches (``|x| < small`` or ``a < b``), for expressions that are linear in the voltage."""
    found = []
    initial = {**step.model.initial_values, **step.model.parameter_values, step.model.input: 0.0, "dt": float(STEPS[0])}
    name = step.model.system.threshold.variable

    def at(value: float) -> dict[int, float]:
        return _conditions(step, initial | {name: value})

    low, high = at(-1000.0), at(1000.0)
    for key in low:
        if low[key] != high[key] and math.isfinite(low[key]) and math.isfinite(high[key]):
            root = round(-1000.0 - low[key] * 2000.0 / (high[key] - low[key]), 9)
            if abs(at(root)[key]) < 1e-9:
                found.append((name, root))
    return found


def _conditions(step: Step, values: dict[str, float]) -> dict[int, float]:
    values = dict(values)
    for assign in step.blocks["once"].assignments:
        values[assign.target] = evaluate(assign.value, values, ALGEBRA)
    found = {}
    for assign in step.blocks["advance"].assignments:
        for node in nodes(assign.value):
            if (
                isinstance(node, Op)
                and node.kind in ("less", "at_most")
                and assign.target not in conditions(step.model)
            ):
                a, b = node.args
                if isinstance(a, Op) and a.kind == "abs":
                    a, b = a.args[0], Const(Fraction(0))
                found[id(node)] = evaluate(a, values, ALGEBRA) - evaluate(b, values, ALGEBRA)
        try:
            values[assign.target] = evaluate(assign.value, values, ALGEBRA)
        except (OverflowError, ZeroDivisionError):
            values[assign.target] = math.nan
    return found
