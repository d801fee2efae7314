"""Damage logs at random and read them: no traceback, no hang, no memory beyond a multiple of the file.

``python -m benchmarks.fuzz --minutes 30`` takes the logs that the real tools wrote (``tests/logs``), damages one file of one log
at a time (bits flipped, cut off, spans removed, doubled, overwritten, numbers made absurd, two logs spliced) and reads it in a
process of its own. What fails is written to ``build/fuzz`` with what was said, to be read again with ``curvewise diagnose``.
"""

import argparse
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from diagnostics.engine import diagnose
from diagnostics.readers import ReadError, read_all, sources

ROOT = Path(__file__).resolve().parents[1]
LOGS, FAILED = ROOT / "tests" / "logs", ROOT / "build" / "fuzz"
SECONDS = 5  # that reading one damaged log may take
TIMES, FLOOR = 10, 64 * 2**20  # memory: times the file, and what the libraries take for the smallest
UNEXPECTED = "please report it"  # what a reader's own fault is turned into
NUMBERS = re.compile(rb"\d+(?:\.\d+)?")
ABSURD = (b"1e400", b"-1", b"99999999999999999999", b"NaN", b"0", b"", b"1e-400", b"Infinity", b"0x10", b"\xff\xfe")


@dataclass(frozen=True)
class Input:
    """One log: the files that belong to it, by place."""

    name: str
    files: dict[str, bytes]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))


def main() -> int:
    """Run until the time is over; 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a part of the names of the logs to take")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    inputs = [one for one in collect() if arguments.only in one.name]
    count, failed = attack(inputs, chance, time.monotonic() + 60 * arguments.minutes)
    print(f"{count:,} damaged logs of {len(inputs)} kinds read, {sum(failed.values())} failed")
    for what, many in failed.most_common():
        print(f"  {many:>5}  {what}")
    return int(bool(failed))


def collect() -> list[Input]:
    """Every log under ``tests/logs``, largest files left out: they only take time."""
    found = []
    for home in sorted(LOGS.glob("*/log")):
        for source in _listed(home):
            paths = [source] if source.is_file() else [p for p in sorted(source.rglob("*")) if p.is_file()]
            base = source.parent if source.is_file() else source
            name = f"{home.parent.name}/{source.relative_to(home)}"
            found.append(Input(name, {str(p.relative_to(base)): p.read_bytes() for p in paths}))
    return found


def _listed(home: Path) -> list[Path]:
    try:
        return sources(home)
    except ReadError:  # no reader of ours yet
        return []


def attack(inputs: Sequence[Input], chance: random.Random, end: float) -> tuple[int, Counter[str]]:
    """Damage and read until ``end``; how many were read, and what failed."""
    count, failed = 0, Counter[str]()
    while time.monotonic() < end:
        one = damaged(chance.choice(inputs), inputs, chance)
        with tempfile.TemporaryDirectory(prefix="curvewise-fuzz-") as folder:
            home = Path(folder) / "log"
            lay_out(one, home)
            said = judged(home, one.size)
            if said is not None:
                failed[f"{one.name}: {said}"] += 1
                _put_away(home, one, said)
        count += 1
    return count, failed


def damaged(one: Input, others: Sequence[Input], chance: random.Random) -> Input:
    """``one`` with one of its files damaged, one to four times over."""
    place = chance.choice(sorted(one.files))
    content = bytearray(one.files[place])
    for _ in range(chance.randint(1, 4)):
        other = chance.choice(others)
        content = chance.choice(DAMAGES)(content, bytes(chance.choice(list(other.files.values()))), chance)
    return Input(one.name, {**one.files, place: bytes(content)})


def lay_out(one: Input, home: Path) -> None:
    """Write the files of ``one`` below ``home``."""
    for place, content in one.files.items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_bytes(content)


def judged(home: Path, size: int) -> str | None:
    """Read the log at ``home`` in a process of its own; what went wrong, None when nothing did."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        signal.alarm(SECONDS)
        os.write(writes, (_read(home, size) or "ok").encode()[:4000])
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status)
        return f"over {SECONDS} s" if killed == signal.SIGALRM else f"killed by signal {killed}"
    return None if said == "ok" else said


def _read(home: Path, size: int) -> str | None:
    """What the reading said that it must not; in the child."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    warnings.simplefilter("error")
    try:
        runs, errors = read_all([home, *[p for p in home.rglob("*") if p.is_file()]])
        reports = [diagnose(run) for run in runs]
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    faults = [e.message for e in errors if UNEXPECTED in e.message or "\n" in e.message]
    faults += [n.because for report in reports for n in report.not_checked if UNEXPECTED in n.because]
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


Damage = Callable[[bytearray, bytes, random.Random], bytearray]


def _span(content: bytearray, chance: random.Random, most: int = 200) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.randint(1, most))


def _flip(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    for _bit in range(chance.randint(1, 8) if content else 0):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _cut(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content) + 1)]


def _remove(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _double(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, end = _span(content, chance)
    return content[:end] + content[start:end] * chance.randint(1, 20) + content[end:]


def _noise(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, end = _span(content, chance, 16)
    return content[:start] + chance.randbytes(end - start) + content[end:]


def _huge(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, _end = _span(content, chance)
    return content[:start] + b"\xff" * chance.choice((4, 7, 8, 9)) + content[start + 8 :]


def _absurd(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    found = list(NUMBERS.finditer(content[:100_000]))
    if not found:
        return content
    at = chance.choice(found)
    return content[: at.start()] + chance.choice(ABSURD) + content[at.end() :]


def _splice(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    start, _end = _span(content, chance)
    return content[:start] + other[chance.randrange(len(other) + 1) :][:5_000] + content[start:]


DAMAGES: tuple[Damage, ...] = (_flip, _cut, _remove, _double, _noise, _huge, _absurd, _splice)

if __name__ == "__main__":
    sys.exit(main())
