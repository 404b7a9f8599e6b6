"""The page in a real browser, opened from disk."""

from __future__ import annotations

import csv
import inspect
import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from brian2 import ms, mV
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from spikecost.accuracy.study.study import Study
from spikecost.accuracy.study.suite import Suite
from spikecost.flops.counters import auto
from spikecost.flops.counters.hardware.base import why_no_pmu
from spikecost.harness.stimuli import constant
from spikecost.models.methods import METHODS
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.page import SCRIPTS, breakable, page
from spikecost.reports.page.tables import in_short, stability, verdict
from spikecost.reports.page.tables import lacking as not_compared
from spikecost.reports.results.headline import CALLED, costs, what_decides
from spikecost.reports.results.leaders import leaders
from spikecost.reports.tables.ratios import GRID
from spikecost.reports.writing.numbers import bounded_text, short

from ..messages import mentions

#: Time in s that a busy machine may need for work that takes a tenth of a second on an idle one.
PATIENCE = 100  # the driver itself gives up after 120
#: A table shows this for a missing number.
DASH = "\u2013"
#: A name that ends a script and is markup, an entity, and a formula.
HOSTILE = '=1+1</script><img src=x onerror="window.hacked=1">&lt;b&gt;\''


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("there is no chromium: install it (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    # a container's shared memory may be smaller than a page needs
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--window-size=1300,1200",
    ):
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs",
        {
            "download.default_directory": str(downloads),
            # one download after another, without a question to the user
            "profile.default_content_setting_values.automatic_downloads": 1,
        },
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options, webdriver.ChromeService(driver))
    started.set_script_timeout(PATIENCE)
    yield started
    started.quit()


def opened(browser, path, scheme="light"):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.get(Path(path).as_uri())
    WebDriverWait(browser, PATIENCE).until(lambda b: b.execute_script("return document.body.dataset.ready") == "yes")
    return browser


@pytest.fixture(scope="module")
def site(browser, small_folder):
    """The page as it was first opened; tests restore the controls."""
    for log in ("browser", "performance"):
        browser.get_log(log)
    opened(browser, small_folder / "index.html")
    requested = [
        entry["params"]["request"]["url"]
        for entry in (json.loads(line["message"])["message"] for line in browser.get_log("performance"))
        if entry["method"] == "Network.requestWillBeSent"
    ]
    return browser, requested, browser.get_log("browser")


@pytest.fixture
def shown(site, small_folder):
    """The page, newly opened."""
    browser, *_ = site
    return opened(browser, small_folder / "index.html")


def traces(browser, plot="wp-plot"):
    """The contents of a plot, without the fronts."""
    return browser.execute_script(
        f"return document.getElementById('{plot}').data.filter((t) => !(t.name || '').startsWith('front'))"
        ".map((t) => ({name: t.name, x: Array.from(t.x), y: Array.from(t.y), text: t.text}))"
    )


def downloaded(browser, downloads, button, name):
    path = downloads / name
    path.unlink(missing_ok=True)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    # the browser first makes an empty file with this name and later moves the whole table there; no table is empty
    WebDriverWait(browser, PATIENCE).until(lambda _: path.exists() and path.stat().st_size)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def choose(browser, select, value):
    Select(browser.find_element(By.ID, select)).select_by_value(value)


def test_it_opens_from_disk_and_asks_for_nothing(site, small_folder):
    browser, requested, complaints = site
    assert browser.title == "spikecost: cost at equal spike-time accuracy"
    assert complaints == []
    assert [url for url in requested if not url.startswith(("blob:", "data:"))] == [
        (small_folder / "index.html").as_uri()
    ]
    assert (small_folder / "index.html").stat().st_size < 6e6
    # no part of the page is wider than the window
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


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


def drawn_ratios(browser):
    """Return the lines of the picture with the answer: name, tolerances, ratios, and which markers are open."""
    return browser.execute_script(
        "const page = getComputedStyle(document.documentElement).getPropertyValue('--page').trim();"
        "return document.getElementById('ratio-plot').data.filter((t) => !t.showlegend).map((t) => "
        "[t.name, Array.from(t.x), Array.from(t.y), t.marker.color.map((c) => c === page), t.line.dash])"
    )


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


