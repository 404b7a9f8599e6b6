"""Browsers, and the page of the small run in them."""

from __future__ import annotations

import shutil

import pytest

from .browsers import BROWSERS


@pytest.fixture(scope="session")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


# each browser has a process of its own, if there are several
@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in BROWSERS])
def browser(request, downloads):
    kind = BROWSERS[request.param]
    lacking = [name for name in kind.needs if not shutil.which(name)]
    if lacking:
        pytest.skip(f"there is no {lacking[0]}: install it (Debian: apt-get install {kind.packages})")
    started = kind(downloads)
    yield started
    started.quit()


@pytest.fixture
def shown(browser, small_folder):
    """The page, newly opened."""
    browser.open(small_folder / "index.html")
    return browser
