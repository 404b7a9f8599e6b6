"""Time per neuron and step: our kernels, loops in Python, and other simulators, in one interleaved run.

In every round each program runs once for each number of neurons, so that a slow period of the machine does not meet
only one of them; a ratio is that of two runs of the same round. One core, dt = 0.025 ms, a constant input at which the
model spikes. The time of the simulation alone counts, without building and compiling. `SPIKECOST_PEERS` is the number
of rounds (one takes about seven minutes); otherwise a short test shows that the programs run and find the same spikes.
With ``SPIKECOST_HISTORY``, the ratios are added to the history that ``spikecost history`` shows; with
``SPIKECOST_PEERS_PAGE``, the file of docs/simulators.md, they are written there after each model.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pytest
from brian2 import ms

from spikecost.flops.toolchain import SCALAR, SIMD, cpu_model
from spikecost.harness.engines import ENGINES
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step
from spikecost.reports.regression.kept.figures import Figures
from spikecost.reports.regression.kept.history import History, store_path
from spikecost.reports.writing.numbers import short
from spikecost.reports.writing.text import rows

from .loops import Loop
from .peers_page import FIXED, put, rows_in

DT = Fraction(1, 40)
ROUNDS = int(os.environ.get("SPIKECOST_PEERS", "0"))
#: By number of neurons: the number of steps.
STEPS = {1: 20_000, 1024: 2000, 100_000: 200} if ROUNDS else {1: 2000, 20: 2000}
OURS, LOOPS = "spikecost", ("numba", "numpy")
#: Simulators whose methods are ours, and those with methods of their own, which are compared with Euler's.
SAME, OWN = ("brian2:standalone", "brian2:cython"), ("nest", "neuron", "arbor")
STEPPED = [
    ("lif", "euler"),
    ("lif", "rk4"),
    ("izhikevich", "euler"),
    ("izhikevich", "rk4"),
    ("hodgkin_huxley", "euler"),
    ("hodgkin_huxley", "rk4"),
    ("hodgkin_huxley", "exponential_euler"),
    ("hodgkin_huxley", "exponential_euler_staggered"),
    ("adex", "euler"),
    ("traub_miles", "euler"),
]


def drive(model, steps):
    return constant(model.drive, float(steps * DT) * ms)


class Programs:
    """The programs that run a model with a method, by name; each returns ns per neuron and step."""

    def __init__(self, name, method):
        self._model, self._method = get_model(name), method
        self._step = make_step(name, method)
        self.reasons = {}
        """Why others are missing."""
        self.names = [OURS]
        for library in LOOPS:
            if find_spec(library):
                self.names.append(library)
            else:
                self.reasons[library] = "it is not installed"
        for engine in (*SAME, *(OWN if method == "euler" else ())) if ROUNDS else ("brian2:numpy",):
            scheme = "" if engine in OWN else method
            reason = ENGINES[engine].why_not(self._model, scheme)
            if reason:
                self.reasons[engine] = reason
            else:
                self.names.append(engine)

    @cache  # noqa: B019 - there are few
    def _kernel(self, build):
        return compile_kernels([self._step], build)[0]

    @cache  # noqa: B019
    def _loop(self, library):
        loop = Loop(self._step, library)
        loop.seconds(0.0, DT, 1, 1)  # compiles
        return loop

    def spikes(self, name, steps):
        """Return the number of spikes of one neuron."""
        stimulus = drive(self._model, steps)
        if name == OURS:
            return len(self._kernel(SCALAR).run([stimulus], DT)[0].spike_times)
        if name in LOOPS:
            return self._loop(name).seconds(stimulus.values[0], DT, steps, 1)[1]
        return len(ENGINES[name].run(self._model, "" if name in OWN else self._method, DT, stimulus).times)

    def nanoseconds(self, name, neurons, steps):
        stimulus = drive(self._model, steps)
        if name == OURS:
            kernel = self._kernel(SCALAR if neurons == 1 else SIMD)
            seconds = kernel.seconds([stimulus] * neurons, DT)
        elif name in LOOPS:
            seconds, _ = self._loop(name).seconds(stimulus.values[0], DT, steps, neurons)
        else:
            scheme = "" if name in OWN else self._method
            seconds = ENGINES[name].run(self._model, scheme, DT, stimulus, neurons).seconds
        return 1e9 * seconds / neurons / steps

    def label(self, name):
        return f"{name} ({ENGINES[name].method_of(self._model)})" if name in OWN else name


@pytest.mark.parametrize(("model", "method"), STEPPED if ROUNDS else [("lif", "euler"), ("hodgkin_huxley", "euler")])
def test_peers(benchmark, model, method, capsys):
    programs = Programs(model, method)
    samples = {}

    def one_round(names=programs.names):
        for neurons, steps in STEPS.items():
            for name in names:
                key = name, neurons
                try:
                    samples.setdefault(key, []).append(programs.nanoseconds(name, neurons, steps))
                except UserError as error:
                    programs.reasons[f"{name}, {neurons} neurons"] = str(error)

    if ROUNDS:
        # builds, and touches memory; a simulator starts again in each round, and its building is not timed
        one_round([name for name in programs.names if name not in ENGINES])
        samples.clear()
    else:
        found = {name: programs.spikes(name, 2000) for name in programs.names}
        assert found[OURS] > 0
        assert len(set(found.values())) == 1, found
    benchmark.pedantic(one_round, rounds=ROUNDS or 1)
    table, ratios = [], {}
    for neurons in STEPS:
        ours = samples[OURS, neurons]
        for name in programs.names:
            if len(samples.get((name, neurons), ())) < len(ours):
                continue
            over = sorted(their / own for their, own in zip(samples[name, neurons], ours, strict=True))
            row = {"neurons": neurons, "program": programs.label(name), "ns": short(median(samples[name, neurons]))}
            more = {"over ours": short(median(over)), "from": short(over[0]), "to": short(over[-1])}
            table.append({**row, **more})
            if name != OURS:
                ratios[f"{model}/{method}/{neurons} neurons/{name}/time_over_ours"] = median(over)
    said = [rows(f"{model}, {method}: ns per neuron and step", list(table[0]), table, list(table[0])[2:])]
    said += [f"not {name}: {reason}" for name, reason in programs.reasons.items()]
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *said, ""]))
    benchmark.extra_info |= ratios
    if ROUNDS and (page := os.environ.get("SPIKECOST_PEERS_PAGE")):
        where = (
            f"ns of wall time per neuron and step, one thread, medians of {ROUNDS} interleaved rounds "
            f"({cpu_model()}, {datetime.now(UTC):%Y-%m-%d})."
        )
        text = Path(page).read_text(encoding="utf-8")
        Path(page).write_text(put(text, model, method, table, where), encoding="utf-8")
    if ROUNDS and os.environ.get("SPIKECOST_HISTORY"):
        date = datetime.now(UTC).isoformat(timespec="seconds")
        History(store_path(None)).add(Figures(ratios, made={"date": date}))
    assert all(ratio > 0 for ratio in ratios.values())


def test_the_page_keeps_what_was_measured():
    table = [
        {"neurons": n, "program": program, "ns": "5", "over ours": over, "from": "1", "to": to}
        for n in (1, 1024)
        for program, over, to in ((OURS, "1", "1"), ("nest (exact)", "2.5", "3"))
    ]
    page = put("a\n<!-- peers -->\nNot measured yet.\n<!-- end of peers -->\nb\n", "lif", "euler", table, "here")
    page = put(page, "adex", "euler", table[:2], "here")
    assert [list(row.values()) for row in rows_in(page)] == [
        ["lif", "euler", "1", "5", "2.5 (1 to 3), exact"],
        ["lif", "euler", "1,024", "5", "2.5 (1 to 3), exact"],
        ["adex", "euler", "1", "5", "2.5 (1 to 3), exact"],
    ]
    assert list(rows_in(page)[0]) == [*FIXED, "nest"]
    assert page.startswith("a\n<!-- peers -->\nhere\n\n| model |")
    assert put(page, "adex", "euler", table[:2], "here") == page
    assert page.endswith("<!-- end of peers -->\nb\n")


def test_the_page_of_the_documents_has_the_place():
    page = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text(encoding="utf-8")
    rows = rows_in(page)
    assert bool(rows) != ("\nNot measured yet.\n" in page)
    if rows:
        assert {tuple(row[name] for name in FIXED[:3]) for row in rows} == {
            (model, method, f"{n:,}") for model, method in STEPPED for n in (1, 1024, 100_000)
        }
