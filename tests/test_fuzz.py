"""Whatever is given, well-formed or not: an answer or one line, no crash, no hang; and laws that hold for all of it.

Everyday tests try a few examples of each, ``tox -e deep`` ten thousand, each night others. What is drawn is in
`tests/strategies.py`.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from brian2 import NeuronGroup
from hypothesis import assume, given
from hypothesis import strategies as st

import spikecost as sc
from spikecost import cli
from spikecost.accuracy.measures import MEASURES
from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.suite import QUICK, Suite
from spikecost.flops.operations import count, count_block
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import Stimulus
from spikecost.models.algebra.simplify import Block
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not
from spikecost.reports.comparison import files_of_run
from spikecost.reports.comparison.places import MANIFEST
from spikecost.reports.comparison.run_folder import RunFolder
from spikecost.reports.regression.judge import judge
from spikecost.reports.regression.kept import baseline as kept_baselines
from spikecost.reports.regression.kept.figures import Figures
from spikecost.reports.results.suite_file import read_suite

from . import strategies
from .strategies import damaged, document, fuzzed

#: Reading a text must not take longer than this, in s of processor time.
SECONDS = 10.0
METHOD = st.sampled_from(sorted(METHODS))
#: Methods that apply to every model with a step of its own.
ANY = st.sampled_from(["euler", "rk4", "heun", "midpoint"])
DETECTION = st.sampled_from(sorted(DETECTIONS))

fuzz = fuzzed(25)
#: For tests that make Steps, which takes about 50 ms.
few = fuzzed(8)


def said_in_one_line(call):
    """Return the result of a call, or None if it refuses what it was given in one line; it must not take long."""
    begun = time.process_time()
    try:
        found, said = call(), "-"
    except UserError as error:
        found, said = None, str(error)
    assert time.process_time() - begun < SECONDS
    assert said
    assert "\n" not in said
    return found


@pytest.fixture
def write(tmp_path):
    """Write a text to a file, and return its path."""

    def written(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8", errors="replace")
        return str(tmp_path / name)

    return written


# --- models and groups -----------------------------------------------------------------------------------------------


@few
@given(strategies.models(), METHOD, DETECTION)
def test_a_model_has_a_count_or_a_reason(write, fields, method, detection):
    model = get_model(write("model.toml", document(fields)))
    if reason := why_not(model, method, detection):
        assert "\n" not in reason
        with pytest.raises(UserError):
            make_step(model, method, detection)
    else:
        found = said_in_one_line(lambda: count(model, method, detection))
        assert all(isinstance(n, int) and n >= 0 for block in found.by_block.values() for n in block.values())


@fuzz
@given(st.data())
def test_a_damaged_model_is_refused_in_one_line_or_read(write, data):
    fields = data.draw(strategies.models())
    path = write("model.toml", data.draw(damaged(document(fields))))
    said_in_one_line(lambda: make_step(get_model(path), "rk4"))


@fuzzed(5)
@given(st.data())
def test_the_command_answers_with_a_status_and_no_traceback(write, capsys, data):
    text = document(data.draw(strategies.models()))
    path = write("model.toml", text if data.draw(st.booleans()) else data.draw(damaged(text)))
    arguments = ["--method", data.draw(METHOD), "--dt", data.draw(st.sampled_from(["0.1ms", "1", "-1ms", "é", "1e9s"]))]
    try:
        status = cli.main(["count", path, *arguments])
    except SystemExit as stop:
        status = stop.code
    printed = capsys.readouterr()
    assert status in (0, 2)
    assert "Traceback" not in printed.err
    assert (status == 0) == (printed.err == "")
    assert len(printed.err.splitlines()) <= 1


@fuzzed(5)
@given(strategies.groups())
def test_a_group_of_brian2_costs_what_its_text_costs(write, group):
    made = NeuronGroup(1, group["model"], method="euler", **group["given"])
    for name, value in group["values"].items():
        setattr(made, name, float(value))
    taken, read = sc.from_brian2(made, "I"), get_model(write("model.toml", document(group["file"])))
    for method in ("euler", "rk4"):
        assert count(taken, method, "linear").by_block == count(read, method, "linear").by_block


def renamed(fields, names):
    """Return a model's fields with other names of its variables and parameters."""
    if isinstance(fields, dict):
        return {names.get(key, key): renamed(value, names) for key, value in fields.items()}
    return re.sub(rf"\b(d?)({'|'.join(names)})\b", lambda found: found[1] + names[found[2]], fields)


@few
@given(st.data(), METHOD, DETECTION)
def test_cost_does_not_depend_on_names(write, data, method, detection):
    fields = data.draw(strategies.models())
    old = [*fields["initial"], *fields.get("parameters", {})]
    new = data.draw(st.permutations(["A", "zz", "q_1", "Lambda", "y9"]))
    other = renamed(fields, dict(zip(old, new, strict=False)))
    one, two = (get_model(write(f"m{i}.toml", document(each))) for i, each in enumerate((fields, other)))
    assume(not why_not(one, method, detection))
    assert count(one, method, detection).by_block == count(two, method, detection).by_block


