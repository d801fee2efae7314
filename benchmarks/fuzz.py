"""Damage logs at random and read them: no traceback, no hang, no memory beyond a multiple of the file.

``python -m benchmarks.fuzz --minutes 30`` takes the logs that the real tools wrote (``tests/logs``), tables, runs of our own and
archives, damages one file of one log at a time (bits flipped, cut off, spans removed, doubled, overwritten, numbers made absurd,
two logs spliced) and reads it in a process of its own. ``--guided 10`` has atheris look for ten minutes for bytes that take new
paths through the readers of framed formats; ``pip install -e '.[bench]'`` brings it. What fails is written to ``build/fuzz`` with
what was said, to be read again with ``curvewise diagnose``.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.collector_cost.report import table
from benchmarks.fuzzing import guided, judge
from benchmarks.fuzzing.damage import DAMAGES, damaged
from benchmarks.fuzzing.inputs import Input, collect

SEARCHED = "{0}, searched by atheris"


@dataclass
class Tally:
    """What was done: logs ``read`` by format, ``damages`` by format and kind, and what went wrong, each with how often."""

    read: Counter[str] = field(default_factory=Counter)
    damages: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)  # by format, and what was said of which log

    def rows(self) -> list[list[str]]:
        """A row a format."""
        return [[kind, f"{many:,}", *(f"{self.damages[kind, how]:,}" for how in DAMAGES), f"{self._failed(kind):,}"]
                for kind, many in sorted(self.read.items())]  # fmt: skip

    def _failed(self, kind: str) -> int:
        return sum(many for (of, _), many in self.faults.items() if of == kind)


def main() -> int:
    """Run until the time is over; 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--guided", type=float, default=0.0, metavar="MINUTES", help="beyond those, by atheris")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a part of the names of the logs to take")
    given = parser.parse_args()
    if given.guided and not guided.is_there():
        parser.error("--guided needs atheris: pip install -e '.[bench]'")
    inputs = [one for one in collect() if given.only in one.name]
    judge.warm_up(inputs)
    tally = Tally()
    attack(tally, inputs, random.Random(given.seed), time.monotonic() + 60 * given.minutes)
    if given.guided:
        search(tally, inputs, 60 * given.guided)
    print(f"{tally.read.total():,} damaged logs of {len(inputs)} kinds read, {tally.faults.total()} failed\n")
    print(table(["format", "read", *DAMAGES, "failed"], tally.rows()))
    for (_, what), many in tally.faults.most_common():
        print(f"  {many:>5}  {what}")
    return int(bool(tally.faults))


def attack(tally: Tally, inputs: Sequence[Input], chance: random.Random, end: float) -> None:
    """Damage and read until ``end``."""
    while time.monotonic() < end:
        one, how = damaged(chance.choice(inputs), inputs, chance)
        tally.read[one.format] += 1
        tally.damages.update((one.format, kind) for kind in how)
        if said := judge.fault(one):
            tally.faults[one.format, f"{one.name}: {said}"] += 1


def search(tally: Tally, inputs: Sequence[Input], seconds: float) -> None:
    """Have atheris look for ``seconds``."""
    for name, tried, faults in guided.search(inputs, seconds):
        tally.read[SEARCHED.format(name)] += tried
        tally.faults.update((SEARCHED.format(name), f"{name}: {said}") for said in faults)


if __name__ == "__main__":
    sys.exit(main())
