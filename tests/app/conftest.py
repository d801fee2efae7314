import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import index, library


@pytest.fixture(scope="session")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the rows of the samples are remembered from test to test."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def patient(remembered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a test waits until everything has been read, and nothing is written into the user's own cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(remembered))
    monkeypatch.setattr(index, "PATIENCE", 60.0)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the user's own runs."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv(library.RUNS, str(folder))
    return folder


@pytest.fixture
def opened() -> Callable[..., AppTest]:
    """Runs a page of ``app.views`` by name, with the query of its address."""

    def run(page: str, **query: str) -> AppTest:
        at = AppTest.from_string(f"from app.views import {page}\n{page}.page()", default_timeout=60)
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception
        return at

    return run


@pytest.fixture
def chromium():
    try:
        from playwright.sync_api import sync_playwright

        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            yield browser
            browser.close()
    except Exception as error:
        if os.environ.get("CI") or "Executable doesn't exist" not in str(error):
            raise
        pytest.skip("no Chromium here")


@pytest.fixture
def server(runs: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=library.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield waited_for(f"http://127.0.0.1:{port}")
    finally:
        ended(process)


def waited_for(address: str) -> str:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return address
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"no server at {address}")


def ended(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