def test_on_a_phone_panels_are_one_below_the_other(shown):
    domains = "return [0, 1].map((i) => document.getElementById('ratio-plot').layout[`xaxis${i ? 2 : ''}`].domain)"
    left, right = shown.execute_script(domains)
    assert left[1] <= right[0]
    shown.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        below = lambda b: b.execute_script(domains)[0] == b.execute_script(domains)[1]  # noqa: E731
        WebDriverWait(shown, PATIENCE).until(below)
        fits = "return document.documentElement.scrollWidth <= window.innerWidth"
        WebDriverWait(shown, PATIENCE).until(lambda b: b.execute_script(fits))
    finally:
        shown.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_cheapest_models_are_listed(shown, small_run):
    first = shown.find_element(By.ID, "cheapest-part")
    rows = [
        [case.text for case in row.find_elements(By.TAG_NAME, "td")]
        for row in first.find_elements(By.CSS_SELECTOR, "#verdict tbody tr")
    ]
    assert [row[:3] for row in rows] == [
        [f"constant, {rate} Hz, 0.2 s", f"every spike within {tolerance} ms", "lif"]
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


def _verdict(winner, *others, ranked=True, bound=""):
    return {
        "first": {"model": winner},
        "others": [{"model": name, "ratio": ratio, "ranked": ranked, "bound": bound} for name, ratio in others],
    }


def test_the_verdict_in_short():
    assert in_short([]) == []
    assert mentions(*in_short([_verdict("a")]), "a is cheapest in the only")
    assert mentions(*in_short([_verdict("a", ("b", 2.0))] * 2), "a is cheapest in all 2", "b costs 2 times")
    first, second = in_short(
        [_verdict("a", ("b", 1.1), ranked=False), _verdict("b", ("a", 3.0)), _verdict("a", ("b", 1.5), ("c", 30.0))]
    )
    assert mentions(
        first, "a is cheapest in 2 of 3", "b costs 1.1 to 1.5 times", "too close to rank", "c costs 30 times"
    )
    assert mentions(second, "b is cheapest in 1 of 3", "a costs 3 times")
    # a bound is shown as one, and an unknown ratio is left out
    (bounded,) = in_short([_verdict("a", ("b", 2.0), bound="at least"), _verdict("a", ("b", 3.0))])
    assert mentions(bounded, "a is cheapest in all 2", "b costs \u2265 2 to 3 times")
    (unknown,) = in_short([_verdict("a", ("b", 2.0), bound="not known")])
    assert "b costs" not in unknown
    many = in_short([_verdict("a", *((f"m{i}", float(i)) for i in range(9, 1, -1)))])[0]
    assert many.endswith("; m5 costs 5 times as much; the table lists the other 4 models.")


def test_a_model_that_is_not_compared_has_its_reason_in_the_verdict(small_run):
    # the squid axon does not fire at 50 Hz; here LIF replaces it
    gone = (small_run.regimes["model"] == "lif") & (small_run.regimes["level"] == "50 Hz")
    kept = {
        name: frame[~((frame["model"] == "lif") & (frame["level"] == "50 Hz"))]
        for name in ("table", "by_stimulus")
        for frame in [getattr(small_run, name)]
    }
    found = verdict(
        replace(
            small_run,
            regimes=small_run.regimes.assign(
                reason=small_run.regimes["reason"].where(~gone, "it cannot fire so slowly")
            ),
            **kept,
        )
    )
    lacking = {row["regime"].split(", ")[1]: (row["first"]["model"], row["lacking"]) for row in found}
    assert lacking == {
        "50 Hz": ("izhikevich:RS", [{"model": "lif", "reason": "it cannot fire so slowly"}]),
        "100 Hz": ("lif", []),
    }
    # the page shows the reason once
    (once,) = not_compared(found)
    assert (once["model"], once["reason"], len(once["where"])) == ("lif", "it cannot fire so slowly", 2)


def test_the_plot_has_a_line_a_curve_and_its_numbers(shown, small_run):
    points = small_run.points
    here = points[(points["level"] == "100 Hz") & points["error_ms"].notna()]
    curves = {", ".join(key): group for key, group in here.groupby(["model", "method", "detection"])}
    drawn = {trace["name"]: trace for trace in traces(shown)}
    assert drawn.keys() == curves.keys()
    for name, trace in drawn.items():
        assert trace["x"] == pytest.approx(list(curves[name]["flops_per_ms"]), rel=1e-5)
        assert trace["y"] == pytest.approx(list(curves[name]["error_ms"]), rel=1e-5)
    fronts = shown.execute_script(
        "return document.getElementById('wp-plot').data.filter((t) => t.name.startsWith('front'))"
        ".map((t) => [t.name, t.x.length])"
    )
    on_front = here[here["model_front"]].groupby("model").size()
    assert dict(fronts) == {f"front of {model}": n for model, n in on_front.items()}


def test_filters_change_the_plot(shown, small_run):
    everything = len(traces(shown))
    box = shown.find_element(By.CSS_SELECTOR, "#wp-methods input[value=euler]")
    box.click()
    assert {trace["name"].split(", ")[1] for trace in traces(shown)} == {"rk4"}
    shown.find_element(By.CSS_SELECTOR, "#wp-models input[value=lif]").click()
    assert {trace["name"].split(", ")[0] for trace in traces(shown)} == {"izhikevich:RS"}
    shown.find_element(By.CSS_SELECTOR, "#wp-models input[value='izhikevich:RS']").click()
    assert "Nothing to draw" in shown.find_element(By.ID, "wp-plot").text
    for name in ("lif", "izhikevich:RS"):
        shown.find_element(By.CSS_SELECTOR, f"#wp-models input[value='{name}']").click()
    box.click()
    assert len(traces(shown)) == everything
    slow = traces(shown)[0]["x"]
    Select(shown.find_element(By.ID, "wp-regime")).select_by_visible_text("constant, 50 Hz, 0.2 s")
    assert traces(shown)[0]["x"] != slow
    shown.find_element(By.ID, "wp-front").click()
    assert traces(shown) == []


@pytest.mark.parametrize(
    ("cost", "unit"),
    [("energy45nm_per_ms", "pJ"), ("libm_per_ms", "operations"), ("instrumented_per_ms", "operations")],
)
def test_costs_can_be_chosen(shown, small_run, cost, unit):
    choose(shown, "wp-cost", cost)
    here = small_run.points.query("level == '100 Hz'")
    here = here[here["error_ms"].notna() & here[cost].notna()]
    drawn = [x for trace in traces(shown) for x in trace["x"]]
    assert sorted(drawn) == pytest.approx(sorted(here[cost]), rel=1e-5)
    assert f" {unit} per ms" in traces(shown)[0]["text"][0]


def test_wall_times_are_those_of_the_timed_cases(shown, small_run):
    choose(shown, "wp-cost", "ns_per_ms")
    table = small_run.table.query("level == '100 Hz'")
    drawn = sorted(zip(*[[value for trace in traces(shown) for value in trace[axis]] for axis in "xy"], strict=True))
    cases = table[table["ns_per_ms"].notna()]
    expected = sorted(zip(cases["ns_per_ms"], cases["error_ms"], strict=True))
    assert len(drawn) == len(expected) > 0
    for found, right in zip(drawn, expected, strict=True):
        assert found == pytest.approx(right, rel=1e-5)


def test_errors_can_be_chosen(shown, small_run):
    choose(shown, "wp-error", "gamma_2ms")
    here = small_run.points.query("level == '100 Hz'")
    errors = (1 - here["gamma_2ms"]).abs()
    drawn = [y for trace in traces(shown) for y in trace["y"]]
    assert sorted(drawn) == pytest.approx(sorted(errors[errors > 1e-5].round(9)), abs=2e-6)
    for name in ("rms", "mean", "drift"):
        choose(shown, "wp-error", name)
        drawn = [y for trace in traces(shown) for y in trace["y"]]
        assert sorted(drawn) == pytest.approx(sorted(here[name].abs().dropna()), rel=1e-5)
    choose(shown, "wp-error", "voltage_rms")
    drawn = [y for trace in traces(shown) for y in trace["y"]]
    assert sorted(drawn) == pytest.approx(sorted(here["voltage_error"].dropna()), rel=1e-5)


def test_the_references_error_is_drawn(shown, small_run):
    floor = small_run.regimes.query("level == '100 Hz'")["reference_error_ms"].max()
    lines = "return document.getElementById('wp-plot').layout.shapes.map((s) => s.y0)"
    assert min(shown.execute_script(lines)) == pytest.approx(floor, rel=1e-5)
    said = "return document.getElementById('wp-plot').layout.annotations.map((a) => a.text).join()"
    assert "the reference's own error is " in shown.execute_script(said)
    shown.find_element(By.ID, "wp-floor").click()
    assert 10 ** shown.execute_script("return document.getElementById('wp-plot').layout.yaxis.range[0]") < floor


def test_hovering_names_the_case(shown):
    plot = shown.find_element(By.ID, "wp-plot")
    shown.execute_script("arguments[0].scrollIntoView()", plot)
    # the mouse moves to the third point of the first curve
    x, y, text = shown.execute_script(
        """
        const plot = arguments[0], trace = plot.data[0], box = plot.getBoundingClientRect(), at = plot._fullLayout;
        return [box.left + at.xaxis._offset + at.xaxis.d2p(trace.x[2]),
                box.top + at.yaxis._offset + at.yaxis.d2p(trace.y[2]), trace.text[2]];""",
        plot,
    )
    shown.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x + 30, "y": y + 30})
    shown.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})
    parts = re.sub(r"</?b>", "", text).split("<br>")

    def named(browser):
        # the mouse may have passed another point, and its label is still there
        labels = browser.execute_script(
            "return [...document.querySelectorAll('#wp-plot .hoverlayer .hovertext')].map((each) => each.textContent)"
        )
        return next((label for label in labels if all(part in label for part in parts)), None)

    said = WebDriverWait(shown, PATIENCE).until(named)
    assert re.search(r"lif\s*(euler|rk4), (grid|hermite)\s*dt [\d.]+ ms", said)


