"""A headless Chromium, driven through chromedriver (W3C WebDriver, and the DevTools commands that it passes on)."""
import base64
import contextlib
import json
import os
import signal
import urllib.request

from . import machine

DRIVER = "/usr/bin/chromedriver"
# As root there is no sandbox; /dev/shm is small in containers.
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@contextlib.contextmanager
def browser(where):
    """A browser with a profile of its own in a folder."""
    port = machine.free_port()
    # HOME: Chromium writes there whatever its profile.
    with machine.Program("chromedriver", ["env", f"HOME={where}", "setsid", DRIVER, f"--port={port}"], where) as driver:
        base = f"http://127.0.0.1:{port}"
        machine.wait_for("chromedriver", lambda: driver.check() or _is_ready(base))
        options = {"args": [*ARGUMENTS, f"--user-data-dir={where / 'profile'}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = _call("POST", f"{base}/session", {"capabilities": {"alwaysMatch": wanted}})
        try:
            yield Browser(f"{base}/session/{session['sessionId']}")
        finally:
            with contextlib.suppress(OSError):
                _call("DELETE", f"{base}/session/{session['sessionId']}")
            # What it has started goes with it, should the browser hang.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(driver.process.pid, signal.SIGKILL)


def _is_ready(base):
    try:
        return _call("GET", f"{base}/status")["ready"]
    except OSError:
        return False


def _call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    # No proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            return json.load(response)["value"]
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error.read().decode()[:800]}") from None


class Browser:
    """One tab."""

    def __init__(self, session):
        self._session = session

    def open(self, url):
        _call("POST", f"{self._session}/url", {"url": url})

    def run(self, script, *arguments):
        """What a function body returns, in the page."""
        return _call("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, what, script, *arguments, limit=30):
        """Waits until a function body returns something true in the page."""
        return machine.wait_for(what, lambda: self.run(script, *arguments), limit)

    def devtools(self, command, **parameters):
        return _call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, width, height, scheme="light"):
        """Sets the size of the window, in CSS pixels, and the colour scheme that the user prefers."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, *keys):
        """Presses keys one after another: characters, or names of KEYS."""
        actions = []
        for key in keys:
            actions += [{"type": kind, "value": KEYS.get(key, key)} for kind in ("keyDown", "keyUp")]
        _call("POST", f"{self._session}/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def complaints(self):
        """What the page has written to its console since that was last asked."""
        return [entry["message"] for entry in _call("POST", f"{self._session}/se/log", {"type": "browser"})]

    def screenshot(self, path, whole=False):
        """Writes a PNG of the window, or of the whole page."""
        picture = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))


# The code points of WebDriver (§17.4.2).
KEYS = {
    "Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " ", "PageUp": "\ue00e", "PageDown": "\ue00f",
    "End": "\ue010", "Home": "\ue011", "ArrowUp": "\ue013", "ArrowDown": "\ue015",
}
