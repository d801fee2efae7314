"""The logs that the benchmark reads: written once a run, of numbers that look like a training's."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TAGS = ("train/loss", "val/loss", "train/accuracy", "optim/lr", "grad/norm")
MB = 1e6


def curve(points: int, seed: int = 0) -> NDArray[np.float64]:
    """A noisy fall, float64 [points]."""
    noise = np.random.default_rng(seed).normal(0, 0.05, points)
    return 0.2 + 2 * np.exp(-5 * np.arange(points) / points) + noise


def events(folder: Path, scalars: int, tensors: bool = False) -> Path:
    """An event file of ``scalars`` points by TensorBoard's own protos: ``simple_value`` as torch writes it, or TF 2's tensors."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.summary.writer.record_writer import RecordWriter

    folder.mkdir()
    values, began = curve(scalars // len(TAGS)).tolist(), time.time()
    with (folder / f"events.out.tfevents.{began:.0f}.host").open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())
        for step, value in enumerate(values):
            for tag in TAGS:
                if tensors:
                    summary = scalar_pb(tag, value)
                    if step:  # TensorFlow says what a tag is only once
                        summary.value[0].ClearField("metadata")
                else:
                    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                event = Event(wall_time=began + step / 100, step=step, summary=summary)
                writer.write(event.SerializeToString())
        writer.flush()
    return folder


def narrow(rows: int) -> pd.DataFrame:
    """Two columns."""
    return pd.DataFrame({"step": np.arange(rows), "train_loss": curve(rows)})


def wide(rows: int) -> pd.DataFrame:
    """Eight columns, one of them empty but for every 500th row."""
    steps = np.arange(rows)
    named = {f"m{i}": curve(rows, i) for i in range(3)}
    validation = np.where(steps % 500 == 499, curve(rows, 9), np.nan)
    return pd.DataFrame(
        {"step": steps, "epoch": steps // 500, "train_loss": curve(rows), "val_loss": validation, "lr": 0.1, **named}
    )


def long(rows: int) -> pd.DataFrame:
    """A row a point: step, tag, value."""
    return wide(rows // 6).drop(columns="epoch").melt("step", var_name="tag", value_name="value").dropna()


def text(path: Path, lines: int) -> None:
    """Printed lines, with a time, a level and three numbers."""
    values = curve(lines).tolist()
    with path.open("w") as file:
        for step, loss in enumerate(values):
            file.write(f"2026-05-01 12:00:00,123 INFO step {step} | loss {loss:.5f} | lr 1.0e-3 | 123.4 ms\n")


def trainer_state(path: Path, rows: int) -> None:
    """As the Hugging Face Trainer keeps it."""
    history = [
        {"epoch": step / 100, "grad_norm": 1 + loss, "learning_rate": 1e-4, "loss": round(loss, 4), "step": step}
        for step, loss in enumerate(curve(rows).tolist(), 1)
    ]
    path.write_text(json.dumps({"global_step": rows, "log_history": history}, indent=2))


def ten_megabytes(folder: Path, size: float) -> list[Path]:
    """Files of about 10 MB × ``size`` in the formats that are one file without a tool's own framing."""

    def rows(bytes_a_row: float) -> int:
        return max(100, round(10 * MB * size / bytes_a_row))

    def frame(name: str, made: pd.DataFrame, write: Callable[[pd.DataFrame, Path], None]) -> Path:
        write(made, folder / name)
        return folder / name

    def csv(made: pd.DataFrame, path: Path) -> None:
        made.to_csv(path, index=False)

    text(folder / "printed.log", rows(81))
    trainer_state(folder / "trainer_state.json", rows(170))
    many = pd.DataFrame({"step": np.arange(rows(5_800))} | {f"m{i}": curve(rows(5_800), i) for i in range(300)})
    return [
        frame("narrow.csv", narrow(rows(26)), csv),
        frame("wide.csv", wide(rows(93)), csv),
        frame("long.csv", long(rows(33)), csv),
        frame("columns.csv", many.assign(train_loss=curve(len(many))), csv),
        frame("wide.parquet", wide(rows(45)), lambda made, path: made.to_parquet(path)),
        frame("lines.jsonl", wide(rows(155)), lambda made, path: made.to_json(path, orient="records", lines=True)),
        folder / "printed.log",
        folder / "trainer_state.json",
    ]
