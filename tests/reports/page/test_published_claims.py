"""The claims that the page shows, and the colours of what is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from spikecost.reports.claims.claim import CLAIMS, ClaimFinding, ClaimSays, ClaimVerdict
from spikecost.reports.commands.claims import claims_markdown
from spikecost.reports.page.claims import claims

DOCUMENT = Path(__file__).parents[3] / "docs" / "claims.md"


def shipped():
    return [
        ClaimVerdict(
            CLAIMS[each["name"]],
            ClaimSays(each["verdict"]),
            tuple(ClaimFinding(of["conditions"], of["number"], of["agrees"]) for of in each["findings"]),
        )
        for each in claims()
    ]


def test_the_verdicts_are_those_of_the_document():
    """If this fails, renew both: `spikecost claims --json > reports/page/claims.json`, and `--out docs/claims.md`."""
    assert claims_markdown(shipped()) == DOCUMENT.read_text()


def test_every_claim_is_shown_with_the_rule_that_is_in_force():
    assert {each["name"] for each in claims()} == set(CLAIMS)
    for verdict, each in zip(shipped(), claims(), strict=True):
        assert verdict.to_json() == {name: each[name] for name in verdict.to_json()}


def test_the_page_shows_the_claims(shown):
    assert "Published claims" in shown.find_element(By.TAG_NAME, "nav").text
    part = shown.find_element(By.ID, "claims-part")
    rows = [
        [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        for row in part.find_elements(By.CSS_SELECTOR, "#claims tbody tr")
    ]
    assert rows == [[each["claim"], f"{each['source']} ({each['certainty']})", each["text"]] for each in claims()]
    assert "seed 0" in part.text
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
