"""Sizes of the window, light and dark, paper, and what the page asks the network for."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from selenium.webdriver.common.by import By

from .actions import FITS, SIZES, click, fitting

#: Every visible text with its colour and the colour behind it.
TEXTS = """
    const page = getComputedStyle(document.body).backgroundColor;
    const written = (each) => [...each.childNodes].some((of) => of.nodeType === 3 && of.textContent.trim());
    const behind = (each) => {
      for (let at = each; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (!/, 0\\)|transparent/.test(colour)) return colour;
      }
      return page;
    };
    return [...document.querySelectorAll("body *:not(script):not(option)")]
      .filter((each) => each.getClientRects().length && written(each))
      .map((each) => {
        const drawn = each.closest("svg text"), style = getComputedStyle(each);
        return [each.textContent.trim().slice(0, 40), drawn ? style.fill : style.color, drawn ? page : behind(each)];
      });
"""


def test_it_opens_from_disk_and_asks_for_nothing(browser, small_folder):
    address = (small_folder / "index.html").as_uri()
    browser.get("about:blank")
    browser.complaints(), browser.asked()
    browser.visit(address)
    assert browser.title == "spikecost: cost at equal spike-time accuracy"
    assert browser.complaints() == []
    assert [url for url in browser.asked() if not url.startswith(("blob:", "data:"))] == [address]
    resources = browser.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert [url for url in resources if not url.startswith(("blob:", "data:"))] == []
    assert (small_folder / "index.html").stat().st_size < 6e6


def test_a_request_would_be_seen(browser, tmp_path):
    """What the test above looks for would be found."""
    (tmp_path / "bad.html").write_text(
        "<!doctype html><title>bad</title><body data-ready=yes>"
        "<script>fetch('http://127.0.0.1:65123/asked').catch(() => {});</script>"
    )
    browser.asked()
    browser.open(tmp_path / "bad.html")
    found = []
    browser.until(lambda: "http://127.0.0.1:65123/asked" in (found.extend(browser.asked()) or found), patience=20)


def test_a_part_that_cannot_be_drawn_is_named_and_the_others_are_drawn(browser, small_folder, tmp_path):
    text = (small_folder / "index.html").read_text()
    assert text.count("function parity() {") == 1
    (tmp_path / "index.html").write_text(
        text.replace("function parity() {", "function parity() { throw new Error('no parity');")
    )
    browser.complaints()
    browser.open(tmp_path / "index.html")
    assert "no parity" in browser.find_element(By.ID, "trouble").text
    assert any("no parity" in said for said in browser.complaints())
    for plot in ("ratio-plot", "wp-plot", "kinds-plot", "rec-spikes"):
        assert browser.execute_script("return document.getElementById(arguments[0]).data.length", plot)


def test_nothing_is_cut_at_any_width(shown):
    for width, height in SIZES:
        with shown.sized(width, height):
            fitting(shown)
            # a caption or a sentence never needs scrolling sideways
            wide = shown.execute_script(
                "return [...document.querySelectorAll('caption, p, h1, h2, figcaption, li, nav a')]"
                ".filter((each) => !each.closest('details:not([open])'))"
                ".filter((each) => each.getBoundingClientRect().right > innerWidth)"
                ".map((each) => each.textContent.slice(0, 80))"
            )
            assert wide == []


def test_on_a_phone_panels_are_one_below_the_other(shown):
    domains = "return [0, 1].map((i) => document.getElementById('ratio-plot').layout[`xaxis${i ? 2 : ''}`].domain)"
    left, right = shown.execute_script(domains)
    assert left[1] <= right[0]
    with shown.sized(390, 844):
        shown.until(lambda: shown.execute_script(domains)[0] == shown.execute_script(domains)[1])
        shown.until(lambda: shown.execute_script(FITS))


def test_the_plot_and_its_controls_fit_on_a_screen(browser, small_folder):
    with browser.sized(1400, 900):
        browser.open(small_folder / "index.html")
        top, bottom, screen = browser.execute_script(
            """
            const place = (css) => document.querySelector(css).getBoundingClientRect();
            return [place('#precision-part .controls').top, place('#wp-plot').bottom, innerHeight];"""
        )
    assert bottom - top < screen


def contrast(one, other):
    """Return the ratio of contrast of two colours (WCAG 2)."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_contrasts():
    assert contrast("rgb(255, 255, 255)", "rgb(0, 0, 0)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(browser, small_folder, scheme):
    browser.prefer(scheme)
    browser.open(small_folder / "index.html")
    page_colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    background = "return getComputedStyle(document.querySelector('#wp-plot .main-svg')).backgroundColor"
    plot = browser.execute_script(background)
    assert plot == page_colour
    assert (contrast(page_colour, "rgb(0, 0, 0)") > 10) == (scheme == "light")
    # every text has enough contrast with what is behind it, in plots as well
    texts = browser.execute_script(TEXTS)
    assert len(texts) > 300
    faint = {(text, front, back) for text, front, back in texts if contrast(front, back) < 3}
    assert faint == set()
    # the theme changes while the page is open: the plots follow
    browser.prefer("dark" if scheme == "light" else "light")
    browser.until(lambda: browser.execute_script(background) != plot)
    browser.prefer("light")


def test_plots_keep_their_height_in_another_window(shown):
    heights = (
        "return [...document.querySelectorAll('.plot')].filter((p) => p.data)"
        ".map((p) => [p.id, p.querySelector('.main-svg').clientHeight])"
    )
    before = shown.execute_script(heights)
    assert len(before) == 6
    assert dict(before)["wp-plot"] > 600
    with shown.sized(700, 900):
        wide = "return document.querySelector('#wp-plot .main-svg').clientWidth"
        shown.until(lambda: shown.execute_script(wide) < 700)
        # the plots change one after the other
        shown.until(lambda: shown.execute_script(FITS))
        assert shown.execute_script(heights) == before


def test_plots_keep_their_height_in_a_lower_and_in_a_higher_window(shown):
    heights = (
        "return [...document.querySelectorAll('.plot')].filter((p) => p.data)"
        ".map((p) => [p.id, p.querySelector('.main-svg').clientHeight])"
    )
    width, height = shown.execute_script("return [innerWidth, innerHeight]")
    before = shown.execute_script(heights)
    assert len(before) == 6
    for other in (500, height + 300):
        with shown.sized(width, other):
            shown.until(lambda other=other: shown.execute_script("return innerHeight") == other)
            assert shown.execute_script(heights) == before
            # what is drawn again for another choice, too
            box = shown.find_element(By.ID, "wp-floor")
            for _ in range(2):
                click(shown, box)
                assert shown.execute_script(heights) == before


def test_paper_shows_all_that_the_screen_shows(shown):
    # these are the steps of a browser that prints on A4, landscape
    shown.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    with shown.printing(), shown.sized(1032, 700):
        right = (
            "return [...document.querySelectorAll('.main-svg, table')].filter((e) => e.clientWidth)"
            ".map((e) => e.getBoundingClientRect().right)"
        )
        assert len(shown.execute_script(right)) > 10
        shown.until(lambda: max(shown.execute_script(right)) <= 1032)


def test_a_skip_link_and_headings_lead_through_the_page(shown):
    assert shown.find_element(By.CSS_SELECTOR, "body > a").get_attribute("hash") == "#verdict-part"
    levels = [int(each.tag_name[1]) for each in shown.find_elements(By.CSS_SELECTOR, "h1, h2, h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    targets = shown.execute_script(
        "return [...document.querySelectorAll('nav a')]"
        ".map((each) => [each.textContent, !!document.querySelector(each.hash)])"
    )
    assert all(found for _, found in targets)
    assert {"Answer", "For me", "Stability limits", "Every case", "Provenance"} <= {name for name, _ in targets}
    # every plot has a text alternative of its own
    names = shown.execute_script(
        "return [...document.querySelectorAll('.plot')].filter((p) => p.data).map((p) => p.getAttribute('aria-label'))"
    )
    assert all(names)
    assert len(set(names)) == len(names)
