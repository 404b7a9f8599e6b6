"""Files of other people are data: no part of a TOML, JSON or Parquet file is run, and nothing hangs."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost import cli
from spikecost.accuracy.study.suite import QUICK
from spikecost.cli import main
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step
from spikecost.reports.regression.kept import baseline
from spikecost.reports.results.brian2_code import brian2_code
from spikecost.reports.results.recorded_model import recorded_model
from spikecost.reports.results.suite_file import read_suite

from .archetypes import DEEP
from .strategies import fuzzed

#: Actions that reading a text never needs.
FORBIDDEN = ("exec", "compile", "os.", "subprocess.", "shutil.", "socket.", "ctypes.", "pickle.", "marshal.", "import")
ALLOWED = ("os.listdir", "os.scandir")
SECONDS = 3.0

_watching: list[str] | None = None


def _audit(event, arguments):
    if _watching is None:
        return
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or (event.startswith(FORBIDDEN) and event not in ALLOWED):
        _watching.append(f"{event} {str(arguments)[:200]}")


sys.addaudithook(_audit)


@contextmanager
def watched():
    """Fail if anything is run, written or started, or if it needs much processor time."""
    global _watching
    _watching, begun = [], time.process_time()
    try:
        yield
    finally:
        seen, _watching = _watching, None
    assert seen == []
    assert time.process_time() - begun < SECONDS


def test_the_watch_sees_what_it_should(tmp_path):
    global _watching
    for act in (
        lambda: eval("1"),
        lambda: compile("1", "", "eval"),
        lambda: os.system("true"),
        lambda: subprocess.run(["true"], check=True),
        lambda: (tmp_path / "x").write_text(""),
    ):
        _watching = []
        act()
        seen, _watching = _watching, None
        assert seen


GOOD = {
    "equations": "dv/dt = (EL - v + I)/tau : volt (unless refractory)\nI : volt\ntau : second\n",
    "threshold": "v > -50*mV",
    "reset": "v = EL",
    "refractory": "2*ms",
    "drive": "20*mV",
    "constants": {"EL": "-65*mV"},
    "parameters": {"tau": "20*ms"},
    "initial": {"v": "EL + 2*mV"},
    "presets": {"fast": {"tau": "5*ms"}},
}


def toml(value):
    """Write a value as TOML."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {toml(each)}' for key, each in value.items())} }}"
    return json.dumps(value)


def write_model(folder, **changes):
    path = folder / "leaky.toml"
    text = "".join(f"{key} = {toml(value)}\n" for key, value in {**GOOD, **changes}.items() if value is not None)
    path.write_text(text.replace("\\ud8", "?"), encoding="utf-8")
    return path


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory):
    """Read good files once: imports and code generation at first use are not attacks."""
    folder = tmp_path_factory.mktemp("warm")
    make_step(get_model(str(write_model(folder))), "euler")
    for text in ("trials = 'x'", "rates = [1]", "foo = 1", "[convention.a]\ncounts = 'as run'", "tolerances = ['1ms']"):
        with suppress(UserError):
            read_suite(_written(folder / "suite.toml", text), QUICK)
    for changes in ({"foo": 1}, {"reset": "w = 3"}, {"initial": {"v": "w"}}, {"equations": "x"}):
        with suppress(UserError):
            get_model(str(write_model(folder, **changes)))


def _written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


