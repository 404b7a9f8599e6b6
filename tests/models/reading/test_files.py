"""Models in files."""

from __future__ import annotations

import pytest
from brian2 import ms, mV, prefs
from brian2.devices.device import RuntimeDevice, get_device

from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.reading.files import each_named

TOML = """\
description = "leaky"
equations = '''
dv/dt = (EL - v + I)/tau : volt (unless refractory)
I : volt
tau : second
'''
threshold = "v > -50*mV"
reset = "v = EL"
refractory = "2*ms"
drive = "20*mV"
constants = { EL = "-65*mV" }
parameters = { tau = "20*ms" }

[initial]
v = "EL + 2*mV"

[presets.fast]
tau = "5*ms"
I = "30 mV"
"""
PYTHON = """\
from __future__ import annotations
from dataclasses import dataclass
import numpy
from brian2 import NeuronGroup, ms, mV
import spikecost as sc
from beside import EL

tau = 20*ms
print("working")
group = NeuronGroup(1, '''
    dv/dt = (EL - v + I)/tau : volt
    I : volt
    ''', threshold="v > -50*mV", reset="v = EL", method="euler")
group.v = EL
mine = sc.NeuronModel(
    name="mine",
    equations="dv/dt = (EL - v + I)/tau : volt\\nI : volt",
    threshold="v > -50*mV", reset="v = EL",
    constants={"EL": EL, "tau": tau},
    initial={"v": EL},
    presets={"other": {}},
)

def helper():
    return mine

@dataclass
class Thing:
    number: int
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.py").write_text("from brian2 import mV\nEL = -65*mV\n")
    (tmp_path / "leaky.toml").write_text(TOML)
    (tmp_path / "my models.py").write_text(PYTHON)
    return tmp_path


def test_toml(folder):
    model = get_model("leaky.toml")
    assert (model.label, model.description, model.input) == ("leaky", "leaky", "I")
    assert (model.parameters, model.constants, model.drive) == ({"tau": 20 * ms}, {"EL": -65 * mV}, 20 * mV)
    assert (model.initial_values, model.refractory_ms) == ({"v": -63.0}, 2.0)
    fast = get_model(f"{folder}/leaky.toml:fast")
    assert (fast.label, fast.parameter_values, fast.drive) == ("leaky:fast", {"tau": 5.0}, 30 * mV)


def test_arrivals_in_toml(folder):
    text = TOML.replace('reset = "v = EL"\n', 'reset = "v = EL"\narrivals = { exc = "v += 1*mV" }\n')
    (folder / "leaky.toml").write_text(text)
    assert get_model("leaky.toml").arrivals == {"exc": "v += 1*mV"}
    (folder / "leaky.toml").write_text(text.replace("v += 1*mV", "v += 1"))
    with pytest.raises(UserError, match=r"leaky\.toml:\d+: leaky: arrivals: 'exc'") as raised:
        get_model("leaky.toml")
    assert "\n" not in str(raised.value)


def test_a_crossing_in_toml(folder):
    text = TOML.replace('reset = "v = EL"\n', "").replace('"2*ms"', '"v > -50*mV"')
    (folder / "leaky.toml").write_text(text)
    assert get_model("leaky.toml").spike_is_crossing


def test_python(folder, capsys):
    assert get_model("my models.py:mine").initial_values == {"v": -65.0}
    assert get_model("my models.py:mine:other").label == "mine:other"
    # the output of a file is separate from the output of the command
    assert capsys.readouterr().out == ""


def test_a_group_in_python(folder):
    model = get_model("my models.py:group")
    assert (model.name, model.initial, model.constants) == ("group", {"v": -65 * mV}, {"EL": -65 * mV, "tau": 20 * ms})


def test_a_file_is_read_once_and_again_when_it_has_changed(folder):
    assert get_model("leaky.toml") is get_model("leaky.toml")
    before = get_model("leaky.toml")
    (folder / "leaky.toml").write_text(TOML.replace("20*ms", "30*ms"))
    assert (before.parameter_values, get_model("leaky.toml").parameter_values) == ({"tau": 20.0}, {"tau": 30.0})


EVIL = "__import__('pathlib').Path('touched').touch()"


@pytest.mark.parametrize(
    "field", ["EL - v", "volt (unless", "v > -50*mV", "v = EL", "2*ms", "-65*mV", "EL + 2*mV", "leaky", "20*mV"]
)
def test_toml_is_never_executed(folder, field):
    (folder / "leaky.toml").write_text(TOML.replace(field, EVIL))
    if field == "leaky":
        assert get_model("leaky.toml").description == EVIL
    else:
        with pytest.raises(UserError):
            get_model("leaky.toml").initial_values  # noqa: B018
    assert not (folder / "touched").exists()


BAD_TOML = {
    # what is wrong: (what is replaced, by what, the message)
    "no TOML": ('"v = EL"', "v = EL", "leaky.toml:8: not TOML: Invalid value (at line 8, column 9); write lines "),
    "unknown field": ("reset =", "rest =", "leaky.toml:8: unknown rest; did you mean 'reset'? known are "),
    "no threshold": ('threshold = "v > -50*mV"\n', "", 'leaky.toml has no threshold; write threshold = "v > 30*mV"'),
    "number for text": ('"v = EL"', "3", "leaky.toml:8: reset = 3: give text in quotes"),
    "text for a table": ('{ tau = "20*ms" }', '"20*ms"', "leaky.toml:12: parameters = '20*ms': give a table, such as "),
    "unknown unit": ("20*ms", "20*msec", "leaky.toml:12: parameters.tau = '20*msec': unknown unit 'msec' in "),
    "list": (
        '"20*ms"',
        "[1, 2]",
        "leaky.toml:12: parameters.tau = [1, 2]: give a number, or text with a unit such as ",
    ),
    "refractory": ("2*ms", "2", "leaky.toml:9: leaky: refractory = 2.0 is not a time; give one such "),
    "unreadable equation": ("(EL - v", "(EL - (v", "leaky.toml:3: leaky: Brian2 cannot read the equations at '"),
    "units": ("- v + I)", "- v + I/ms)", "leaky.toml:3: leaky: equation of 'v': units do not fit in '(EL - v + I/ms)/"),
    "threshold's form": ("v > -50*mV", "v", "leaky.toml:7: leaky: threshold: "),
    "reset's target": (
        "v = EL",
        "tau = 1*ms",
        "leaky.toml:8: leaky: reset: 'tau' is not a state variable; known are v",
    ),
    "endless": (
        '"v = EL"',
        '"v = -50*mV + 1*mV"',
        "leaky.toml:8: leaky: reset: 'v = -50*mV + 1*mV' leaves v at -49 mV, where 'v > -50*mV' still ",
    ),
    "no drive": ("+ I)", ")", "leaky.toml:4: leaky: no equation uses the input 'I', so nothing drives "),
    "condition": ("2*ms", "v > -40", "leaky.toml:9: leaky: refractory: '-40' has the unit 1, expected mV; give a "),
    "number without end": (
        "20*ms",
        "1e400*ms",
        "leaky.toml:12: parameters.tau = '1e400*ms': the number in '1e400*ms' is too ",
    ),
    "power without end": ("v = EL", "v = -9**9**9*mV", "leaky.toml:8: leaky: reset: the number "),
    "power of a unit": (
        "20*ms",
        "20*ms**999999999",
        "leaky.toml:12: parameters.tau = '20*ms**999999999': unknown unit ",
    ),
    "twice": ("tau : second", "I : volt", "leaky.toml:5: leaky: Brian2 cannot read the equations at 'I : volt': Dupl"),
    "long": ("(EL - v", "((EL - v" + 300 * " + EL", "leaky.toml:3: leaky: Brian2 cannot read the equations at 'dv/dt"),
    "initial's type": ('"EL + 2*mV"', "true", "leaky.toml:15: initial.v = true: give a number, or text with a "),
    "initial's value": ("EL + 2*mV", "EL/0", "leaky.toml:15: leaky: initial value of 'v': float division by zero; "),
    "initial of itself": (
        "EL + 2*mV",
        "v",
        "leaky.toml:15: leaky: initial values of v depend on each other or on the ",
    ),
    "preset's name": ("presets.fast", 'presets."a:b"', "leaky.toml:17: preset name 'a:b': use up to 64 letters, "),
    "preset's form": ("[presets.fast]", "[presets]", "leaky.toml:18: presets.tau = '5*ms': give a table, such as { "),
    "preset's parameter": (
        'tau = "5*ms"',
        'taum = "5*ms"',
        "leaky.toml:18: leaky:fast: parameters: taum not in the equations; expected tau",
    ),
    "preset's unit": ("5*ms", "5*mV", "leaky.toml:18: leaky:fast: 'tau' = 5 mV has the wrong unit, "),
    "preset's input": ("30 mV", "30 ms", "leaky.toml:19: leaky:fast: drive = 30 ms has the wrong unit, "),
    "preset's text": ("5*ms", "5*msec", "leaky.toml:18: presets.fast.tau = '5*msec': unknown unit"),
    "constant's name": ("{ EL", "{ xi", "leaky.toml:11: leaky: the constant 'xi' cannot have this name: "),
    "noise": ("- v + I)", "- v + I + xi**2*mV*ms)", "leaky.toml:3: leaky: equation of 'v': the noise xi must be "),
    "circle": (
        "tau : second",
        "tau = tau : second",
        "leaky.toml:5: leaky: Brian2 cannot read the equations at 'tau = ",
    ),
    "drive's unit": ('"20*mV"', '"20*ms"', "leaky.toml:10: leaky: drive = 20 ms has the wrong unit"),
    "a value too few": ('tau = "20*ms"', "", "leaky.toml:12: leaky: parameters: no value for tau"),
    "initial": ("EL + 2*mV", "2*ms", "leaky.toml:15: leaky: 'v' = 2 ms has the wrong unit, expected mV"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD_TOML.values(), ids=BAD_TOML)
def test_bad_toml_is_refused_with_its_line(folder, old, new, message):
    (folder / "leaky.toml").write_text(TOML.replace(old, new))
    with pytest.raises(UserError) as error:
        get_model("leaky.toml")
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("written", ["\ufeff" + TOML, TOML.replace("\n", "\r\n")])
def test_what_other_editors_write(folder, written):
    (folder / "leaky.toml").write_bytes(written.encode())
    assert get_model("leaky.toml").parameter_values == {"tau": 20.0}


BAD_PYTHON = {
    "syntax": ("tau = 20*ms", "tau = 20*", "mine", "my models.py:8: invalid syntax; a model file is Python"),
    "exception": ("tau = 20*ms", "tau = 20*milli", "mine", "my models.py:8: NameError: name 'milli' is not defined"),
    "exit": ("tau = 20*ms", "raise SystemExit('no data')", "mine", "my models.py:8: SystemExit: no data"),
    "exception deeper down": (
        "tau = 20*ms",
        "numpy.linalg.inv(numpy.zeros((2, 2)))",
        "mine",
        "my models.py:8: LinAlgError: Singular matrix",
    ),
    "module beside": ("from beside", "from besides", "mine", "my models.py:6: ModuleNotFoundError: No module named "),
    "a bad definition": (
        '-50*mV", reset="v = EL",\n',
        '3", reset="v = EL",\n',
        "mine",
        "my models.py:18: mine: threshold: '3' has the unit 1, expected mV",
    ),
    "a bad constant": ('"tau": tau}', '"tau": tau, "xi": tau}', "mine", "my models.py:19: mine: the constant 'xi' "),
    "a bad initial value": ('initial={"v": EL}', 'initial={"v": 1*ms}', "mine", "my models.py:20: mine: 'v' = 1 ms "),
    "a group's equations": (
        "(EL - v + I)/tau : volt\n    I",
        "(EL - v + I/ms)/tau : volt\n    I",
        "group",
        "my models.py:11: ",
    ),
    "a preset": ('{"other": {}}', '{"other": {"tau": 1*ms}}', "mine", "my models.py:21: mine:other: "),
    "a bad group": (
        'method="euler"',
        'method="euler", refractory="EL"',
        "group",
        "my models.py:13: group: refractory: 'EL' has the unit mV",
    ),
    "a function": ("", "", "helper", "my models.py:24: helper is of type function, not a model; write helper = "),
    "a quantity": ("", "", "tau", "my models.py:8: tau is of type Quantity, not a model; write tau = sc.NeuronModel("),
    "nothing of the name": ("", "", "yours", "my models.py defines no 'yours'; it has the models group, mine"),
}


@pytest.mark.parametrize(("old", "new", "name", "message"), BAD_PYTHON.values(), ids=BAD_PYTHON)
def test_bad_python_is_refused_with_its_line(folder, old, new, name, message):
    (folder / "my models.py").write_text(PYTHON.replace(old, new, 1) if old else PYTHON)
    with pytest.raises(UserError) as error:
        get_model(f"my models.py:{name}")
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("my models.py", "my models.py: say which model, such as my models.py:group; it has the models group, mine"),
        ("beside.py", "beside.py: say which model, such as beside.py:mine"),
        ("beside.py:mine", "beside.py defines no 'mine'; write mine = sc.NeuronModel(name=..., equations=..., "),
        ("none.py:mine", "cannot read the model file none.py: No such file or directory"),
        ("none.toml", "cannot read the model file none.toml: No such file or directory"),
        ("folder.toml", "cannot read the model file folder.toml: Is a directory"),
        ("my models.py:1a", "my models.py defines no '1a'; it has the models group, mine"),
        ("my models.py:mine:other:x", "my models.py:mine:other:x: give model.py:name, model.py:name:preset, "),
        ("leaky.json", "unknown model 'leaky.json': "),
        ("./lif", "unknown model './lif': "),
        ("leaky.toml:slow", "unknown preset 'slow' of leaky: known are fast"),
        ("data.toml", "the model file data.toml is not UTF-8 text (byte 0); save it as UTF-8"),
    ],
)
def test_what_is_asked_for_is_not_there(folder, asked, message):
    (folder / "data.toml").write_bytes(b"\xff\xfe")
    (folder / "folder.toml").mkdir()
    with pytest.raises(UserError) as error:
        get_model(asked)
    assert str(error.value).startswith(message)


TWO = """\
from brian2 import *
set_device("cpp_standalone", build_on_run=False)
tau = 10*ms
rest = dict(threshold="v > 1", reset="v = 0", method="exact")
first = NeuronGroup(10, "dv/dt = (I - v)/tau : 1\\nI : 1", name="alpha", **rest)
second = NeuronGroup(10, "dv/dt = (J - v)/tau : 1\\nJ : 1", name="beta", **rest)
seed(3)
first.v = "0.1 + 0*i"
second.v = "0.2 + 0.5*rand()"
onto = Synapses(first, second, on_pre="v += 0.1", name="onto")
"""


def test_several_groups_of_a_script_that_is_run_once(tmp_path, monkeypatch):
    (tmp_path / "two.py").write_text(TWO)
    monkeypatch.chdir(tmp_path)
    assert each_named(["lif", "two.py:first,second", "other.toml"]) == (
        "lif",
        "two.py:first",
        "two.py:second",
        "other.toml",
    )
    with pytest.raises(UserError, match=r"^two\.py:6: beta is the target of onto, .*--synapses leave_out"):
        get_model("two.py:second")
    models = [get_model(each, synapses="leave_out") for each in each_named(["two.py:first,second"])]
    assert [(model.label, model.input) for model in models] == [("first", "I"), ("second", "J")]
    # standalone mode would evaluate these texts only in a compiled program
    assert models[0].initial_values == {"v": 0.1}
    assert 0.2 <= models[1].initial_values["v"] <= 0.7
    assert type(get_device()) is RuntimeDevice
    with pytest.raises(UserError, match=r"^lif: synapses = 'leave_out' can only be given for a Brian2 group"):
        get_model("lif", synapses="leave_out")


RUNS = """\
from brian2 import *
prefs.codegen.target = "numpy"
rest = dict(threshold="v > 1", reset="v = 0", method="euler")
pausing = NeuronGroup(1, "dv/dt = (I - v)/(10*ms) : 1 (unless refractory)\\nI : 1", refractory=5*ms, **rest)
waving = NeuronGroup(1, "dv/dt = (2 + sin(2*pi*t/(37*ms)) - v)/(10*ms) : 1", **rest)
pausing.v, pausing.I = 0.25, 3
seen = SpikeMonitor(pausing)
run({first}*ms)
pausing.v = 0.7
run(1*ms)
assert seen.num_spikes
assert defaultclock.t > {first}*ms
"""


@pytest.mark.parametrize("first", [5, 6, 11])
def test_a_neuron_is_as_it_was_before_the_script_ran_it(tmp_path, monkeypatch, first):
    """Where a script ends is chance: a neuron may be refractory there, and its time is not 0."""
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    (tmp_path / "runs.py").write_text(RUNS.format(first=first))
    monkeypatch.chdir(tmp_path)
    assert get_model("runs.py:pausing").initial_values == {"v": 0.25}
    assert get_model("runs.py:waving").initial_values == {"v": 0.0, "t": 0.0}


NAMES = """\
from brian2 import *
prefs.codegen.target = "numpy"
rest = dict(threshold="v > 1", reset="v = 0", method="euler")

