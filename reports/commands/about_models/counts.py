"""The cost per step: counted from the Step, and measured on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....flops.conventions import CONVENTIONS, Convention
from ....flops.conventions.base import Measured
from ....flops.operations import count_step, in_words
from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError
from ....models.methods import METHODS
from ....models.step import Step
from ...writing.text import by_kind, prose

if TYPE_CHECKING:
    from ....harness.measuring.measure import Measurement
    from ....harness.measuring.roofline import Roofline


def counted(step: Step, dt: Any, convention: str) -> dict[str, Any]:
    """Return a step's operations, and their cost under a convention at a time step `dt` (a quantity).

    If the method chooses its steps, they do not all cost the same: the operations of every block are returned.
    """
    weights = CONVENTIONS[convention]
    what = {
        "model": step.model.label,
        "input": step.model.input,
        "input_note": step.model.input_note,
        "method": step.method,
        "detection": step.detection,
        "precision": step.precision,
    }
    if not METHODS[step.method].steps_alike:
        return what | {"convention": convention, "counts": weights.counts} | _blocks(step, weights)
    dt_ms = float(units.in_ms(dt, "dt"))
    count = count_step(step)
    return what | {
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


def _blocks(step: Step, weights: Convention) -> dict[str, Any]:
    """Return the operations of every block of a method that chooses its steps, and their cost."""
    if weights.counts == "as written":
        raise UserError(
            f"convention '{weights.name}' counts equations as written, but {step.method} runs series and stages that "
            "no paper writes out; use a convention that counts as run, such as unit"
        )
    blocks = count_step(step).by_block
    return {
        "flops_per_block": {name: weights.weigh(operations, step.precision) for name, operations in blocks.items()},
        "blocks": {name: dict(operations) for name, operations in blocks.items()},
    }


def said(step: Step, dt: Any, convention: str) -> dict[str, Any]:
    """Return the result of `counted`, and the texts that say it; JSON can hold it.

    Returns
    -------
    dict
        ``found``; ``lines``; above them the ``title`` and the rows of a ``table``, if it has any; whether the result
        ``lasts``, or is measured on this machine.
    """
    found, weights = counted(step, dt, convention), CONVENTIONS[convention]
    answer = {"found": found, "title": "", "table": [], "lasts": not isinstance(weights.weights, Measured)}
    if "blocks" in found:
        return answer | _of_blocks(found, weights)
    lines = [
        f"{found['model']}, {found['method']}, {found['detection']} detection{in_words(step.precision)}, "
        f"dt = {found['dt_ms']:g} ms",
        f"{found['flops_per_step']:g} {weights.unit} per step, {found['flops_per_ms']:g} per ms "
        f"(convention {convention}: counts {found['counts']})",
        f"= {weights.breakdown(count_step(step).weighed_by(weights, dt), step.precision)}",
        *([step.model.input_note] if step.model.input_note else []),
    ]
    if found["published"] is not None:
        lines.append(f"published: {found['published']:g} per step of {found['dt_ms']:g} ms ({weights.source})")
    lines += [
        f"as run, per step without spike: {by_kind(found['as_run'])}",
        f"as run, added per spike:        {by_kind(found['as_run_spike'])}",
        *(f"as run, added per arrival ({name}): {by_kind(each)}" for name, each in found["as_run_arrivals"].items()),
        f"as run, once per run:           {by_kind(found['as_run_once'])}",
        f"as written, per step:           {by_kind(found['as_written'])}",
    ]
    return answer | {"lines": lines}


def _of_blocks(found: dict[str, Any], weights: Convention) -> dict[str, Any]:
    table = [
        {"block": name, "cost": f"{cost:g}", "by kind": by_kind(found["blocks"][name])}
        for name, cost in found["flops_per_block"].items()
    ]
    title = (
        f"{found['model']}, {found['method']}, {found['detection']} detection: it chooses its steps, so that they do "
        f"not all cost the same; one execution of each of its blocks (convention {found['convention']}: counts "
        f"{found['counts']}, in {weights.unit})"
    )
    how = (
        "how often each block runs depends on the accuracy: spikecost run --models "
        f"{found['model']} --methods {found['method']} gives operations per ms"
    )
    note = [found["input_note"]] if found["input_note"] else []
    return {"title": title, "table": table, "lines": [*note, how]}


def measured_text(found: Measurement) -> str:
    """Write the count of the Step and the results of the counters on this machine."""
    what = f"{found.model}, {found.method}, {found.detection} detection{in_words(found.precision)}"
    lines = [f"{what}: {found.steps} steps without a spike", f"counted from the Step: {by_kind(found.analytic)}"]
    for witness in found.witnesses:
        lines.append(f"{witness.counter}: {by_kind(witness.operations)}")
        if witness.single:
            lines.append(f"    of these on 32-bit numbers: {by_kind(witness.single)}")
        if witness.libm:
            lines.append(f"    in the mathematics library: {by_kind(witness.libm)}")
        ratio = "unknown" if witness.ratio is None else f"{witness.ratio:.6g}"
        provenance = ", ".join(f"{key} {value}" for key, value in witness.provenance.items())
        lines.append(f"    measured / counted: {ratio}; {provenance}")
    return prose("\n".join([*lines, *(f"not {name}: {reason}" for name, reason in found.why_not.items())]))


def roofline_text(found: Roofline) -> str:
    """Write how near a kernel is to the peak of this machine."""
    peaks = ", ".join(f"{name} {time:.3g} ns" for name, time in found.peaks.items())
    return prose(
        "\n".join(
            [
                f"{found.model}, {found.method}, {found.detection} detection: 1024 neurons in SIMD lanes, one core",
                f"{found.processor}, shortest times per double: {peaks}",
                f"shortest time of a step's operations: {found.bound:.3g} ns per neuron",
                f"measured: {found.measured:.3g} ns per neuron and step",
                f"share of the peak: {100 * found.share:.0f} %",
            ]
        )
    )


def _published(convention: Convention, model: NeuronModel, method: str, dt_ms: float) -> float | None:
    """Return the cost that the convention's source states for this step, if it states one."""
    found = model.published_costs.get(convention.name)
    return found.step if found and method == "euler" and found.dt_ms == dt_ms else None