EVIL = "__import__('pathlib').Path('touched').touch()"
#: Texts that would evaluate an expression or run a statement if they were read as Python.
EXPRESSIONS = [
    EVIL,
    f"exp(0, **{{'where': {EVIL}}})",
    f"exp(*[{EVIL}])",
    f"exp(0, where={EVIL})",
    f"int(1 > 0, x={EVIL})",
    f"int(1 > 0, **{EVIL})",
    f"int({EVIL} > 0)",
    f"(lambda: {EVIL})()",
    f"[{EVIL} for x in (1,)][0]",
    f"{{{EVIL}}}",
    f"{{'a': {EVIL}}}['a']",
    f"(x := {EVIL})",
    f"f'{{{EVIL}}}'",
    f"(1, {EVIL})[0]",
    f"1 if {EVIL} else 2",
    f"{EVIL} and 1",
    f"not {EVIL}",
    f"v[{EVIL}]",
    f"v.real.__class__({EVIL})",
    "v.__class__.__mro__[1].__subclasses__()",
    "exp.__globals__",
    "mV.__init__.__globals__['__builtins__']",
    f"abs({EVIL})",
    f"sqrt(v, out={EVIL})",
    "eval('1')",
    "exec('1')",
    "open('touched', 'w')",
    "().__class__",
    "print(1)",
    "__builtins__",
    "await v",
    "yield v",
    f"exp(0)({EVIL})",
    f"(exp)({EVIL})",
    f"1*mV if 1 else {EVIL}",
    f"v @ {EVIL}",
    f"~{EVIL}",
    f"v == {EVIL}",
    f"v in {EVIL}",
    f"v is {EVIL}",
    f"v < {EVIL} < v",
    "'a' 'b'",
    "b'a'",
    "rb'\\x00'",
    "'''a\n'''",
    "...",
    "1j",
    "0x10",
    "1_000",
    "\uff45\uff56\uff41\uff4c(1)",
    "__\uff49mport__('os')",
    "ex\u0440(1)",
    "\U0001d41e\U0001d431\U0001d429(1)",
    "v\x00",
    "v\x0c+ 1",
    "v\r+ 1",
    "v\u2028+ 1",
    "v\\\n+ 1",
    "v; 1",
    f"v # \n{EVIL}",
    f"v\n{EVIL}",
    "v,",
    "v:",
    "v = 1",
    "exp",
    "exp()",
    "exp(v, v)",
    "int",
    "int(v)",
    "mV.dim",
    "brian2",
    "units",
    "os",
    "np.exp(1)",
    "__name__",
]
#: Numbers and nestings that would take too long to compute, or would not fit into a stack.
HEAVY = [
    "9**9**9**9",
    "exp(exp(0.0037**-2.5))",
    "10**10**10",
    "1e999",
    "1e308*1e308",
    "exprel(1e308)",
    "exp(1e6)",
    "cosh(1e4)",
    "volt**9**9**9/volt**9**9**9",
    "(2**(2**(2**(2**(2**2)))))",
    "1e-99999999999",
    "9" * 5000,
    "v" * 60_000,
    "(" * 10_000 + "v" + ")" * 10_000,
    "-" * 10_000 + "v",
    "exp(" * 1000 + "v" + ")" * 1000,
    "+".join(["v"] * 10_000),
    "v**1e300",
    "v**999999999",
    "(v/mV)**(10**9)*mV",
    "v**-999999999",
    "2**" * 500 + "v",
    "[" * 50_000,
    "((((" * 2_000,
    "int(" * 200 + "v > 0" + ")" * 200,
    "(v/mV)**9**9*mV",
    "0.5**-1e9",
    "sqrt(10**9**9)",
    "tanh(cosh(1000))",
]
SOME = EXPRESSIONS + HEAVY
FIELDS = {
    "right-hand side": lambda evil: {"equations": GOOD["equations"].replace("EL - v", f"{evil} - v")},
    "whole right-hand side": lambda evil: {"equations": GOOD["equations"].replace("(EL - v + I)/tau", evil)},
    "unit": lambda evil: {"equations": GOOD["equations"].replace(": second", f": {evil}")},
    "unit and flags": lambda evil: {"equations": GOOD["equations"].replace("unless refractory", evil)},
    "name": lambda evil: {"equations": GOOD["equations"].replace("tau : second", f"tau : second\n{evil} : 1")},
    "subexpression": lambda evil: {"equations": GOOD["equations"] + f"x = {evil} : volt"},
    "threshold": lambda evil: {"threshold": f"v > {evil}"},
    "whole threshold": lambda evil: {"threshold": evil},
    "reset": lambda evil: {"reset": f"v = EL + 0*mV*({evil})"},
    "whole reset": lambda evil: {"reset": evil},
    "augmented reset": lambda evil: {"reset": f"v = EL; v += {evil}"},
    "initial": lambda evil: {"initial": {"v": evil}},
    "refractory": lambda evil: {"refractory": evil},
    "condition": lambda evil: {"refractory": f"v > {evil}"},
    "constant": lambda evil: {"constants": {"EL": evil}},
    "constant's name": lambda evil: {"constants": {"EL": "-65*mV", evil: 1}},
    "parameter": lambda evil: {"parameters": {"tau": evil}},
    "unit of a parameter": lambda evil: {"parameters": {"tau": f"20*{evil}"}},
    "drive": lambda evil: {"drive": evil},
    "preset": lambda evil: {"presets": {"fast": {"tau": evil}}},
    "preset's name": lambda evil: {"presets": {evil: {"tau": "5*ms"}}},
    "name of the model": lambda evil: {"name": evil},
    "input": lambda evil: {"input": evil},
    "published": lambda evil: {"published": GOOD["equations"].replace("EL - v", f"{evil} - v")},
}


