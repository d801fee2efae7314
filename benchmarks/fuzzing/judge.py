"""Whether a log, however damaged, is read without a traceback, a hang, or memory beyond a multiple of it."""

import os
import resource
import shutil
import signal
import tempfile
import warnings
from pathlib import Path

from benchmarks.fuzzing.inputs import ROOT, Input
from diagnostics.engine import diagnose
from diagnostics.readers import read_all

FAILED = ROOT / "build" / "fuzz"
SECONDS = 5  # of the processor that reading one damaged log may take: what else the machine does must not count
WALL = 120  # s after which one that waits for ever is stopped
TIMES, FLOOR = 10, 64 * 2**20  # memory: times the file, and what the libraries take for the smallest
UNEXPECTED = "please report it"  # what a reader's own fault is turned into


def warm_up(inputs: list[Input]) -> None:
    """Read every input as it is, so that what is damaged is read by the code as it was then, already imported."""
    for one in inputs:
        with tempfile.TemporaryDirectory(prefix="curvewise-fuzz-") as folder:
            lay_out(one, Path(folder))
            faults_in(Path(folder))


def fault(one: Input) -> str | None:
    """What goes wrong when ``one`` is read in a process of its own, None when nothing does; it is kept then."""
    with tempfile.TemporaryDirectory(prefix="curvewise-fuzz-") as folder:
        home = Path(folder) / "log"
        lay_out(one, home)
        said = _judged(home, one.size)
        if said is not None:
            _put_away(home, one, said)
        return said


def lay_out(one: Input, home: Path) -> None:
    """Write the files of ``one`` below ``home``."""
    for place, content in one.files.items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_bytes(content)


def faults_in(home: Path) -> list[str]:
    """What reading and judging all below ``home`` said that it must not.

    Raises:
        Exception: what must not be raised.
    """
    runs, errors = read_all([home, *[p for p in home.rglob("*") if p.is_file()]])
    told = [e.message for e in errors] + [n.because for run in runs for n in diagnose(run).not_checked]
    return [text for text in told if UNEXPECTED in text or "\n" in text]


def _judged(home: Path, size: int) -> str | None:
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        signal.alarm(WALL)
        os.write(writes, (_read(home, size) or "ok").encode()[:4000])
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status)
        slow = {signal.SIGXCPU: f"over {SECONDS} s of the processor", signal.SIGALRM: f"not done after {WALL} s"}
        return slow.get(killed, f"killed by signal {killed}")
    return None if said == "ok" else said


def _read(home: Path, size: int) -> str | None:
    """What the reading said that it must not; in the child."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    warnings.simplefilter("error")
    try:
        faults = faults_in(home)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if faults:
        return faults[0][:300]
    return f"{more / 2**20:.0f} MiB for {size:,} bytes" if more > max(FLOOR, TIMES * size) else None


def _put_away(home: Path, one: Input, said: str) -> None:
    """Keep a failure for whoever mends it."""
    target = FAILED / f"{one.name.replace('/', '-')}-{abs(hash(said)) % 10_000:04d}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(home, target)
        (target.parent / f"{target.name}.txt").write_text(said)
