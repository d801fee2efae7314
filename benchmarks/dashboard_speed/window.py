"""A browser window with many tabs, of which one is in sight, as people have them.

Playwright tells every page that it is in sight. So these are spoken to by Chromium's own protocol.
"""

import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks.dashboard_speed.browser import FLAGS, SCRIPT
from benchmarks.dashboard_speed.servers import PATIENCE, chromium, end

LARGEST = 2**28  # bytes a message


class Line:
    """A conversation with the browser, or with one of its tabs."""

    def __init__(self, address: str) -> None:
        self._socket: ClientConnection = connect(address, max_size=LARGEST, open_timeout=PATIENCE)
        self._count = itertools.count(1)

    def ask(self, method: str, **given: Any) -> Any:
        """What the browser answers.

        Raises:
            TimeoutError: nothing.
            RuntimeError: it refuses.
        """
        asked = next(self._count)
        self._socket.send(json.dumps({"id": asked, "method": method, "params": given}))
        while True:
            said = json.loads(self._socket.recv(PATIENCE))
            if said.get("id") == asked:
                break
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']}")
        return said["result"]

    def evaluate(self, code: str) -> Any:
        """What ``code`` gives in the page, which may be promised."""
        said = self.ask("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in said:
            raise RuntimeError(said["exceptionDetails"])
        return said["result"].get("value")


class Window:
    """The window at ``host``."""

    def __init__(self, host: str, path: str) -> None:
        self._host, self._browser = host, Line(f"ws://{host}{path}")

    def tab(self) -> Line:
        """A new tab, in sight, with the script that notes what is painted."""
        target = self._browser.ask("Target.createTarget", url="about:blank")["targetId"]
        tab = Line(f"ws://{self._host}/devtools/page/{target}")
        tab.ask("Page.enable")
        tab.ask("Page.addScriptToEvaluateOnNewDocument", source=SCRIPT.read_text())
        tab.ask("Page.bringToFront")
        return tab


@contextmanager
def window() -> Iterator[Window]:
    """Chromium without a screen; its profile is a new one."""
    with tempfile.TemporaryDirectory(prefix="curvewise-window-", ignore_cleanup_errors=True) as home:
        command = [str(chromium()), "--headless=new", *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={home}"]
        command += ["--no-first-run", "--window-size=1440,900", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port, path = _address(Path(home) / "DevToolsActivePort")
            yield Window(f"127.0.0.1:{port}", path)
        finally:
            end(process.pid)
            process.wait()


def _address(file: Path) -> tuple[str, str]:
    """Port and path that the browser writes down when it is up."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        with suppress(OSError, ValueError):
            port, path = file.read_text().split()
            return port, path
        time.sleep(0.05)
    raise TimeoutError("the browser does not come up")
