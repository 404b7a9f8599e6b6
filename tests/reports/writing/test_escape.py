"""Names that users chose are shown as they wrote them, and have no other effect."""

import csv
import io
import json
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from spikecost.models.ground.errors import UserError, visible
from spikecost.reports.writing import escape
from spikecost.reports.writing.text import frame

FORMULAS = ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", '=cmd|" /C calc"!A0']


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_text_to_a_spreadsheet(name):
    frame = pd.DataFrame({name: [name, "lif"], "dt_ms": [-1.5, 2.0]})
    rows = list(csv.reader(io.StringIO(escape.to_csv(frame).decode(), newline="")))
    text = "'" + name.replace("\r", " ").replace("\n", " ")
    assert rows == [[text, "dt_ms"], [text, "-1.5"], ["lif", "2.0"]]


def test_other_cells_stay():
    assert [escape.cell(value) for value in ("lif", "a=b", -1.5, None, "")] == ["lif", "a=b", -1.5, None, ""]


# without ligatures (-- and ''), and without commands that this reader does not know (\textbar)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="-'|<>"), min_size=1))
def test_latex_prints_what_was_written(name):
    assert LatexNodes2Text().latex_to_text(escape.latex(name)).replace("\u02c6", "^").replace("\u02dc", "~") == name


def test_latex_by_hand():
    assert escape.latex("a_b & 50 % of $x^2$ {\\}") == (
        r"a\_b \& 50 \% of \$x\textasciicircum{}2\$ \{\textbackslash{}\}"
    )
    assert escape.latex("two\n\nparagraphs|<>") == r"two paragraphs\textbar{}\textless{}\textgreater{}"


def test_markdown_by_hand():
    assert escape.markdown("a|b <b> *c* [d](e) `f`\ng") == r"a\|b &lt;b&gt; \*c\* \[d\]\(e\) \`f\` g"


def test_figures_show_no_mathematics():
    assert escape.in_figure("$x$\ny") == r"\$x\$ y"


#: Characters that a terminal would obey: colours, titles, the cursor (in 7 and 8 bits), deletions, text direction.
SIGNS = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\b\b\b",
    "\x7f",
    "\x00",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\U000e0041",
    "\ud800",
    "\x85",
]


@pytest.mark.parametrize("sign", SIGNS)
def test_what_a_terminal_would_obey_is_shown(sign):
    name = f"a{sign}b".encode(errors="replace").decode()  # a table cannot contain a single surrogate
    for shown in (
        visible(f"a{sign}b"),
        frame(f"t{sign}", pd.DataFrame({name: [name]})),
        escape.markdown(f"a{sign}b"),
        escape.cell(f"a{sign}b"),
        escape.in_figure(f"a{sign}b"),
    ):
        assert all(each.isprintable() or each in "\n\t" for each in shown), repr(shown)


@given(st.text())
def test_what_is_made_visible_can_be_read_back(text):
    shown = visible(text)
    assert visible(shown) == shown
    assert "\r" not in shown
    # a text without hidden characters stays as it is; JSON is the same value
    assert shown == text or any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in text)
    assert json.loads(visible(json.dumps(text))) == text


def test_an_error_is_one_line_whatever_it_quotes():
    assert str(UserError("unknown 'a\r\nforged line'; give  b")) == "unknown 'a forged line'; give b"


def test_a_name_does_not_make_a_line_of_its_own():
    shown = frame("t", pd.DataFrame({"model": ["lif\nforged  1.0"], "cost": [2.0]}))
    assert len(shown.splitlines()) == 3
