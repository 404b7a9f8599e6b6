"""The ranking for the reader's own conditions."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from brian2 import ms, mV
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from spikecost.harness.stimuli import constant
from spikecost.reports.page import page

from .actions import choose, click


def test_the_ranking_for_me(shown, small_run):
    def ranking():
        lines = shown.find_elements(By.CSS_SELECTOR, "#me-table tbody tr")
        return [[cell.text for cell in line.find_elements(By.TAG_NAME, "td")] for line in lines]

    Select(shown.find_element(By.ID, "me-regime")).select_by_visible_text("constant current, 50 Hz, 0.2 s")
    choose(shown, "me-tolerance", "0.3")
    for detection in ("grid", ""):
        choose(shown, "me-detection", detection)
        table = small_run.table.query("level == '50 Hz' and tolerance == 0.3")
        table = table[(table["detection"] == detection) if detection else table["detection"].notna()]
        best = table.sort_values("flops_per_ms").dropna(subset=["flops_per_ms"]).groupby("model").head(1)
        assert [line[:3] for line in ranking()] == best[["model", "method", "detection"]].to_numpy().tolist()
        assert [float(line[3]) for line in ranking()] == pytest.approx(list(best["round_dt_ms"]), rel=1e-3)
    # the code runs with the time step of the first row
    code = shown.find_element(By.ID, "me-code").text
    first = best.iloc[0]
    exec(code, {"stimulus": constant(2 * mV / ms, 200 * ms)}, spikes := {})
    assert len(spikes["spikes"]) > 1
    assert f"dt={first['round_dt_ms']:g}*ms" in code
    # it is copied, and can be pasted
    copy = shown.find_element(By.ID, "me-copy")
    click(shown, copy)
    shown.until(lambda: copy.text == "copied", patience=20)
    field = shown.find_element(By.ID, "cells-find")
    field.send_keys(Keys.CONTROL, "v")
    assert "".join(code.split()) in "".join(field.get_attribute("value").split())


def test_the_link_keeps_the_choices(browser, small_run, tmp_path):
    features = pd.DataFrame([{"model": "lif", "parameters": "", "feature": "tonic_spiking", "outcome": "found"}])
    run = replace(small_run, features=features.reindex(columns=list(small_run.features)))
    (tmp_path / "index.html").write_text(page(run))
    browser.open(tmp_path / "index.html")
    Select(browser.find_element(By.ID, "me-regime")).select_by_visible_text("constant current, 50 Hz, 0.2 s")
    choices = {"me-tolerance": "0.3", "me-feature": "tonic_spiking", "me-detection": "hermite"}
    for name, value in choices.items():
        choose(browser, name, value)
    before = browser.find_element(By.ID, "me-table").text, browser.find_element(By.ID, "me-code").text
    link = browser.find_element(By.ID, "me-link").get_attribute("href")
    assert link.partition("#")[0] == (tmp_path / "index.html").as_uri()
    assert link.partition("#")[2].startswith("for-me?")
    browser.get("about:blank")
    browser.visit(link)
    assert {name: browser.find_element(By.ID, name).get_attribute("value") for name in choices} == choices
    assert "50 Hz" in browser.find_element(By.ID, "me-regime").get_attribute("value")
    assert (browser.find_element(By.ID, "me-table").text, browser.find_element(By.ID, "me-code").text) == before
    assert "lif" in before[0]
    assert "izhikevich" not in before[0]


def test_the_ranking_for_me_is_by_the_cost_at_the_dt_that_is_shown(browser, small_run, tmp_path):
    cases = small_run.table.copy()
    here = (cases["level"] == "50 Hz") & (cases["tolerance"] == 0.3) & cases["flops_per_ms"].notna()
    lif = here & (cases["model"] == "lif")
    cases.loc[lif, "round_flops_per_ms"] = 1e6 + cases.loc[lif, "flops_per_ms"]
    other = next(case for case in small_run.models if case != "lif")
    name, preset = other.split(":")
    features = pd.DataFrame(
        [
            {"model": name, "parameters": shown_by, "feature": feature, "outcome": outcome}
            for feature, of in (("mixed_mode", "CH"), ("tonic_spiking", preset))
            for shown_by, outcome in ((of, "found"), ("LTS", "not found"))
        ]
    ).reindex(columns=list(small_run.features))
    (tmp_path / "index.html").write_text(page(replace(small_run, table=cases, features=features)))
    browser.open(tmp_path / "index.html")

    def ranking():
        lines = browser.find_elements(By.CSS_SELECTOR, "#me-table tbody tr")
        return [[cell.text for cell in line.find_elements(By.TAG_NAME, "td")] for line in lines]

    Select(browser.find_element(By.ID, "me-regime")).select_by_visible_text("constant current, 50 Hz, 0.2 s")
    choose(browser, "me-tolerance", "0.3")
    first, second = ranking()
    assert (first[0], second[0]) == (other, "lif")
    costs, ratio = [float(line[4].replace(",", "")) for line in (first, second)], float(second[5].replace(",", ""))
    assert costs[1] > 1e6
    assert ratio == pytest.approx(costs[1] / costs[0], rel=0.01)
    # found for another preset is not found for this one
    choose(browser, "me-feature", "mixed_mode")
    assert ranking() == []
    choose(browser, "me-feature", "tonic_spiking")
    assert [line[0] for line in ranking()] == [other]
    # what was copied is no longer what is shown
    browser.execute_script("document.getElementById('me-copy').textContent = 'copied'")
    choose(browser, "me-feature", "")
    assert browser.find_element(By.ID, "me-copy").text == "copy the code"