def simulate(I0):
    tau = 10*ms
    group = NeuronGroup(4, "dv/dt = (I0 - v)/tau : 1", **rest)
    Network(group).run(1*ms)
    return group

inside = simulate(3)
part = inside[2:]
tau, own = 20*ms, {{"I0": 4}}
outside = NeuronGroup(1, "dv/dt = (I0 - v)/tau : 1", namespace=own, **rest)
given = {{"tau": 40*ms, "I0": 5}}
apart = NeuronGroup(1, "dv/dt = (I0 - v)/tau : 1", **rest)
Network(outside).run(1*ms)
Network(apart).run(1*ms, namespace=given)
{later}
never = NeuronGroup(1, "dv/dt = (I0 - v)/tau : 1", **rest)
"""


@pytest.mark.parametrize("later", ["", "tau, I0, own['I0'], given['tau'] = 30*ms, 7, 8, 50*ms"])
def test_names_mean_what_they_meant_when_the_script_ran_the_neuron(tmp_path, monkeypatch, later):
    """Brian2 looks for names when it runs a neuron; at the end of a file they may have other values, or be gone."""
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    (tmp_path / "names.py").write_text(NAMES.format(later=later))
    monkeypatch.chdir(tmp_path)
    found = {name: get_model(f"names.py:{name}") for name in ("inside", "part", "outside", "apart")}
    assert {name: (each.drive, each.constants["tau"] / ms) for name, each in found.items()} == {
        "inside": (3, 10),
        "part": (3, 10),
        "outside": (4, 20),
        "apart": (5, 40),
    }
    if later:
        never = get_model("names.py:never")
        assert (never.drive, never.constants["tau"] / ms) == (7, 30)


@pytest.mark.parametrize("name", ["two, or three/leaky.toml", "a,b/c.toml"])
def test_a_folder_may_have_commas_in_its_name(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(TOML)
    assert each_named([str(path), f"{path}:fast"]) == (str(path), f"{path}:fast")
    assert get_model(f"{path}:fast").label.endswith(":fast")
