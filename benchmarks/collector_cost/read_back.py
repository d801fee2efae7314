"""What each tool's own reader finds in its folder: the values logged as ``loss``, in order."""

import struct
from collections.abc import Iterator
from pathlib import Path

from benchmarks.collector_cost.tools import OURS, OURS_OPTIMIZER, TRACKIO


def job(folder: Path, tool: str) -> list[float]:
    """The ``loss`` of every step that can be read from ``folder``."""
    return READERS[tool](folder)


def curvewise(folder: Path) -> list[float]:
    """Our own reader."""
    from diagnostics.readers.run_folder import read

    (run,) = read(folder / "run")
    return run["train/loss"].values.tolist()


def csv(folder: Path) -> list[float]:
    """First column of the text."""
    return [float(line.split(",")[0]) for line in (folder / "log.csv").read_text().splitlines()]


def tensorboard(folder: Path) -> list[float]:
    """TensorBoard's event accumulator, told to keep every event."""
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    events = EventAccumulator(str(folder), {SCALARS: 0})
    events.Reload()
    return [event.value for event in events.Scalars("loss")] if "loss" in events.Tags()["scalars"] else []


def trackio(folder: Path) -> list[float]:
    """Trackio's storage class, which its dashboard reads with."""
    from trackio.sqlite_storage import SQLiteStorage

    return [row["loss"] for row in SQLiteStorage.get_logs("bench", "run") if "loss" in row]


def wandb(folder: Path) -> list[float]:
    """W&B's record type over its file's framing (LevelDB's log format); wandb 0.31 ships no reader for Python."""
    import json

    from wandb.proto import wandb_internal_pb2

    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    found = []
    for data in _records(path.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(data)
        for item in record.history.item:
            if "loss" in (item.key, *item.nested_key):
                found.append(float(json.loads(item.value_json)))
    return found


def _records(data: bytes) -> Iterator[bytes]:
    """The whole records of a LevelDB log of 32 KiB blocks behind W&B's 7-byte header; a torn end is left out."""
    at, whole = 7, b""
    while at + 7 <= len(data):
        if 32_768 - at % 32_768 < 7:  # the rest of a block is padding
            at += 32_768 - at % 32_768
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        if not 1 <= kind <= 4 or at + 7 + size > len(data):
            return
        part, at = data[at + 7 : at + 7 + size], at + 7 + size
        whole = part if kind in (1, 2) else whole + part
        if kind in (1, 4):
            yield whole


READERS = {
    "nothing": lambda folder: [],
    "csv + flush": csv,
    OURS: curvewise,
    OURS_OPTIMIZER: curvewise,
    "TensorBoard": tensorboard,
    TRACKIO: trackio,
    "W&B offline": wandb,
}
