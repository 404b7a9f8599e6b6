"""The tables of the page."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from selenium.webdriver.common.by import By

from spikecost.reports.comparison.run_folder import TABLES
from spikecost.reports.page import page
from spikecost.reports.writing.numbers import NOTE

from .actions import downloaded, traces

#: A table shows this for a missing number.
DASH = "\u2013"


def test_the_cases_sort_and_filter(shown, small_run):
    def column(name):
        return shown.execute_script(
            """
            const heads = [...document.querySelectorAll('#cells th')].map((th) => th.textContent);
            const place = heads.indexOf(arguments[0]);
            return [...document.querySelectorAll('#cells tbody tr')].map((tr) => tr.cells[place].textContent);""",
            name,
        )

    assert len(column("model")) == len(small_run.table) == 32
    heading = next(
        each for each in shown.find_elements(By.CSS_SELECTOR, "#cells th button") if each.text == "operations per ms"
    )
    for direction in ("ascending", "descending"):
        heading.click()
        values = [
            float(text.replace(",", "").removeprefix("\u2264 ")) for text in column("operations per ms") if text != DASH
        ]
        assert values == sorted(values, reverse=direction == "descending")
        assert heading.find_element(By.XPATH, "..").get_attribute("aria-sort") == direction
        missing = [text == DASH for text in column("operations per ms")]
        assert missing == sorted(missing)  # missing values stay last
    shown.find_element(By.ID, "cells-find").send_keys("rk4 hermite 100")
    assert set(column("method")) == {"rk4"}
    assert set(column("level")) == {"100 Hz"}
    assert shown.find_element(By.ID, "cells-count").text == "4 of 32 cases"
    shown.find_element(By.ID, "cells-columns").click()
    heads = shown.find_elements(By.CSS_SELECTOR, "#cells th")
    # a note is beside its number
    meanings = [said for name, said in small_run.about["columns"].items() if not name.endswith(NOTE)]
    assert [each.get_attribute("title") for each in heads] == meanings
    words = [each.text for each in heads]
    assert len(set(words)) == len(words)
    assert not any("_" in each for each in words)
    assert {"dt (ms)", "operations per ms", "round dt (ms)", "error (ms)"} <= set(words)


def test_every_table_has_a_caption(shown):
    without = shown.execute_script(
        """
        const tables = [...document.querySelectorAll('table')];
        return tables.filter((table) => !table.caption?.textContent).map((table) => table.id);"""
    )
    assert without == []


def test_cases_without_a_cost_are_shown_on_demand(browser, small_run, tmp_path):
    table = small_run.table.copy()
    table.loc[3, ["status", "reason", "flops_per_ms"]] = ["not reached", "by 3 of 3 stimuli: diverged", None]
    (tmp_path / "index.html").write_text(page(replace(small_run, table=table)))
    browser.open(tmp_path / "index.html")
    assert browser.find_element(By.ID, "cells-count").text == "31 of 32 cases"
    browser.find_element(By.ID, "cells-reached").click()
    assert browser.find_element(By.ID, "cells-count").text == "32 of 32 cases"


def test_every_table_is_one_click_away(shown, small_run, downloads):
    buttons = {
        button.get_attribute("data-table"): button for button in shown.find_elements(By.CSS_SELECTOR, "button.csv")
    }
    assert {
        "table",
        "points",
        "timed",
        "leaders",
        "ranking",
        "ratios",
        "winners",
        "candidates",
        "by_kind",
        "operations",
        "parity",
        "counters",
        "regimes",
        "references",
    } <= buttons.keys()
    found = downloaded(shown, downloads, buttons["table"], "table.csv")
    assert list(found[0]) == list(small_run.table.columns)
    for row, right in zip(found, small_run.table.to_dict("records"), strict=True):
        assert (row["model"], row["method"], row["status"]) == (right["model"], right["method"], right["status"])
        if pd.notna(right["flops_per_ms"]):
            assert float(row["flops_per_ms"]) == pytest.approx(right["flops_per_ms"], rel=1e-5)
        else:
            assert row["flops_per_ms"] == ""
    drawn = downloaded(shown, downloads, shown.find_element(By.ID, "wp-csv"), "work_precision.csv")
    assert sorted(float(row["flops_per_ms"]) for row in drawn) == pytest.approx(
        sorted(x for trace in traces(shown) for x in trace["x"])
    )
    assert set(drawn[0]) >= {"model", "method", "detection", "dt_ms", "error_maximum"}


def test_every_table_can_be_had_by_one_click(shown, small_run, downloads):
    """Each table behind a figure: its button gives the data of the run."""
    buttons = {
        button.get_attribute("data-table"): button for button in shown.find_elements(By.CSS_SELECTOR, "button.csv")
    }
    assert buttons.keys() >= {
        "leaders",
        "ranking",
        "ratios",
        "points",
        "timed",
        "winners",
        "candidates",
        "by_kind",
        "operations",
        "parity",
        "counters",
        "step_and_spike",
        "table",
        "regimes",
        "references",
    }
    shown.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    for name, button in buttons.items():
        rows = downloaded(shown, downloads, button, f"{name}.csv")
        if name in TABLES:
            assert len(rows) == len(getattr(small_run, name)), name
            assert not rows or list(rows[0]) == list(getattr(small_run, name).columns), name
    for plot in shown.find_elements(By.CSS_SELECTOR, ".plot"):
        section = plot.find_element(By.XPATH, "ancestor::section")
        assert section.find_elements(By.XPATH, ".//button[contains(., 'CSV')]"), plot.get_attribute("id")
