"""The grammar of model texts, compared with Python's parser and Brian2's reading."""

from __future__ import annotations

import ast
from contextlib import suppress
from fractions import Fraction

import brian2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.models.algebra.functions import FUNCTIONS
from spikecost.models.definition.language import equations, grammar
from spikecost.models.definition.language.equation_lines import _BASE_UNITS, lines
from spikecost.models.definition.language.grammar import Unreadable
from spikecost.models.definition.language.trees import Binary, Call, Condition, Name, Negative, Number, Switch, written
from spikecost.models.ground.errors import UserError

_SIGNS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.Mod: "mod",
    ast.FloorDiv: "floordiv",
}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def by_python(node):
    """The result of Python's parser, converted to our tree."""
    match node:
        case ast.Constant(value=int() | float() as value) if type(value) is not bool:
            return Number(Fraction(str(value)))
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.USub()):
            return Negative(by_python(node.operand))
        case ast.UnaryOp(op=ast.UAdd()):
            return by_python(node.operand)
        case ast.BinOp():
            return Binary(_SIGNS[type(node.op)], by_python(node.left), by_python(node.right))
        case ast.Call(func=ast.Name(id="int"), args=[ast.Compare(ops=[sign], comparators=[right]) as test]):
            return Switch(Condition(_COMPARISONS[type(sign)], by_python(test.left), by_python(right)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            if len(arguments) == FUNCTIONS[name].arguments:
                return Call(name, tuple(map(by_python, arguments)))
    raise KeyError


NAMES = st.sampled_from(["v", "u", "tau", "mV", "x1", "_a", "expo", "e", "pi"])
NUMBERS = st.one_of(
    st.integers(0, 10**20).map(str),
    st.floats(0, 1e300).filter(lambda x: x == 0 or x > 1e-300).map(repr),
    st.sampled_from(["1.", ".5", "1e3", "2.E-4", "0", "00"]),
)


def called(row, inner):
    """A call of a function with as many arguments as it has."""
    return st.lists(inner, min_size=row.arguments, max_size=row.arguments).map(
        lambda arguments: f"{row.name}({', '.join(arguments)})"
    )


def larger(inner):
    spaces = st.sampled_from(["", " ", "  ", "\t"])
    return st.one_of(
        st.tuples(inner, spaces, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), spaces, inner).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("+{}".format),
        st.sampled_from(list(FUNCTIONS.values())).flatmap(lambda row: called(row, inner)),
        st.tuples(inner, st.sampled_from(list(_COMPARISONS.values())), inner).map("int({0[0]} {0[1]} {0[2]})".format),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, NUMBERS), larger, max_leaves=20)


@given(EXPRESSIONS)
def test_a_tree_is_pythons(text):
    assert grammar.expression(text) == by_python(ast.parse(text, mode="eval").body)


@given(EXPRESSIONS)
def test_what_is_written_is_read_as_it_was(text):
    tree = grammar.expression(text)
    assert grammar.expression(written(tree)) == tree


#: Parts of Python that do not exist in a model's text, and parts that do.
PIECES = st.sampled_from(
    [
        "v",
        "u",
        "1",
        "2.5",
        "1e999",
        "mV",
        "+",
        "-",
        "*",
        "/",
        "**",
        "(",
        ")",
        "<",
        ">=",
        "==",
        "=",
        ":=",
        "exp",
        "int",
        "abs",
        ",",
        ".",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "\\",
        "#",
        "\n",
        "\r",
        "\t",
        "\0",
        ";",
        ":",
        "@",
        "%",
        "//",
        "~",
        "&",
        "lambda",
        "x",
        " for x in ",
        " if ",
        " else ",
        "not ",
        " in ",
        "yield ",
        "await ",
        "None",
        "True",
        "__import__",
        "__class__",
        "f'{v}'",
        "rb''",
        "0x1",
        "1_0",
        "1j",
        "\uff56",
        "\U0001d42f",
        "µ",
        "\u2028",
        "\ufeff",
        "\x0c",
        "!",
        "$",
        "?",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_text_is_read_as_python_reads_it_or_not_at_all(text):
    try:
        tree = grammar.expression(text)
    except Unreadable:
        return
    assert tree == by_python(ast.parse(text.strip(), mode="eval").body)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    for reading in (grammar.expression, grammar.condition, lambda each: list(grammar.statements(each))):
        with suppress(Unreadable):
            reading(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(" * 10_000 + "v" + ")" * 10_000, "nested brackets"),
        ("-" * 10_000 + "v", "nested brackets"),
        ("2**" * 10_000 + "v", "nested brackets"),
        ("exp(" * 1000 + "v" + ")" * 1000, "nested brackets"),
        ("v" + "+v" * 10_000, "nested operations"),
        ("v" * 100_000, "too long"),
        ("9" * 10_000, "too large"),
        ("1e999", "too large"),
        ("1e-999", "too small"),
        ("1e-999999999999999999", "too small"),
    ],
)
def test_what_is_too_large_is_refused_at_once(text, problem):
    with pytest.raises(Unreadable, match=problem) as error:
        grammar.expression(text)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (lambda n: "(" * n + "v" + ")" * n, 40),
        (lambda n: "exp(" * n + "v" + ")" * n, 40),
        (lambda n: "v" + "+v" * n, 150),
        (lambda n: "*".join("v" * (n + 1)), 150),
    ],
)
def test_what_is_nested_within_the_limit_is_read(text, most):
    grammar.expression(text(most))
    with pytest.raises(Unreadable, match=f"more than {most} nested"):
        grammar.expression(text(most + 1))


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
@pytest.mark.parametrize(
    "reading", [grammar.expression, grammar.condition, lambda each: list(grammar.statements(each))]
)
def test_a_character_that_a_terminal_obeys_is_named_and_not_repeated(reading, character):
    with pytest.raises(Unreadable) as error:
        reading(f"v {character}= c")
    assert repr(character) in str(error.value)
    assert character not in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v = c # to the reset; not u = 1\nu += d", [("v", ""), ("u", "add")]),
        ("v = (c +\n d); u **= 2", [("v", ""), ("u", "pow")]),
        (" ;; \n", []),
    ],
)
def test_statements(text, expected):
    assert [(target, operator) for target, operator, _ in grammar.statements(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "v := c",
        "v == c",
        "v = u = c",
        "v, u = c",
        "v: int = c",
        "v.u = c",
        "v[0] = c",
        "del v",
        "import os",
        "v = c, u",
        "v = c if u else d",
        "v = yield",
        "v @= c",
        "v = *u",
        "\uff56 = c",
        "v = c\x0cimport os",
        "v = c\u2028u = d",
        "v >= c",
        "v = c >= d",
    ],
)
def test_other_statements_are_refused(text):
    with pytest.raises(Unreadable):
        list(grammar.statements(text))


