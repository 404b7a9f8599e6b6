"""The claims that the page shows, and the colours of what is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from spikecost.reports.claims import published  # noqa: F401 - registers the claims
from spikecost.reports.claims.claim import CLAIMS
from spikecost.reports.page.claims import claims
from spikecost.reports.writing.escape import markdown

DOCUMENT = Path(__file__).parents[3] / "docs" / "claims.md"


def test_the_verdicts_are_those_of_the_document():
    """If it fails, renew both together: `spikecost claims --out docs/claims.md reports/page/claims.json`."""
    text = DOCUMENT.read_text()
    assert {each["name"] for each in claims()} == set(CLAIMS)
    assert text.count("\n## ") == len(claims())
    for each in claims():
        own = text.split(f"\n## {each['name']}\n")[1].split("\n## ")[0]
        for said in ("claim", "text", "source", "certainty", "known", "assumed", "agrees_if", "flips", "other_seeds"):
            assert markdown(each[said]) in own
        rows = [line for line in own.splitlines() if line.startswith("| ")][1:]
        assert len(rows) == len(each["rows"])
        assert all(
            f"| {' | '.join(map(markdown, row))} |" in line for row, line in zip(each["rows"], rows, strict=True)
        )


def test_the_page_shows_the_claims(shown):
    assert "Published claims" in shown.find_element(By.TAG_NAME, "nav").text
    part = shown.find_element(By.ID, "claims-part")
    rows = [
        [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        for row in part.find_elements(By.CSS_SELECTOR, "#claims tbody tr")
    ]
    assert rows == [
        [each["claim"], f"{each['source']} ({each['certainty']})", f"{each['text']}\n{each['other_seeds']}"]
        for each in claims()
    ]
    part.find_element(By.TAG_NAME, "summary").click()
    tables = part.find_elements(By.CSS_SELECTOR, "table.claim")
    numbers = [len(table.find_elements(By.CSS_SELECTOR, "tbody tr")) for table in tables]
    assert numbers == [len(each["findings"]) for each in claims()]
    assert all(table.find_element(By.TAG_NAME, "caption").text for table in tables)
    with shown.sized(390, 844):
        assert shown.execute_script("return document.querySelector('#claims').getBoundingClientRect().right") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_bar_has_a_colour_that_is_not_that_of_the_page(browser, small_folder, scheme):
    browser.prefer(scheme)
    browser.open(small_folder / "index.html")
    page_colour = browser.execute_script("return getComputedStyle(document.documentElement).getPropertyValue('--page')")
    colours = browser.execute_script(
        "return document.getElementById('kinds-plot').data.map((each) => [each.name, each.marker.color])"
    )
    browser.prefer("light")
    assert len(colours) > 3  # more kinds than the run has models
    assert all(colour.startswith("#") and colour != page_colour.strip() for _, colour in colours)
    assert len({colour for _, colour in colours}) == len(colours)
