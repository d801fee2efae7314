"""A training that never ends, as far as a dashboard can tell: ``python -m benchmarks.dashboard_speed.trainer RUN LOGS SECONDS AHEAD``.

AHEAD rows are logged at once. Then every so many seconds it logs a row with our collector, prints the step and the time at which ``log`` returned, and writes the loss for
TensorBoard, flushed at once.
"""

import math
import random
import sys
import time
from pathlib import Path
from typing import Any

from collector import Collector


def train(run: Path, logs: Path | None, pause: float, ahead: int) -> None:
    """Until killed. Pauses differ by a third, so that they keep no time with anything."""
    noise, writer = random.Random(0), _writer(logs) if logs else None
    with Collector(run, config={"max_steps": 100_000}, classes=10, loss="cross_entropy") as collector:
        for step in range(1, 100_001):
            loss = 0.3 + 2 * math.exp(-step / 500) + noise.gauss(0, 0.05)
            collector.log(loss=loss, accuracy=1 - loss / 3, lr=0.1)
            print(step, time.time(), flush=True)
            if step % 50 == 0:
                collector.log_eval(loss=loss + 0.1)
            if writer:
                writer.add_event(_event(step, loss))
                writer.flush()
            time.sleep(pause * noise.uniform(2 / 3, 4 / 3) if step > ahead else 0)


def _writer(logs: Path) -> Any:
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    return EventFileWriter(str(logs))


def _event(step: int, loss: float) -> Any:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    summary = Summary(value=[Summary.Value(tag="train/loss", simple_value=loss)])
    return Event(wall_time=time.time(), step=step, summary=summary)


if __name__ == "__main__":
    train(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, float(sys.argv[3]), int(sys.argv[4]))