UNITS = st.lists(
    st.tuples(
        st.sampled_from(["*", "/", " * ", " / "]),
        st.sampled_from(["volt", "amp", "metre", "second"]),
        st.sampled_from(["", "**2", "**-1", " ** 2", "**0.5"]),
    ),
    min_size=1,
    max_size=4,
)


@given(UNITS, st.booleans())
def test_declared_units_are_brian2s(factors, one_over):
    text = "".join("".join(factor) for factor in factors).strip()
    text = f"1/{text[1:]}" if one_over else text[1:].strip()
    source = f"dv/dt = -v/(1*second) : {text}"
    (line,) = lines(source, "here")
    assert line.dimension is brian2.Equations(source)["v"].dim


def test_base_units_are_brian2s():
    with pytest.raises(ValueError, match="allowed") as error:
        brian2.equations.equations.dimensions_and_type_from_string("nothing")
    said = str(error.value).rpartition("allowed: ")[2].rstrip(".").replace("(", ", ").replace(")", "")
    assert {name.strip() for name in said.split(",")} == set(_BASE_UNITS)


@pytest.mark.parametrize(
    "source",
    [
        "dv/dt = -v/ms : 1\nI : 1",
        "dv/dt = -v/ms : 1 (unless refractory) # a comment: with a colon\nI : 1 (constant)",
        "\n\n  dv/dt = (I\n      # in the middle\n   - v)/tau\n : volt\nI : volt\ntau : second\n",
        "dv/dt = a : 1/second\na = b*v/ms : 1/second\nb = 2 : 1\nI:1",
        "dv / dt = -v/ms : siemens/metre**2\r\nI : amp * second ** -1\r\n",
        "dd/dt = -d/ms : 1\ndvdt : 1\nn : integer",
    ],
)
def test_lines_are_brian2s(source):
    ours, theirs = lines(source, "here"), brian2.Equations(source)
    assert [line.name for line in ours] == list(theirs)
    for line in ours:
        other = theirs[line.name]
        assert (line.kind, line.dimension, list(line.flags)) == (other.type, other.dim, other.flags)
        if other.expr is not None:
            assert grammar.expression(line.right) == by_python(ast.parse(other.expr.code, mode="eval").body)


@pytest.mark.parametrize(
    "source",
    [
        "dv/dt = -v/ms : volt**9**9**9",
        "dv/dt = -v/ms : volt*2",
        "dv/dt = -v/ms : mV",
        "dv/dt = -v/ms : __import__('os')",
        "dv/dt = -v/ms : volt.dim",
        "dv/dt = -v/ms : 1 (constant over dt)",
        "dv/dt = -v/ms : 1 (event-driven)",
        "dv/dt = -v/ms : 1 (shared)",
        "dv/dt = -v/ms",
        "dv/dt = : 1",
        "dv/dt : 1",
        "v = 1 : 1 (constant)",
        "dv/dt = -v/ms : ",
        "d__class__/dt = 1/ms : 1",
        "_v : 1",
        "\uff56 : 1",
        "1v : 1",
        "lambda : 1",
        "t : 1",
        "exp : 1",
        "dv/dt = x.y : 1",
        "dv/dt = -v/ms : 1 ; du/dt = 1 : 1",
        "dv/dt = -v/ms : 1\x0bI : 1",
        "dv/dt = -v/ms : 1 # \u2028 I : 1",
        "a b : 1",
        "dv/dt = -v/ms : 1 (unless refractory\n)",
        "dv/dt = (lambda: 1)() : 1",
        "dv/dt = v[1:2] : 1",
        "dv/dt = {1: 2} : 1",
    ],
)
def test_other_lines_are_refused(source):
    with pytest.raises(UserError) as error:
        equations.read(source, {}, "here")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
