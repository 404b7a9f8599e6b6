"""Runs with other content, made of the small one."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from spikecost.accuracy.study.study import OURS
from spikecost.reports.comparison.run_folder import TABLES
from spikecost.reports.tables.table import SITUATION


def with_models(run, names):
    """Return the run with other models, which are copies of its first, each somewhat more expensive."""
    first = run.models[0]

    def grown(frame):
        if "model" not in frame:
            return frame
        costs = [name for name in frame if name == "ratio" or name.endswith("flops_per_ms")]
        own = frame[frame["model"] == first]
        copies = [
            own.assign(model=name, **{column: own[column] * 1.1 ** (i + 1) for column in costs})
            for i, name in enumerate(names)
        ]
        return pd.concat([frame, *copies], ignore_index=True)

    about = {**run.about, "models": {**run.about["models"], **dict.fromkeys(names, run.about["models"][first])}}
    return replace(run, about=about, **{name: grown(getattr(run, name)) for name in TABLES})


def situations(run):
    """The first three situations of the winner map."""
    return run.winners[SITUATION].head(3).to_dict("records")


def with_several_winners(run):
    """Return the run with another winner in the first of `situations`, two models too close to rank in the second, and
    none in the third.
    """
    winners, candidates = run.winners.copy(), run.candidates
    other, close, none = situations(run)

    def at(frame, key):
        return (frame[SITUATION] == [key[name] for name in SITUATION]).all(axis=1)

    here = candidates[at(candidates, other)]
    turned = here.iloc[::-1].assign(place=here["place"].to_numpy(), flops_per_ms=here["flops_per_ms"].to_numpy())
    winners.loc[at(winners, other), "winner"] = turned["model"].iloc[0]
    winners["ranked"] = winners["ranked"].astype(bool) & ~at(winners, close)
    winners.loc[at(winners, none), "winner"] = ""
    kept = candidates[~at(candidates, other) & ~at(candidates, none)]
    return replace(run, winners=winners, candidates=pd.concat([turned, kept], ignore_index=True))


def with_every_part(run):
    """Return the run with what only some runs have: several winners, another simulator, another number format, two
    rates at a drive, and times that cannot be trusted.
    """
    found = with_several_winners(run)
    own = found.table.query("model == 'lif' and method == 'euler' and detection == 'grid' and tolerance == 0.3")
    peers = own.assign(engine="fake", method="steps", ns_per_ms=123.0, ns_per_ms_note="machine busy")
    here = own[["model", "method", "detection", "stimulus", "horizon_ms", "level"]]
    engines = here.assign(
        engine="fake", status="ran", reason="", default_dt_ms=0.2, default_error_ms=0.75, default_missing=0,
        default_extra=0,
    )  # fmt: skip
    floors = here.assign(engine=f"{OURS}:single", floor_ms=3e-4, floor_dt_ms=0.01)
    described = {
        "fake": {
            "title": "The fake simulator",
            "labels": "at the end of a step",
            "schemes": {"steps": "forward Euler"},
            "texts": {"lif": "a neuron of lif"},
        }
    }
    timed = found.table["ns_per_ms"].notna()
    doubted = found.table.assign(ns_per_ms_note=found.table["ns_per_ms_note"].where(~timed, "spread 50 %"))
    regimes = found.regimes.copy()
    regimes["several_rates"] = ["0 Hz if it is raised slowly, 50 Hz if it is switched on", *[""] * (len(regimes) - 1)]
    return replace(
        found,
        about={**found.about, "engines": described},
        table=pd.concat([doubted, peers], ignore_index=True),
        engines=engines.reindex(columns=list(found.engines)),
        floors=floors.reindex(columns=list(found.floors)),
        regimes=regimes,
    )
