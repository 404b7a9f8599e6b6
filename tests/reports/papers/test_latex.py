"""LaTeX and BibTeX accept the files written for them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pandas as pd
import pytest

from spikecost.reports.comparison.formats import render
from spikecost.reports.papers.bibliography import Work, works
from spikecost.reports.papers.tables import ROWS, to_latex
from spikecost.reports.writing.escape import latex

#: Every printable ASCII character, characters of ligatures, distances and comments, and letters.
NAMES = [
    "".join(map(chr, range(32, 127))),
    "[2cm] -- ''x'' ?`!`",
    "*",
    "% \\end{table}",
    "\\\\",
    "$x_1^2$",
    "~^~^",
    "Wang and Buzs\u00e1ki, \u00c5ngstr\u00f6m \u00e7 \u0159 \u0142",
    "\u03bb = 20 \u00b5s \u2265 \u00b1 \u0393 \u0391",
    "\u4e2d\u6587 \U0001f600 \x1b[0m \x00",
]
DOCUMENT = r"""
\documentclass{article}
\usepackage{booktabs,graphicx}
\begin{document}
\input{tables}
\nocite{*}
\bibliographystyle{plain}
\bibliography{references}
\end{document}
"""


@pytest.fixture(scope="module", autouse=True)
def tex():
    if not (shutil.which("pdflatex") and shutil.which("bibtex")):
        pytest.skip(
            "there is no pdflatex with bibtex: install them (Debian: apt-get install texlive-latex-base "
            "texlive-latex-recommended)"
        )


def compiled(folder, tables, references):
    """Compile a paper; return the complaints of LaTeX and BibTeX, and the log of LaTeX."""
    (folder / "tables.tex").write_bytes(tables)
    (folder / "references.bib").write_bytes(references)
    (folder / "paper.tex").write_text(DOCUMENT)
    said = ""
    for command in (
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"],
        ["bibtex", "paper"],
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        said = done.stdout.decode(errors="replace")
        assert done.returncode == 0, said[-2000:]
        assert "Warning--" not in said
    return re.findall(r"^(?:Overfull|!).*|^.*(?:undefined|multiply defined).*", said, re.MULTILINE), said


def test_a_report_compiles(small_run, tmp_path):
    files = render(small_run, ["tex", "bib"])
    complaints, _ = compiled(tmp_path, files["tables.tex"], files["references.bib"])
    assert complaints == []  # no table is wider than the page
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")


def test_a_report_compiles_whatever_the_names(hostile_run, tmp_path):
    files = render(hostile_run, ["tex", "bib"])
    complaints, _ = compiled(tmp_path, files["tables.tex"], files["references.bib"])
    assert [each for each in complaints if not each.startswith("Overfull")] == []  # a long name in the literature


def test_every_work_and_every_name_compiles(tmp_path):
    frame = pd.DataFrame({name: [*NAMES, "1"] for name in NAMES})
    many = pd.DataFrame({"n": [str(i) for i in range(3 * ROWS + 1)]})
    nasty = [
        Work(
            f"nasty{i}",
            "misc",
            {"title": f"{{{latex(name)}}}", "year": "2026", "author": "Nobody", "note": latex(name)},
        )
        for i, name in enumerate(NAMES)
    ]
    tables = to_latex(frame, "$ % & names", "tab:a") + to_latex(many, "many rows", "tab:b")
    complaints, said = compiled(
        tmp_path, tables.encode(), "\n".join(work.bibtex for work in [*works().values(), *nasty]).encode()
    )
    assert [each for each in complaints if not each.startswith("Overfull")] == []
    assert "Float too large" not in said
    assert tables.count(r"\begin{table*}") == 1 + 4
