"""The documented format of suite files is the format that is read."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from spikecost.models.ground.errors import UserError
from spikecost.reports.regression.small_suite import SMALL
from spikecost.reports.results import suite_file
from spikecost.reports.results.suite_file import read_suite, suite_text
from spikecost.reports.results.suite_schema import FIELDS, schema, schema_text

DOCS = Path(__file__).parents[3] / "docs"
MODEL = """
equations = '''
dv/dt = I - v/(10*ms) : volt
I : volt/second
'''
threshold = 'v > 15*mV'
reset = 'v = 0*mV'
initial = { v = '0*mV' }
"""
VALIDATOR = Draft202012Validator(schema())


def test_the_schema_in_the_documents_is_that_of_the_program():
    Draft202012Validator.check_schema(schema())
    assert (DOCS / "suite.schema.json").read_text() == schema_text()


def test_every_field_is_in_the_schema_and_in_the_documents():
    form = {field.name for field in dataclasses.fields(suite_file._SuiteFile)}
    assert form == {*FIELDS, "convention"} == set(schema()["properties"])
    page = (DOCS / "suite.md").read_text()
    for name, (_, meaning) in FIELDS.items():
        assert f"| `{name}` | {meaning} |" in page


def test_the_example_of_the_documents_is_read(tmp_path, monkeypatch):
    example = re.search(r"```toml\n(.*?)```", (DOCS / "suite.md").read_text(), re.DOTALL)[1]
    VALIDATOR.validate(tomllib.loads(example))
    (tmp_path / "model.toml").write_text(MODEL)
    (tmp_path / "my_model.py").write_text("import spikecost as sc\nmodel = sc.get_model('qif')\n")
    (tmp_path / "suite.toml").write_text(example)
    found = read_suite(tmp_path / "suite.toml", SMALL, allow_python=True)
    assert (found.trials, found.seed, found.rates, found.horizons) == (4, 7, (20.0, 50.0), (1000.0,))
    assert found.models[2:] == (f"{tmp_path}/my_model.py:model", f"{tmp_path}/model.toml")
    # a path is relative to the file that names it, wherever the command is started
    monkeypatch.chdir(tmp_path.parent)
    found = read_suite(f"{tmp_path.name}/suite.toml", SMALL, allow_python=True)
    assert found.models[2:] == (f"{tmp_path.name}/my_model.py:model", f"{tmp_path.name}/model.toml")
    # and a run writes its suite so that it names the same files
    written = suite_text({"models": list(found.models)}, f"{tmp_path.name}/report")
    assert tomllib.loads(written)["models"][2:] == ["../my_model.py:model", "../model.toml"]


VALUES = {
    "models": st.lists(st.sampled_from(["lif", "izhikevich:CH", "qif"]), min_size=1, unique=True),
    "trials": st.integers(-1, 5),
    "seed": st.one_of(st.integers(-2, 5), st.booleans()),
    "tolerances": st.lists(st.sampled_from(["0.1ms", "1*ms", "1", ".5 ms"]), min_size=1, max_size=1),
    "rates": st.lists(st.one_of(st.integers(-1, 50), st.just("50")), min_size=1, max_size=2, unique=True),
    "rates_of": st.dictionaries(st.just("constant"), st.lists(st.sampled_from([20, 0, "50"]), max_size=1)),
    "thorough": st.one_of(st.booleans(), st.just(1)),
    "finest": st.sampled_from(["0.05ms", "0.05"]),
    "trails": st.just(3),
}


@settings(max_examples=60)
@given(st.fixed_dictionaries({}, optional=VALUES))
def test_the_schema_accepts_what_is_read_and_nothing_else(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "suite.toml"
    path.write_text("".join(f"{name} = {suite_file._toml(value)}\n" for name, value in content.items()))

    def accepted(call):
        try:
            call()
        except (ValidationError, UserError):
            return False
        return True

    assert accepted(lambda: VALIDATOR.validate(content)) == accepted(lambda: read_suite(path, SMALL))


@pytest.mark.parametrize("seed", [-1, 1.5, True, 10**12])
def test_seeds_that_are_none(seed):
    with pytest.raises(UserError, match="give a whole number from 0 to"):
        dataclasses.replace(SMALL, seed=seed)