#: Places where a text is a name and may be arbitrary.
NAMES = {"name of the model", "preset's name", "constant's name"}


def texts_for(field):
    """The texts that are tried in a field: everyday tests try each text in a third of the fields."""
    place = [*FIELDS].index(field)
    return [evil for i, evil in enumerate(SOME) if DEEP or (i + place) % 3 == 0]


@pytest.mark.parametrize("field", FIELDS)
def test_a_model_file_is_never_run(tmp_path, monkeypatch, field):
    monkeypatch.chdir(tmp_path)
    for evil in texts_for(field):
        path = write_model(tmp_path, **FIELDS[field](evil))
        with watched():
            said = refusal(str(path))
        assert said or (field in NAMES and evil.replace("_", "a").isalnum()), f"accepted: {evil[:100]}"
        assert "\n" not in said
        assert len(said) < 700, evil[:100]
    assert os.listdir(tmp_path) == ["leaky.toml"]


def refusal(model):
    """Return why a model is refused; empty if the model and its Step can be made."""
    try:
        make_step(get_model(model), "rk4")
    except UserError as error:
        return str(error)
    return ""


#: Parts of the language of models, and parts of other languages.
PIECES = st.sampled_from(
    [
        "v",
        "I",
        "tau",
        "EL",
        "mV",
        "ms",
        "volt",
        "second",
        "1",
        "2.5",
        "1e300",
        "1e-300",
        "0",
        "128",
        "+",
        "-",
        "*",
        "/",
        "**",
        "(",
        ")",
        "<",
        ">=",
        "=",
        "exp(",
        "int(",
        "sqrt(",
        "exprel(",
        "tanh(",
        "abs(",
        ",",
        ".",
        "[",
        "]",
        "#",
        "\n",
        ";",
        ":",
        " ",
        "lambda",
        "__import__('os')",
        "'",
        '"',
        "\\",
        "\0",
        "xi",
        "t",
        "dt",
        "e",
        "pi",
        "unless refractory",
        "x = v : volt",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=10).map("".join), st.text(max_size=20))


@fuzzed(150, 20_000)
@given(st.sampled_from(sorted(FIELDS)), TEXTS)
def test_any_text_is_a_model_or_refused_in_one_line(tmp_path_factory, field, text):
    path = write_model(tmp_path_factory.getbasetemp(), **FIELDS[field](text))
    with watched():
        said = refusal(str(path))
    assert "\n" not in said
    assert len(said) < 900


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = " + "[" * 5_000 + "]" * 5_000, "within each other"),
        ("constants = " + "{ a = " * 200 + "1" + " }" * 200, "within each other"),
        (".".join(["a"] * 5_000) + " = 1", "within each other"),
        ("constants.a.b.c = 1", "constants.a"),
        ("reset.a = 1", "reset = "),
        ("a = " + "9" * 10_000, "not TOML"),
        ("drive = nan", "drive = nan"),
        ("drive = inf", "drive = inf"),
        ("drive = true", "drive = true"),
        ("drive = 2024-01-01", "drive = datetime"),
        ("reset = 3", "text in quotes"),
        ("reset = ['v = EL']", "text in quotes"),
        ("presets = 3", "give a table"),
        ("initial = [1]", "give a table"),
        ("published_costs = 'x'", "unknown"),
        ("tables = 'x'", "unknown"),
        ("drive = '1e999*mV'", "too large"),
        ("drive = '1*mV**99999'", "unknown unit"),
        ("x" * 3_000_000, "larger than"),
        ("\u0000", "not TOML"),
        ("a = 1\na = 2", "not TOML"),
    ],
)
def test_what_a_model_file_may_hold(tmp_path, text, problem):
    path = write_model(tmp_path, **{key: None for key in GOOD if text.startswith(key)})
    _written(path, text + "\n" + path.read_text())
    with watched():
        said = refusal(str(path))
    assert problem in said
    assert "\n" not in said
    assert len(said) < 700


