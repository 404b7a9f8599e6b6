"""Counters: wall time of a counted run, together with its counts."""

from fractions import Fraction

import pytest

from spikecost.flops.counters import COUNTERS
from spikecost.flops.counters.selftest import why_not_trusted
from spikecost.flops.operations import count_step
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import Stimulus
from spikecost.models.step import make_step

DT, STEPS = Fraction(1, 64), 200


@pytest.mark.parametrize("model", ["lif", "hodgkin_huxley"])
@pytest.mark.parametrize("name", ["instrumented", "stepped", "callgrind"])
def test_counter(benchmark, name, model):
    reason = why_not_trusted(COUNTERS[name])
    assert not reason, reason
    step = make_step(model, "euler")
    kernel = compile_kernels([step])[0]
    quiet = Stimulus((STEPS * DT,), (0.0,), step.model.system.dimensions["I"])

    def counted():
        with COUNTERS[name].measure() as counts:
            counts.call(kernel.workload([quiet], DT))
        return counts

    counts = benchmark.pedantic(counted, rounds=2, warmup_rounds=1)
    count = count_step(step)
    # the counter sees, kind by kind, what the Step lists
    for kind in ("add", "sub", "mul", "div", "exp"):
        assert counts.own.by_kind.get(kind, 0) == STEPS * count.as_run[kind] + count.as_run_once[kind]
    benchmark.extra_info |= {
        "steps": STEPS,
        "operations": counts.own.flops(),
        "by kind": dict(counts.own.by_kind),
        "in the mathematics library": counts.libm.flops() if counts.libm else 0,
        "instructions": counts.own.instructions,
    }
