"""The two servers, each a process of its own with what it starts, and what it takes of the machine."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from app.sources import ROOT, RUNS

POINTS = 10_000_000  # a tag that TensorBoard is told to keep, for all of them; its "0" gives an empty chart (2.21)
PATIENCE = 120.0  # s that a server may take to answer


class Server:
    """A server at ``address``, asked to come up at ``began`` (s since 1970)."""

    def __init__(self, address: str, process: subprocess.Popen[bytes], began: float) -> None:
        self.address, self.began = address, began
        self._process = psutil.Process(process.pid)

    def processor(self) -> float:
        """Seconds that it and its children have had of the processors."""
        return sum(sum(p.cpu_times()[:2]) for p in self._all())

    def memory(self) -> float:
        """MB that it and its children hold now."""
        return sum(p.memory_info().rss for p in self._all()) / 1e6

    def threads(self) -> int:
        """Threads of it and its children."""
        return sum(p.num_threads() for p in self._all())

    def files(self) -> int:
        """Files and sockets that it and its children hold open."""
        return sum(p.num_fds() for p in self._all())

    def _all(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


@contextmanager
def dashboard(runs: Path, home: Path) -> Iterator[Server]:
    """Ours, on ``runs``; what it remembers lies in ``home``."""
    port = _free()
    command = f"{shlex.quote(sys.executable)} -m streamlit run app/main.py --server.port {port}"
    extra = {RUNS: str(runs), "XDG_CACHE_HOME": str(home)}
    with _up(command, f"http://127.0.0.1:{port}", "/_stcore/health", home / "dashboard.log", extra) as server:
        yield server


@contextmanager
def empty(home: Path) -> Iterator[Server]:
    """Streamlit itself, with a page of one line."""
    port, page = _free(), home / "empty.py"
    page.write_text('import streamlit as st\n\nst.write("nothing here")\n')
    command = f"{shlex.quote(sys.executable)} -m streamlit run {shlex.quote(str(page))} --server.port {port}"
    command += " --server.address 127.0.0.1 --server.headless true --server.fileWatcherType none --browser.gatherUsageStats false"
    with _up(command, f"http://127.0.0.1:{port}", "/_stcore/health", home / "empty.log", {}) as server:
        yield server


@contextmanager
def tensorboard(logs: Path, home: Path, every_point: bool = False) -> Iterator[Server]:
    """TensorBoard with its Rust data server; ``every_point`` instead of a random 1,000 of each tag."""
    port = _free()
    command = (
        f"{shlex.quote(sys.executable)} -m tensorboard.main --logdir {shlex.quote(str(logs))} --host 127.0.0.1 --port {port} "
        "--load_fast=true"
    )
    command += f" --samples_per_plugin scalars={POINTS}" if every_point else ""
    with _up(command, f"http://127.0.0.1:{port}", "/data/environment", home / "tensorboard.log", {}) as server:
        yield server


@contextmanager
def _up(command: str, address: str, health: str, log: Path, extra: dict[str, str]) -> Iterator[Server]:
    began = time.time()
    with log.open("wb") as said:
        process = subprocess.Popen(
            shlex.split(command), cwd=ROOT, env=os.environ | extra, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(address + health, process, log)
            yield Server(address, process, began)
        finally:
            end(process.pid)
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < ends:
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.02)
    raise RuntimeError(f"no server at {address}:\n{log.read_text()[-2000:]}")


def end(pid: int) -> None:
    """End a process and all that it has started."""
    try:
        first = psutil.Process(pid)
        every = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    first.terminate()
    _, left = psutil.wait_procs(every, timeout=10)
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, timeout=10)


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def chromium() -> str | None:
    """The browser of this system."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
