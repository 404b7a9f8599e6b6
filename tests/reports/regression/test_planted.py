"""Deliberate regressions of the program are caught; unchanged code raises no alarm."""

import statistics
from dataclasses import replace
from fractions import Fraction

import pytest
from brian2 import ms, mV

from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.timing import Job, measure
from spikecost.harness.stimuli import constant
from spikecost.models.algebra.expression import Const, Op
from spikecost.models.methods import METHODS, FixedStep
from spikecost.models.methods.kinds import fixed_step
from spikecost.models.step import make_step
from spikecost.reports.regression.judge import judge
from spikecost.reports.regression.kept.baseline import Baseline
from spikecost.reports.regression.kept.figures import Figures
from spikecost.reports.regression.of_run import figures_of
from spikecost.reports.regression.small_suite import SMALL, run_small

from ...archetypes import product
from .planted import change_steps, make_anew, multiply_once_more


def run(model, method, detection="grid", **changes):
    suite = replace(SMALL, models=(model,), methods=(method,), detections=(detection,), trials=1, repeats=1, **changes)
    return figures_of(run_small(suite, jobs=1))


def regressed(before, after):
    judgement = judge(Baseline(before), after)
    assert (judgement.status == 1) == bool(judgement.of("regressed"))
    return {finding.figure.rpartition("/")[2]: finding for finding in judgement.of("regressed")}


def test_one_extra_multiplication(monkeypatch):
    before = run("izhikevich", "euler")
    multiply_once_more(monkeypatch)
    found = regressed(before, run("izhikevich", "euler"))
    # counted from the Step, seen by the counter in the compiled kernel, and paid at the tolerance
    for figure in ("operations_per_step", "instrumented_per_step"):
        assert (found[figure].before, found[figure].after) == (15, 16)
    assert found["flops_per_ms"].percent == pytest.approx(100 / 15, rel=0.01)
    assert "error_ms" not in found
    assert "dt_ms" not in found


def test_a_method_dropped_from_order_4_to_2(monkeypatch):
    before = run("izhikevich", "rk4", "hermite")
    midpoint = METHODS["midpoint"]

    class Dropped(FixedStep):
        name, order, brian2, advance = "rk4", 4, "rk4", staticmethod(midpoint.advance)

    monkeypatch.setitem(METHODS._items, "rk4", Dropped())
    found = regressed(before, run("izhikevich", "rk4", "hermite"))
    assert "operations_per_step" not in found  # this count becomes smaller
    assert found["error_ms"].after > 5 * found["error_ms"].before
    assert found["dt_ms"].after < 0.7 * found["dt_ms"].before


def test_a_reset_moved_one_step_late(monkeypatch):
    before = run("lif", "rk4")
    make_anew(monkeypatch)
    real = fixed_step._Maker._conditions
    # the test uses the state at the start of the step, so spike and reset come at the end of the next step
    monkeypatch.setattr(fixed_step._Maker, "_conditions", lambda self, _: real(self, self._x))
    after = run("lif", "rk4")
    found = regressed(before, after)
    # at a step of dt, the n-th spike is late by another n dt
    assert found["error_ms"].after > 1.5 * found["error_ms"].before
    # dt is smaller, or no step of the sweep keeps the tolerance
    assert (found["dt_ms"].after or 0) < 0.7 * found["dt_ms"].before
    assert before.values["lif/rk4/grid/operations_per_step"] == after.values["lif/rk4/grid/operations_per_step"]


def test_exp_called_twice(monkeypatch):
    before = run("hodgkin_huxley", "euler")
    done = []

    def twice(value):
        if isinstance(value, Op) and value.kind == "exp" and not done:
            done.append(value)
            return Op(
                "mul",
                (
                    Op("exp", (value.args[0] * Const(Fraction(1, 4)),)),
                    Op("exp", (value.args[0] * Const(Fraction(3, 4)),)),
                ),
            )
        return Op(value.kind, tuple(map(twice, value.args))) if isinstance(value, Op) else value

    def change(value):
        done.clear()
        return twice(value)

    advance = make_step("hodgkin_huxley", "euler").blocks["advance"]
    first = next(each.target for each in advance.assignments if _calls_exp(each))
    change_steps(monkeypatch, first, change)
    found = regressed(before, run("hodgkin_huxley", "euler"))
    assert (found["exp_per_step"].before, found["exp_per_step"].after) == (6, 7)
    assert found["instrumented_per_step"].after == found["instrumented_per_step"].before + 4  # exp, and 3 mul
    # except for the first step, at rest, where the argument of an exp is 0
    assert found["libm_per_step"].percent == pytest.approx(100 / 6, rel=1e-3)


def _calls_exp(assign):
    def calls(value):
        return isinstance(value, Op) and (value.kind == "exp" or any(map(calls, value.args)))

    return calls(assign.value)


# --- times -----------------------------------------------------------------------------------------------------------

DT, STEPS, SAMPLES = Fraction(1, 64), 4000, 20


def job(method):
    kernel = compile_kernels([make_step("lif", method, "grid")])[0]
    return Job(kernel, (constant(2 * mV / ms, float(DT) * STEPS * ms),), DT)


class Twice:
    """A kernel that really runs twice."""

    def __init__(self, kernel):
        self._kernel = kernel

    def seconds(self, stimuli, setting):
        return self._kernel.seconds(stimuli, setting) + self._kernel.seconds(stimuli, setting)


def timed(*jobs):
    times = {f"lif/job {i}/grid": timing.relative for i, timing in enumerate(measure(jobs, SAMPLES))}
    return Figures({"lif/rk4/grid/operations_per_step": 1.0}, times)


def test_a_kernel_slowed_twofold():
    first, other = job("rk4"), job("euler")
    slow = replace(other, kernel=Twice(other.kernel))
    before, after = Baseline(timed(first, other)), timed(first, slow)
    judgement = judge(before, after, gate_times=True)
    assert [each.figure for each in judgement.of("regressed")] == ["lif/job 1/grid/time"]
    # the change is that of what was measured, however busy the machine is
    measured = [statistics.median(each.times["lif/job 1/grid"]) for each in (before.figures, after)]
    assert judgement.of("regressed")[0].percent == pytest.approx(100 * (measured[1] / measured[0] - 1))
    assert judge(before, after).status == 0  # reported only, unless gated


def test_fifty_timings_of_unchanged_code_raise_no_alarm():
    jobs = job("rk4"), job("euler")
    before = Baseline(timed(*jobs))
    assert [judge(before, timed(*jobs), gate_times=True).status for _ in range(50)] == [0] * 50


@pytest.mark.parametrize("runs", [10, product(50)])
def test_runs_of_unchanged_code_raise_no_alarm(runs):
    def once():
        return run("lif", "rk4", "hermite", horizons=(100.0,), per_decade=3, finest=0.01)

    before = once()
    assert {"error_ms", "dt_ms", "operations_per_step", "instrumented_per_step"} <= {
        name.rpartition("/")[2] for name in before.values
    }
    for _ in range(runs):
        judgement = judge(Baseline(before), once())
        assert judgement.status == 0
        assert not judgement.of("improved", "not judged", "not comparable", "new")
