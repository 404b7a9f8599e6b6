"""Add one item of each kind: how many files change in the repository, and whether another package can add it.

The same small definitions are tested twice: written into a copy of spikecost, as a contributor would do, and in a
separate package, as pip installs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spikecost

pytestmark = pytest.mark.slow

#: A definition of each kind: the place of its file, its registry, and its name.
MODEL = """
from brian2 import mV, ms

from spikecost.models.definition.neuron import NeuronModel

ITEM = NeuronModel(
    name="one_more", description="One more model", source="by hand, 2024",
    equations="dv/dt = (I - v)/(10*ms) : volt\\nI : volt", threshold="v > 10*mV", reset="v = 0*mV",
    initial={"v": 0 * mV}, drive=20 * mV,
)
"""
METHOD = '''
from spikecost.models.methods.kinds.fixed_step import FixedStep


class OneMore(FixedStep):
    """Ralston's method: order 2."""

    name, order, brian2 = "one_more", 2, ""

    def advance(self, x, dt, f):
        k1 = f(x)
        k2 = f(x + 2 * dt / 3 * k1)
        return x + dt / 4 * (k1 + 3 * k2)


ITEM = OneMore()
'''
DETECTION = '''
class OneMore:
    """The middle of the step."""

    name, order, restarts = "one_more", 1, True

    def locate(self, crossing):
        return crossing.draft.let("theta", crossing.dt / (2 * crossing.dt)), crossing.end


ITEM = OneMore()
'''
CONVENTION = """
from spikecost.flops.conventions.base import Convention
from spikecost.models.algebra.expression import KINDS

ITEM = Convention(name="one_more", counts="as run", weights=dict.fromkeys(KINDS, 3), unit="operations",
                  source="by hand")
"""
COUNTER = '''
from spikecost.flops.counters.machine_code.stepped import Stepped


class OneMore(Stepped):
    """The trap flag under another name."""

    name = "one_more"


ITEM = OneMore()
'''
MEASURE = '''
class OneMore:
    """The difference of the numbers of spikes."""

    name, unit, perfect, matched = "one_more", "1", 0.0, False

    def __call__(self, train, reference):
        return float(abs(len(train) - len(reference)))


ITEM = OneMore()
'''
FEATURE = '''
from spikecost.accuracy.features.protocols.base import Feature, Verdict


class OneMore(Feature):
    """More than two spikes."""

    name, criterion = "one_more", "more than two spikes at twice the weakest drive"

    def trials(self, subject):
        yield (subject.constant(2.0),)

    def detect(self, *recordings):
        return Verdict(recordings[0].spikes.size > 2, f"{recordings[0].spikes.size} spikes")


ITEM = OneMore()
'''
STIMULUS = '''
from spikecost.harness.stimuli.kinds.constant import constant
from spikecost.harness.stimuli.kind import Kind


class OneMore(Kind):
    """Three times the drive."""

    name = "one_more"

    def form(self, drive, duration, seed):
        return constant(3 * drive, duration)


ITEM = OneMore()
'''
NUMBER_FORMAT = '''
import numpy as np

from spikecost.models.number_formats.single import Single


class OneMore(Single):
    """Single precision under another name."""

    name = "one_more"


ITEM = OneMore(np.float32)
'''
CLAIM = """
from spikecost.reports.claims.claim import Certainty, Claim
from spikecost.reports.claims.finding import ClaimFinding

ITEM = Claim(
    name="one_more", year=2024, source="by hand", certainty=Certainty.OURS, sentence="One is one.",
    known="", assumed="",
    agrees_if="it is", flips="nothing", findings=lambda evidence: [ClaimFinding({"number": "1"}, "1", True)],
)
"""
ENGINE = '''
from fractions import Fraction

import numpy as np

from spikecost.harness.engines.base import Engine, EngineRun, Labels, Scheme


