"""Browsers, and the page of the small run in them."""

from __future__ import annotations

import shutil

import pytest

from .browsers import BROWSERS


@pytest.fixture(scope="session")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def started():
    """The browsers that run, by name; each starts once."""
    found = {}
    yield found
    for each in found.values():
        each.quit()


@pytest.fixture(params=BROWSERS)
def browser(request, started, downloads):
    """Chromium, then Firefox: every test of the page runs in both."""
    kind = BROWSERS[request.param]
    lacking = [name for name in kind.needs if not shutil.which(name)]
    if lacking:
        pytest.skip(f"there is no {lacking[0]}: install it (Debian: apt-get install {kind.packages})")
    if request.param not in started:
        started[request.param] = kind(downloads)
    return started[request.param]


@pytest.fixture
def shown(browser, small_folder):
    """The page, newly opened."""
    browser.open(small_folder / "index.html")
    return browser
