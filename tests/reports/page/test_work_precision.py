"""The plot of cost against error."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from spikecost.reports.page import page

from .actions import choose, traces


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


def test_colour_marker_and_line_say_model_method_and_detection(shown):
    data, shapes = shown.execute_script(
        "const of = document.getElementById('wp-plot'); return [of.data.map((t) => "
        "[t.name.split(', '), t.line.color, t.marker.symbol, t.line.dash, t.line.width]), of.layout.shapes]"
    )
    curves = [(name, *look) for name, *look in data if len(name) == 3]
    fronts = [(name[0].removeprefix("front of "), *look) for name, *look in data if len(name) == 1]
    for i in range(3):
        # one look for each model, method and detection, and another for another one
        pairs = {(name[i], look[i]) for name, *look in curves}
        assert len(pairs) == len(dict(pairs)) == len({look for _, look in pairs}) == 2
    # a dashed curve means spikes at the end of a step; nothing else in the plot is dashed
    assert {name[2]: look[2] == "dash" for name, *look in curves} == {"grid": True, "hermite": False}
    assert "dash" not in [each["line"].get("dash") for each in shapes]
    # the thick line is the front of each model, in its colour
    assert {model: look[0] for model, *look in fronts} == {name[0]: look[0] for name, *look in curves}
    assert min(look[3] for _, *look in fronts) > max(look[3] for _, *look in curves)


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
    Select(shown.find_element(By.ID, "wp-regime")).select_by_visible_text("constant current, 50 Hz, 0.2 s")
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
    shown.point_at(x + 30, y + 30)
    shown.point_at(x, y)
    parts = re.sub(r"</?b>", "", text).split("<br>")

    def named():
        # the mouse may have passed another point, and its label is still there
        labels = shown.execute_script(
            "return [...document.querySelectorAll('#wp-plot .hoverlayer .hovertext')].map((each) => each.textContent)"
        )
        return next((label for label in labels if all(part in label for part in parts)), None)

    said = shown.until(named)
    assert re.search(r"lif\s*(euler|rk4), (grid|hermite)\s*dt [\d.]+ ms", said)


def test_the_plot_is_used_from_the_keyboard(shown):
    plot = shown.find_element(By.ID, "wp-plot")
    assert plot.get_attribute("tabindex") == "0"
    width = "const [a, b] = document.getElementById('wp-plot').layout.xaxis.range; return b - a"
    before = shown.execute_script(width)
    plot.send_keys("+")
    assert shown.execute_script(width) == pytest.approx(0.7 * before)
    ranges = "const of = document.getElementById('wp-plot').layout; return [of.xaxis.range, of.yaxis.range]"
    (x, y), size = shown.execute_script(ranges), 0.7 * before
    arrows = {"RIGHT": (0, 0.15), "LEFT": (0, -0.15), "UP": (1, 0.15), "DOWN": (1, -0.15)}
    for key, (moved, by) in arrows.items():
        was = shown.execute_script(ranges)
        plot.send_keys(getattr(Keys, f"ARROW_{key}"))
        now = shown.execute_script(ranges)
        assert now[1 - moved] == was[1 - moved]
        assert now[moved] == pytest.approx([end + by * (was[moved][1] - was[moved][0]) for end in was[moved]])
    assert shown.execute_script(ranges) == [pytest.approx(x), pytest.approx(y)]
    plot.send_keys("-")
    assert shown.execute_script(width) == pytest.approx(1.4 * size)
    plot.send_keys("+++0")
    (left, right), (low, high) = shown.execute_script(ranges)
    for trace in traces(shown):
        assert all(left <= math.log10(cost) <= right for cost in trace["x"])
        assert all(low <= math.log10(error) <= high for error in trace["y"])
    plot.send_keys("n")
    said = shown.find_element(By.ID, "wp-said").text
    assert re.match(r"lif; euler, grid; dt [\d.]+ ms; cost ", said)
    plot.send_keys("n")
    assert shown.find_element(By.ID, "wp-said").text != said
    plot.send_keys("p")
    assert shown.find_element(By.ID, "wp-said").text == said
    for control in ("select", "input", "button"):
        assert all(each.get_attribute("tabindex") in (None, "0") for each in shown.find_elements(By.TAG_NAME, control))


def test_every_plot_is_used_from_the_keyboard(shown):
    """Each plot can be reached, says which keys there are, and follows them."""
    plots = [each for each in shown.find_elements(By.CSS_SELECTOR, ".plot") if each.find_elements(By.TAG_NAME, "svg")]
    assert len(plots) == 6
    ranges = "const of = arguments[0].layout; return [of.xaxis.range, of.yaxis.range]"
    for plot in plots:
        assert plot.get_attribute("tabindex") == "0"
        for key in ("Plus and minus zoom", "arrows move", "0 shows all", "n and p go through the points"):
            assert key in plot.get_attribute("aria-label")
        shown.execute_script("arguments[0].scrollIntoView()", plot)
        before = shown.execute_script(ranges, plot)
        plot.send_keys("+")
        assert shown.execute_script(ranges, plot) != before, plot.get_attribute("id")


def test_a_model_without_a_value_of_the_chosen_error_is_named(browser, small_run, tmp_path):
    points = small_run.points.copy()
    points.loc[points["model"] == "lif", "gamma_2ms"] = math.nan
    (tmp_path / "index.html").write_text(page(replace(small_run, points=points)))
    browser.open(tmp_path / "index.html")
    said = browser.find_element(By.ID, "wp-said")
    assert "no value of this error" not in said.text
    Select(browser.find_element(By.ID, "wp-error")).select_by_value("gamma_2ms")
    assert said.text.startswith("lif has no value of this error here.")


#: The places of the labels of curves, without those that are hidden.
LABELS = """
    const plot = document.getElementById("wp-plot");
    return [...plot.querySelectorAll(".annotation")]
      .filter((each) => plot.layout.annotations[each.dataset.index].text.startsWith("<b>"))
      .map((each) => each.getBoundingClientRect()).map((box) => [box.left, box.right, box.top, box.bottom]);
"""


def test_labels_do_not_cover_each_other(browser, small_run, tmp_path):
    own = small_run.points[small_run.points["model"] == "lif"]
    alike = pd.concat([own, own.assign(model="izhikevich:RS")])  # two curves in one place
    (tmp_path / "index.html").write_text(page(replace(small_run, points=alike)))
    browser.open(tmp_path / "index.html")
    boxes = browser.execute_script(LABELS)
    assert len(boxes) == 2  # both ends of the first curve
    for one, other in combinations(boxes, 2):
        apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
        assert apart