def test_the_plot_is_used_from_the_keyboard(shown):
    plot = shown.find_element(By.ID, "wp-plot")
    assert plot.get_attribute("tabindex") == "0"
    width = "const [a, b] = document.getElementById('wp-plot').layout.xaxis.range; return b - a"
    before = shown.execute_script(width)
    plot.send_keys("+")
    assert shown.execute_script(width) == pytest.approx(0.7 * before)
    plot.send_keys("n")
    said = shown.find_element(By.ID, "wp-said").text
    assert re.match(r"lif; euler, grid; dt [\d.]+ ms; cost ", said)
    plot.send_keys("n")
    assert shown.find_element(By.ID, "wp-said").text != said
    for control in ("select", "input", "button"):
        assert all(each.get_attribute("tabindex") in (None, "0") for each in shown.find_elements(By.TAG_NAME, control))


def test_the_ranking_for_me(shown, small_run):
    def ranking():
        lines = shown.find_elements(By.CSS_SELECTOR, "#me-table tbody tr")
        return [[cell.text for cell in line.find_elements(By.TAG_NAME, "td")] for line in lines]

    Select(shown.find_element(By.ID, "me-regime")).select_by_visible_text("constant, 50 Hz, 0.2 s")
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
    # the link keeps the choices
    link = shown.find_element(By.ID, "me-link").get_attribute("href")
    choose(shown, "me-tolerance", "1")
    shown.get("about:blank")
    shown.get(link)
    WebDriverWait(shown, PATIENCE).until(lambda b: b.execute_script("return document.body.dataset.ready") == "yes")
    assert shown.find_element(By.ID, "me-tolerance").get_attribute("value") == "0.3"
    assert "50 Hz" in shown.find_element(By.ID, "me-regime").get_attribute("value")


