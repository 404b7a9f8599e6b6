"""A model to read: its equations, its Step and its operations."""

from __future__ import annotations

from textwrap import indent

from ..flops.operations import count_step
from ..models.expression import text
from ..models.neuron import NeuronModel
from ..models.step import Step
from .text import by_kind
from .typeset import typeset


def show(step: Step) -> str:
    """Write the model of a step, and the step with what it costs."""
    count = count_step(step)
    lines = _definition(step.model)
    for title, operations, assignments in (
        ("once a run", count.as_run_once, _lines(step, "once")),
        (f"a step of {step.method}, in ms and the units above", count.as_run, _lines(step, "check", "advance")),
        (f"a spike ({step.detection} detection) adds", count.as_run_spike, _lines(step, "spike")),
        ("a step spent refractory", count.as_run_refractory, _lines(step, "pause")),
    ):
        if assignments:
            lines += ["", f"{title}: {by_kind(operations)}", *assignments]
    if step.restarts:
        lines.append("    then the step is run again over the rest of dt")
    return "\n".join([*lines, "", f"a step as written: {by_kind(count.as_written())}"])


def _definition(model: NeuronModel) -> list[str]:
    lines = [f"{model.label}: {model.description}", model.source] if model.source else [model.label]
    lines += ["", indent(typeset(model), "    "), ""]
    lines += [f"    {line.strip()}" for line in model.equations.splitlines() if line.strip()]
    if model.tables:
        lines.append(f"    what depends on {model.system.threshold.variable} alone: looked up in tables {model.tables}")
    lines.append(f"    threshold {model.threshold}")
    if model.reset:
        lines.append(f"    reset {model.reset}")
    if model.refractory is not None:
        lines.append(f"    refractory {model.refractory}")
    for what, given in (("parameters", model.parameters), ("constants", model.constants), ("initial", model.initial)):
        if given:
            lines.append(f"    {what} " + ", ".join(f"{name} = {value}" for name, value in given.items()))
    if model.drive is not None:
        lines.append(f"    drive {model.input} = {model.drive}")
    return lines


def _lines(step: Step, *blocks: str) -> list[str]:
    return [f"    {assign.target} = {text(assign.value)}" for block in blocks
            for assign in getattr(step, block).assignments]
