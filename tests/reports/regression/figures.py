"""Handmade figures, in the form that a run gives."""

from spikecost.models.ground.errors import NoValue
from spikecost.reports.regression.kept.baseline import Baseline
from spikecost.reports.regression.kept.figures import Figures

ENVIRONMENT = {
    "compiler": "gcc 12.2.0",
    "flags": "-O2",
    "libc": "glibc 2.36",
    "processor": "Zen 4",
    "vector instructions": "sse2, avx",
}
CASE = "lif/rk4/hermite/constant/50 Hz/1000 ms"
VALUES = {
    "lif/rk4/hermite/operations_per_step": 24.0,
    "lif/rk4/hermite/add_per_step": 13.0,
    "lif/rk4/hermite/mul_per_step": 11.0,
    "lif/rk4/hermite/operations_per_spike": 60.0,
    "lif/rk4/instrumented_per_step": 24.0,
    "lif/rk4/instructions_per_step": 40.0,
    f"{CASE}/dt 0.125 ms/error_ms": 1e-6,
    f"{CASE}/maximum 0.1 ms/dt_ms": 2.0,
    f"{CASE}/maximum 0.1 ms/flops_per_ms": 15.0,
}


def figures(changes=None, times=None, environment=ENVIRONMENT, models=None):
    """Return `VALUES` with changes; None removes a figure, a text is the reason for having no number."""
    values = {
        name: NoValue(value) if isinstance(value, str) else value
        for name, value in {**VALUES, **(changes or {})}.items()
        if value is not None
    }
    return Figures(
        values,
        times or {},
        models or {"lif": "0123"},
        environment,
        {"date": "2026-11-24T12:00:00+00:00", "spikecost": "0.1.0", "commit": "c0ffee"},
    )


def baseline(limits=None, **given):
    return Baseline(figures(**given), limits or {}, path="baseline.json")
