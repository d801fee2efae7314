"""Kill a training at random instants, again and again, and count what is missing: ``python -m benchmarks.durability [kills]``.

Each round is a new process that continues the same run folder: it opens an attempt, logs rows as fast as it can and is killed
(``SIGKILL``) while it opens, logs, seals, merges, tidies up after the one before, or closes; every fourth round is two of them
at once. Every constant that makes the collector seal and merge rarely is shrunk, so that each of these happens all the time.
What ``log()`` has returned from is counted in shared memory. After each kill the run is read: a row that was acknowledged
and is not there, is there twice, or holds another value is an error.
"""

import argparse
import json
import mmap
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from collector import Collector, durable
from collector.schema import CRASHED, FINISHED, RUN_FILE, SCALARS, STEP
from diagnostics.readers.run_folder.rows import scalar_rows

STRIDE = 1_000_000  # rows a process may log: its number times this, plus the row, is the row's value
LONGEST = 0.4  # s that a process lives after it has begun to open the run
KILLS_A_RUN = 25  # after that a new run folder: reading all of it after each kill takes its time
TWO_AT_ONCE = 4  # every so many rounds
CHILD = """
import mmap, struct, sys
import collector.compact, collector.journal, collector.layers, collector.writer
import pyarrow.parquet
from collector import Collector, durable
collector.journal.SEAL_ROWS, collector.writer.TICK, collector.writer.TIDY = 60, 0.002, 0.01
collector.writer.FLUSH, collector.compact.FAN = 0.02, 3
folder, counts, number, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open(counts, "r+b") as file:
    shared = mmap.mmap(file.fileno(), 0)
print("ready", flush=True)
run = Collector(folder, config={"number": number})
run.step = 0
for i in range(rows):
    value = float(number * 1_000_000 + i)
    if i % 37:
        run.log({"t/value": value}, step=i)
    else:
        run.log({"t/value": value, f"t/{i % 11}": value}, step=i)
    struct.pack_into("q", shared, 8 * number, i + 1)
run.close()
print("closed", flush=True)
"""


class Round:
    """One process that logs and is killed."""

    def __init__(self, folder: Path, counts: Path, number: int, rows: int) -> None:
        command = [sys.executable, "-c", CHILD, str(folder), str(counts), str(number), str(rows)]
        self.number = number
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def kill(self) -> bool:
        """Whether it was killed rather than through with everything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        return self.process.returncode != 0


def check(folder: Path, acknowledged: dict[int, int]) -> list[str]:
    """What is wrong with the rows in ``folder``, given how many each process has had acknowledged before the reading."""
    errors: list[str] = []
    notes: list[str] = []
    seen: dict[int, int] = {}
    for attempt in scalar_rows(folder, notes) if folder.is_dir() else []:
        values = attempt.table["t/value"].to_numpy()
        number = int(values[0]) // STRIDE
        seen[number] = len(values)
        expected = number * STRIDE + np.arange(len(values))
        if not np.array_equal(values, expected) or not np.array_equal(attempt.steps, expected - number * STRIDE):
            errors.append(f"attempt {attempt.number} of process {number}: not the {len(values)} rows that were logged")
    for number, count in acknowledged.items():
        if seen.get(number, 0) < count:
            errors.append(f"process {number}: {count} rows were acknowledged, {seen.get(number, 0)} are there")
    return errors + notes


def hammer(folder: Path, kills: int, seed: int = 0) -> list[str]:
    """Kill ``kills`` processes that write the run ``folder``; what went wrong, which is nothing."""
    dice = random.Random(seed)
    counts = folder.with_name(f"{folder.name}.counts")
    counts.write_bytes(bytes(8 * (2 * kills + 8)))
    with counts.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    killed, number, errors = 0, 0, []
    while killed < kills and not errors:
        rounds = []
        for _ in range(1 if (number + 1) % TWO_AT_ONCE else 2):
            number += 1
            rounds.append(Round(folder, counts, number, dice.choice((300, 3_000, STRIDE - 1))))
        for process in rounds:
            end = time.monotonic() + dice.uniform(0, LONGEST) ** dice.choice((1, 2))
            while time.monotonic() < end:
                errors += check(folder, _counts(shared, number))
            killed += process.kill()
        errors += check(folder, _counts(shared, number))
    return errors


def tidied(folder: Path) -> list[str]:
    """What one more attempt leaves lying about of those that were killed."""
    durable.STALE = 0.0  # s; a minute otherwise
    with Collector(folder) as run:
        run.log(loss=1.0)
    about = json.loads((folder / RUN_FILE).read_text())
    left = [path.name for path in folder.iterdir() if path.name not in (RUN_FILE, SCALARS)]
    states = {entry["state"] for entry in about["attempts"][:-1]}
    return [f"left over: {left}"] * bool(left) + [f"states of the attempts: {states}"] * (
        not states <= {CRASHED, FINISHED}
    )


def _counts(shared: mmap.mmap, number: int) -> dict[int, int]:
    return {n: count for n in range(1, number + 1) if (count := struct.unpack_from("q", shared, 8 * n)[0])}


def main() -> int:
    """Print one line for each error, and what was found at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begun, errors, kills = time.monotonic(), 0, arguments.kills
    for seed in range(-(-kills // KILLS_A_RUN)):
        errors += one_run(min(KILLS_A_RUN, kills - seed * KILLS_A_RUN), arguments.seed * kills + seed)
    print(f"{kills} kills in {time.monotonic() - begun:.0f} s: {errors} errors")
    return bool(errors)


def one_run(kills: int, seed: int) -> int:
    """The number of errors in one run that is killed again and again, printed with what was in it."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "run"
        errors = hammer(folder, kills, seed) + tidied(folder)
        for error in errors:
            print("ERROR", error)
        attempts = scalar_rows(folder, [])
        rows = sum(len(attempt.table[STEP]) for attempt in attempts)
        files = sum(1 for path in folder.rglob("*") if path.is_file())
        print(f"{kills} kills: {rows:,} rows of {len(attempts)} attempts in {files} files", flush=True)
        return len(errors)


if __name__ == "__main__":
    sys.exit(main())