def test_the_ranking_for_me_is_by_the_cost_at_the_dt_that_is_shown(site, small_run, tmp_path):
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
    browser = opened(site[0], tmp_path / "index.html")

    def ranking():
        lines = browser.find_elements(By.CSS_SELECTOR, "#me-table tbody tr")
        return [[cell.text for cell in line.find_elements(By.TAG_NAME, "td")] for line in lines]

    Select(browser.find_element(By.ID, "me-regime")).select_by_visible_text("constant, 50 Hz, 0.2 s")
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


def test_ratios_are_drawn_without_spikes_on_the_grid(site, small_run, tmp_path):
    located = small_run.ratios[small_run.ratios["view"] != GRID]
    (tmp_path / "index.html").write_text(page(replace(small_run, ratios=located)))
    drawn = drawn_ratios(opened(site[0], tmp_path / "index.html"))
    assert len(drawn) == len(located.query("model == 'lif' and bound != 'not known'")["level"].unique()) == 2


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
    assert [each.get_attribute("title") for each in heads] == list(small_run.about["columns"].values())
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


def test_a_model_without_a_value_of_the_chosen_error_is_named(site, small_run, tmp_path):
    points = small_run.points.copy()
    points.loc[points["model"] == "lif", "gamma_2ms"] = math.nan
    (tmp_path / "index.html").write_text(page(replace(small_run, points=points)))
    browser = opened(site[0], tmp_path / "index.html")
    said = browser.find_element(By.ID, "wp-said")
    assert "no value of this error" not in said.text
    Select(browser.find_element(By.ID, "wp-error")).select_by_value("gamma_2ms")
    assert said.text.startswith("lif has no value of this error here.")