class OneMore(Engine):
    """A simulator that finds a spike in every step."""

    name, title, default_dt, default_dt_source = "one_more", "One more", Fraction(1, 8), "by hand"
    labels = Labels("at the end of a step", "by hand")
    schemes = {"guess": Scheme("it guesses", "by hand")}

    def why_not_model(self, model, method):
        return "" if model.name == "one_more" else "it knows only one_more"

    def text(self, model, method):
        return model.equations

    def run_each(self, model, method, dts, stimulus, neurons):
        text = self.text(model, method)
        return [
            EngineRun(np.arange(dt, stimulus.horizon + dt, dt, dtype=float), 0.0, 0.0, text, "One more 1") for dt in dts
        ]


ITEM = OneMore()
'''
EXECUTOR = '''
from spikecost.harness.executors.base import Executor
from spikecost.harness.executors.threads import THREADS


class OneMore(Executor):
    """One thread, however many are asked for."""

    name = "one_more"

    def start(self, jobs, address):
        return THREADS.start(1, address)


ITEM = OneMore()
'''
REPORT_FORMAT = """
from spikecost.reports.comparison.formats import ReportFormat

ITEM = ReportFormat("one_more", lambda run: {"one_more.txt": run.upper().encode()})
"""
#: The kind of entry point, the folder, where the registry is, and the definition.
KINDS = {
    "models": ("models/catalogue", "spikecost.models.catalogue.MODELS", MODEL),
    "methods": ("models/methods", "spikecost.models.methods.registered.METHODS", METHOD),
    "detections": ("models/detection", "spikecost.models.detection.base.DETECTIONS", DETECTION),
    "conventions": ("flops/conventions", "spikecost.flops.conventions.base.CONVENTIONS", CONVENTION),
    "counters": ("flops/counters", "spikecost.flops.counters.base.COUNTERS", COUNTER),
    "measures": ("accuracy/measures", "spikecost.accuracy.measures.base.MEASURES", MEASURE),
    "features": ("accuracy/features", "spikecost.accuracy.features.protocols.base.FEATURES", FEATURE),
    "stimuli": ("harness/stimuli/kinds", "spikecost.harness.stimuli.kind.STIMULI", STIMULUS),
    "executors": ("harness/executors", "spikecost.harness.executors.base.EXECUTORS", EXECUTOR),
    "number_formats": ("models/number_formats", "spikecost.models.number_formats.base.NUMBER_FORMATS", NUMBER_FORMAT),
    "claims": ("reports/claims/published", "spikecost.reports.claims.claim.CLAIMS", CLAIM),
    "engines": ("harness/engines", "spikecost.harness.engines.base.ENGINES", ENGINE),
    "formats": ("reports/comparison/formats.py", "spikecost.reports.comparison.formats.FORMATS", REPORT_FORMAT),
}
#: The number of files written by hand, as stated in CONTRIBUTING. (A model whose paper is not yet in the bibliography
#: needs a second one, and this one has no paper. Formats of reports are all in one file.)
TOUCHED = dict.fromkeys(KINDS, 1)

SCRIPT = """
import json
from fractions import Fraction

import numpy as np
from brian2 import ms, mV

import spikecost as sc
from spikecost.accuracy.features.shown.search import search
from spikecost.accuracy.measures import MEASURES
from spikecost.accuracy.measures.spike_trains import SpikeTrain
from spikecost.flops.conventions import CONVENTIONS
from spikecost.harness.engines import ENGINES
from spikecost.harness.executors.base import chosen
from spikecost.harness.measuring.measure import measure
from spikecost.harness.stimuli import STIMULI, constant
from spikecost.reports.claims.evidence import Evidence
from spikecost.reports.commands.claims import verdicts
from spikecost.reports.comparison.formats import FORMATS

model = sc.get_model("one_more")
counted = sc.count("one_more", "one_more", "one_more")
found = {
    "file": sc.__file__,
    "model": model.description,
    "flops": counted.flops_per_step("one_more"),
    "run": counted.as_run.present,
    "spikes": sc.simulate(model, constant(20*mV, 30*ms), 0.125*ms, "one_more", "one_more").tolist(),
    "in_format": sc.simulate(
        model, constant(20*mV, 30*ms), 0.125*ms, "one_more", "one_more", precision="one_more"
    ).tolist(),
    "counter": measure("one_more", "one_more", counter="one_more", steps=5).witnesses[0].ratio,
    "measure": MEASURES["one_more"](SpikeTrain(np.array([1.0, 2.0]), 5.0), SpikeTrain(np.array([1.0]), 5.0)),
    "feature": search(sc.get_model("lif"), ["one_more"])[0].outcome,
    "stimulus": STIMULI["one_more"].around(2.0, model, 100.0).values[0],
    "claim": verdicts(["one_more"], Evidence())[0].says,
    "engine": ENGINES["one_more"].run(model, "", Fraction(1, 2), constant(20*mV, 2*ms)).times.tolist(),
    "unfit": ENGINES["one_more"].why_not("lif"),
    "slots": sum(chosen("one_more")[0].start(4, "").slots().values()),
    "format": {name: content.decode() for name, content in FORMATS["one_more"].files("a run").items()},
}
print(json.dumps(found))
"""


def asked(folder: Path) -> dict:
    """Run the script with a folder as the first place in which modules are searched."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def right(found: dict) -> None:
    """Assert the result of each definition, computed by hand."""
    assert found["model"] == "One more model"
    assert found["flops"] == 3 * sum(n for kind, n in found["run"].items())
    # v = 20 (1 - exp(-t/10)) is 10 after 10 log 2 ms, which is in the 56th step of an eighth of a ms: its middle; reset
    # there, the next is 56 steps after that, but for the half step that is left
    first, *others = found["spikes"]
    assert first == 55.5 / 8
    assert len(others) >= 2
    assert found["in_format"] == pytest.approx(found["spikes"])
    assert found["counter"] == 1.0
    assert found["measure"] == 1.0
    assert found["feature"] == "found"
    assert found["stimulus"] == pytest.approx(6.0)
    assert found["claim"] == "holds"
    assert found["engine"] == [0.5, 1.0, 1.5, 2.0]
    assert found["slots"] == 1
    assert found["unfit"] == "it knows only one_more"
    assert found["format"] == {"one_more.txt": "A RUN"}


@pytest.fixture
def copy(tmp_path):
    """A copy of the tested package."""
    # with the bytecode, so that 400 modules are not compiled again
    left_out = shutil.ignore_patterns("tests", "docs", ".*", "*.egg-info")
    shutil.copytree(Path(spikecost.__file__).parent, tmp_path / "spikecost", ignore=left_out)
    return tmp_path / "spikecost"


def test_in_the_repository(copy):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    touched = {}

    def files_since():
        now = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
        changed = [path for path, content in now.items() if before.get(path) != content]
        before.update(now)
        return len(changed)

    for kind, (folder, registry, definition) in KINDS.items():
        module, _, name = registry.rpartition(".")
        registers = f"\nfrom {module} import {name}\n\n{name}.register(ITEM)\n"
        path = copy / folder
        if path.is_file():
            path.write_text(path.read_text() + definition + registers)
        elif kind == "models":
            (path / "one_more.py").write_text(definition.replace("ITEM", "ONE_MORE"))  # its name in capitals
        else:
            (path / "one_more.py").write_text(definition + registers)
        touched[kind] = files_since()
    assert touched == TOUCHED

    found = asked(copy.parent)
    assert Path(found["file"]).parent == copy
    right(found)


def test_from_another_package(tmp_path):
    package = tmp_path / "one_more_package"
    package.mkdir()
    (package / "__init__.py").touch()
    points = []
    for kind, (_, _, definition) in KINDS.items():
        (package / f"{kind}.py").write_text(definition)
        points.append(f"[spikecost.{kind}]\none_more = one_more_package.{kind}:ITEM\n")
    metadata = tmp_path / "one_more-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: one-more\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("\n".join(points))
    right(asked(tmp_path))
