"""The cost per step: counted from the Step, and measured on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...flops.conventions import CONVENTIONS, Convention
from ...flops.operations import count_step
from ...models.definition.neuron import NeuronModel
from ...models.language import units
from ...models.step import Step
from ..writing.text import by_kind, prose

if TYPE_CHECKING:
    from ...harness.measuring.measure import Measurement


def counted(step: Step, dt: Any, convention: str) -> dict[str, Any]:
    """Return a step's operations, and their cost under a convention at a time step `dt` (a quantity)."""
    dt_ms = float(units.in_ms(dt, "dt"))
    weights = CONVENTIONS[convention]
    count = count_step(step)
    return {
        "model": step.model.label,
        "input": step.model.input,
        "input_note": step.model.input_note,
        "method": step.method,
        "detection": step.detection,
        "dt_ms": dt_ms,
        "convention": convention,
        "counts": weights.counts,
        "flops_per_step": count.flops_per_step(weights, dt),
        "flops_per_ms": count.flops_per_ms(dt, weights),
        "published": _published(weights, step.model, step.method, dt_ms),
        "as_run": dict(count.as_run),
        "as_run_spike": dict(count.as_run_spike),
        "as_run_arrivals": {name: dict(each) for name, each in count.as_run_arrivals.items()},
        "as_run_once": dict(count.as_run_once),
        "as_written": dict(count.as_written(dt)),
    }


def counted_text(step: Step, dt: Any, convention: str) -> str:
    """Write the result of `counted` as text."""
    found, weights = counted(step, dt, convention), CONVENTIONS[convention]
    lines = [
        f"{found['model']}, {found['method']}, {found['detection']} detection, dt = {found['dt_ms']:g} ms",
        f"{found['flops_per_step']:g} {weights.unit} per step, {found['flops_per_ms']:g} per ms "
        f"(convention {convention}: counts {found['counts']})",
        f"= {weights.breakdown(count_step(step).weighed_by(weights, dt))}",
        *([step.model.input_note] if step.model.input_note else []),
    ]
    if found["published"] is not None:
        lines.append(f"published: {found['published']:g} per step of {found['dt_ms']:g} ms ({weights.source})")
    return prose(
        "\n".join(
            [
                *lines,
                f"as run, per step without spike: {by_kind(found['as_run'])}",
                f"as run, added per spike:        {by_kind(found['as_run_spike'])}",
                *(
                    f"as run, added per arrival ({name}): {by_kind(each)}"
                    for name, each in found["as_run_arrivals"].items()
                ),
                f"as run, once per run:           {by_kind(found['as_run_once'])}",
                f"as written, per step:           {by_kind(found['as_written'])}",
            ]
        )
    )


def measured_text(found: Measurement) -> str:
    """Write the count of the Step and the results of the counters on this machine."""
    lines = [
        f"{found.model}, {found.method}, {found.detection} detection: {found.steps} steps without a spike",
        f"counted from the Step: {by_kind(found.analytic)}",
    ]
    for witness in found.witnesses:
        lines.append(f"{witness.counter}: {by_kind(witness.operations)}")
        if witness.libm:
            lines.append(f"    in the mathematics library: {by_kind(witness.libm)}")
        ratio = "unknown" if witness.ratio is None else f"{witness.ratio:.6g}"
        provenance = ", ".join(f"{key} {value}" for key, value in witness.provenance.items())
        lines.append(f"    measured / counted: {ratio}; {provenance}")
    return prose("\n".join([*lines, *(f"not {name}: {reason}" for name, reason in found.why_not.items())]))


def _published(convention: Convention, model: NeuronModel, method: str, dt_ms: float) -> float | None:
    """Return the cost that the convention's source states for this step, if it states one."""
    found = model.published_costs.get(convention.name)
    return found.step if found and method == "euler" and found.dt_ms == dt_ms else None
