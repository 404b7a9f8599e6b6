"""The size of a run's folder."""

from dataclasses import replace
from itertools import cycle, islice, product

import numpy as np
import pandas as pd
import pytest

from spikecost.accuracy.study.suite import STANDARD
from spikecost.models.catalogue import MODELS
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import METHODS
from spikecost.reports.comparison.rendering import render
from spikecost.reports.comparison.run_folder import TABLES
from spikecost.reports.writing.encoded import to_parquet

#: Rows per model of the large tables of `spikecost run`, which was run with three models.
PER_MODEL = {"table": 816, "points": 2012, "by_stimulus": 6000, "timings": 934}
#: The part of the rows that has numbers of its own there: others have none, or those of another tolerance.
OWN = {"table": 0.28, "points": 0.8, "by_stimulus": 0.6}
#: All recordings together have at most so many samples, and so many spikes in addition to those of the references.
AT_MOST = {"voltages": 150_000, "spikes": 200_000}
LARGEST = 15e6  # bytes


def grown(frame, names, rows, own, rng):
    """Copies of a table for other models, ways and regimes, so that it has so many rows; measured numbers differ."""
    places = product([(kind, f"{rate:g} Hz") for kind, rate in REGIMES], METHODS, DETECTIONS, names)
    copies = []
    for (stimulus, level), method, detection, model in islice(cycle(places), -(-rows // len(frame))):
        of = {"model": model}
        if rows > 26 * len(frame):
            of |= {"stimulus": stimulus, "level": level, "method": method, "detection": detection}
        copies.append(frame.assign(**{name: value for name, value in of.items() if name in frame}))
    found = pd.concat(copies, ignore_index=True)[:rows]
    has = rng.random(rows) < own
    for name, column in found.items():
        if column.dtype.kind == "f" and frame[name].nunique() > 20 and name != "time_ms" and "dt_ms" not in name:
            found[name] = (column * (1 + 0.2 * rng.random(rows))).astype(column.dtype).where(has)
    return found


REGIMES = [("constant", 100.0), *(("ornstein_uhlenbeck", rate) for rate in (5.0, 20.0, 50.0))]


@pytest.mark.deep
def test_a_run_of_the_default_suite_with_26_models_is_small(small_run, pictures):
    names = list(dict.fromkeys([*small_run.models, *MODELS]))[:26]
    assert len(names) == 26
    assert len(STANDARD.models) == 3
    rng = np.random.default_rng(0)
    rows = {name: 26 * each for name, each in PER_MODEL.items()} | AT_MOST
    frames = {name: getattr(small_run, name) for name in TABLES}
    for name, frame in frames.items():
        if "model" in frame and len(frame):
            frames[name] = grown(frame, names, rows.get(name, 13 * len(frame)), OWN.get(name, 1), rng)
    first = next(iter(small_run.about["models"].values()))
    suite = {**small_run.about["suite"], "methods": list(METHODS), "detections": list(DETECTIONS)}
    run = replace(small_run, about={**small_run.about, "suite": suite, "models": dict.fromkeys(names, first)}, **frames)
    files = render(run) | {f"data/{name}.parquet": to_parquet(getattr(run, name)) for name in TABLES}
    sizes = {name: len(content) for name, content in files.items()}
    assert sum(sizes.values()) < LARGEST, sorted(sizes.items(), key=lambda item: -item[1])[:10]
