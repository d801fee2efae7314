"""The same numbers for both: a run folder for ours, an event file for TensorBoard."""

import time
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds
from numpy.typing import NDArray

from benchmarks import many_runs
from collector import schema

LOSS = schema.TRAIN_LOSS
Bytes = NDArray[np.uint8]


def long_run(runs: Path, logs: Path, rows: int) -> None:
    """A run of ``rows`` rows with five curves; TensorBoard is given its training loss alone."""
    many_runs.lengthy(runs / "long", rows)
    table = ds.dataset(runs / "long" / schema.SCALARS).to_table(columns=[schema.STEP, schema.WALL_TIME, LOSS])
    steps, times, loss = (table[name].to_numpy() for name in (schema.STEP, schema.WALL_TIME, LOSS))
    events(logs / "long", LOSS, steps, times, loss)


def copied(runs: list[Path], logs: Path) -> None:
    """The training losses of ``runs``, as event files."""
    for run in runs:
        table = ds.dataset(run / schema.SCALARS).to_table(columns=[schema.STEP, schema.WALL_TIME, LOSS])
        rows = table.drop_null()
        events(logs / run.name, LOSS, *(rows[name].to_numpy() for name in (schema.STEP, schema.WALL_TIME, LOSS)))


def events(
    folder: Path, tag: str, steps: NDArray[np.int64], times: NDArray[np.float64], values: NDArray[np.float64]
) -> None:
    """An event file as TensorBoard reads it, a million records a second.

    Every record is equally long, as each step takes four bytes of the variable-length form, so that all are made at once.
    """
    folder.mkdir(parents=True)
    name = tag.encode()
    value = b"\x0a" + bytes([len(name)]) + name + b"\x15"  # Summary.Value: tag, simple_value
    summary = b"\x2a" + bytes([len(value) + 6, 0x0A, len(value) + 4]) + value  # Event.summary, its one value
    count = len(steps)
    body = np.empty((count, 9 + 5 + len(summary) + 4), np.uint8)
    body[:, 0], body[:, 1:9] = 0x09, times.astype("<f8").view(np.uint8).reshape(count, 8)  # Event.wall_time
    body[:, 9] = 0x10  # Event.step
    for i in range(4):
        body[:, 10 + i] = (steps >> 7 * i & 0x7F) | (0x80 if i < 3 else 0)
    body[:, 14:-4] = np.frombuffer(summary, np.uint8)
    body[:, -4:] = values.astype("<f4").view(np.uint8).reshape(count, 4)
    version = np.frombuffer(b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2", np.uint8)[None]
    at = time.time()
    with (folder / f"events.out.tfevents.{at:.0f}.host").open("wb") as file:
        file.write(_framed(version).tobytes())
        file.write(_framed(body).tobytes())


def _framed(records: Bytes) -> Bytes:
    """TFRecord: the length and its checksum, the record and its checksum."""
    count, length = records.shape
    size = np.tile(np.frombuffer(length.to_bytes(8, "little"), np.uint8), (count, 1))
    return np.hstack([size, _masked(size), records, _masked(records)])


def _masked(records: Bytes) -> Bytes:
    """The masked CRC-32C of every row, uint8 [rows, 4]."""
    crc = np.full(len(records), 0xFFFFFFFF, np.uint32)
    for column in records.T:
        crc = TABLE[(crc ^ column) & 0xFF] ^ (crc >> np.uint32(8))
    crc = ~crc
    masked = ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(0xA282EAD8)
    return masked.astype("<u4").view(np.uint8).reshape(-1, 4)


def _table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(0x82F63B78), table >> np.uint32(1))
    return table


TABLE = _table()