def test_models_that_are_too_large_are_said_to_be(tmp_path):
    many = "".join(f"dx{i}/dt = -x{i}/ms : 1\n" for i in range(100))
    doubled = "".join(f"y{i + 1} = y{i} + y{i} : volt\n" for i in range(60))
    circle = "a = b : volt\nb = c : volt\nc = a : volt\n"
    for lines, problem in (
        (many, "101 state variables"),
        (f"y0 = v : volt\n{doubled}", "operations"),
        (circle, "need each other"),
    ):
        path = write_model(tmp_path, equations=GOOD["equations"] + lines)
        with watched():
            said = refusal(str(path))
        assert problem in said


EVIL_PY = "from pathlib import Path\nPath('touched').touch()\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a Python file that must not be run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text(EVIL_PY)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "evil.py").write_text(EVIL_PY)
    yield tmp_path
    assert not (tmp_path / "touched").exists()


SUITES = {
    # the text of a suite: the expected message
    "models = ['evil.py:m']": "--allow-python",
    "models = ['lif', './sub/evil.py:m:x']": "--allow-python",
    "models = ['evil.py']": "--allow-python",
    "models = ['x.toml/../evil.py:m']": "--allow-python",
    "models = 'lif'": "list in brackets",
    "rates = 100": "list in brackets",
    "rates = ['x']": "number without quotes",
    "rates = [nan]": "finite",
    "rates = [true]": "number without quotes",
    "rates = [[1]]": "number without quotes",
    "trials = 2.5": "whole number",
    "trials = true": "whole number",
    "trials = '3'": "whole number",
    "trials = 0": "1 or more",
    "trials = 1000000000": "at most",
    "repeats = 0": "1 or more",
    "repeats = -1": "1 or more",
    "per_decade = 'x'": "whole number",
    "per_decade = 0": "1 or more",
    "convention = 3": "give a table",
    "thorough = 'yes'": "true or false",
    "features = 1": "true or false",
    "methods = ['rk4', 'rk4']": "there twice",
    "rates = [10, 10.0]": "there twice",
    "methods = ['rk9']": "unknown method",
    "horizons = ['1e9second']": "at most",
    "horizons = [1000]": "time with its unit",
    "tolerances = ['0ms']": "positive time",
    "finest = '5mV'": "positive time",
    "finest = '1e999ms'": "too large",
    "coarsest = '0.1us'": "coarsest",
    "conventions = ['x']": "unknown convention",
    "criteria = [1]": "text in quotes",
    "criteria = ['gamma_2ms=nan']": "gamma_2ms",
    "foo = 1": "unknown foo",
    "models.a = 1": "list in brackets",
    "models = ['a\\u0000.toml']": "a",
    "models = ['lif:x']": "preset",
    "models = []": "at least one",
    "a = " + "[" * 5000 + "]" * 5000: "within each other",
    "[convention.x]\ncounts = 'as run'": "incomplete",
}
CONVENTION = """
[convention.mine]
counts = "as run"
unit = "pJ"
source = "made up"
weights = { add = 1, sub = 1, mul = 3, div = 10, sqrt = 12, exp = EXP, pow = 60, compare = 1, select = 0, sign = 0 }
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *SUITES.items(),
        *((CONVENTION.replace("EXP", weight), "weights.exp") for weight in ("nan", "'1'", "true", "[1]", "inf")),
        (CONVENTION.replace("EXP", "-1"), "weight of exp"),
        (CONVENTION.replace("exp = EXP,", ""), "weight for each"),
        (CONVENTION.replace("EXP", "1, foo = 2"), "weight for each"),
        (CONVENTION.replace("EXP", "1").replace("mine", "unit"), "already"),
        (CONVENTION.replace("EXP", "1").replace("mine", '"a b"'), "name"),
    ],
)
def test_what_a_suite_may_hold(folder, text, problem):
    path = _written(folder / "suite.toml", text)
    with watched(), pytest.raises(UserError) as refused:
        read_suite(path, QUICK)
    said = str(refused.value)
    assert problem in said
    assert str(path) in said
    assert "\n" not in said
    assert len(said) < 700


@pytest.mark.parametrize("content", [b"\xff\xfe", "models = ['lif']".encode("utf-16"), b"a = '\xe9'"])
def test_what_is_no_utf8_is_said_to_be_none(folder, content):
    for name, read in (
        ("suite.toml", lambda path: read_suite(path, QUICK)),
        ("m.toml", lambda path: get_model(str(path))),
    ):
        (folder / name).write_bytes(content)
        with pytest.raises(UserError, match="UTF-8"):
            read(folder / name)


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--suite", "s.toml"],
        ["check", "--baseline", "b", "--suite", "s.toml"],
        ["baseline", "update", "--baseline", "b", "--suite", "s.toml"],
    ],
)
def test_a_suite_names_python_with_consent_alone(folder, command, capsys):
    _written(folder / "s.toml", "models = ['evil.py:m']\nrates = [100]\n")
    assert main(command) == 2
    assert "--allow-python" in capsys.readouterr().err
    # with consent the file is run; it has no model of this name
    assert main([*command, "--allow-python"]) == 2
    assert "evil.py defines no 'm'" in capsys.readouterr().err
    (folder / "touched").unlink()


def test_models_of_the_command_line_replace_those_of_a_suite(folder):
    path = _written(folder / "s.toml", "models = ['evil.py:m']\n")
    assert read_suite(path, QUICK, models=["lif"]).models == ("lif",)


DESCRIBED = {
    "description": "",
    "source": "",
    "equations": GOOD["equations"],
    "threshold": "v > -50*mV",
    "reset": "v = EL",
    "refractory": 2.0,
    "input": "I",
    "interpretation": "stratonovich",
    "tables": "",
    "parameters": {"tau": {"value": 20.0, "unit": "ms"}},
    "constants": {"EL": {"value": -65.0, "unit": "mV"}},
    "initial": {"v": {"value": -65.0, "unit": "mV"}},
    "content": "",
}
RUNS = {
    "input": lambda evil: {"input": evil},
    "interpretation": lambda evil: {"interpretation": evil},
    "sampling": lambda evil: {"sampling": evil},
    "arrivals": lambda evil: {"arrivals": {"exc": evil}},
    "equations": lambda evil: {"equations": f"{GOOD['equations']}\n{evil}"},
    "right-hand side": lambda evil: {"equations": GOOD["equations"].replace("EL - v", f"{evil} - v")},
    "threshold": lambda evil: {"threshold": evil},
    "reset": lambda evil: {"reset": evil},
    "refractory": lambda evil: {"refractory": evil},
    "initial": lambda evil: {"initial": {"v": evil}},
    "initial name": lambda evil: {"initial": {evil: DESCRIBED["initial"]["v"]}},
    "parameter": lambda evil: {"parameters": {"tau": evil}},
    "parameter's name": lambda evil: {"parameters": {evil: {"value": 1.0, "unit": "ms"}}},
    "parameter's unit": lambda evil: {"parameters": {"tau": {"value": 1.0, "unit": evil}}},
    "parameter's value": lambda evil: {"parameters": {"tau": {"value": evil, "unit": "ms"}}},
    "constant's name": lambda evil: {"constants": {**DESCRIBED["constants"], evil: {"value": 1.0, "unit": "ms"}}},
    "constants": lambda evil: {"constants": evil},
    "grid": lambda evil: {"grid": evil},
    "published": lambda evil: {"published": evil},
}


@pytest.mark.parametrize("field", RUNS)
def test_a_run_says_nothing_that_is_run(folder, field):
    for evil in [
        *SOME,
        "evil.py:m",
        "v\nimport os",
        'v"""\nimport os\n"""',
        None,
        [],
        float("nan"),
        True,
        {"value": 1},
    ]:
        if (evil is None and field in ("refractory", "grid", "sampling")) or (
            "name" in field and not isinstance(evil, str)
        ):
            continue
        with watched():
            try:
                code, said = program({**DESCRIBED, **RUNS[field](evil)}), ""
            except UserError as error:
                code, said = "", str(error)
        assert len(said) < 900
        assert said or (field == "constant's name" and f"{evil!r}: 1.0*ms" in code), f"accepted: {str(evil)[:100]}"


def program(described, **changes):
    given = {"dt_ms": 0.1, "drive": 20.0, "drive_unit": "mV", "horizon_ms": 100.0, "title": "x"}
    return brian2_code(described, "euler", **{**given, **changes})


def test_what_may_be_anything_stays_text_in_the_program(folder, capsys):
    evil = f'\n"""\nimport os\n{EVIL}\n\u2028{EVIL}'
    described = {
        **DESCRIBED,
        "description": evil,
        "source": evil,
        "equations": GOOD["equations"].replace("\n", ' # """) or \\ + \\""" \n', 1),
    }
    code = program(described, title=evil)
    statements = ast.parse(code).body
    assert all(isinstance(each, ast.ImportFrom | ast.Assign | ast.Expr) for each in statements)
    calls = {node.func.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)}
    assert calls == {"NeuronGroup", "SpikeMonitor", "run", "print"}
    for changes in ({"drive_unit": f"mV; {EVIL}"}, {"dt_ms": EVIL}, {"drive": EVIL}, {"horizon_ms": EVIL}):
        with pytest.raises(ValueError, match=r"\w"):
            program(DESCRIBED, **changes)
    assert recorded_model("evil.py:m", DESCRIBED).label == "model"


