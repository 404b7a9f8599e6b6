"""Parker-Sochacki against Runge-Kutta, as judged in 2009."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from ....accuracy.search.criterion import Criterion
from ....accuracy.search.voltage import VoltageRms
from ...writing.numbers import short
from ..claim import CLAIMS, Certainty, Claim
from ..evidence import COMPARISON, Evidence, drive
from ..finding import ClaimFinding

#: Izhikevich's model in its form of 2007, and a Hodgkin-Huxley model of pyramidal cells.
MODELS = ("izhikevich2007", "traub_miles")
#: Parker-Sochacki is cheaper by at least this many times: "fifteen times", within a factor of 3.
TIMES = 5.0
#: The error of the voltage in mV.
VOLTAGE = 1e-6
SUITE = replace(
    COMPARISON,
    models=MODELS,
    methods=("rk4", "parker_sochacki"),
    detections=("hermite", "dense"),
    tolerances=(0.01, 1e-4),
    criteria=(Criterion(VoltageRms.name, VOLTAGE),),
    time_lanes=False,
    trials=5,
)


def findings(evidence: Evidence) -> Iterator[ClaimFinding]:
    """Compare both methods, at equal spike-time error and at equal error of the voltage."""
    yield from of_table(evidence.run(SUITE).table)


def of_table(table: pd.DataFrame) -> Iterator[ClaimFinding]:
    """Return one finding per model, drive and error allowed."""
    for _, rows in table.groupby(["model", "stimulus", "level", "measure", "tolerance"], sort=False):
        first = rows.iloc[0]
        error = (
            f"voltage, {VOLTAGE:g} mV"
            if first["measure"] == VoltageRms.name
            else f"spike times, {first['tolerance']:g} ms"
        )
        costs = rows.groupby("method")["flops_per_ms"].min()
        rk4, series = (float(costs.get(method, float("nan"))) for method in ("rk4", "parker_sochacki"))
        yield _compared({"model": first["model"], "drive": drive(first), "error": error}, rk4, series)


def _compared(where: dict[str, str], rk4: float, series: float) -> ClaimFinding:
    if pd.isna(rk4) and pd.isna(series):
        return ClaimFinding(where, "no method reaches it", None)
    if pd.isna(rk4):
        return ClaimFinding(where, f"only Parker-Sochacki reaches it, at {short(series)} operations per ms", None)
    if pd.isna(series):
        return ClaimFinding(where, "only Runge-Kutta reaches it", False)
    return ClaimFinding(where, f"Runge-Kutta costs {short(rk4 / series)} times as much", rk4 / series >= TIMES)


CLAIMS.register(
    Claim(
        name="parker_sochacki_2009",
        year=2009,
        source="Stewart and Bair 2009, Journal of Computational Neuroscience 27:115, and its stored results (ModelDB "
        "117361)",
        certainty=Certainty.READ,
        sentence="At a mean error of the voltage of 1e-6 mV, the Parker-Sochacki method beats Runge-Kutta of order 4 "
        "by fifteen times.",
        known="Izhikevich's form of 2007 and Traub-Miles, each under two constant currents, for 1 s; measured in time.",
        assumed="The parameters are those of our catalogue, not theirs; the drives give rates of 20 and 100 Hz; "
        "costs are counted operations. Our error of the voltage is the root mean square between spikes, theirs is a "
        "mean. Each method runs at its largest step that holds under 5 stimuli.",
        agrees_if=f"Runge-Kutta takes at least {TIMES:g} times as many operations, at equal error of the voltage, or "
        "of the spike times",
        flips="the tolerance: a series of high order gains at small errors only",
        findings=findings,
    )
)
