"""Counted and retired: what the counters say of the Step's operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..accuracy.study import Study, Unmeasured
from ..harness.measure import Measurement
from ..models.expression import KINDS

#: Columns and what they are.
COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "steps": "steps run, none with a spike",
    "counted": "operations a step, from the Step (exp as one; sign and select none, as processors count)",
    "instrumented": "operations a step that an exact counter saw the kernel retire",
    "exact_counter": "which one",
    "ratio": "instrumented over counted, calls of exp and pow apart",
    "in_libm": "operations a step that it saw the mathematics library retire",
    "hardware": "operations a step that the processor's own counter saw",
    "hardware_counter": "which one",
    "hardware_ratio": "hardware over what the Step and the library should give",
    "instructions": "instructions a step of the kernel's own",
    "brian2": "operations a step of the code that Brian2 generates (C++ standalone, with our flags)",
    "brian2_overhead": "Brian2's over counted",
    "brian2_cython": "operations a step of Brian2's Cython code (with its flags)",
    "brian2_reason": "why there is none of Brian2's",
    "reason": "why there is no number of the hardware's, or none at all",
}

#: Not arithmetic: a change of sign, and the choice between two values.
_NO_FLOPS = ("sign", "select")


def parity(study: Study) -> pd.DataFrame:
    """Return one row a model and method; columns as in `COLUMNS`."""
    rows = [_row(measured) | _brian2(study, measured) for measured in study.measurements]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def builds(study: Study) -> pd.DataFrame:
    """Return one row a model, method and build: its operations a step by kind, and what changed, in words."""
    return pd.DataFrame([
        {"model": model, "method": method, "build": built.build.name, **{kind: built.own.get(kind, 0) for kind in
         (*KINDS, "fma")}, "instructions": built.instructions, "changes": "; ".join(built.changes)}
        for (model, method), found in study.builds.items() if not isinstance(found, str) for built in found
    ])


def why_no_exact_count(study: Study) -> str:
    """Return why no exact counter saw any kernel; empty if one did."""
    measured = [m for m in study.measurements if isinstance(m, Measurement)]
    if any(witness.exact for m in measured for witness in m.witnesses):
        return ""
    reasons = [f"{name}: {reason}" for m in measured[:1] for name, reason in m.why_not.items()]
    reasons += [m.reason for m in study.measurements if isinstance(m, Unmeasured)]
    return "; ".join(dict.fromkeys(reasons))


def parity_figure(study: Study) -> Figure:
    """Draw retired against counted operations, kind by kind; every point belongs on the diagonal."""
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    axis = figure.subplots()
    highest = 1.0
    for measured in study.measurements:
        if isinstance(measured, Unmeasured):
            continue
        for witness in measured.witnesses:
            if witness.exact:
                kinds = [kind for kind in measured.analytic if kind not in ("exp", "pow")]
                counted = [measured.analytic[kind] / measured.steps for kind in kinds]
                retired = [witness.operations.get(kind, 0) / measured.steps for kind in kinds]
                axis.plot(counted, retired, "o", markersize=4, alpha=0.7,
                          label=f"{measured.model}, {measured.method}")
                highest = max(highest, *counted)
    axis.set_xscale("symlog", linthresh=1)
    axis.set_yscale("symlog", linthresh=1)
    axis.plot([0, highest], [0, highest], color="0.6", linewidth=0.8, zorder=0)
    axis.set_xlabel("counted from the Step (operations a step, by kind)")
    axis.set_ylabel("retired by the processor")
    if axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=7, frameon=False)
    return figure


def _row(measured: Measurement | Unmeasured) -> dict[str, Any]:
    row: dict[str, Any] = {"model": measured.model, "method": measured.method, "reason": ""}
    if isinstance(measured, Unmeasured):
        return row | {"reason": measured.reason}
    steps = measured.steps
    row |= {"steps": steps, "counted": _flops(measured.analytic) / steps}
    for witness in measured.witnesses:
        each = steps * witness.repetitions
        if witness.exact:
            row |= {
                "instrumented": witness.flops / each,
                "exact_counter": witness.counter,
                "ratio": witness.ratio,
                "in_libm": None if witness.libm is None else _flops(witness.libm) / each,
                "instructions": None if witness.instructions is None else witness.instructions / each,
            }
        else:
            row |= {"hardware": witness.flops / each, "hardware_counter": witness.counter,
                    "hardware_ratio": witness.ratio}
    if "hardware" not in row:
        row["reason"] = "; ".join(f"no {name}: {reason}" for name, reason in measured.why_not.items())
    return row


def _brian2(study: Study, measured: Measurement | Unmeasured) -> dict[str, Any]:
    found = study.brian2.get((measured.model, measured.method))
    if found is None or isinstance(measured, Unmeasured):
        return {}
    if isinstance(found, str):
        return {"brian2_reason": found}
    costs = {(each.target, each.flags): _flops(each.own) for each in found}
    ours = costs["cpp_standalone", "ours"]
    return {
        "brian2": ours,
        "brian2_overhead": ours / (_flops(measured.analytic) / measured.steps),
        "brian2_cython": costs["cython", "brian2"],
    }


def _flops(operations: Mapping[str, float]) -> float:
    """Sum operations, a fused multiply-add as two."""
    return sum((2 if kind == "fma" else 1) * n for kind, n in operations.items() if kind not in _NO_FLOPS)
