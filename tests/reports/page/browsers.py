"""Chromium and Firefox without a screen: one set of commands for both.

Firefox needs no separate driver: it listens to WebDriver commands itself (Marionette), and `_Connection` sends them.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionBuilder
from selenium.webdriver.support.ui import WebDriverWait

#: Time in s that a busy machine may need for work that takes a tenth of a second on an idle one.
PATIENCE = 100  # Chromium's driver itself gives up after 120
WINDOW = 1300, 1200
READY = "return document.body.dataset.ready"


class Shared:
    """What the tests do with a browser in addition to Selenium's commands."""

    def open(self, path: str | Path) -> None:
        """Open a page from disk and wait until it has drawn its plots."""
        self.visit(Path(path).resolve().as_uri())

    def visit(self, address: str) -> None:
        """Open an address and wait until the page has drawn its plots."""
        self.get(address)
        self.until(lambda: self.execute_script(READY) == "yes")

    def until(self, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Wait until a function returns something that is true, and return that."""
        return WebDriverWait(self, patience, poll_frequency=0.1).until(lambda _: condition())

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse to a place in the window."""
        action = ActionBuilder(self)
        action.pointer_action.move_to_location(round(x), round(y))
        action.perform()


class Chromium(Shared, webdriver.Chrome):
    """Chromium, driven by chromedriver."""

    needs = "chromium", "chromedriver"
    packages = "chromium chromium-driver"

    def __init__(self, downloads: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        # a container's shared memory may be smaller than a page needs
        for flag in (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            "--window-size={},{}".format(*WINDOW),
        ):
            options.add_argument(flag)
        options.add_experimental_option(
            "prefs",
            {
                "download.default_directory": str(downloads),
                # one download after another, without a question to the user
                "profile.default_content_setting_values.automatic_downloads": 1,
            },
        )
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        super().__init__(options, webdriver.ChromeService(shutil.which("chromedriver")))
        self.set_script_timeout(PATIENCE)

    def prefer(self, scheme: str) -> None:
        """Tell pages that the user prefers ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    @contextmanager
    def sized(self, width: int, height: int) -> Iterator[None]:
        """Give pages another size, in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        try:
            yield
        finally:
            self.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    @contextmanager
    def printing(self) -> Iterator[None]:
        """Show pages as on paper."""
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            yield
        finally:
            self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    def complaints(self) -> list[str]:
        """Return the errors and warnings of pages since the last call."""
        return [each["message"] for each in self.get_log("browser")]

    def asked(self) -> list[str]:
        """Return the addresses that pages asked for since the last call."""
        messages = [json.loads(line["message"])["message"] for line in self.get_log("performance")]
        return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]


class Firefox(Shared, webdriver.Remote):
    """Firefox, which listens to commands at a port of this machine."""

    needs = ("firefox-esr",)
    packages = "firefox-esr"

    def __init__(self, downloads: Path) -> None:
        self._connection = _Connection(downloads)
        super().__init__(self._connection, options=webdriver.FirefoxOptions())
        self.set_script_timeout(PATIENCE)
        self.set_window_size(*WINDOW)
        self._privileged(
            # what pages ask the network for: pages are opened from disk, so everything counts
            "window.asked = []; Services.obs.addObserver({ observe: (s) => {"
            " const of = s.QueryInterface(Ci.nsIChannel); if (of.loadInfo.browsingContextID) asked.push(of.URI.spec); }"
            " }, 'http-on-opening-request')"
        )

    def _privileged(self, script: str, *arguments: Any) -> Any:
        """Run a script in the browser itself, not in the page."""
        self._connection.send("Marionette:SetContext", {"value": "chrome"})
        try:
            return self.execute_script(f"const shown = gBrowser.selectedBrowser; {script}", *arguments)
        finally:
            self._connection.send("Marionette:SetContext", {"value": "content"})

    def quit(self) -> None:
        """End the browser."""
        self._connection.close()

    def prefer(self, scheme: str) -> None:
        """Tell pages that the user prefers ``light`` or ``dark``."""
        self._privileged("shown.browsingContext.prefersColorSchemeOverride = arguments[0]", scheme)

    @contextmanager
    def sized(self, width: int, height: int) -> Iterator[None]:
        """Give pages another size, in CSS pixels."""
        sizes = "for (const [name, value] of Object.entries(arguments[0])) shown.style[name] = value"
        given = {"maxWidth": f"{width}px", "minWidth": f"{width}px", "maxHeight": f"{height}px"}
        self._privileged(sizes, given | {"minHeight": f"{height}px"})
        try:
            self.until(lambda: self.execute_script("return [innerWidth, innerHeight]") == [width, height])
            yield
        finally:
            self._privileged(sizes, dict.fromkeys([*given, "minHeight"], ""))

    @contextmanager
    def printing(self) -> Iterator[None]:
        """Show pages as on paper."""
        self._privileged("shown.browsingContext.top.mediumOverride = 'print'")
        try:
            yield
        finally:
            self._privileged("shown.browsingContext.top.mediumOverride = ''")

    def complaints(self) -> list[str]:
        """Return what the page itself says of plots that it cannot draw: Firefox does not pass on errors of scripts."""
        shown = "const of = document.querySelector('#trouble:not([hidden])'); return of ? [of.textContent] : []"
        return list(self.execute_script(shown))

    def asked(self) -> list[str]:
        """Return the addresses that pages asked for since the last call, and where they are."""
        return [*self._privileged("return asked.splice(0)"), self.current_url]


BROWSERS = {"chromium": Chromium, "firefox": Firefox}


class _Connection:
    """Starts Firefox and sends it Selenium's commands: each message is its length, a colon, and JSON."""

    def __init__(self, downloads: Path) -> None:
        self.profile = Path(tempfile.mkdtemp(prefix="firefox-"))
        preferences = {
            "marionette.port": 0,  # any that is free; Firefox writes it to a file
            "browser.download.dir": str(downloads),
            "browser.download.folderList": 2,
            "browser.download.alwaysOpenPanel": False,
            "browser.helperApps.neverAsk.saveToDisk": "text/csv",
            "dom.disable_open_during_load": False,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        (self.profile / "user.js").write_text("\n".join(lines))
        # a script in the browser itself, which sizes and schemes need, is allowed by the last option
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", self.profile, "--marionette",
             "--remote-allow-system-access"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.socket: socket.socket | None = None
        port = self.profile / "MarionetteActivePort"
        until = time.monotonic() + PATIENCE
        while not (port.exists() and port.read_text()):
            if self.process.poll() is not None or time.monotonic() > until:
                self.close()
                raise RuntimeError("Firefox did not start")
            time.sleep(0.05)
        self.socket = socket.create_connection(("127.0.0.1", int(port.read_text())), PATIENCE)
        self.stream = self.socket.makefile("rwb")
        self.count = 0
        self._read()  # it says who it is

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self.stream.read(1)
            if not byte:
                raise RuntimeError("Firefox has ended")
            length += byte
        return json.loads(self.stream.read(int(length[:-1])))

    def send(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Send a command; return its value, or its error, as Selenium expects it."""
        self.count += 1
        message = json.dumps([0, self.count, name, parameters]).encode()
        self.stream.write(b"%d:%s" % (len(message), message))
        self.stream.flush()
        _, _, error, value = self._read()
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": value["value"] if isinstance(value, dict) and list(value) == ["value"] else value}

    def execute(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Send a command of Selenium; the names differ a little."""
        given = {name: value for name, value in parameters.items() if name != "sessionId"}
        if command == "newSession":
            return self.send("WebDriver:NewSession", {})
        if command.startswith("findChildElement"):
            command, given["element"] = command.replace("Child", ""), given.pop("id")
        if command in ("screenshot", "elementScreenshot"):
            command, given["full"] = "takeScreenshot", False
        name = _NAMES.get(command) or command[0].upper() + command[1:]
        return self.send(f"WebDriver:{name}", given)

    def close(self) -> None:
        """End Firefox and remove its profile."""
        if self.socket:
            self.stream.close()
            self.socket.close()
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        shutil.rmtree(self.profile, ignore_errors=True)


#: Commands whose names are not the same but for the first letter.
_NAMES = {
    "get": "Navigate",
    "getCurrentUrl": "GetCurrentURL",
    "executeScript": "ExecuteScript",
    "w3cExecuteScript": "ExecuteScript",
    "w3cExecuteScriptAsync": "ExecuteAsyncScript",
    "clickElement": "ElementClick",
    "clearElement": "ElementClear",
    "sendKeysToElement": "ElementSendKeys",
    "w3cGetActiveElement": "GetActiveElement",
    "actions": "PerformActions",
    "clearActionState": "ReleaseActions",
    "getElementValueOfCssProperty": "GetElementCSSValue",
}
