"""What every engine says of itself, Brian2 as an engine, and simulators that print, crash or do not answer."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

from spikecost.harness.engines import ENGINES
from spikecost.harness.engines.child import ask
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import piecewise_constant
from spikecost.models.catalogue import MODELS
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ...archetypes import product

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", list(ENGINES))
def test_what_an_engine_says_of_itself(name):
    engine = ENGINES[name]
    assert Fraction(1, 1000) < engine.default_dt <= 1
    assert engine.default_dt_source
    assert engine.labels.said
    assert engine.labels.source
    assert engine.labels.detection in ("", *DETECTIONS)
    for scheme in engine.schemes.values():
        assert scheme.said
        assert scheme.source
        assert scheme.ours in ("", *METHODS)
    assert "has no method 'no_such'" in engine.why_not("lif", "no_such")
    # each model of the catalogue runs, or one line says why not
    for model in MODELS.values():
        reasons = [engine.why_not_model(model, method) for method in engine.schemes]
        if not all(reasons):
            assert engine.method_of(model) in engine.schemes
        assert not any("\n" in reason for reason in reasons)


#: Prints the time step in ms, or the absolute tolerance, that the installed simulator has if a user sets none.
DEFAULTS = {
    "brian2:numpy": "import brian2; print(float(brian2.defaultclock.dt/brian2.ms))",
    "nest": "import nest; print(nest.resolution)",
    "neuron": "from neuron import h; print(h.dt)",
    "arbor": "import arbor, re; print(re.search('dt: .* = ([0-9.]+)', arbor.simulation.run.__doc__)[1])",
    "cvode": "from neuron import h; print(h.CVode().atol())",
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_of_the_installed_simulator(name):
    engine = ENGINES["neuron" if name == "cvode" else name]
    if reason := engine.why_not_here():
        pytest.skip(reason)
    printed = subprocess.run([sys.executable, "-c", DEFAULTS[name]], capture_output=True, text=True, check=True).stdout
    said = Fraction(printed.split()[-1])
    if name == "cvode":
        assert f"tolerance of {float(said):.0e}".replace("e-03", "e-3") in engine.schemes["cvode"].said
    else:
        assert said == engine.default_dt


@pytest.mark.parametrize(
    "name", ["brian2:numpy", *(product(f"brian2:{target}") for target in ("cython", "standalone"))]
)
def test_brian2_is_our_kernel(name, request):
    if name != "brian2:numpy":
        request.getfixturevalue("compiled_brian2")
    model, dt = MODELS["izhikevich"], Fraction(1, 10)
    stimulus = piecewise_constant([(30 * ms, 14), (20 * ms, 2), (30 * ms, 20)])
    one, other = ENGINES[name].runs(model, "", [dt, 2 * dt], stimulus, 3)
    for run, step in ((one, dt), (other, 2 * dt)):
        ours = compile_kernels([make_step(model, "euler", "grid_start")])[0].run([stimulus], step)[0].spike_times
        np.testing.assert_allclose(run.times, ours, rtol=0, atol=1e-9)
        assert len(ours) > 3
        assert run.seconds > 0
    assert "dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1" in one.text
    assert one.version.startswith("Brian2 ")


def test_what_is_missing_is_named_with_its_cure(monkeypatch):
    neuron = ENGINES["neuron"]
    monkeypatch.setattr(neuron, "package", "no_such_package")
    assert "pip install 'spikecost[peers]'" in neuron.why_not("lif")
    monkeypatch.setattr(neuron, "package", "json")
    monkeypatch.setattr(neuron, "tools", ("no-such-compiler",))
    assert "there is no no-such-compiler; install" in neuron.why_not("lif")
    with pytest.raises(UserError, match=r"NEURON cannot run lif: .*no-such-compiler"):
        neuron.run("lif", "", Fraction(1, 10), piecewise_constant([(5 * ms, get_model("lif").drive)]))


@pytest.fixture
def program(tmp_path):
    def written(text):
        path = tmp_path / "program.py"
        path.write_text(f"import json, os, sys\nquestion = json.load(sys.stdin)\n{text}\n")
        return str(path)

    return written


def test_what_a_simulator_prints_is_not_its_answer(program):
    noisy = program(
        "print('{}' * 100_000)\nprint('a warning', file=sys.stderr)\n"
        "json.dump({'twice': 2 * question['number']}, open(question['answer'], 'w'))\nprint('done')"
    )
    assert ask("A simulator", noisy, {"number": 21}) == {"twice": 42}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ValueError('no such mechanism')", "failed: ValueError: no such mechanism"),
        (
            "try:\n    1 / 0\nexcept Exception as error:\n    raise OSError('See above.') from error",
            "ZeroDivisionError: div",
        ),
        ("print('half', flush=True); os.abort()", "failed: it was ended by signal 6, after it printed: half"),
        ("os.kill(os.getpid(), 9)", "failed: was ended by signal 9"),
        ("print('nothing to do')", "ended without an answer: nothing to do"),
        ("open(question['answer'], 'w').write('[1, 2')", "ended without an answer"),
        ("open(question['answer'], 'w').write('[1, 2]')", "not a table"),
    ],
)
def test_a_simulator_that_fails_is_one_line(program, text, said):
    with pytest.raises(UserError, match=f"A simulator .*{said}") as caught:
        ask("A simulator", program(text), {})
    assert "\n" not in str(caught.value)


def test_a_simulator_that_hangs_is_stopped(program, monkeypatch):
    monkeypatch.setenv("SPIKECOST_COMPILER_TIMEOUT", "0.1")
    with pytest.raises(UserError, match="did not end within"):
        ask("A simulator", program("import time; time.sleep(60)"), {})
