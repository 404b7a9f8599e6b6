"""What the tests of the page do in it, and what they read from it."""

from __future__ import annotations

import csv

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select


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
    browser.until(lambda: path.exists() and path.stat().st_size)
    with path.open(newline="") as file:
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
