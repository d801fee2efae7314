"""A long run: bounded in files, in memory and in what is written again; and processes killed at random instants."""

import subprocess
import sys

import numpy as np
import pytest

from collector import Collector, compact, durable, parts, schema
from collector.mapped_tail import Tail
from collector.sample import Sample
from collector.seen import Seen
from collector.tail import Rows
from diagnostics.readers.run_folder import read

HAMMER = """
import sys
from pathlib import Path
from benchmarks.durability import hammer, tidied
folder = Path(sys.argv[1])
print(*hammer(folder, int(sys.argv[2])), *tidied(folder), sep="\\n")
"""


def block(first, rows):
    tail = Tail(None, first, ["a", f"b{first % 3}"])
    for i in range(rows):
        tail.append(first + i, None, 0.0, tail.tags, [float(first + i), 1.0])
    return tail.rows()


def test_parts_stay_few_and_a_row_is_rewritten_a_few_times_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr(compact, "FAN", 4)
    monkeypatch.setattr(compact, "SIZES", (16, 64, 256, 1_024))
    monkeypatch.setattr(compact, "MERGED_ROWS", 2_048)
    monkeypatch.setattr(compact, "MOST_CELLS", 1_000)  # several row groups a part
    monkeypatch.setattr(durable.os, "fsync", lambda handle: None)
    written, most, total = 0, 0, 10_000
    write = durable.write

    def count(path, *rest):
        nonlocal written
        match = schema.PART_NAME.match(path.name)
        written += int(match["last"]) - int(match["first"]) + 1
        write(path, *rest)

    monkeypatch.setattr(durable, "write", count)
    for first in range(0, total, 10):
        parts.seal(tmp_path, 1, [block(first, 10)])
        compact.compact(tmp_path, schema.SCALARS, 1)
        most = max(most, len(parts.of_attempt(tmp_path, schema.SCALARS, 1)))
    assert most <= 4 * 4 + total // 1_024 and written <= 6 * total
    compact.settle(tmp_path, schema.SCALARS, 1)
    compact.widen(tmp_path)
    table = pytest.importorskip("pandas").read_parquet(tmp_path / "scalars")
    np.testing.assert_array_equal(table["a"], np.arange(total))
    assert table["b1"].count() == 3_330 and len(parts.of_attempt(tmp_path, schema.SCALARS, 1)) < 10


def test_a_part_that_holds_other_rows_than_its_name_says_is_never_merged(tmp_path):
    parts.seal(tmp_path, 1, [block(0, 10)])
    rows = block(10, 10)
    parts.write(tmp_path, schema.SCALARS, schema.part_name(1, 10, 20), rows.table)
    with pytest.raises(ValueError, match="other rows"):
        compact.settle(tmp_path, schema.SCALARS, 1)
    assert len(parts.of_attempt(tmp_path, schema.SCALARS, 1)) == 2


def test_a_seal_keeps_the_numbers_of_rows_when_some_are_missing(tmp_path):
    rows = block(0, 10)
    keep = np.array([0, 1, 2, 5, 6, 9])
    parts.seal(tmp_path, 1, [Rows(rows.numbers[keep], rows.table.take(keep))])
    assert [(p.first, p.last) for p in parts.of_attempt(tmp_path, schema.SCALARS, 1)] == [(0, 2), (5, 6), (9, 9)]


def test_many_samples_of_layers_and_rows_in_a_running_collector(tmp_path, monkeypatch):
    monkeypatch.setattr("collector.writer.TICK", 0.005)
    monkeypatch.setattr("collector.writer.TIDY", 0.01)
    monkeypatch.setattr("collector.layers.PART_SECONDS", 0.0)
    monkeypatch.setattr("collector.journal.SEAL_ROWS", 500)
    monkeypatch.setattr(compact, "FAN", 4)
    most, names = 0, [f"l{k}" for k in range(20)]
    with Collector(tmp_path / "run") as run:
        for i in range(300):
            sample = Sample(names, [], [1.0] * 20 + [0.5] * 20, [False] * 20)
            run._journal.append_with(i, None, ("t/x",), [1.0], {}, Seen(samples=[sample]))
            for k in range(200):
                run.log(loss=float(i * 200 + k))
            if i % 20 == 0:
                most = max(most, sum(1 for path in (tmp_path / "run").rglob("*") if path.is_file()))
    (found,) = read(tmp_path / "run")
    np.testing.assert_array_equal(found["train/loss"].values, np.arange(60_000))
    assert found.layers["step"].tolist() == np.repeat(np.arange(300), 20).tolist()
    assert most < 80 and sum(1 for path in (tmp_path / "run").rglob("*.parquet")) <= 4


@pytest.mark.slow
def test_processes_killed_at_random_instants_lose_and_double_nothing(tmp_path):
    """A taste of ``python -m benchmarks.durability``."""
    command = [sys.executable, "-c", HAMMER, tmp_path / "run", "12"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.strip() == "", done.stdout + done.stderr
