"""Another package can bring methods of both kinds through one entry-point group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

#: The methods of a package, and a method under the older entry-point group for methods that choose their steps.
ENTRY_POINTS = """\
[spikecost.methods]
ralston = careful:ralston
careful = careful:careful

[spikecost.adaptive_methods]
plain = careful:plain
"""

SCRIPT = """
import json
from fractions import Fraction

from brian2 import ms

import spikecost as sc
from spikecost.accuracy.study.cost import cost
from spikecost.flops.operations import count_step
from spikecost.harness.kernels.kernels import kernels_of
from spikecost.harness.measuring.spike_cost import count_run, count_step_and_spike

model = sc.get_model("izhikevich").replace(drive=None)
WAYS = [("ralston", "hermite"), ("plain", "grid"), ("euler", "grid"), ("careful", "grid"), ("careful", "dense")]
made = kernels_of(model, WAYS, varying=False)
found = {"reasons": {"/".join(key): str(why) for key, why in made.reasons.items()}}
for key, compiled in made.compiled.items():
    runs = [kernel.run([sc.constant(10, 200*ms)] * 3, Fraction(1, 8)) for kernel in (compiled.lanes, compiled.alone)]
    first = runs[0][0]
    found["/".join(key)] = {
        "times": [run.spike_times.tolist() for several in runs for run in several],
        "tallies": dict(first.tallies),
        "cost": cost(compiled.count, first.tallies, len(first.spike_times), 200).per_ms,
        "by_block": {name: sum(n for kind, n in each.items() if kind != "sign")
                     for name, each in compiled.count.by_block.items()},
    }
whole = count_run(made.compiled["careful", "grid"].alone, 10.0)
found["careful"] = [whole.counted, whole.retired]
apart = count_step_and_spike(made.compiled["ralston", "hermite"].alone, 10.0)
found["ralston"] = [[apart.counted_step, apart.counted_spike], [apart.step, apart.spike]]
found["methods"] = list(sc.METHODS)
found["order"] = sc.METHODS["plain"].order
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Install the package as pip does; return a function that runs Python with the package installed."""
    metadata = tmp_path_factory.mktemp("installed") / "careful-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: careful\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    where = os.pathsep.join([str(metadata.parent), str(Path(__file__).parent / "other_package")])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=metadata.parent,
            env={**os.environ, "PYTHONPATH": where},
        )

    return run


@pytest.mark.slow
def test_methods_of_either_kind_are_counted_run_and_cost(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = python("-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["methods"][-3:] == ["ralston", "careful", "plain"]
    assert list(found["reasons"]) == ["careful/dense"]
    # without our class, Euler is Euler
    assert found["plain/grid"] == found["euler/grid"]
    assert found["order"] == 1
    for way in ("ralston/hermite", "plain/grid", "careful/grid"):
        ran = found[way]
        assert len(ran["times"][0]) > 3
        assert all(each == ran["times"][0] for each in ran["times"])
        # the cost is the sum over the tallies, each times the cost of its part
        total = sum(n * ran["by_block"].get(name, 0) for name, n in ran["tallies"].items())
        assert ran["cost"] == pytest.approx(total / 200, rel=1e-12)
    tallies = found["careful/grid"]["tallies"]
    assert tallies["attempt"] == tallies["accepted"] == 1600
    assert 0 < tallies["corrected"] == tallies["correct"] < 1600
    assert tallies["reset"] == len(found["careful/grid"]["times"][0])
    for name in ("careful", "ralston"):
        counted, retired = found[name]
        assert counted == retired
        assert counted


@pytest.mark.slow
def test_the_command_line_knows_them(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    both = "import spikecost.cli as cli; print(cli.main(['methods']), cli.main('count lif --method careful'.split()))"
    done = python("-c", both)
    assert (done.returncode, done.stderr) == (0, "")
    listed, _, counted = done.stdout.partition("lif, careful")
    assert counted.splitlines()[-1] == "0 0"
    assert "Ralston's method of order 2" in listed
    assert "Two half steps of Euler" in listed
    # it chooses its steps, so that each part of them is counted
    for part in ("attempt", "correct"):
        assert part in counted
