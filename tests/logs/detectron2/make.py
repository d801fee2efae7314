"""Detectron2's ``metrics.json``. Detectron2 is on no registry, so this writes the lines as its ``JSONWriter`` does:
every 20 iterations the latest value of each scalar, those with a smoothing hint as the median of the last 20, grouped by the
iteration at which they were put, keys sorted; an evaluation's results are put at the iteration after which it ran.
"""

import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np

PACKAGES = ["numpy==2.4.6"]
WINDOW = 20


class Storage:
    """``EventStorage`` as far as the writer asks it."""

    def __init__(self) -> None:
        self.values: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.hints: dict[str, bool] = {}
        self.iter = 0

    def put_scalar(self, name: str, value: float, smoothing_hint: bool = True) -> None:
        self.values[name].append((float(value), self.iter))
        self.hints[name] = smoothing_hint

    def latest(self) -> dict[str, tuple[float, int]]:
        found = {}
        for name, points in self.values.items():
            value, at = points[-1]
            found[name] = (float(np.median([v for v, _ in points[-WINDOW:]])) if self.hints[name] else value, at)
        return found


class JSONWriter:
    def __init__(self, file: Path, truth: dict[str, list[list[float]]]) -> None:
        self.file, self.truth, self.last = file.open("a"), truth, -1

    def write(self, storage: Storage) -> None:
        to_save: dict[int, dict[str, float]] = defaultdict(dict)
        for name, (value, at) in storage.latest().items():
            if at > self.last:
                to_save[at][name] = value
        self.last = max([*to_save, self.last])
        for at, scalars in to_save.items():
            for name, value in scalars.items():
                self.truth.setdefault(name, []).append([at, value])
            self.file.write(json.dumps(scalars | {"iteration": at}, sort_keys=True) + "\n")


def main() -> None:
    truth: dict[str, list[list[float]]] = {}
    Path("log/output").mkdir()
    storage, writer = Storage(), JSONWriter(Path("log/output/metrics.json"), truth)
    for i in range(400):
        storage.iter = i
        parts = {"loss_cls": 2 * math.exp(-i / 90), "loss_box_reg": 0.5 + 0.1 * math.sin(i)}
        for name, value in {**parts, "total_loss": sum(parts.values()), "data_time": 0.01}.items():
            storage.put_scalar(name, math.nan if name == "total_loss" and i > 395 else value)
        storage.put_scalar("lr", 0.02 * min(1, (i + 1) / 100), smoothing_hint=False)
        if (i + 1) % 130 == 0:
            storage.put_scalar("bbox/AP", i / 10, smoothing_hint=False)
        if (i + 1) % 20 == 0:
            writer.write(storage)
    writer.file.close()
    Path("truth.json").write_text(json.dumps({"output": truth}))


if __name__ == "__main__":
    main()
