"""The logs of tools, as each lays them out on disk: written here without the tools, which would take minutes for as many."""

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.reading.logs import curve
from collector import Collector

BLOCK, HEAD = 32 * 1024, struct.Struct("<IHB")  # W&B's framing: crc, length, kind
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4
BEGAN = 1_700_000_000  # s since 1970
META = "run_id: {0}\nrun_name: long\nlifecycle_stage: active\nstatus: 3\nstart_time: 1700000000000\n"
EXPERIMENT = "experiment_id: '1'\nlifecycle_stage: active\nname: bench\n"


def run_folder(folder: Path, rows: int) -> Path:
    """Our own: written by the collector."""
    losses, validation = curve(rows).tolist(), curve(rows, 9).tolist()
    with Collector(folder) as run:
        for step in range(rows):
            run.log({"train/loss": losses[step], "optim/lr": 0.1, "grad/norm": 1 + losses[step]}, step=step)
            if step % 500 == 499:
                run.log({"val/loss": validation[step]}, step=step)
    return folder


def mlflow(folder: Path, rows: int) -> Path:
    """A store of files: a line a point, a file a quantity."""
    run = folder / "1" / ("0" * 31 + "1")
    (run / "metrics").mkdir(parents=True), (run / "params").mkdir(), (run / "tags").mkdir()
    (folder / "1" / "meta.yaml").write_text(EXPERIMENT)
    (run / "meta.yaml").write_text(META.format(run.name))
    for seed, name in enumerate(("train_loss", "val_loss", "lr", "grad_norm")):
        lines = (f"{BEGAN * 1000 + step} {value!r} {step}\n" for step, value in enumerate(curve(rows, seed).tolist()))
        (run / "metrics" / name).write_text("".join(lines))
    return folder


def wandb(path: Path, rows: int) -> Path:
    """A run's record: JSON a value, in protobuf, in frames."""
    with path.open("wb") as file:
        at = file.write(b":W&B\xe1\xbe\x00")
        for step, loss in enumerate(curve(rows).tolist()):
            row = {"_step": step, "_timestamp": BEGAN + step / 100, "train/loss": loss, "lr": 0.1, "epoch": step // 500}
            for piece in framed(_history(row), at):
                at += file.write(piece)
    return path


def _history(row: dict[str, float]) -> bytes:
    items = (_field(2, name.encode()) + _field(16, json.dumps(value).encode()) for name, value in row.items())
    return _field(2, b"".join(_field(1, item) for item in items))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    return bytes([number & 127 | 128]) + _varint(number >> 7) if number > 127 else bytes([number])


def framed(message: bytes, at: int) -> Iterator[bytes]:
    """``message`` as W&B frames it, in pieces, of which none crosses a block; ``at`` is where the file ends now."""
    first = True
    while message or first:
        room = BLOCK - at % BLOCK
        if room < HEAD.size:
            yield bytes(room)
            at, room = at + room, BLOCK
        piece, message = message[: room - HEAD.size], message[room - HEAD.size :]
        kind = (FIRST if message else WHOLE) if first else MIDDLE if message else LAST
        yield HEAD.pack(zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
        at, first = at + HEAD.size + len(piece), False