@few
@given(strategies.models(), strategies.models(), ANY, ANY)
def test_counts_add_over_concatenated_steps(write, first, second, one, other):
    blocks = []
    for i, (fields, method) in enumerate(((first, one), (second, other))):
        model = get_model(write(f"m{i}.toml", document(fields)))
        blocks += make_step(model, method, "grid").blocks.values()
    together = Block(tuple(assign for block in blocks for assign in block.assignments))
    assert count_block(together) == sum(map(count_block, blocks[1:]), count_block(blocks[0]))


# --- stimuli and trains ----------------------------------------------------------------------------------------------

RESTING = NeuronModel(
    name="resting",
    equations="dv/dt = (I - v)/(10*ms) : 1 (unless refractory)\ndw/dt = (v - w)/(7*ms) : 1\nI : 1",
    threshold="v > 1",
    reset="v = 0; w += 0.1",
    refractory="2*ms",
    initial={"v": 0, "w": 0},
)
DT = Fraction(1, 16)


@cache
def resting_kernel(detection):
    """Compile it for inputs that vary."""
    return compile_kernels([make_step(RESTING, "rk4", detection, varying=True)])[0]


@fuzzed(12)
@given(strategies.stimuli(), st.integers(1, 200), st.sampled_from(["grid", "linear", "hermite"]))
def test_shifting_a_stimulus_shifts_the_spikes(stimulus, late, detection):
    # at rest without input, nothing happens before the stimulus begins; times are exact in binary
    shift = late * Fraction(1, 2)
    later = Stimulus([shift, *stimulus.durations], [0.0, *stimulus.shapes], stimulus.dimension)
    kernel = resting_kernel(detection)
    (here,), (there,) = (kernel.run([each], DT) for each in (stimulus, later))
    np.testing.assert_allclose(there.spike_times - float(shift), here.spike_times, rtol=0, atol=1e-9)


@fuzz
@given(strategies.trains(least=2), st.data())
def test_a_metric_is_zero_exactly_on_equal_trains(a, data):
    b = data.draw(st.one_of(st.just(a), strategies.trains(least=2)))
    for name in ("victor_purpura_100_per_s", "van_rossum_10ms"):
        assert MEASURES[name](a, a) == 0
        assert (MEASURES[name](a, b) == 0) == np.array_equal(a.times, b.times)


# --- suites, baselines, run folders ----------------------------------------------------------------------------------


@fuzz
@given(strategies.suites())
def test_a_suite_is_read_as_it_was_written(write, fields):
    assume(fields.get("detections") != ["dense"] or "dormand_prince" in fields.get("methods", ["dormand_prince"]))
    found = read_suite(write("suite.toml", document(fields)), QUICK)
    for name in ("models", "methods", "detections", "stimuli"):
        assert getattr(found, name) == tuple(fields.get(name, getattr(QUICK, name)))
    assert found.trials == fields.get("trials", QUICK.trials)


@fuzz
@given(st.data())
def test_a_damaged_suite_is_refused_in_one_line_or_read(write, data):
    path = write("suite.toml", data.draw(damaged(document(data.draw(strategies.suites())))))
    said_in_one_line(lambda: read_suite(path, QUICK))


@fuzz
@given(strategies.baselines(), st.data())
def test_a_damaged_baseline_is_refused_in_one_line_or_read(tmp_path, values, data):
    path = tmp_path / "baseline.json"
    path.unlink(missing_ok=True)
    found = Figures({"lif/rk4/hermite/operations_per_step": 24.0, **values})
    kept_baselines.update(path, found)
    assert judge(kept_baselines.read(path), found).status == 0
    path.write_text(data.draw(damaged(path.read_text())), encoding="utf-8", errors="replace")
    said_in_one_line(lambda: judge(kept_baselines.read(path), found).text)


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """A small run in a folder."""
    folder = tmp_path_factory.mktemp("run")
    suite = Suite(models=("lif",), methods=("euler",), detections=("grid",), rates=(50.0,), tolerances=(1.0,),
                  horizons=(100.0,), trials=2, per_decade=2, finest=0.05, witnessed=False, thorough=False,
                  features=False)  # fmt: skip
    RunFolder.of(run_suite(suite, jobs=1), {}).write(folder)
    return folder


@fuzz
@given(st.data())
def test_a_run_with_another_description_is_refused_in_one_line_or_read(a_run, tmp_path, data):
    manifest = json.loads((a_run / MANIFEST).read_text())
    about = data.draw(strategies.run_descriptions(manifest["about"]))
    folder = tmp_path / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(a_run, folder)
    signed = {**manifest, "about": about}
    del signed["checksum"]
    signed = json.loads(json.dumps(signed))
    signed["checksum"] = files_of_run._checksum(signed)
    (folder / MANIFEST).write_bytes(files_of_run.as_json(signed))
    read = said_in_one_line(lambda: RunFolder.read(folder))
    if read is not None:
        said_in_one_line(lambda: read.text)


@fuzz
@given(st.data())
def test_a_file_of_a_run_that_changed_is_named(a_run, tmp_path, data):
    files = sorted(each for each in a_run.rglob("*") if each.is_file())
    victim = data.draw(st.sampled_from(files))
    whole = victim.read_bytes()
    at, by = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
    victim.write_bytes(whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :])
    try:
        with pytest.raises(UserError) as told:
            RunFolder.read(a_run)
        assert "\n" not in str(told.value)
    finally:
        victim.write_bytes(whole)
