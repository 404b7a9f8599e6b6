"""Runs with unusual content."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from spikecost.accuracy.study.study import Study
from spikecost.accuracy.study.suite import Suite
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.page import page

from .actions import downloaded

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
    assert HOSTILE in browser.execute_script("return document.querySelector('#wp-plot .infolayer').textContent")
    features = browser.find_element(By.ID, "features").get_attribute("textContent")
    assert features.count(HOSTILE) == 2
    button = browser.find_element(By.CSS_SELECTOR, "button.csv[data-table=leaders]")
    assert downloaded(browser, downloads, button, "leaders.csv")[0]["model"] == f"'{HOSTILE}"  # not a formula
