"""The parts of the page: their order, those that only some runs have, and what the document about the page says."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from spikecost.accuracy.study.suite import Suite
from spikecost.reports.figures.look import MOST_BY_COLOUR
from spikecost.reports.page import page
from spikecost.reports.page.tables import MOST_ACROSS, MOST_AT_FIRST, regime_text, several_rates, stability, winner_maps
from spikecost.reports.results.suite_file import read_suite
from spikecost.reports.tables.ratios import cheapest_first

from ...messages import mentions
from ..conftest import SUITE
from .actions import cells_of, choose, click, named, received, traces
from .runs import situations, with_every_part, with_models

DOCUMENT = (Path(__file__).parents[3] / "docs" / "page.md").read_text()
#: The parts of the page.
SECTIONS = "return [...document.querySelectorAll('main > section')].map((each) => each.id)"
#: The fields of the winner map: text, colour and pattern, by row.
FIELDS = """
    const look = (each, style = getComputedStyle(each)) => [style.backgroundColor, style.backgroundImage];
    const rows = [...document.querySelectorAll("table.map tbody tr")];
    return rows.map((row) => [...row.querySelectorAll("td")].map((each) => [each.innerText, ...look(each)]));
"""
WORDS = dict(enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]))


@pytest.fixture(scope="module")
def whole(looked_at, tmp_path_factory):
    """A run that has every part, and its page."""
    run = with_every_part(looked_at)
    path = tmp_path_factory.mktemp("whole") / "index.html"
    path.write_text(page(run))
    return run, path


def test_the_parts_are_those_of_the_document_in_its_order(browser, whole):
    browser.complaints()
    browser.open(whole[1])
    assert browser.complaints() == []
    sections = browser.execute_script(SECTIONS)
    links = [(each.get_attribute("hash")[1:], each.text) for each in browser.find_elements(By.CSS_SELECTOR, "nav a")]
    assert [section for section, _ in links] == sections
    assert [text for _, text in links] == re.findall(r"\*\*(.+?)\*\*", DOCUMENT)


def test_a_run_has_no_link_to_a_part_that_it_has_not(shown):
    links = [each.get_attribute("hash")[1:] for each in shown.find_elements(By.CSS_SELECTOR, "nav a")]
    assert links == shown.execute_script(
        "return [...document.querySelectorAll('main > section')].map((each) => each.id)"
    )
    assert not {"engines-part", "floors-part", "map-part", "features-part", "demos-part"} & set(links)


def test_the_document_says_from_how_many_models_on_the_page_changes():
    said = " ".join(DOCUMENT.split())
    assert f"With more than {WORDS[MOST_ACROSS]} others, the cheapest comes first" in said
    assert f"with more than {WORDS[MOST_AT_FIRST]}, a button shows the rest" in said
    assert f"with more than {WORDS[MOST_BY_COLOUR]}, lines have names and markers of their own" in said
    assert f"With more than {WORDS[MOST_BY_COLOUR]} models only Pareto fronts are drawn at first" in said
    script = (Path(inspect.getfile(page)).parent / "browser" / "plot.js").read_text()
    assert f"const MOST_BY_COLOUR = {MOST_BY_COLOUR};" in script


@pytest.fixture(scope="module")
def with_others(small_run, tmp_path_factory):
    """Runs with a number of models and the baseline, and their pages; not in the order of their costs."""

    @cache
    def made(others):
        run = with_models(small_run, [f"model_{i}" for i in range(others - 1)])
        models = run.about["models"]
        run = replace(run, about={**run.about, "models": dict(reversed(models.items()))})
        path = tmp_path_factory.mktemp("others") / "index.html"
        path.write_text(page(run))
        return run, path

    return made


@pytest.mark.parametrize("others", [MOST_ACROSS, MOST_AT_FIRST + 1, MOST_BY_COLOUR, MOST_BY_COLOUR + 1])
def test_the_page_changes_with_the_number_of_models(browser, with_others, others):
    run, path = with_others(others)
    browser.open(path)
    usual = [each for each in run.models if each != run.baseline]
    assert len(usual) == others
    if others > MOST_ACROSS:
        listed = browser.find_elements(By.CSS_SELECTOR, "#answer tbody th")
        assert [each.get_attribute("textContent") for each in listed] == cheapest_first(run.ratios, usual)
    else:
        listed = browser.find_elements(By.CSS_SELECTOR, "#answer thead th.number")
        assert [each.text for each in listed] == usual
    more = browser.find_elements(By.ID, "answer-more")
    assert len(more) == (others > MOST_AT_FIRST)
    assert sum(each.is_displayed() for each in listed) == min(others, MOST_AT_FIRST)
    if others == MOST_AT_FIRST + 1:
        assert more[0].text == "show the other model"
    many = others > MOST_BY_COLOUR
    assert set(named(browser, "ratio-plot")) == (set(usual) if many else set())
    looks = browser.execute_script(
        "return document.getElementById('ratio-plot').data.map((t) => [t.name.split(',')[0], t.marker.symbol])"
    )
    assert len({symbol for _, symbol in looks}) == (others if many else 1)
    fronts_only = len(run.models) > MOST_BY_COLOUR
    assert browser.find_element(By.ID, "wp-front").is_selected() == fronts_only
    drawn = browser.execute_script("return document.getElementById('wp-plot').data.map((t) => t.name)")
    assert {name.startswith("front of ") for name in drawn} == ({True} if fronts_only else {True, False})
    colours = browser.execute_script(
        "return [...document.querySelectorAll('#wp-models svg')].map((each) => getComputedStyle(each).color)"
    )
    assert len(set(colours)) == len(run.models)
    # the longest table has all its rows on demand
    rows, more = "#cells tbody tr", browser.find_element(By.ID, "cells-more")
    assert len(browser.find_elements(By.CSS_SELECTOR, rows)) == 60 < len(run.table)
    click(browser, more)
    assert len(browser.find_elements(By.CSS_SELECTOR, rows)) == len(run.table)
    assert not more.is_displayed()


def test_the_winner_map(browser, whole):
    run, path = whole
    other, close, none = situations(run)
    browser.open(path)
    (map_,) = winner_maps(run)
    drawn = browser.execute_script(FIELDS)
    assert len(drawn) == len(map_["rows"]) == 8

    def field(key):
        row = [each["accuracy"] for each in map_["rows"]].index(f"every spike within {key['tolerance']:.3g} ms")
        return drawn[row][map_["levels"].index(key["level"])]

    fields = [each for row in drawn for each in row]
    # empty where no model reaches the tolerance, hatched where two are too close, a colour per winner
    assert [each[0] for each in fields].count("") == 1
    assert field(none)[0] == ""
    assert [image != "none" for _, _, image in fields].count(True) == 1
    assert field(close)[2].startswith("repeating-linear-gradient")
    colours = {text.split()[0]: colour for text, colour, _ in fields if text}
    assert colours.keys() == {"lif", "izhikevich:RS"}
    assert colours["lif"] != colours["izhikevich:RS"] == field(other)[1]
    # the cost and the way of the first, and how many times more expensive the other is
    here = run.candidates.query(f"tolerance == {close['tolerance']} and level == '{close['level']}'")
    cheap, expensive = here.to_dict("records")
    ratio = re.search(r"izhikevich:RS \u00d7\u2265 ([\d.]+)", field(close)[0])
    assert float(ratio[1]) == pytest.approx(expensive["flops_per_ms"] / cheap["flops_per_ms"], rel=0.05)
    assert f"{cheap['method']}, {cheap['detection']}" in field(close)[0]


def test_stability_limits_are_shown_and_sort(shown, small_run):
    found = stability(small_run)
    rows = cells_of(shown, "#stability tbody tr")
    assert [row[0] for row in rows] == [each["method"] for each in found["rows"]]
    for row, each in zip(rows, found["rows"], strict=True):
        for text, model in zip(row[1:], found["models"], strict=True):
            assert text.startswith("\u2265") == each["of"][model]["beyond"]
            assert float(text.lstrip("\u2265 ")) == pytest.approx(each["of"][model]["dt"], rel=0.01)
    heading = shown.find_element(By.CSS_SELECTOR, "#stability th button")
    for _ in range(2):
        click(shown, heading)
    assert [row[0] for row in cells_of(shown, "#stability tbody tr")] == sorted((row[0] for row in rows), reverse=True)


def test_a_model_that_is_not_compared_has_its_reason(browser, small_run, tmp_path):
    # the squid axon does not fire at 50 Hz; here LIF replaces it
    def at(frame):
        return (frame["model"] == "lif") & (frame["level"] == "50 Hz")

    regimes, table = small_run.regimes, small_run.table
    reason = regimes["reason"].where(~at(regimes), "it cannot fire so slowly")
    cost = table["flops_per_ms"].where(~at(table))
    run = replace(small_run, regimes=regimes.assign(reason=reason), table=table.assign(flops_per_ms=cost))
    (tmp_path / "index.html").write_text(page(run))
    browser.open(tmp_path / "index.html")
    (said,) = [each.text for each in browser.find_elements(By.CSS_SELECTOR, "#lacking li")]
    assert mentions(said, "lif is not compared: it cannot fire so slowly", "50 Hz")
    others = [row[-1] for row in cells_of(browser, "#verdict tbody tr")]
    assert ["lif is not compared" in each for each in others] == [True, True, False, False]


def test_the_published_rankings_are_those_of_the_run(shown, small_run):
    heads, *rows = cells_of(shown, "#views tr")
    models = heads[3:]
    assert models == list(dict.fromkeys(small_run.ranking["model"]))
    assert len(rows) * len(models) == len(small_run.ranking)
    ratios = {
        (regime_text(row) if isinstance(row["level"], str) else "any", row["view"], model): row["ratio"]
        for row in small_run.ranking.query("tolerance != 0.3").to_dict("records")
        for model in [row["model"]]
    }
    for regime, accuracy, view, *texts in rows:
        for model, text in zip(models, texts, strict=True):
            if "0.3" not in accuracy:
                number = float(re.search(r"[\d.]+(e-?\d+)?", text)[0])
                assert number == pytest.approx(ratios[regime, view, model], rel=0.06), (regime, view, model)


def test_other_simulators_and_number_formats(browser, whole):
    run, path = whole
    browser.open(path)
    part = browser.find_element(By.ID, "engines-part").text
    assert "The fake simulator at its default dt of 0.2 ms is off by: lif: 0.75 ms." in part
    rows = cells_of(browser, "#needed tbody tr")
    peers = run.table[run.table["engine"] == "fake"]
    assert [row[:3] for row in rows] == [["lif", "fake", "steps"]] * len(peers)
    assert [float(row[5]) for row in rows] == pytest.approx(list(peers["dt_ms"]), rel=1e-3)
    # a time that cannot be trusted has its reason beside it, in every table
    assert {row[7] for row in rows} == {"123 (machine busy)"}
    browser.find_element(By.ID, "cells-find").send_keys("fake")
    assert all("123 (machine busy)" in row for row in cells_of(browser, "#cells tbody tr"))
    browser.execute_script("document.querySelector('#engines-part details').open = true")
    assert mentions(browser.find_element(By.ID, "engines-part").text, "at the end of a step", "a neuron of lif")
    floors = browser.find_element(By.ID, "floors").text
    assert mentions(floors, "spikecost:single", "0.0003")
    # their rows are beside ours in the figure, with wall time as the cost
    assert "fake" in browser.find_element(By.ID, "wp-engines").text or not len(run.points.query("engine == 'fake'"))


def test_a_drive_with_several_rates_is_named(browser, whole):
    run, path = whole
    browser.open(path)
    (said,) = several_rates(run)
    assert f"{said}." in [each.text for each in browser.find_elements(By.CSS_SELECTOR, "#cheapest-part .note")]


def test_a_time_that_cannot_be_trusted_says_so_in_the_plot(browser, whole):
    browser.open(whole[1])
    choose(browser, "wp-cost", "ns_per_ms")
    texts = [text for trace in traces(browser) for text in trace["text"]]
    assert len(texts) > 3
    assert all(re.search(r" per ms \((spread 50 %|machine busy)\)<br>", text) for text in texts)
    choose(browser, "wp-cost", "flops_per_ms")
    assert not [text for trace in traces(browser) for text in trace["text"] if "spread" in text]


def test_counted_equals_retired(shown, small_run):
    shown.execute_script("document.getElementById('parity-plot').scrollIntoView()")
    points = sorted(
        zip(*([value for trace in traces(shown, "parity-plot") for value in trace[axis]] for axis in "xy"), strict=True)
    )
    assert len(points) > 10
    rows = small_run.parity
    both = {(row["counted"], row["retired"]) for row in rows.to_dict("records")}
    assert set(points) <= both
    diagonal = shown.execute_script("return document.getElementById('parity-plot').layout.shapes[0]")
    assert (diagonal["x0"], diagonal["x1"]) == (diagonal["y0"], diagonal["y1"])
    assert diagonal["x1"] > max(max(point) for point in points)


def test_the_suite_file_runs_it_again(shown, small_run, downloads):
    path = received(shown, downloads, shown.find_element(By.ID, "suite-file"), "suite.toml")
    suite = read_suite(path, Suite())
    assert suite == SUITE
    assert shown.find_element(By.ID, "suite-text").get_attribute("textContent") == path.read_text()
    facts = shown.find_element(By.ID, "provenance-part").text
    for fact in ("processor", "compiler", "Python"):
        assert str(small_run.provenance[fact]) in facts


def test_the_voltage_of_a_case_is_dashed_if_its_spikes_are_at_the_end_of_a_step(shown):
    cases = Select(shown.find_element(By.ID, "rec-cell"))
    seen = set()
    for option in [each.text for each in cases.options]:
        cases.select_by_visible_text(option)
        of = shown.execute_script("return document.getElementById('rec-voltage').data[1].line.dash")
        assert (of == "dash") == (", grid, " in option)
        seen.add(of)
    assert len(seen) == 2
