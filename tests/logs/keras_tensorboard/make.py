"""What Keras' TensorBoard callback writes: ``train/`` and ``validation/``, scalars as tensors, epochs beside steps.

The callback is Keras' own and runs in a real ``fit``. TensorFlow, whose summary module it calls, is not installed: a stand-in of a
few lines writes the protos of ``tensorboard.plugins.scalar.summary_v2``, as TensorFlow does, the plugin's metadata only with a tag's
first value in a file.
"""

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

PACKAGES = ["keras==3.15.1", "torch==2.13.0", "tensorboard==2.21.0", "numpy<3"]
HERE = Path(__file__).parent
TRUTH: dict[str, dict[str, list[tuple[int, float]]]] = {}
os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402
from tensorboard.plugins.scalar.summary_v2 import scalar_pb  # noqa: E402
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: E402


class Writer:
    """A TensorFlow 2 summary writer, as far as scalars go."""

    current: list["Writer"] = []  # noqa: RUF012
    recording = [True]  # noqa: RUF012

    def __init__(self, folder: str) -> None:
        self.folder, self.file, self.known = Path(folder), EventFileWriter(folder, filename_suffix=".v2"), set()

    @contextmanager
    def as_default(self, step: int | None = None):
        """Write here inside."""
        Writer.current.append(self)
        yield
        Writer.current.pop()

    def close(self) -> None:
        """Flush."""
        self.file.close()


@contextmanager
def record_if(condition):
    """Write only where ``condition`` says so."""
    Writer.recording.append(condition)
    yield
    Writer.recording.pop()


def scalar(name: str, value: float, step: int) -> None:
    """As tf.summary.scalar."""
    wanted = Writer.recording[-1]
    if not Writer.current or not (wanted() if callable(wanted) else wanted):
        return
    writer, step = Writer.current[-1], int(step)
    summary = scalar_pb(name, float(value))
    if name in writer.known:
        summary.value[0].ClearField("metadata")
    writer.known.add(name)
    event = Event(step=step, summary=summary)
    event.wall_time = time.time()
    writer.file.add_event(event)
    run = TRUTH.setdefault(writer.folder.parent.name, {})
    run.setdefault(f"{writer.folder.name}/{name}", []).append((step, float(np.float32(value))))


def fit(run: str, update_freq: str | int) -> None:
    """Train four epochs of ten batches."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 4)).astype("float32")
    y = (x.sum(1) > 0).astype("float32")
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    board = keras.callbacks.TensorBoard(str(HERE / "log" / run), write_graph=False, update_freq=update_freq)
    board._summary_module = SimpleNamespace(create_file_writer=Writer, scalar=scalar, record_if=record_if)
    model.fit(x, y, epochs=4, batch_size=8, validation_split=0.25, callbacks=[board], verbose=0)


if __name__ == "__main__":
    fit("by_epoch", "epoch")
    fit("by_batch", "batch")
    (HERE / "truth.json").write_text(json.dumps(TRUTH))