def test_the_plot_and_its_controls_fit_on_a_screen(site, small_folder):
    browser = site[0]
    browser.set_window_size(1400, 900)
    try:
        opened(browser, small_folder / "index.html")
        top, bottom, screen = browser.execute_script(
            """
            const place = (css) => document.querySelector(css).getBoundingClientRect();
            return [place('#precision-part .controls').top, place('#wp-plot').bottom, innerHeight];"""
        )
    finally:
        browser.set_window_size(1300, 1200)
    assert bottom - top < screen


def test_a_long_name_is_broken_after_an_underscore_only(small_run):
    assert breakable("hodgkin_huxley<b>") == "hodgkin_<wbr>huxley&lt;b&gt;"


def test_cases_without_a_cost_are_shown_on_demand(site, small_run, tmp_path):
    table = small_run.table.copy()
    table.loc[3, ["status", "reason", "flops_per_ms"]] = ["not reached", "by 3 of 3 stimuli: diverged", None]
    (tmp_path / "index.html").write_text(page(replace(small_run, table=table)))
    browser = opened(site[0], tmp_path / "index.html")
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


def test_the_kinds_of_a_case_are_stacked(shown, small_run):
    choose_text = Select(shown.find_element(By.ID, "kinds-situation"))
    choose_text.select_by_visible_text("constant, 100 Hz, 0.2 s, every spike within 0.3 ms")
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
    Select(shown.find_element(By.ID, "rec-regime")).select_by_visible_text("izhikevich:RS: constant, 100 Hz, 0.2 s")
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
    assert right["y"] == pytest.approx(list(voltages["voltage"]), rel=1e-3)
    assert right["x"] == pytest.approx(list(voltages["time_ms"]), abs=1e-3)
    kept = downloaded(shown, downloads, shown.find_element(By.ID, "rec-csv-spikes"), "spikes.csv")
    assert len(kept) == len(reference["x"]) + len(case["x"])


def test_the_demos_headline_stands_with_the_verdict(site, looked_at, small_run, tmp_path, downloads):
    (tmp_path / "index.html").write_text(page(looked_at))
    browser = opened(site[0], tmp_path / "index.html")
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


def test_features_stand_against_costs_as_found_and_as_stated(site, looked_at, tmp_path):
    (tmp_path / "index.html").write_text(page(looked_at))
    browser = opened(site[0], tmp_path / "index.html")
    Select(browser.find_element(By.ID, "features-situation")).select_by_visible_text(
        "constant, 100 Hz, 0.2 s, every spike within 0.3 ms"
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


def two_winners(run):
    """Return the run with another winner in one situation."""
    winners = run.winners.copy()
    winners.loc[winners.index[0], "winner"] = "izhikevich:RS"
    return replace(run, winners=winners)


def test_a_map_with_one_model_everywhere_is_left_out(small_run):
    assert set(small_run.winners["winner"]) == {"lif"}
    assert "Winner map" not in page(small_run)
    assert "Winner map" in page(two_winners(small_run))


def test_what_needs_no_script_is_text(small_run):
    text = page(two_winners(small_run))
    before = text[: text.index("<script")]
    for part in (
        "Which model is cheapest",
        "Winner map",
        "Failed cases",
        "Provenance",
        small_run.provenance["compiler"],
    ):
        assert part in before
    assert small_run.provenance["processor"] in before
    fields = len(small_run.winners[small_run.winners["winner"] != ""])
    assert before.count('class="field') == fields


def test_stability_limits_are_the_smallest_of_a_models_cases(small_run):
    found = stability(small_run)
    assert found["models"] == small_run.models
    for row in found["rows"]:
        for model, limit in row["of"].items():
            table = small_run.table
            cases = table[(table["model"] == model) & (table["method"] == row["method"])]
            assert limit["dt"] == cases["stable_dt_ms"].min()
            assert limit["beyond"] == cases["diverges_at_dt_ms"].isna().all()
    assert "Stability limits" in page(small_run)


def test_failed_cases_have_their_reason(small_run):
    table = small_run.table.copy()
    table.loc[3, ["status", "reason", "flops_per_ms"]] = ["not reached", "by 3 of 3 stimuli: diverged at dt = 1", None]
    text = page(replace(small_run, table=table))
    assert "by 3 of 3 stimuli: diverged at dt = 1" in text[text.index('id="failed"') :]


def test_a_run_without_a_single_case_opens_too(site, tmp_path):
    browser, *_ = site
    (tmp_path / "index.html").write_text(page(RunFolder.of(Study(Suite(), interrupted=True), {})))
    browser.get_log("browser")
    opened(browser, tmp_path / "index.html")
    assert browser.get_log("browser") == []
    text = browser.find_element(By.TAG_NAME, "body").text
    for said in ("This run was interrupted", "No model reaches any tolerance", "Nothing to draw", "0 of 0 cases"):
        assert said in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(site, small_folder, scheme):
    browser = opened(site[0], small_folder / "index.html", scheme)

    def brightness(colour):
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3

    page_colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    text_colour = browser.execute_script("return getComputedStyle(document.body).color")
    background = "return getComputedStyle(document.querySelector('#wp-plot .main-svg')).backgroundColor"
    plot = browser.execute_script(background)
    assert plot == page_colour
    assert (brightness(page_colour) > 200) == (scheme == "light")
    assert abs(brightness(page_colour) - brightness(text_colour)) > 120
    # the theme changes while the page is open: the plots follow
    other = "dark" if scheme == "light" else "light"
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": other}]}
    )
    WebDriverWait(browser, PATIENCE).until(lambda b: b.execute_script(background) != plot)


