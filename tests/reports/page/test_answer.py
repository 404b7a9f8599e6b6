"""The answer of the page, its picture and the cheapest models."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from selenium.webdriver.common.by import By

from spikecost.reports.page import page
from spikecost.reports.results.headline import CALLED, costs, what_decides
from spikecost.reports.results.leaders import leaders
from spikecost.reports.tables.ratios import GRID
from spikecost.reports.writing.numbers import bounded_text, short

from ...messages import mentions
from .actions import downloaded, drawn_ratios


def test_the_answer_comes_first(shown, small_run):
    assert "What does a spiking-neuron model cost" in shown.find_element(By.TAG_NAME, "h1").text
    first = shown.find_element(By.CSS_SELECTOR, "main section")
    assert first.get_attribute("id") == "verdict-part"
    found = costs(small_run.ratios, small_run.about, small_run.models)
    rows = [
        [cell.text for cell in row.find_elements(By.XPATH, "./*")]
        for row in first.find_elements(By.CSS_SELECTOR, "#answer tbody tr")
    ]
    assert rows == [[each.drive, CALLED[each.view], "\n".join(filter(None, [each.text, each.limit]))] for each in found]
    assert len(rows) == 2
    assert rows[0][0] == "constant current, 50 and 100 Hz"
    said = [each.text for each in first.find_elements(By.CLASS_NAME, "decides")]
    assert said[: len(what_decides(small_run.ratios, small_run.about))] == what_decides(
        small_run.ratios, small_run.about
    )
    # the answer and its picture are on the first screen
    assert shown.execute_script("return document.getElementById('ratio-plot').getBoundingClientRect().bottom") < 1000


def test_the_picture_shows_every_ratio_to_the_baseline(shown, small_run):
    rows = small_run.ratios
    rows = rows[(rows["model"] == "lif") & (rows["tolerance"] <= 1) & (rows["bound"] != "not known")]
    lines = dict(list(rows.groupby(["view", "level"])))
    drawn = drawn_ratios(shown)
    assert len(drawn) == len(lines) == 4
    for name, x, y, opened_markers, dash in drawn:
        (key,) = (key for key in lines if key[0] in name and key[1] in name)
        ordered = lines[key].sort_values("tolerance", ascending=False)
        assert x == pytest.approx(list(ordered["tolerance"]), rel=1e-5)
        assert y == pytest.approx(list(ordered["ratio"]), rel=1e-5)
        assert opened_markers == list(ordered["bound"] != "")
        assert dash == ("dash" if key[0] == GRID else "solid")


def test_there_is_a_panel_for_each_drive_and_rate_with_a_line_at_1(shown, small_run):
    layout = shown.execute_script("return document.getElementById('ratio-plot').layout")
    titles = [each["text"] for each in layout["annotations"] if each.get("yref", "").endswith("domain")]
    assert [re.sub("<.*?>", " ", each).split() for each in titles] == [
        f"constant current, {level}, 0.2 s".split() for level in dict.fromkeys(small_run.regimes["level"])
    ]
    ones = [(each["yref"], each["y0"], each["y1"], each["x0"], each["x1"]) for each in layout["shapes"]]
    assert ones == [(axis, 1, 1, 0, 1) for axis in ("y", "y2")]
    # 1 is in sight in each of them
    assert all(layout[axis]["range"][0] < 0 < layout[axis]["range"][1] for axis in ("yaxis", "yaxis2"))


def test_ratios_are_drawn_without_spikes_on_the_grid(browser, small_run, tmp_path):
    located = small_run.ratios[small_run.ratios["view"] != GRID]
    (tmp_path / "index.html").write_text(page(replace(small_run, ratios=located)))
    browser.open(tmp_path / "index.html")
    drawn = drawn_ratios(browser)
    assert len(drawn) == len(located.query("model == 'lif' and bound != 'not known'")["level"].unique()) == 2


def test_the_cheapest_models_are_listed(shown, small_run):
    first = shown.find_element(By.ID, "cheapest-part")
    rows = [
        [case.text for case in row.find_elements(By.TAG_NAME, "td")]
        for row in first.find_elements(By.CSS_SELECTOR, "#verdict tbody tr")
    ]
    assert [row[:3] for row in rows] == [
        [f"constant current, {rate} Hz, 0.2 s", f"every spike within {tolerance} ms", "lif"]
        for rate in (50, 100)
        for tolerance in ("1", "0.3")
    ]
    best = small_run.cheapest.iloc[0]
    assert rows[0][3].startswith(f"{best['method']}, {best['detection']}, dt")
    # the coarsest dt of the sweep holds: its dt, its cost and ratios to it are bounds, and are shown as bounds
    assert best["status"] == "at least"
    assert f"dt \u2265 {best['dt_ms']:g} ms" in rows[0][3].replace("\u00a0", " ")
    bound, value = rows[0][4].split()[:2]
    assert (bound, float(value)) == ("\u2264", pytest.approx(best["flops_per_ms"], rel=0.01))
    assert re.search(r"izhikevich:RS \u2265 [\d.]+ (\([\d.]+ to [\d.]+\) )?times", rows[0][5])
    others = leaders(small_run).query("place == 2").sort_values("ratio").to_dict("records")
    least, most = (bounded_text(short(each["ratio"]), each["bound"]) for each in (others[0], others[-1]))
    assert mentions(first.text, "lif is cheapest in all 4", f"izhikevich:RS costs {least} to {most} times")


def test_the_demos_headline_stands_with_the_verdict(browser, looked_at, small_run, tmp_path, downloads):
    (tmp_path / "index.html").write_text(page(looked_at))
    browser.open(tmp_path / "index.html")
    said = browser.find_element(By.CSS_SELECTOR, "#verdict-part #demos-headline").text
    assert said.startswith(
        "3 of the 20 demos of Izhikevich (2004) show their feature only because of the time step: "
        "bistability (at dt = 0.25 ms, gone at 0.125 ms); "
    )
    table = [
        [case.text for case in row.find_elements(By.CSS_SELECTOR, "th, td")]
        for row in browser.find_elements(By.CSS_SELECTOR, "#demos tbody tr")
    ]
    assert len(table) == 20
    assert table[15] == [
        "P bistability",
        "artefact of the step",
        "0.25",
        "0.25",
        "0.125",
        "0.125",
        "5 \u2192 7",
        "45.25 \u2192 44.16",
    ]
    assert len(browser.find_elements(By.CSS_SELECTOR, "#demos tr.artefact")) == 3
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    button = browser.find_element(By.CSS_SELECTOR, "button.csv[data-table=demos]")
    rows = downloaded(browser, downloads, button, "demos.csv")
    assert [row["spikes_converged"] for row in rows] == list(map(str, looked_at.demos["spikes_converged"]))
    without = page(small_run)
    assert "demos-" not in without[: without.index("<script")]
