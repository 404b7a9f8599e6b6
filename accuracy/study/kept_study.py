"""What the store keeps of a run in addition to the runs of its kernels.

Stimuli with their references, counts of operations and timings are kept for people and other programs: each command
computes them again, or has them from the cache. Recordings of spikes and voltages are taken from the store.
"""

from __future__ import annotations

import hashlib
import json
import platform
import struct
import time
import uuid
import zlib
from collections.abc import Callable
from importlib.metadata import version as version_of
from typing import Any

import numpy as np

from ...flops.toolchain import cpu_model, find_compiler
from ...harness.measuring.timing import Timing
from ...harness.store import Store
from ...models.ground.code_version import code_version
from ..measures.spike_trains import Array
from ..search.kept_runs import version
from .recording import Share, Trace
from .study import Case, Study

#: Errors of `_read`.
_UNREADABLE = (ValueError, struct.error, zlib.error)


def packed(*columns: Array) -> bytes:
    """Write columns of numbers as compressed bytes; those of the same place are together, as exponents are alike."""
    sizes = struct.pack(f"<I{len(columns)}I", len(columns), *map(len, columns))
    numbers = np.concatenate([np.asarray(each, dtype="<f8") for each in columns])
    return zlib.compress(sizes + numbers.view(np.uint8).reshape(-1, 8).T.tobytes(), 6)


def unpacked(kept: bytes) -> list[Array]:
    """Read what `packed` wrote, every bit.

    Raises
    ------
    ValueError, struct.error, zlib.error
        If it was not.
    """
    content = zlib.decompress(kept)
    (count,) = struct.unpack_from("<I", content)
    sizes = struct.unpack_from(f"<{count}I", content, 4)
    shuffled = np.frombuffer(content, np.uint8, offset=4 + 4 * count).reshape(8, sum(sizes))
    numbers = np.ascontiguousarray(shuffled.T).view("<f8")[:, 0]
    return np.split(numbers, np.cumsum(sizes)[:-1])


def recorded(store: Store, case: Case, share: Share, record: Callable[[], Trace]) -> Trace:
    """Return the recording of a case: from the store, or computed and kept there."""
    curve = case.curve
    if not (store.is_open and curve.identity):
        return record()
    name = f"{curve.identity}\0{case.setting}\0{share}\0{code_version('accuracy/study/recording.py')}"
    identity = hashlib.sha256(name.encode()).hexdigest()
    for row in store.recall(identity, "train"):
        try:
            return Trace(*unpacked(row.content))
        except (*_UNREADABLE, TypeError) as error:
            store.set_aside(row, f"it cannot be read: {error}")
    trace = record()
    about = {"result": curve.identity, "setting": str(case.setting), **_named(case)}
    store.keep(identity, packed(trace.spike_times, trace.at, trace.voltage), about, version(), kind="train")
    return trace


def keep_study(store: Store, study: Study, begun: float) -> None:
    """Keep the stimuli with their references, the counts and timings of a run, and where it was made."""
    if not (store.is_open and study.curves):
        return
    run = uuid.uuid4().hex
    with store.together():
        _keep_trials(store, study)
        for curve in study.curves:
            if curve.identity and curve.count is not None and not store.recall(curve.identity, "count"):
                blocks = {part: dict(kinds) for part, kinds in curve.count.by_block.items()}
                about = {"model": curve.regime.model.label, "method": curve.method, "detection": curve.detection}
                store.keep(curve.identity, json.dumps(blocks).encode(), about, version(), kind="count")
        for case in study.cases:
            for name in ("one_neuron", "many_neurons"):
                timing: Timing | None = getattr(case, name)
                if timing is not None and case.curve.identity:
                    about = {"run": run, "what": name, "setting": str(case.setting), **_named(case)}
                    store.keep(case.curve.identity, packed(np.array(timing.samples)), about, version(), kind="timing")
        made = {
            "spikecost": version_of("spikecost"),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "compiler": find_compiler().version,
            "processor": cpu_model(),
            "machine": platform.platform(),
        }
        store.keep(run, b"", made, version(), kind="provenance")
        said = {
            "begun": begun,
            "ended": time.time(),
            "interrupted": study.interrupted,
            "suite": {
                name: getattr(study.suite, name) for name in ("methods", "detections", "tolerances", "trials", "seed")
            },
            "models": list(dict.fromkeys(regime.model.label for regime in study.regimes)),
            "results": len({curve.identity for curve in study.curves if curve.identity}),
            "reused": sum(curve.from_store for curve in study.curves if curve.points),
        }
        store.keep(run, b"", said, version(), kind="run")


def _keep_trials(store: Store, study: Study) -> None:
    for regime in study.regimes:
        for trial in regime.trials:
            if store.recall(trial.digest, "trial"):
                continue
            about = {
                "model": regime.model.label,
                **regime.key._asdict(),
                "drive": regime.drive.value if regime.drive else None,
                "seed": trial.stimulus.seed,
                "error_ms": trial.reference.error,
                "solver": str(trial.reference.method),
            }
            store.keep(trial.digest, packed(trial.reference.train.times), about, version(), kind="trial")


def _named(case: Case) -> dict[str, Any]:
    curve = case.curve
    return {
        "model": curve.regime.model.label,
        **curve.regime.key._asdict(),
        "method": curve.method,
        "detection": curve.detection,
    }
