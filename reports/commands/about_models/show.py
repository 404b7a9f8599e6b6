"""A model as text for readers: its equations, its Step and its operations."""

from __future__ import annotations

from textwrap import indent
from typing import Any

from ....flops.operations import Count, Operations, count_step, in_words
from ....models.algebra.words import words
from ....models.definition.neuron import NeuronModel
from ....models.methods import METHODS
from ....models.step import Step
from ...results.description import describe_model
from ...writing.text import by_kind, prose, width
from ...writing.typeset import typeset


def show(step: Step) -> str:
    """Write the model of a step, and the step with its cost."""
    count = count_step(step)
    lines = _definition(step.model)
    titles = {
        "once": "once per run",
        "step": f"per step of {step.method}{in_words(step.precision)}, in ms and the units above",
        "spike": f"added per spike ({step.detection} detection)",
        "refractory": "per refractory step",
    }
    for part, (operations, assignments) in _parts(step, count).items():
        if assignments:
            title = titles.get(part, f"per execution of the block {part}")
            lines += ["", f"{title}: {by_kind(operations)}", *(f"    {line}" for line in assignments)]
    if step.restarts:
        lines.append("    then the step is run again over the rest of dt")
    for name in step.model.arrivals:
        where = "cuts the step" if step.cuts else "at the end of its step"
        lines += [
            "",
            f"a spike that arrives at {name} ({where}):",
            *(f"    {line}" for line in _lines(step, f"arrival {name}")),
        ]
    if METHODS[step.method].steps_alike:
        lines += ["", f"per step, as written: {by_kind(count.as_written())}"]
    return prose("\n".join(lines))


def shown(step: Step) -> dict[str, Any]:
    """Return the same as dictionaries, lists, strings and numbers; numbers of the model are in ms, mV, uA and cm."""
    count = count_step(step)
    return {
        "model": step.model.label,
        **describe_model(step.model),
        "method": step.method,
        "detection": step.detection,
        "precision": step.precision,
        "parts": {
            part: {"operations": dict(operations), "assignments": lines}
            for part, (operations, lines) in _parts(step, count).items()
        },
        "restarts": step.restarts,
        "as_written": dict(count.as_written()) if METHODS[step.method].steps_alike else None,
    }


def _parts(step: Step, count: Count) -> dict[str, tuple[Operations, list[str]]]:
    """Return the operations and assignments of each part of a step."""
    method = METHODS[step.method]
    if not method.steps_alike:
        return {part: (count.by_block[part], _lines(step, *names)) for part, names in method.parts(step).items()}
    return {
        "once": (count.as_run_once, _lines(step, "once")),
        "step": (count.as_run, _lines(step, "check", "advance")),
        "spike": (count.as_run_spike, _lines(step, "spike")),
        "refractory": (count.as_run_refractory, _lines(step, "pause")),
    }


def _definition(model: NeuronModel) -> list[str]:
    lines = [f"{model.label}: {model.description}", model.source] if model.source else [model.label]
    lines += ["", indent(typeset(model, width() - 4), "    "), ""]
    lines += [f"    {line.strip()}" for line in model.equations.splitlines() if line.strip()]
    if model.tables:
        lines.append(f"    parts that depend only on {model.system.threshold.variable}: from tables {model.tables}")
    lines.append(f"    threshold {model.threshold}")
    if model.reset:
        lines.append(f"    reset {model.reset}")
    if model.refractory is not None:
        lines.append(f"    refractory {model.refractory}")
    lines += [f"    arrivals at {name}: {statements}" for name, statements in model.arrivals.items()]
    for what, given in (("parameters", model.parameters), ("constants", model.constants), ("initial", model.initial)):
        if given:
            lines.append(f"    {what} " + ", ".join(f"{name} = {value}" for name, value in given.items()))
    if model.input_note:
        lines.append(f"    {model.input_note}")
    if model.drive is not None:
        lines.append(f"    drive {model.input} = {model.drive}")
    return lines


def _lines(step: Step, *blocks: str) -> list[str]:
    return [f"{assign.target} = {words(assign.value)}" for block in blocks for assign in step.blocks[block].assignments]
