"""The page in a real browser."""

import functools
import http.server
import shutil
import threading

import pytest
from selenium import webdriver

import spikecost as sc
from spikecost.accuracy.suite import Suite

SUITE = Suite(methods=("euler", "exponential_euler"), detections=("grid",), rates=(20.0, 100.0), tolerances=(1.0,),
              horizons=(300.0,), trials=3, per_decade=4, repeats=1, thorough=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    comparison = sc.compare(["lif", "izhikevich", "hodgkin_huxley"], suite=SUITE)
    comparison.save(folder)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield comparison, f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no chromium and chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-quic", "--window-size=1300,2000"):
        options.add_argument(flag)
    started = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield started
    started.quit()


@pytest.mark.slow
def test_the_page_shows_every_cell_and_the_figure(site, browser):
    comparison, url = site
    browser.get(url)
    assert browser.title == "spikecost: cost at equal spike-time accuracy"

    def rows(table):
        return browser.execute_script(f"return document.querySelectorAll('#{table} tr').length") - 1

    assert rows("cells") == len(comparison.table) == 12
    assert rows("cheapest") == len(comparison.cheapest)
    assert rows("verdict") == len(comparison.verdict)
    assert browser.execute_script("return document.querySelector('img').naturalWidth") > 300
    text = browser.find_element("tag name", "body").text
    assert "cannot fire at" in text  # Hodgkin-Huxley at 20 Hz, in the table of references
    assert "not applicable" in text
    assert comparison.study.regimes[0].model.label in text
    # no part of the page is wider than the window
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
