"""Many kills of our own collector, at the instants that are hardest: while parts are sealed and merged, while it closes,
while a second attempt opens the folder. One warm process forks the victims, so that a kill takes no start-up.

A victim logs row i as ``loss`` = i and ``twin`` = −2 i and acknowledges it when ``log`` has returned. After the kill, every
acknowledged row must be there once, with both values.
"""

import itertools
import os
import random
import select
import signal
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet  # noqa: F401  imported before the fork: a victim must not spend its life importing
import torch

from benchmarks.collector_cost.verdict import verdict
from collector import Collector, compact, journal, writer

ROW = struct.Struct("<q")
CLOSING = -1  # acknowledged in place of a row: close() begins
LONGEST = 0.3  # s that a victim lives after its first row
CLOSE = 0.02  # s; closing takes about 12 ms
FURTHER = 1_000_000  # rows by which a second process is ahead
SEALING: dict[Any, dict[str, float]] = {journal: {"SEAL_ROWS": 20}, writer: {"TICK": 0.001, "FLUSH": 0.001}}
MERGING: dict[Any, dict[str, float]] = {
    journal: SEALING[journal],
    writer: {**SEALING[writer], "TIDY": 0.001},
    compact: {"FAN": 2},
}


@dataclass
class Victim:
    """A forked process that logs, and what it has acknowledged."""

    pid: int
    pipe: int
    received: bytearray = field(default_factory=bytearray)

    def listen(self, seconds: float) -> bool:
        """Take in acknowledgements for ``seconds``, or until the victim ends; whether it still lives."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.pipe], [], [], left)[0]:
                data = os.read(self.pipe, 1 << 16)
                if not data:
                    return False
                self.received += data
        return True

    def first(self) -> None:
        """Wait for the first acknowledgement."""
        self.received += os.read(self.pipe, ROW.size)

    def kill(self) -> int:
        """Kill it; the last row it acknowledged, −1 if none."""
        os.kill(self.pid, signal.SIGKILL)
        if os.waitpid(self.pid, 0)[1] not in (0, signal.SIGKILL):
            raise RuntimeError("a victim failed by itself")
        while data := os.read(self.pipe, 1 << 16):
            self.received += data
        os.close(self.pipe)
        whole = np.frombuffer(bytes(self.received[: len(self.received) // 8 * 8]), "<i8")
        rows = whole[whole != CLOSING]
        return int(rows[-1]) if len(rows) else -1


@dataclass(frozen=True)
class Killed:
    """A kill: the rows ``begin`` … ``last`` were acknowledged."""

    last: int
    begin: int = 0


@dataclass
class Tally:
    """What the kills of one scenario met."""

    runs: int = 0
    kills: int = 0
    rows: int = 0  # acknowledged
    lost: int = 0
    half_written: int = 0  # kills that left a temporary file
    twice_on_disk: int = 0  # kills that left rows in two files
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, number: int, killed: Killed, folder: Path) -> None:
        """Look at what a kill left in ``folder``."""
        found = verdict(folder, killed.begin, killed.last)
        self.kills += 1
        self.rows += killed.last - killed.begin + 1
        self.lost += found.lost
        self.half_written += found.half_written
        self.twice_on_disk += found.twice_on_disk
        self.wrong += [f"run {number}: {text}" for text in found.wrong]
        self.notes += [f"run {number}: {text}" for text in found.notes]


Body = Callable[[Path, Callable[[int], None], int], None]
Scenario = Callable[[Path, random.Random], Iterator[Killed]]


def fork(body: Body, folder: Path, begin: int = 0) -> Victim:
    """A new victim that runs ``body(folder, acknowledge, begin)``."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Victim(pid, reading)
    try:
        os.close(reading)
        body(folder, lambda row: os.write(writing, ROW.pack(row)), begin)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def shrink(constants: dict[Any, dict[str, float]]) -> None:
    """Make what happens once a minute happen all the time, in this process."""
    for module, values in constants.items():
        for name, value in values.items():
            if not hasattr(module, name):
                raise AttributeError(f"{module.__name__} has no {name} any more: this test would test nothing")
            setattr(module, name, value)


def log_on(run: Collector, acknowledge: Callable[[int], None], begin: int, rows: int = 1 << 39) -> None:
    """Log and acknowledge row after row."""
    for i in range(begin, begin + rows):
        run.log(loss=float(i), twin=-2.0 * i)
        acknowledge(i)


def plain(folder: Path, acknowledge: Callable[[int], None], begin: int) -> None:
    """Full speed."""
    run = Collector(folder)
    run.step = begin
    log_on(run, acknowledge, begin)


def sealing(folder: Path, acknowledge: Callable[[int], None], begin: int) -> None:
    """A part is sealed every few rows."""
    shrink(SEALING)
    plain(folder, acknowledge, begin)


