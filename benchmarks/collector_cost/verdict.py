"""What a kill left behind: are all acknowledged rows there, once, with their values? Read in a process of its own."""

import json
import os
import traceback
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from collector import schema
from diagnostics.readers.run_folder import read

EXPECTED = "overwritten by a later one"  # what the reader says of rows that a resume logged again


@dataclass
class Verdict:
    """``wrong`` and ``notes`` (of the reader) are empty when all is well; the rest says what the kill interrupted."""

    lost: int = 0
    half_written: bool = False
    twice_on_disk: bool = False
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verdict(folder: Path, begin: int, last: int) -> Verdict:
    """Judge the run in ``folder``, of which the rows ``begin`` … ``last`` were acknowledged."""
    reading, writing = os.pipe()
    if pid := os.fork():
        os.close(writing)
        with os.fdopen(reading) as pipe:
            found = pipe.read()
        os.waitpid(pid, 0)
        return Verdict(**json.loads(found))
    try:
        judged = judge(folder, begin, last)
    except BaseException:
        judged = Verdict(wrong=[traceback.format_exc()])
    os.write(writing, json.dumps(asdict(judged)).encode())
    os._exit(0)


def judge(folder: Path, begin: int, last: int) -> Verdict:
    """The same in this process."""
    found = Verdict(half_written=any(folder.rglob(".*.tmp")), twice_on_disk=_twice(folder))
    (run,) = read(folder)
    if not {"train/loss", "train/twin"} <= run.curves.keys():
        found.lost = last + 1 - begin
        found.wrong.append("no row can be read")
        return found
    losses, twins = run["train/loss"], run["train/twin"]
    wanted = np.arange(begin, last + 1, dtype=float)
    values, counts = np.unique(losses.values, return_counts=True)
    if missing := np.setdiff1d(wanted, values).tolist():
        found.lost = len(missing)
        found.wrong.append(f"{len(missing)} of {len(wanted)} acknowledged rows lost, from {missing[0]:.0f} on")
    if (counts > 1).any():
        found.wrong.append(f"row {values[counts > 1][0]:.0f} is there {counts.max()} times")
    if not np.array_equal(twins.values, -2 * losses.values) or not np.array_equal(losses.steps, losses.values + 1):
        found.wrong.append("values or steps are not those that were logged")
    found.notes = [note for note in run.notes if EXPECTED not in note]
    return found


def _twice(folder: Path) -> bool:
    """Whether some rows of an attempt lie in two files: the kill came between the sealing, or merging, and the deleting."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for path in folder.glob(f"{schema.SCALARS}/*"):
        if part := schema.PART_NAME.match(path.name):
            spans.setdefault(part["attempt"], []).append((int(part["first"]), int(part["last"])))
    for path in folder.iterdir():
        if tail := schema.TAIL_NAME.match(path.name):
            spans.setdefault(tail["attempt"], []).append((int(tail["first"]), int(tail["first"])))
    ordered = [sorted(found) for found in spans.values()]
    return any(b[0] <= a[1] for found in ordered for a, b in pairwise(found))
