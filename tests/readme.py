"""Write the result into the README, from a run of the default suite: ``tox -e suite``, then this.

usage: readme.py [RUN]

Without a run, only the picture of the ratios is drawn again, from the table that the last run left.

The tables and sentences of the result, the pictures, and the data that the tests compare them with are all made here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from spikecost.accuracy.study.suite import STANDARD
from spikecost.reports.figures.ratio_figure import cost_ratios
from spikecost.reports.results.headline import CALLED, costs, drive_text, tolerances_text, two_digits, what_decides
from spikecost.reports.results.verdict import PUBLISHED
from spikecost.reports.tables.ratios import ANY, GRID, VIEWS
from spikecost.reports.writing.encoded import to_figures
from spikecost.reports.writing.numbers import bounded_text

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "reports" / "example"
START, END = "<!-- result of the default suite, written by tests/readme.py -->", "<!-- end of the result -->"
BASELINE = "izhikevich:RS"
NAMES = {"lif": "LIF", BASELINE: "Izhikevich", "hodgkin_huxley": "Hodgkin-Huxley"}
#: What the table of the published orders shows: one rate of each drive, at one tolerance.
SHOWN, TOLERANCE = (("ornstein_uhlenbeck", "20 Hz"), ("constant", "100 Hz")), 0.1
_VIEWS = {
    next(iter(VIEWS)): "forward Euler, spikes at the end of a step",
    GRID: "each model's cheapest method, spikes at the end of a step",
    ANY: "each model's cheapest method and detection",
}


def about() -> dict[str, Any]:
    """Return what sentences need to know of the default suite."""
    asked = [{"measure": "maximum", "tolerance": value, "unit": "ms"} for value in STANDARD.tolerances]
    return {"baseline": BASELINE, "criteria": asked}


def result(ratios: pd.DataFrame, ranking: pd.DataFrame) -> str:
    """Return the part of the README that shows the result."""
    parts = [
        f"Operations per millisecond, divided by those of Izhikevich's model (regular spiking), each model with its "
        f"cheapest method; from the smallest to the largest value over the rates and over the errors allowed, "
        f'{tolerances_text(about())} ("down to": smaller errors are not reached by one of the two models at some '
        "rate):",
        _ranges(ratios),
        "\n".join(f"- {_named(sentence)}" for sentence in what_decides(ratios, about())),
        f"For an error of at most {TOLERANCE:g} ms, and as in the papers:",
        _orders(ranking),
    ]
    return "\n\n".join(parts)


def _ranges(ratios: pd.DataFrame) -> str:
    found = costs(ratios, about(), NAMES)
    models = list(dict.fromkeys(each.model for each in found))
    lines = [
        "| drive | spikes | " + " | ".join(NAMES[model] for model in models) + " |",
        "|---|---|" + "---|" * len(models),
    ]
    for drive, view in dict.fromkeys((each.drive, each.view) for each in found):
        here = {each.model: each for each in found if (each.drive, each.view) == (drive, view)}
        texts = [here[model].text + (f" ({here[model].limit})" if here[model].limit else "") for model in models]
        lines.append(f"| {drive} | {CALLED[view]} | {' | '.join(text or 'not reached' for text in texts)} |")
    return "\n".join(lines)


def _orders(ranking: pd.DataFrame) -> str:
    def row(drive: str, how: str, rows: pd.DataFrame) -> str:
        of = {each["model"]: bounded_text(two_digits(each["ratio"]), each["bound"]) for each in rows.to_dict("records")}
        texts = ["1" if model == BASELINE and of else of.get(model, "not reached") for model in NAMES]
        return f"| {drive} | {how} | {' | '.join(texts)} |"

    lines = ["| drive | how it is compared | " + " | ".join(NAMES.values()) + " |", "|---|---|---|---|---|"]
    published = ranking[ranking["view"] == PUBLISHED]
    lines.append(row("none", "counted as in 2004, at the time steps of 2004, no accuracy asked", published))
    for stimulus, level in SHOWN:
        here = ranking[
            (ranking["stimulus"] == stimulus) & (ranking["level"] == level) & (ranking["tolerance"] == TOLERANCE)
        ]
        if not len(here):
            continue
        lines += [row(drive_text(stimulus, [level]), said, here[here["view"] == view]) for view, said in _VIEWS.items()]
    return "\n".join(lines)


def _named(sentence: str) -> str:
    for model, name in NAMES.items():
        sentence = sentence.replace(model, name)
    return sentence


def read(name: str) -> pd.DataFrame:
    """Return a table of the run that the README shows."""
    return pd.read_csv(EXAMPLE / f"{name}.csv", keep_default_na=False, na_values={"tolerance": "", "ratio": ""})


def with_result(readme: str, text: str) -> str:
    """Return the README with another result."""
    return re.sub(f"(?s){re.escape(START)}.*{re.escape(END)}", lambda _: f"{START}\n\n{text}\n\n{END}", readme)


def main() -> None:
    """Copy what the README shows of a run, and write its tables and sentences."""
    if len(sys.argv) < 2:
        run = SimpleNamespace(
            models=list(NAMES), baseline=BASELINE, ratios=read("ratios").fillna({"bound": ""}), about=about()
        )
        (EXAMPLE / "cost_ratios.png").write_bytes(to_figures(cost_ratios(run), ("png",))["png"])
        return
    run = Path(sys.argv[1])
    for name in ("ratios.csv", "ranking.csv", "cost_ratios.png"):
        shutil.copy(run / name, EXAMPLE / name)
    picture = EXAMPLE / "page.png"
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=20000",
         "--window-size=1400,1000", f"--screenshot={picture}", (run / "index.html").resolve().as_uri()],
        check=True,
        capture_output=True,
    )  # fmt: skip
    path = ROOT / "README.md"
    path.write_text(with_result(path.read_text(), result(read("ratios"), read("ranking"))))


if __name__ == "__main__":
    main()
