"""Names that users chose: what is shown is what they wrote, and nothing more happens."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from spikecost.reports import escape

FORMULAS = ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", '=cmd|" /C calc"!A0']


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_text_to_a_spreadsheet(name):
    frame = pd.DataFrame({name: [name, "lif"], "dt_ms": [-1.5, 2.0]})
    rows = list(csv.reader(io.StringIO(escape.to_csv(frame).decode(), newline="")))
    text = "'" + name.replace("\r", " ").replace("\n", " ")
    assert rows == [[text, "dt_ms"], [text, "-1.5"], ["lif", "2.0"]]


def test_other_cells_stay():
    assert [escape.cell(value) for value in ("lif", "a=b", -1.5, None, "")] == ["lif", "a=b", -1.5, None, ""]


# without what makes ligatures (-- and ''), and without what this reader does not know (\textbar)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="-'|<>"), min_size=1))
def test_latex_prints_what_was_written(name):
    assert LatexNodes2Text().latex_to_text(escape.latex(name)).replace("\u02c6", "^").replace("\u02dc", "~") == name


def test_latex_by_hand():
    assert escape.latex("a_b & 50 % of $x^2$ {\\}") == (
        r"a\_b \& 50 \% of \$x\textasciicircum{}2\$ \{\textbackslash{}\}")
    assert escape.latex("two\n\nparagraphs|<>") == r"two paragraphs\textbar{}\textless{}\textgreater{}"


def test_markdown_by_hand():
    assert escape.markdown("a|b <b> *c* [d](e) `f`\ng") == r"a\|b &lt;b&gt; \*c\* \[d\]\(e\) \`f\` g"


def test_figures_show_no_mathematics():
    assert escape.in_figure("$x$\ny") == r"\$x\$ y"
