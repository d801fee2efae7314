"""Whether a log was read as it was logged, and whether damage to it does no harm."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from diagnostics.readers import Log, read_all, understand
from diagnostics.readers.understanding.guess import guess
from diagnostics.run import Run

Points = dict[str, list[tuple[float, float]]]


def agree(log: Log, points: Points, rtol: float = 0.0) -> Run:
    """The run of ``log``, every point of which is held to what was logged."""
    run, meanings = understand(log), guess(log)
    for name, expected in points.items():
        meaning = meanings[name]
        steps, values = (np.array(column, dtype=float) for column in zip(*expected, strict=True))
        np.testing.assert_array_equal(run[meaning.tag].steps, steps, err_msg=name)
        np.testing.assert_allclose(run[meaning.tag].values, meaning.of(values), rtol, err_msg=name)
    return run


def harmless(source: Path, home: Path, of: Path | None = None, cuts: int = 60, flips: int = 60) -> int:
    """Cut ``source`` (a file, or the file ``of`` in it) short and flip its bits: each reading ends well. How many gave a run.

    An error is one line that does not ask to be reported.
    """
    read = 0
    for n, damage in enumerate(_damages((source if of is None else source / of).read_bytes(), cuts, flips)):
        target = home / f"{n}" / source.name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(parents=True)
        (target if of is None else target / of).write_bytes(damage)
        runs, errors = read_all([target])
        read += bool(runs)
        assert all("\n" not in e.message and "please report" not in e.message for e in errors), errors
        shutil.rmtree(home / f"{n}")
    return read


def _damages(whole: bytes, cuts: int, flips: int) -> Iterator[bytes]:
    chance = random.Random(0)
    for at in sorted(chance.sample(range(len(whole)), min(cuts, len(whole)))):
        yield whole[:at]
    for _ in range(flips):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        yield bytes(damaged)
