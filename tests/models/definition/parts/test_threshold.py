"""Thresholds: which condition a text is, and what is refused."""

import pytest
from brian2 import mV, second, volt

from spikecost.models.algebra.expression import FLOATS, Op, Var, evaluate, text
from spikecost.models.definition.language.units import DIMENSIONLESS
from spikecost.models.definition.parts.threshold import read_threshold
from spikecost.models.ground.errors import UserError

DIMENSIONS = {"v": volt.dim, "w": DIMENSIONLESS, "gap": volt.dim, "tau": second.dim, "a": DIMENSIONLESS}
CONSTANTS = {"EL": -65 * mV}
GAP = Op("sub", (Var("v"), Var("w")))


def read(source, resets=True):
    return read_threshold(
        source, ("v", "w"), DIMENSIONS, CONSTANTS, where="here", subexpressions={"gap": GAP}, resets=resets
    )


@pytest.mark.parametrize(
    ("source", "comparison", "level"),
    [
        ("v > 30*mV", ">", 30.0),
        ("v >= EL + 1*mV", ">=", -64.0),
        ("v>0*volt", ">", 0.0),
        ("30*mV < v", ">", 30.0),
        ("(30*mV <= v)", ">=", 30.0),
        ("v > 1*mV and not_refractory", ">", 1.0),
        ("not_refractory and v > 1*mV and True and 1 < 2", ">", 1.0),
    ],
)
def test_the_usual_form(source, comparison, level):
    found = read(source)
    assert (found.variable, found.comparison, found.condition) == ("v", comparison, None)
    assert evaluate(found.level, {}, FLOATS) == level


@pytest.mark.parametrize(
    ("source", "variable", "written"),
    [
        ("v < 30*mV", "v", "v < 30*1"),
        ("2*v > 30*mV", "v", "30*1 < 2*v"),
        ("gap > 0*mV", "v", "0*1 < v - w"),
        ("v - EL > 10*mV", "v", "10*1 < v - (-65)"),
        ("v > v**2/mV", "v", "v**2/1 < v"),
        ("w < 1 or v > 1*mV and w > 2", "v", "w < 1 or (1*1 < v and 2 < w)"),
        ("not (w < 1 or v > 1*mV)", "v", "not (w < 1 or 1*1 < v)"),
        ("w == 2", "w", "w <= 2 and 2 <= w"),
        ("v > 1*mV and a > 0.5", "v", "1*1 < v and 0.5 < a"),
    ],
)
def test_other_forms_stay_as_they_are_written(source, variable, written):
    found = read(source)
    assert found.variable == variable
    assert text(found.holds) == written


def test_a_level_that_moves_is_another_form_without_a_reset():
    assert read("v > w*mV").condition is None
    assert text(read("v > w*mV", resets=False).holds) == "w*1 < v"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("v > 30", "here: '30' has the unit 1, expected mV"),
        ("v > 30*ms", "here: '30*ms' has the unit ms, expected mV"),
        ("v > 1*mV and w > 1*mV", "here: '1*mV' has the unit mV, expected 1"),
        ("v > 30*mV + 1", "here: units do not fit in '30*mV + 1': "),
        ("v >", "here: cannot read 'v >'; write a condition such as v > 30*mV"),
        ("v", "here: 'v' is not supported; write a condition such as v > 30*mV"),
        ("v > 1*mV > w", "here: 'v > 1*mV > w' is not supported; write a condition such as v > 30*mV"),
        ("v > 1*mV and", "here: cannot read 'v > 1*mV and'"),
        ("v > 1*mV and w", "here: 'w' is a number, not a condition; "),
        ("v > (w > 1)", "here: 'w > 1' is true or false, not a number; "),
        ("not v", "here: 'v' is a number, not a condition; "),
        ("tau > 1*ms", "here: 'tau > 1*ms' does not depend on the state; "),
        ("True", "here: 'True' does not depend on the state; "),
        ("foo > 1*mV", "here: 'foo' is neither in the equations nor a constant nor a unit; define it"),
    ],
)
def test_what_is_no_threshold(source, message):
    with pytest.raises(UserError) as error:
        read(source)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
