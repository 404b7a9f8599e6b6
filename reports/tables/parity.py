"""Counted and retired: the operations of the Step compared with the results of the counters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ...accuracy.study.study import Study
from ...flops.counters import COUNTERS
from ...harness.measuring.measure import Measurement
from ...harness.measuring.spike_cost import WholeRun
from ...models.algebra.expression import KINDS
from ...models.algebra.functions import CALLS
from ...models.ground.errors import NoValue
from ...models.methods import METHODS
from ..writing.escape import in_figure
from ..writing.notebook import Picture
from .shared_columns import WAY

#: Columns and their meaning.
COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "steps": "number of steps that were run, none with a spike",
    "counted": "operations per step, from the Step (exp as one; sign and select none, as processors count)",
    "instrumented": "operations per step that an exact counter saw the kernel retire",
    "exact_counter": "name of the exact counter",
    "ratio": "instrumented / counted, without calls of the mathematics library",
    "in_libm": "operations per step that it saw the mathematics library retire",
    "hardware": "operations per step that the processor's own counter saw",
    "hardware_counter": "name of the processor's counter",
    "hardware_ratio": "hardware / number expected from the Step and the library",
    "instructions": "instructions per step in the kernel itself",
    "brian2": "operations per step of the code that Brian2 generates (C++ standalone, with our flags)",
    "brian2_overhead": "Brian2's / counted",
    "brian2_cython": "operations per step of Brian2's Cython code (with its flags)",
    "brian2_reason": "why there is no number for Brian2",
    "reason": "why there is no number from the hardware, or no number at all",
}

#: Columns of `step_and_spike`.
APART_COLUMNS = {
    **WAY,
    "stimulus": "kind of stimulus: a stimulus that varies within a step has its own Steps",
    "counter": "an exact counter",
    "counted_step": "operations per step without a spike, from the Step (as processors count)",
    "instrumented_step": "operations per such step that it saw the kernel retire; a library call counts as one",
    "step_in_libm": "operations that it also saw the mathematics library retire in this step",
    "counted_spike": "operations that a spike adds to its step, from the Step",
    "instrumented_spike": "operations that the counter saw a spike add",
    "spike_in_libm": "the same in the mathematics library",
    "reason": "why there is no number",
}
#: Columns of `builds`; there is one more for each kind of operation.
BUILD_COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "build": "how the kernel was compiled",
    "instructions": "instructions per neuron and step in the kernel itself",
    "changes": "differences from the count, in words",
}
KIND_COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "counter": "an exact counter",
    "kind": "kind of operation",
    "counted": "operations per step, from the Step",
    "retired": "operations per step that the counter saw the kernel retire",
}
RETIRED_COLUMNS = {
    **WAY,
    "stimulus": "kind of stimulus; empty for steps without input",
    "part": "step (without a spike), spike (what it adds to its step), run (a whole run of many steps)",
    "counter": "an exact counter; empty if none saw it",
    "kind": "kind of operation; without sign and select, which are not arithmetic",
    "counted": "number, from the Step",
    "retired": "number that the counter saw the kernel execute",
    "reason": "why there is no number",
}

#: Kinds of operation in a build.
_BUILT = (*KINDS, "fma")
#: Not arithmetic: a change of sign, and the choice between two values.
NO_FLOPS = ("sign", "select")


def parity(study: Study) -> pd.DataFrame:
    """Return one row per model and method; columns as in `COLUMNS`."""
    rows = [
        {"model": model, "method": method, **_row(measured), **_brian2(study, model, method, measured)}
        for (model, method, _), measured in study.measurements.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def parity_by_kind(study: Study) -> pd.DataFrame:
    """Return one row per model, method, exact counter and kind of operation; columns as in `KIND_COLUMNS`."""
    return pd.DataFrame(
        [
            (model, method, witness.counter, kind, n / measured.steps, witness.operations.get(kind, 0) / measured.steps)
            for (model, method, _), measured in study.measurements.items()
            if isinstance(measured, Measurement)
            for witness in measured.witnesses
            if witness.exact
            for kind, n in measured.analytic.items()
        ],
        columns=list(KIND_COLUMNS),
    )


def step_and_spike(study: Study) -> pd.DataFrame:
    """Return one row per model, method, detection and kind of stimulus; columns as in `APART_COLUMNS`."""
    rows = []
    for (model, method, detection, stimulus), retired in study.retired.items():
        if isinstance(retired, WholeRun) or not METHODS[method].steps_alike:
            continue
        row: dict[str, Any] = {"model": model, "method": method, "detection": detection, "stimulus": stimulus}
        if isinstance(retired, NoValue):
            rows.append(row | {"reason": retired.reason})
            continue
        rows.append(
            row
            | {
                "counter": retired.counter,
                "reason": "",
                "counted_step": flops(retired.counted_step),
                "instrumented_step": flops(retired.step),
                "step_in_libm": flops(retired.step_in_libm),
                "counted_spike": flops(retired.counted_spike),
                "instrumented_spike": flops(retired.spike),
                "spike_in_libm": flops(retired.spike_in_libm),
            }
        )
    return pd.DataFrame(rows, columns=list(APART_COLUMNS))


def retired_by_kind(study: Study) -> pd.DataFrame:
    """Return one row per model, method, detection, stimulus, part and kind; columns as in `RETIRED_COLUMNS`."""
    rows: list[tuple[Any, ...]] = []
    for way, measured in (*study.measurements.items(), *study.quiet_steps.items()):
        if isinstance(measured, NoValue):
            rows.append((*way, "", "run", *_none(measured.reason)))
            continue
        rows += [
            (*way, "", *row)
            for each in measured.witnesses
            if each.exact and each.libm is not None
            for row in _both("run", each.counter, measured.analytic, each.operations)
        ]
    # whole runs are last
    for key, retired in sorted(study.retired.items(), key=lambda each: not METHODS[each[0][1]].steps_alike):
        if isinstance(retired, NoValue):
            rows.append((*key, "run", *_none(retired.reason)))
        else:
            rows += [
                (*key, *row)
                for part, (counted, executed) in retired.parts.items()
                for row in _both(part, retired.counter, counted, executed)
            ]
    return pd.DataFrame(rows, columns=list(RETIRED_COLUMNS))


def _none(reason: str) -> tuple[str, str, float, float, str]:
    return "", "", math.nan, math.nan, reason


def _both(
    part: str, counter: str, counted: Mapping[str, float], executed: Mapping[str, float]
) -> Iterator[tuple[str, str, str, float, float, str]]:
    for kind in (*KINDS, "fma"):
        # "add" in any case, to record that nothing was executed
        if kind not in NO_FLOPS and (counted.get(kind) or executed.get(kind) or kind == "add"):
            yield part, counter, kind, float(counted.get(kind, 0)), float(executed.get(kind, 0)), ""


def builds(study: Study) -> pd.DataFrame:
    """Return one row per model, method and build: its operations per step by kind, and the changes, in words."""
    return pd.DataFrame(
        [
            {
                "model": model,
                "method": method,
                "build": built.build.name,
                **{kind: built.own.get(kind, 0) for kind in _BUILT},
                "instructions": built.instructions,
                "changes": "; ".join(built.changes),
            }
            for (model, method), found in study.builds.items()
            if not isinstance(found, NoValue)
            for built in found
        ],
        columns=["model", "method", "build", *_BUILT, "instructions", "changes"],
    )


def why_no_exact_count(study: Study) -> str:
    """Return why no exact counter saw any kernel; empty if one did."""
    measured = [m for m in study.measurements.values() if isinstance(m, Measurement)]
    if any(witness.exact for m in measured for witness in m.witnesses):
        return ""
    reasons = [f"{name}: {reason}" for m in measured[:1] for name, reason in m.why_not.items()]
    reasons += [m.reason for m in study.measurements.values() if isinstance(m, NoValue)]
    return "; ".join(dict.fromkeys(reasons))


def why_no_hardware_count(study: Study) -> str:
    """Return why no counter of the processor saw any kernel; empty if one did, or if nothing was counted."""
    measured = [m for m in study.measurements.values() if isinstance(m, Measurement)]
    if any(not witness.exact for m in measured for witness in m.witnesses):
        return ""
    reasons = [f"{name}: {m.why_not[name]}" for m in measured for name in m.why_not if not COUNTERS[name].exact]
    return "; ".join(dict.fromkeys(reasons))


def parity_figure(by_kind: pd.DataFrame) -> Figure:
    """Draw retired against counted operations, kind by kind; every point should be on the diagonal.

    Parameters
    ----------
    by_kind : DataFrame
        As `parity_by_kind` returns.
    """
    figure = Picture(figsize=(4.6, 4.4), layout="constrained")
    axis = figure.subplots()
    shown = by_kind[~by_kind["kind"].isin(CALLS)]
    for (model, method), each in shown.groupby(["model", "method"], sort=False):
        axis.plot(each["counted"], each["retired"], "o", markersize=4, alpha=0.7, label=in_figure(f"{model}, {method}"))
    highest = max([1.0, *shown["counted"]])
    axis.set_xscale("symlog", linthresh=1)
    axis.set_yscale("symlog", linthresh=1)
    axis.plot([0, highest], [0, highest], color="0.6", linewidth=0.8, zorder=0)
    axis.set_xlabel("counted from the Step (operations per step, by kind)")
    axis.set_ylabel("retired by the processor")
    if axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=7, frameon=False)
    return figure


def _row(measured: Measurement | NoValue) -> dict[str, Any]:
    if isinstance(measured, NoValue):
        return {"reason": measured.reason}
    steps = measured.steps
    row: dict[str, Any] = {"reason": "", "steps": steps, "counted": flops(measured.analytic) / steps}
    for witness in measured.witnesses:
        each = steps * witness.repetitions
        if witness.exact:
            row |= {
                "instrumented": witness.flops / each,
                "exact_counter": witness.counter,
                "ratio": witness.ratio,
                "in_libm": None if witness.libm is None else flops(witness.libm) / each,
                "instructions": None if witness.instructions is None else witness.instructions / each,
            }
        else:
            row |= {
                "hardware": witness.flops / each,
                "hardware_counter": witness.counter,
                "hardware_ratio": witness.ratio,
            }
    if "hardware" not in row:
        row["reason"] = "; ".join(f"no {name}: {reason}" for name, reason in measured.why_not.items())
    return row


def _brian2(study: Study, model: str, method: str, measured: Measurement | NoValue) -> dict[str, Any]:
    found = study.brian2.get((model, method))
    if found is None or isinstance(measured, NoValue):
        return {}
    if isinstance(found, NoValue):
        return {"brian2_reason": found.reason}
    costs = {(each.target, each.flags): flops(each.own) for each in found}
    ours = costs["cpp_standalone", "ours"]
    return {
        "brian2": ours,
        "brian2_overhead": ours / (flops(measured.analytic) / measured.steps),
        "brian2_cython": costs["cython", "brian2"],
    }


def retired(own: Mapping[str, float], libm: Mapping[str, float]) -> float:
    """Sum the operations of a kernel and the mathematics library; a call of the library is not an operation."""
    return flops({kind: n for kind, n in own.items() if kind not in CALLS}) + flops(libm)


def flops(operations: Mapping[str, float]) -> float:
    """Sum operations; a fused multiply-add counts as two."""
    return sum((2 if kind == "fma" else 1) * n for kind, n in operations.items() if kind not in NO_FLOPS)
