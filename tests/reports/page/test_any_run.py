"""Runs with unusual content."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, pairwise

import pandas as pd
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from spikecost.accuracy.study.study import Study
from spikecost.accuracy.study.suite import Suite
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.page import page
from spikecost.reports.tables.ratios import ANY

from .actions import SIZES, downloaded, fitting, named
from .runs import with_models

#: A name that ends a script and is markup, an entity, and a formula.
HOSTILE = '=1+1</script><img src=x onerror="window.hacked=1">&lt;b&gt;\''


def test_a_run_without_a_single_case_opens_too(browser, tmp_path):
    (tmp_path / "index.html").write_text(page(RunFolder.of(Study(Suite(), interrupted=True), {})))
    browser.complaints()
    browser.open(tmp_path / "index.html")
    assert browser.complaints() == []
    text = browser.find_element(By.TAG_NAME, "body").text
    for said in ("This run was interrupted", "No model reaches any tolerance", "Nothing to draw", "0 of 0 cases"):
        assert said in text


def test_names_are_text_everywhere(browser, small_run, tmp_path, downloads):
    named = {"lif": HOSTILE, "rk4": f"rk4{HOSTILE}", "100 Hz": f"100 Hz{HOSTILE}"}

    def renamed(value):
        if isinstance(value, dict):
            return {renamed(key): renamed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        return named.get(value, value) if isinstance(value, str) else value

    frames = {name: getattr(small_run, name).map(renamed) for name in TABLES}
    frames["features"] = pd.DataFrame(
        [{"model": HOSTILE, "parameters": "", "letter": "A", "feature": HOSTILE, "outcome": "found", "reason": HOSTILE}]
    )
    facts = {**small_run.provenance, HOSTILE: HOSTILE}
    (tmp_path / "index.html").write_text(
        page(replace(small_run, about=renamed(small_run.about), provenance=facts, **frames))
    )
    browser.open(tmp_path / "index.html")
    for select in ("wp-cost", "wp-regime", "kinds-model", "rec-regime"):
        chosen = Select(browser.find_element(By.ID, select))
        for i in range(len(chosen.options)):
            chosen.select_by_index(i)
    plot = browser.find_element(By.ID, "wp-plot")
    plot.send_keys("nnn")
    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert HOSTILE in browser.find_element(By.ID, "verdict").text
    assert HOSTILE in browser.find_element(By.ID, "wp-models").text
    # labels in the plot have several lines
    drawn = browser.execute_script("return document.querySelector('#wp-plot .infolayer').textContent")
    assert HOSTILE.replace(" ", "") in drawn.replace(" ", "")
    features = browser.find_element(By.ID, "features").get_attribute("textContent")
    assert features.count(HOSTILE) == 2
    button = browser.find_element(By.CSS_SELECTOR, "button.csv[data-table=leaders]")
    assert downloaded(browser, downloads, button, "leaders.csv")[0]["model"] == f"'{HOSTILE}"  # not a formula


#: Names of every kind: long without a place to break, other alphabets, with a preset.
NAMES = [
    "my_really_long_model_name_with_many_parts_in_the_hippocampus_CA1_2019",
    "w" * 60,
    "mod\u00e8le_\u00e0_deux_compartiments",
    "\u043d\u0435\u0439\u0440\u043e\u043d_\u0441_\u0430\u0434\u0430\u043f\u0442\u0430\u0446\u0438\u0435\u0439",
    "\u6a21\u578b",
    "adaptive_exponential_with_conductance:regular_bursting_of_layer_5",
]


def test_many_models_and_long_names_fit(browser, small_run, tmp_path):
    names = NAMES + [f"model_{i}" for i in range(24 - len(NAMES))]
    run = with_models(small_run, names)
    assert len(run.models) == 26
    (tmp_path / "index.html").write_text(page(run))
    browser.complaints()
    browser.open(tmp_path / "index.html")
    # the picture keeps its height, and its legend has every model except the baseline
    assert browser.execute_script("return document.getElementById('ratio-plot').clientHeight") >= 300
    legend = [each.text for each in browser.find_elements(By.CSS_SELECTOR, "#ratio-plot-legend li")]
    assert legend[:25] == [each for each in run.models if each != run.baseline]
    assert len(set(colours(browser))) == 26
    # a row per model, not a column; the cheapest first, and only the first five until the others are asked for
    rows = browser.find_elements(By.CSS_SELECTOR, "#answer tbody tr")
    ratios = run.ratios.query(f"view == {ANY!r} and bound != 'not known' and model != {run.baseline!r}")
    means = ratios.groupby("model")["ratio"].apply(lambda of: math.prod(of) ** (1 / len(of)))
    assert [row.find_element(By.TAG_NAME, "th").text for row in rows if row.is_displayed()] == list(
        means.sort_values(kind="stable").index[:5]
    )
    more = browser.find_element(By.ID, "answer-more")
    assert more.text == "show the other 20 models"
    more.click()
    assert sum(row.is_displayed() for row in rows) == 25
    more.click()
    assert sum(row.is_displayed() for row in rows) == 5
    # models differ by marker, not only by colour, and the lines of the last panel are named at their ends
    looks = browser.execute_script(
        "const of = document.getElementById('ratio-plot');"
        "return [of.data.map((t) => [t.name.split(',')[0], t.line.color, t.marker.symbol]),"
        "of.layout.annotations.map((each) => each.text)]"
    )
    by_model = {name: (colour, symbol) for name, colour, symbol in looks[0]}
    assert len(set(by_model.values())) == 25
    assert len({symbol for _, symbol in by_model.values()}) == 20
    assert {"lif", "model_0", "model_17"} <= set(looks[1])
    assert "26 models: " in browser.find_element(By.TAG_NAME, "header").text
    # only fronts at first, each with its name beside the plot
    assert len(browser.execute_script("return document.getElementById('wp-plot').data")) == 26
    assert len(named(browser, "wp-plot")) == 26
    for width, height in SIZES:
        with browser.sized(width, height):
            fitting(browser)
            named_apart(browser)
    with browser.sized(900, 900):
        # the plot, its axis and its controls are on one screen; a plot keeps the height with which the page was opened
        browser.open(tmp_path / "index.html")
        browser.execute_script("document.getElementById('precision-part').scrollIntoView()")
        browser.until(lambda: named(browser, "wp-plot"))  # it is drawn
        assert browser.execute_script(BOTTOM, "wp-plot") <= 900
        for plot in ("wp-plot", "ratio-plot"):
            browser.execute_script("document.getElementById(arguments[0]).scrollIntoView()", plot)
            browser.until(lambda plot=plot: named(browser, plot))
            browser.find_element(By.ID, plot).send_keys("++++", Keys.ARROW_RIGHT)
        # what is out of sight has no name
        browser.until(lambda: 0 < len(named(browser, "wp-plot")) < 26, patience=20)
        fitting(browser)
        names = named_apart(browser)
        assert 0 < len(names["ratio-plot"]) <= 25
    assert browser.complaints() == []


def test_labels_of_curves_stay_apart_in_a_zoom(browser, small_folder):
    browser.open(small_folder / "index.html")
    plot = browser.find_element(By.ID, "wp-plot")
    for keys in ("", "+", "+", Keys.ARROW_RIGHT, Keys.ARROW_DOWN, "-", "0"):
        plot.send_keys(keys)
        fitting(browser)
        boxes = browser.execute_script(LABELS)
        assert boxes
        assert not [pair for pair in combinations(boxes, 2) if covers(*pair)]


#: The lower edge of a plot in the window, in pixels.
BOTTOM = "return document.getElementById(arguments[0]).getBoundingClientRect().bottom"
#: The labels of curves that are shown: left, right, top and bottom in pixels.
LABELS = """
    const of = document.getElementById("wp-plot");
    const bold = (each) => of.layout.annotations[each.dataset.index].text.startsWith("<b>");
    return [...of.querySelectorAll(".annotation")].filter(bold).map((each) => each.getBoundingClientRect())
      .filter((at) => at.width).map((at) => [at.left, at.right, at.top, at.bottom]);
