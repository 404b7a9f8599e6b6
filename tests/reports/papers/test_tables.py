"""Tables for papers: the numbers of the run, in LaTeX and Markdown that are valid for all names."""

import re

from spikecost.reports.papers import tables
from spikecost.reports.writing.numbers import bounded, number

AT_LEAST, AT_MOST = "\u2265 ", "\u2264 "


def columns_of(line):
    return re.split(r"(?<!\\)&", line)


def test_the_numbers_are_the_runs(small_run):
    frame = tables.cheapest(small_run)
    assert list(frame.columns) == [
        "rate",
        "tolerance",
        "model",
        "method",
        "detection",
        "dt (ms)",
        "operations per ms",
        "95 % interval",
        "error (ms)",
        "ns per ms",
    ]
    least = small_run.cheapest["status"] == "at least"
    assert 0 < least.sum() < len(least)
    assert list(frame["operations per ms"]) == [
        f"{AT_MOST if bound else ''}{number(value)}"
        for value, bound in zip(small_run.cheapest["flops_per_ms"], least, strict=True)
    ]
    assert list(frame["dt (ms)"].str.startswith(AT_LEAST)) == list(least)
    low = small_run.cheapest["flops_per_ms_low"].iloc[0]
    assert frame["95 % interval"].iloc[0].startswith(f"{number(low)} to ")


def test_ratios_carry_their_intervals(small_run):
    frame = tables.ratios(small_run)
    row = small_run.ranking.query("model == 'lif' and low < high").iloc[0]
    found = frame[
        (frame["compared"] == row["view"])
        & (frame["rate"] == row["level"])
        & (frame["tolerance"] == number(row["tolerance"]))
    ]
    assert list(found["lif"]) == [
        f"{bounded(row['ratio'], row['bound'])} ({number(row['low'])} to {number(row['high'])})"
    ]
    # the view without accuracy has one row, with both models in it
    assert len(frame[frame["rate"] == "–"]) == 1  # noqa: RUF001
    assert frame.loc[frame["rate"] == "–", "izhikevich:RS"].item() == "1"  # noqa: RUF001


def test_latex_is_a_booktabs_table_whatever_the_names(hostile_run):
    frame = tables.cheapest(hostile_run)
    text = tables.to_latex(frame, "50 % & more", "tab:x")
    lines = text.splitlines()
    body = lines[lines.index(r"\toprule") + 1 : lines.index(r"\bottomrule")]
    body.remove(r"\midrule")
    assert len(body) == len(frame) + 1
    assert all(line.endswith(r" \\") and len(columns_of(line)) == frame.shape[1] for line in body)
    assert r"\caption{50 \% \& more}" in lines
    assert len(re.search(r"begin\{tabular\}\{([lr]+)\}", text)[1]) == frame.shape[1]
    # every special character of a name is escaped: none is left unescaped
    assert not re.search(r"(?<!\\)[%$#]", text)
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_markdown_is_a_table_whatever_the_names(hostile_run):
    frame = tables.cheapest(hostile_run)
    lines = [line for line in tables.to_markdown(frame, "caption").splitlines() if line.startswith("|")]
    assert len(lines) == len(frame) + 2
    assert {len(re.split(r"(?<!\\)\|", line)) for line in lines} == {frame.shape[1] + 2}
    assert not any("<script>" in line for line in lines)