def merging(folder: Path, acknowledge: Callable[[int], None], begin: int) -> None:
    """Sealed parts are merged at once."""
    shrink(MERGING)
    plain(folder, acknowledge, begin)


def closing(folder: Path, acknowledge: Callable[[int], None], begin: int) -> None:
    """A few parts and a tail, then ``close``."""
    shrink(SEALING)
    run = Collector(folder)
    run.step = begin
    for first in range(begin, begin + 500, 20):
        log_on(run, acknowledge, first, 20)
        time.sleep(0.002)  # so that there are many parts to merge
    acknowledge(CLOSING)
    run.close()


def new_tags(folder: Path, acknowledge: Callable[[int], None], begin: int) -> None:
    """Names that were not there before: every few rows a tail is replaced by a wider one."""
    run = Collector(folder)
    run.step = begin
    for i in range(begin, begin + (1 << 39)):
        run.log({"loss": float(i), "twin": -2.0 * i, f"other/{i // 20 % 50}": 0.0})
        acknowledge(i)


def training(folder: Path, acknowledge: Callable[[int], None], begin: int) -> None:
    """Real steps with an optimizer attached, each measured, and an evaluation now and then."""
    torch.set_num_threads(1)
    model = torch.nn.Linear(8, 8)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    run = Collector(folder, model=model, optimizer=optimizer, layers_every=1)
    run.step = begin
    for i in range(begin, begin + (1 << 39)):
        optimizer.zero_grad()
        model(torch.ones(4, 8)).square().mean().backward()
        optimizer.step()
        run.log(loss=float(i), twin=-2.0 * i)
        acknowledge(i)
        if i % 7 == 0:
            run.log_eval(loss=0.0)


def alone(body: Body) -> Scenario:
    """A scenario: one victim, killed at a random instant."""

    def scenario(folder: Path, order: random.Random) -> Iterator[Killed]:
        victim = fork(body, folder)
        victim.first()
        victim.listen(order.uniform(0, LONGEST))
        yield Killed(victim.kill())

    return scenario


def at_close(folder: Path, order: random.Random) -> Iterator[Killed]:
    """Killed within the tens of ms that closing takes, or just after."""
    victim = fork(closing, folder)
    while ROW.pack(CLOSING) not in victim.received and victim.listen(0.001):
        pass
    time.sleep(order.uniform(0, CLOSE))
    yield Killed(victim.kill())


def resumed(folder: Path, order: random.Random) -> Iterator[Killed]:
    """The same run killed every 50 ms and resumed three times; rows that were not acknowledged are logged again."""
    last = -1
    for body in order.sample([plain, sealing, merging, training], 4):
        victim = fork(body, folder, last + 1)
        victim.first()
        victim.listen(0.05)
        last = max(last, victim.kill())
        yield Killed(last)


def second_attempt(folder: Path, order: random.Random) -> Iterator[Killed]:
    """Another process opens the folder while the first is killed; it is a million steps further, so no step is logged twice."""
    one = fork(order.choice([plain, sealing, merging, closing]), folder)
    one.first()
    one.listen(order.uniform(0, 0.05))
    two = fork(order.choice([plain, sealing, merging, closing]), folder, FURTHER)
    one.listen(order.uniform(0, 0.02))
    first = one.kill()
    two.first()
    two.listen(order.uniform(0, 0.1))
    second = two.kill()
    yield Killed(first)
    yield Killed(second, FURTHER)


def reopened(folder: Path, order: random.Random) -> Iterator[Killed]:
    """Killed, resumed and closed cleanly: the second process must leave the first one's rows as they are."""
    victim = fork(order.choice([sealing, merging]), folder)
    victim.first()
    victim.listen(order.uniform(0, LONGEST))
    last = victim.kill()
    yield Killed(last)
    other = fork(closing, folder, last + 1)
    while other.listen(1.0):
        pass
    yield Killed(other.kill())


SCENARIOS: dict[str, Scenario] = {
    "full speed": alone(plain),
    "while sealing": alone(sealing),
    "while merging": alone(merging),
    "while closing": at_close,
    "new names all the time": alone(new_tags),
    "training, every step measured": alone(training),
    "killed every 50 ms, resumed": resumed,
    "two processes in one folder": second_attempt,
    "killed, resumed, closed": reopened,
}


def job(folder: Path, kills: int) -> dict[str, Any]:
    """Scenario → what its kills met."""
    if threading.active_count() > 1:
        raise RuntimeError("threads before forking: the victims might hang")
    order, found, start = random.Random(0), {name: Tally() for name in SCENARIOS}, time.monotonic()
    for number, name in zip(range(kills), itertools.cycle(SCENARIOS)):
        place, tally = folder / f"{number}", found[name]
        tally.runs += 1
        for killed in SCENARIOS[name](place, order):
            tally.add(number, killed, place)
    return {"scenarios": {name: asdict(tally) for name, tally in found.items()}, "seconds": time.monotonic() - start}
