"""What the tests of the page do in it, and what they read from it."""

from __future__ import annotations

import csv
import time
from contextlib import suppress

from selenium.common.exceptions import ElementClickInterceptedException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

#: Whether no part of the page is wider than the window.
FITS = "return document.documentElement.scrollWidth <= window.innerWidth"
#: Texts of plots that are cut at the edges of the plot or of the window.
CUT = """
    return [...document.querySelectorAll(".plot")].filter((plot) => plot.data).flatMap((plot) => {
      const whole = plot.getBoundingClientRect();
      return [...plot.querySelectorAll(".main-svg text")].filter((each) => each.textContent.trim()).filter((each) => {
        const at = each.getBoundingClientRect();
        return at.width && (at.left < whole.left - 1 || at.right > whole.right + 1 || at.top < whole.top - 1 ||
          at.bottom > whole.bottom + 1 || at.right > innerWidth + 1);
      }).map((each) => `${plot.id}: ${each.textContent}`);
    });
"""
#: Names of rows of a plot that cover the name of the next row.
COVERED = """
    return [...document.querySelectorAll(".plot")].filter((plot) => plot.data).flatMap((plot) => {
      const ticks = [...plot.querySelectorAll(".ytick text")]
        .map((each) => [each.textContent, each.getBoundingClientRect()])
        .filter(([, at]) => at.width);
      return ticks.flatMap(([one, a], i) => ticks.slice(i + 1)
        .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        .map(([other]) => `${plot.id}: ${one} | ${other}`));
    });
"""
#: The names beside a plot, by their text, and the height of their middle in pixels.
NAMES_BESIDE = """
    const texts = [...document.getElementById(arguments[0]).querySelectorAll(".annotation text")];
    const middle = (at) => (at.top + at.bottom) / 2;
    return Object.fromEntries(texts.filter((each) => getComputedStyle(each).fontSize === "10.5px")
      .map((each) => [each.textContent, middle(each.getBoundingClientRect())]));
"""
#: Time in s between two downloads: Chromium silently drops what a page asks for beyond ten downloads in one second.
BETWEEN_DOWNLOADS = 0.15
#: Widths and heights of a desktop, a half of one, and a phone, in pixels.
SIZES = [(1400, 900), (900, 900), (390, 844)]


def traces(browser, plot="wp-plot"):
    """The contents of a plot, without the fronts."""
    return browser.execute_script(
        f"return document.getElementById('{plot}').data.filter((t) => !(t.name || '').startsWith('front'))"
        ".map((t) => ({name: t.name, x: Array.from(t.x), y: Array.from(t.y), text: t.text}))"
    )


def named(browser, plot):
    """The names beside a plot, by their text, and the height of their middle in pixels."""
    return browser.execute_script(NAMES_BESIDE, plot)


def cells_of(browser, css):
    """The texts of the cells of the rows that match."""
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((row) => [...row.cells].map((cell) => cell.innerText.trim()))",
        css,
    )


def click(browser, button):
    """Click on a button; again if the page moved it away meanwhile (plots are drawn when they come in sight)."""
    browser.execute_script(
        "arguments[0].addEventListener('click', (event) => { event.currentTarget.dataset.clicked = 'yes'; });"
        "delete arguments[0].dataset.clicked;",
        button,
    )

    def arrived():
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        with suppress(ElementClickInterceptedException):
            button.click()
        return button.get_attribute("data-clicked") == "yes"

    browser.until(arrived)


def received(browser, downloads, button, name):
    """Click on a button that saves a file; return its path."""
    path = downloads / name
    path.unlink(missing_ok=True)
    time.sleep(BETWEEN_DOWNLOADS)
    click(browser, button)
    # the browser first makes an empty file with this name and later moves the whole one there; no file is empty
    browser.until(lambda: path.exists() and path.stat().st_size)
    return path


def downloaded(browser, downloads, button, name):
    """Click on a button that saves a table; return its rows."""
    with received(browser, downloads, button, name).open(newline="") as file:
        return list(csv.DictReader(file))


def choose(browser, select, value):
    Select(browser.find_element(By.ID, select)).select_by_value(value)


def drawn_ratios(browser):
    """Return the lines of the picture with the answer: name, tolerances, ratios, and which markers are open."""
    return browser.execute_script(
        "const page = getComputedStyle(document.documentElement).getPropertyValue('--page').trim();"
        "return document.getElementById('ratio-plot').data.filter((t) => !t.showlegend).map((t) => "
        "[t.name, Array.from(t.x), Array.from(t.y), t.marker.color.map((c) => c === page), t.line.dash])"
    )


def fitting(browser):
    """Check that nothing is cut; plots follow a new size of the window one after the other."""
    with suppress(TimeoutException):
        browser.until(lambda: browser.execute_script(FITS) and not browser.execute_script(CUT), patience=20)
    assert browser.execute_script(CUT) == []
    assert browser.execute_script(COVERED) == []
    assert browser.execute_script(FITS)
