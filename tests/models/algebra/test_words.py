"""Messages show expressions as users wrote them, not as the operations that run."""

import pytest
from brian2 import mV, volt
from hypothesis import given, reject
from hypothesis import strategies as st

from spikecost.models.algebra.expression import Op, Var, in_forms, less, rebuild, select, text
from spikecost.models.algebra.words import words
from spikecost.models.definition.language.equations import parse
from spikecost.models.ground.errors import UserError

NAMES = ("v", "u", "n")
NUMBERS = st.one_of(st.sampled_from(NAMES), st.integers(0, 9).map(str), st.just("0.5"))
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def _numbers(inner):
    test = st.tuples(inner, SIGNS, inner).map(" ".join)
    tests = st.one_of(
        test,
        test.map("not ({})".format),
        st.tuples(test, st.sampled_from(["and", "or"]), test).map("({0[0]}) {0[1]} (not ({0[2]}))".format),
    )
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map("({0[0]}) {0[1]} ({0[2]})".format),
        tests.map("int({})".format),
        st.tuples(inner, inner).map("clip({0[0]}, {0[1]}, {0[1]} + 1)".format),
        inner.map("clip({}, 0, inf)".format),
        inner.map("clip({}, -inf, n)".format),
        st.tuples(st.sampled_from(["sign", "int", "exp", "floor"]), inner).map("{0[0]}({0[1]})".format),
    )


@given(st.recursive(NUMBERS, _numbers, max_leaves=8))
def test_words_are_read_as_what_they_stand_for(source):
    try:
        made = parse(source, NAMES, {}, "here")
    except UserError:  # a number that is too large
        reject()
    assert text(parse(words(made), NAMES, {}, "here")) == text(made)


@pytest.mark.parametrize(
    "source",
    [
        "int(v > 2)",
        "int(2 >= v)",
        "int(v == 2)*u",
        "int(v != u)",
        "int(not v > u or v > 3 and n < 1)",
        "int(v > u or True)",
        "int(v/u)",
        "timestep(v, u)",
        "clip(v, 0, inf)",
        "clip(v, -inf, u)",
        "clip(v, 0, u + 1)",
        "sign(v - 2)",
        "1/(1 - int(v > u))",
    ],
)
def test_words_are_those_of_the_user(source):
    made = parse(source, NAMES, {}, "here")
    expected = source.replace("v > 3 and n < 1", "(v > 3 and n < 1)").replace("not v > u or", "(not v > u) or")
    assert words(made) == expected
    # also after it was rewritten with other names, and as the operations that run
    assert words(rebuild(made, change=lambda _old, new: new)[0]) == expected
    assert words(in_forms(made)) == expected


def test_constants_and_units_have_their_names():
    source = "int(v > EL + 3*mV)*pi + floor(v)/mV"
    made = parse(source, {"v": volt.dim}, {"EL": -65 * mV}, "here")
    assert words(made) == source


def test_a_choice_without_a_function_is_pythons():
    v, u, n = map(Var, NAMES)
    assert words(select(less(v, 2), u, n)) == "(u if v < 2 else n)"
    assert words(select(Op("less", (v, u), exchanged=True), u * n, 0) / v) == "u*n*int(u > v)/v"