def test_plots_keep_their_height_in_another_window(shown):
    heights = (
        "return [...document.querySelectorAll('.plot')].filter((p) => p.data)"
        ".map((p) => [p.id, p.querySelector('.main-svg').clientHeight])"
    )
    before = shown.execute_script(heights)
    assert len(before) == 6
    assert dict(before)["wp-plot"] > 600
    shown.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 700, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        wide = "return document.querySelector('#wp-plot .main-svg').clientWidth"
        WebDriverWait(shown, PATIENCE).until(lambda b: b.execute_script(wide) < 700)
        # the plots change one after the other
        fits = "return document.documentElement.scrollWidth <= window.innerWidth"
        WebDriverWait(shown, PATIENCE).until(lambda b: b.execute_script(fits))
        assert shown.execute_script(heights) == before
    finally:
        shown.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_paper_shows_all_that_the_screen_shows(shown):
    # these are the steps of a browser that prints on A4, landscape
    shown.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 1032, "height": 700, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        right = (
            "return [...document.querySelectorAll('.main-svg, table')].filter((e) => e.clientWidth)"
            ".map((e) => e.getBoundingClientRect().right)"
        )
        assert len(shown.execute_script(right)) > 10
        WebDriverWait(shown, PATIENCE).until(lambda b: max(b.execute_script(right)) <= 1032)
    finally:
        shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        shown.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_says_why_the_processors_own_counters_are_not_there(small_run):
    reasons = auto.reasons()
    for name in ("papi", "perf"):
        assert (f"{name}: {reasons.get(name)}" in small_run.about["no_hardware_count"]) == bool(why_no_pmu())
    said = "the processor itself counts are not available: no counter of the processor works here (papi: x)"
    assert said in page(replace(small_run, about={**small_run.about, "no_hardware_count": "papi: x"}))
    assert "Costs that the processor itself counts" not in page(
        replace(small_run, about={**small_run.about, "no_hardware_count": ""})
    )


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


def test_names_are_text_everywhere(site, small_run, tmp_path, downloads):
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
    browser = opened(site[0], tmp_path / "index.html")
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


def test_every_method_has_a_marker_of_its_own():
    script = (Path(inspect.getfile(page)).parent / "plot.js").read_text()
    symbols = re.findall(r'"([a-z-]+)"', script.split("const SYMBOLS = [", 1)[1].split("]", 1)[0])
    assert len(symbols) == len(set(symbols)) >= len(METHODS)
    outlines = script.split("const outlines = {", 1)[1].split("};", 1)[0]
    assert all(re.search(rf'[\s"]{symbol}"?:', outlines) for symbol in symbols)


def test_our_scripts_cannot_end_their_own_element():
    folder = Path(inspect.getfile(page)).parent
    for name in SCRIPTS:
        assert "</script" not in (folder / name).read_text()
    assert {path.name for path in folder.glob("*.js")} == set(SCRIPTS)
