"""Operations by kind, spikes and voltage, features."""

from __future__ import annotations

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from spikecost.reports.page import page

from .actions import downloaded, traces


def test_the_kinds_of_a_case_are_stacked(shown, small_run):
    choose_text = Select(shown.find_element(By.ID, "kinds-situation"))
    choose_text.select_by_visible_text("constant current, 100 Hz, 0.2 s, every spike within 0.3 ms")
    shown.find_element(By.ID, "kinds-share").click()
    bars = traces(shown, "kinds-plot")
    total = {}
    for trace in bars:
        for case, value in zip(trace["y"], trace["x"], strict=True):
            total[case.split(":")[0]] = total.get(case.split(":")[0], 0) + value
    best = small_run.cheapest.query("level == '100 Hz' and tolerance == 0.3")
    cases = small_run.by_kind.merge(best[["model", "method", "detection", "level", "tolerance"]])
    expected = cases.groupby("model")["per_ms"].sum().to_dict()
    assert total == pytest.approx({name.split(":")[0]: cost for name, cost in expected.items()}, rel=1e-5)
    Select(shown.find_element(By.ID, "kinds-model")).select_by_value("lif")
    assert len(traces(shown, "kinds-plot")[0]["x"]) == len(
        small_run.table.query("model == 'lif' and level == '100 Hz' and tolerance == 0.3")["flops_per_ms"].dropna()
    )


def test_spikes_and_voltage_of_a_case(shown, small_run, downloads):
    Select(shown.find_element(By.ID, "rec-regime")).select_by_visible_text(
        "izhikevich:RS: constant current, 100 Hz, 0.2 s"
    )
    cases = Select(shown.find_element(By.ID, "rec-cell"))
    of = small_run.table.query("model == 'izhikevich:RS' and level == '100 Hz'")
    assert len(cases.options) == of["flops_per_ms"].notna().sum()
    reference, case, late = traces(shown, "rec-spikes")
    spikes = small_run.spikes.query("model == 'izhikevich:RS' and level == '100 Hz'")
    assert reference["x"] == pytest.approx(list(spikes.query("method == ''")["time_ms"]), abs=1e-4)
    both = min(len(reference["x"]), len(case["x"]))
    assert late["y"] == pytest.approx([a - b for a, b in zip(case["x"][:both], reference["x"][:both], strict=True)])
    assert max(map(abs, late["y"][:-1])) <= 1.0
    right, _ = traces(shown, "rec-voltage")
    voltages = small_run.voltages.query("model == 'izhikevich:RS' and level == '100 Hz' and method == ''")
    # a screen does not show more than 5000 levels
    assert right["y"] == pytest.approx(list(voltages["voltage"]), abs=float(np.ptp(voltages["voltage"])) / 5000)
    assert right["x"] == pytest.approx(list(voltages["time_ms"]), abs=1e-3)
    kept = downloaded(shown, downloads, shown.find_element(By.ID, "rec-csv-spikes"), "spikes.csv")
    assert len(kept) == len(reference["x"]) + len(case["x"])


def test_features_stand_against_costs_as_found_and_as_stated(browser, looked_at, tmp_path):
    (tmp_path / "index.html").write_text(page(looked_at))
    browser.open(tmp_path / "index.html")
    Select(browser.find_element(By.ID, "features-situation")).select_by_visible_text(
        "constant current, 100 Hz, 0.2 s, every spike within 0.3 ms"
    )
    points = {
        (trace["name"], trace["y"][0]): trace["x"][0]
        for trace in traces(browser, "features-plot")
        if len(trace["x"]) == 1
    }
    best = looked_at.cheapest.query("level == '100 Hz' and tolerance == 0.3").set_index("model")["flops_per_ms"]
    # stated: 5 FLOPs and 3 features, 13 and 20; found: 3, and the 17 that the demos show converged
    lif = [trace for trace in traces(browser, "features-plot") if trace["name"] == "lif"]
    assert [(trace["x"], trace["y"]) for trace in lif] == [([5], [3]), ([pytest.approx(best["lif"], rel=1e-5)], [3])]
    assert points[("izhikevich:RS", 20)] == 13
    assert points[("izhikevich:RS", 17)] == pytest.approx(best["izhikevich:RS"], rel=1e-5)