@pytest.mark.parametrize(
    "text", ["NaN", "[" * 100_000, '{"spikecost_baseline": 1, "figures": {"a": NaN}}', "\ud800", "1e999"]
)
def test_json_of_others(folder, text):
    (folder / "b.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    with watched(), pytest.raises(UserError):
        baseline.read(folder / "b.json")


SIGNS = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\x7f"


def test_no_text_of_others_controls_the_terminal(folder, said):
    model = write_model(folder, description=SIGNS, source=SIGNS)
    _written(folder / "s.toml", f"models = [{json.dumps(SIGNS)}]\n")
    _written(folder / "b.json", json.dumps({"spikecost_baseline": 1, "limits": {SIGNS: 3}}))
    _written(folder / f"{SIGNS}.toml", "")
    for command in (
        ["show", str(model)],
        ["show", str(model), "--json"],
        ["count", f"{SIGNS}.toml"],
        ["show", str(write_model(folder, threshold=f"v > {SIGNS}"))],
        ["run", "--suite", "s.toml"],
        ["check", "--baseline", "b.json"],
        ["report", SIGNS],
        [SIGNS],
        ["run", "--jobs", SIGNS],
        ["history", "--store", SIGNS],
    ):
        _, out, err = said(*command)
        assert out + err
        assert all(each.isprintable() or each in "\n\t" for each in out + err), command


def test_every_command_prints_in_one_place():
    """This makes the results above valid for all of them."""
    files = [*Path(cli.__file__).parent.glob("*.py")]
    assert len(files) > 5
    printing = {
        function.name
        for path in files
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "sys.stdout.write", "sys.stderr.write", "traceback.print_exc")
    }
    assert printing == {"show_text", "complain", "_print_traceback"}


#: Modules that read pickles which another process of the same run sent: through pipes, or as a worker of the cluster.
FROM_PROCESSES = {"brian2_engine", "processes", "ray", "tasks", "worker"}


def test_no_pickle_is_read_from_disk():
    loaded, others = set(), set()
    words = ("pickle", "marshal", "shelve", "dill", "joblib")
    texts = {path: path.read_text(encoding="utf-8") for path in Path(cli.__file__).parents[1].rglob("*.py")}
    for path, text in texts.items():
        for node in ast.walk(ast.parse(text)) if any(word in text for word in words) else ():
            call = ast.unparse(node) if isinstance(node, ast.Call) else ""
            if call.startswith("pickle.loads("):
                loaded.add(path.stem)
            elif call.startswith(("pickle.load", "pickle.Unpickler")):
                others.add(call)
            assert not call.startswith(("marshal.", "shelve.", "dill.", "joblib.", "cloudpickle."))
            assert "read_pickle(" not in call
            assert "allow_pickle" not in call
    assert loaded == FROM_PROCESSES
    assert others == {"pickle.load(sys.stdin.buffer)"}