"""
#: Height of capital letters of the names beside a plot, in pixels: the middles of other scripts differ by some pixels.
HIGH = 8


def covers(one, other):
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def named_apart(browser):
    """The names beside both plots, which are as far from each other as they are high."""
    found = {plot: named(browser, plot) for plot in ("wp-plot", "ratio-plot")}
    for plot, names in found.items():
        gaps = [below - above for above, below in pairwise(sorted(names.values()))]
        assert min(gaps) > HIGH, (plot, gaps)
    return found


def test_some_models_with_long_names_fit(browser, small_run, tmp_path):
    """They are labelled in the plot, where there is room for their names."""
    (tmp_path / "index.html").write_text(page(with_models(small_run, NAMES)))
    browser.open(tmp_path / "index.html")
    for width, height in SIZES:
        with browser.sized(width, height):
            fitting(browser)
            labels = browser.execute_script(
                "return document.getElementById('wp-plot').layout.annotations.map((each) => each.text).join()"
            )
            assert "<b>lif</b>" in labels


def colours(browser):
    return browser.execute_script(
        "return [...document.querySelectorAll('#wp-models svg')].map((each) => getComputedStyle(each).color)"
    )


def test_a_run_of_one_model_has_no_ratios(browser, small_run, tmp_path):
    frames = {
        name: frame[frame["model"] == "lif"] if "model" in frame else frame
        for name in TABLES
        for frame in [getattr(small_run, name)]
    }
    about = {**small_run.about, "models": {"lif": small_run.about["models"]["lif"]}, "baseline": "lif"}
    (tmp_path / "index.html").write_text(page(replace(small_run, about=about, **frames)))
    browser.complaints()
    browser.open(tmp_path / "index.html")
    assert browser.complaints() == []
    assert not browser.find_elements(By.ID, "ratio-plot")
    assert "lif is cheapest in all 4 situations." in browser.find_element(By.ID, "verdict-part").text
    assert "there is no other model" in browser.find_element(By.ID, "verdict").text


def test_a_run_in_which_nothing_is_reached_says_why(browser, small_run, tmp_path):
    lost = dict.fromkeys(["flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "dt_ms", "round_dt_ms"], math.nan)
    table = small_run.table.assign(status="not reached", reason="by 3 of 3 stimuli: diverged at dt = 1", **lost)
    empty = {name: getattr(small_run, name).iloc[:0] for name in ("ranking", "ratios", "candidates", "by_kind")}
    winners = small_run.winners.assign(winner="")
    (tmp_path / "index.html").write_text(page(replace(small_run, table=table, winners=winners, **empty)))
    browser.complaints()
    browser.open(tmp_path / "index.html")
    assert browser.complaints() == []
    assert "No model reaches any tolerance" in browser.find_element(By.ID, "verdict").text
    assert "diverged at dt = 1" in browser.find_element(By.ID, "failed").text
    assert "Not in the ranking: lif, izhikevich:RS" in browser.find_element(By.ID, "me-said").text
