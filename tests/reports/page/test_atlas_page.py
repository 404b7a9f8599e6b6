"""The page of the atlas in a browser: the ranking is that of the data, and the front is drawn of it."""

from __future__ import annotations

import pytest
from brian2 import ms, mV
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from spikecost.accuracy.features.shown.known import known
from spikecost.cli import main
from spikecost.harness.stimuli import constant
from spikecost.models.reading.by_name import get_model
from spikecost.reports.atlas.lookup import atlas

from .actions import choose, fitting, traces

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas page") / "the atlas.html"
    assert main(["atlas", "page", "--out", str(path)]) == 0
    return path


@pytest.fixture
def opened(browser, file):
    browser.open(file)
    return browser


def ranked(opened):
    lines = opened.find_elements(By.CSS_SELECTOR, "#me-table tbody tr")
    return [[cell.text for cell in line.find_elements(By.TAG_NAME, "td")] for line in lines]


@pytest.mark.parametrize("detection", ["", "grid"])
def test_the_ranking_is_that_of_the_data(opened, detection):
    Select(opened.find_element(By.ID, "me-regime")).select_by_visible_text("fluctuating current, 20 Hz, 1 s")
    choose(opened, "me-tolerance", "0.1")
    choose(opened, "me-detection", detection)
    rows = atlas(stimulus="ornstein_uhlenbeck", level="20 Hz")
    rows = rows[(rows["tolerance"] == 0.1) & (rows["horizon_ms"] == 1000) & rows["flops_per_ms"].notna()]
    rows = rows[rows["detection"] == detection] if detection else rows
    is_round = rows["error_control"].isna() & rows["round_dt_ms"].notna()
    rows = rows.assign(cost=rows["flops_per_ms"].where(~is_round, rows["round_flops_per_ms"]))
    best = rows.sort_values("cost", kind="stable").groupby("model", sort=False).head(1)
    assert [line[:3] for line in ranked(opened)] == best[["model", "method", "detection"]].to_numpy().tolist()
    assert [float(line[4].lstrip("\u2264 ").replace(",", "")) for line in ranked(opened)] == pytest.approx(
        list(best["cost"]), rel=1e-3
    )
    front = [(each["name"], each["x"][0], each["y"][0]) for each in traces(opened, "front-plot")]
    outcomes = {label: [str(each) for each in known(get_model(label)).values()] for label in best["model"]}
    # a model whose features were not looked for is not among them
    best = best[[set(outcomes[label]) != {"not tried"} for label in best["model"]]]
    assert [(name, count) for name, _, count in front] == [
        (label, outcomes[label].count("found")) for label in best["model"]
    ]
    assert [cost for _, cost, _ in front] == pytest.approx(list(best["cost"]))


def test_a_feature_leaves_out_models_that_do_not_show_it(opened):
    Select(opened.find_element(By.ID, "me-regime")).select_by_visible_text("fluctuating current, 20 Hz, 1 s")
    before = {line[0] for line in ranked(opened)}
    choose(opened, "me-feature", "spike_latency")
    after = {line[0] for line in ranked(opened)}
    assert after == {label for label in before if known(get_model(label))["spike_latency"] == "found"}
    assert after < before


@pytest.mark.parametrize("tolerance", ["1", "0.03"])
def test_the_code_is_for_the_first_row_and_runs(opened, tolerance):
    Select(opened.find_element(By.ID, "me-regime")).select_by_visible_text("constant current, 100 Hz, 1 s")
    choose(opened, "me-tolerance", tolerance)
    choose(opened, "me-detection", "hermite")
    model, method, detection, dt, *_ = ranked(opened)[0]
    code = opened.find_element(By.ID, "me-code").text
    called = f'sc.simulate("{model}", stimulus, method="{method}", detection="{detection}", dt={dt}*ms)'
    assert code.splitlines()[-1] == f"spikes = {called}"
    exec(code, {"stimulus": constant(2 * mV / ms, 100 * ms)}, done := {})
    assert len(done["spikes"]) > 1


@pytest.mark.parametrize("size", [(1400, 900), (390, 844)])
def test_nothing_is_cut_and_nothing_is_asked_of_the_network(browser, file, size):
    with browser.sized(*size):
        browser.open(file)
        fitting(browser)
        assert not browser.complaints()
        assert {address.partition(":")[0] for address in browser.asked()} <= {"file", "blob", "data"}
