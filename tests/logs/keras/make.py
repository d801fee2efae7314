"""Keras' CSVLogger, once alone and once appended to by a second ``fit``; and the History as JSON, plain and by pandas."""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pandas as pd

PACKAGES = ["torch==2.13.0", "keras==3.15.1", "pandas==3.1.1"]


def data(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(count, 8)).astype("float32")
    return x, (x[:, :3] * 2).argmax(-1)


def model(lr: float) -> keras.Model:
    keras.utils.set_random_seed(0)
    small = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(3)])
    small.compile(
        keras.optimizers.Adam(lr), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return small


def points(histories: list[dict[str, list[float]]]) -> dict[str, list[list[float]]]:
    """One after the other, counted through."""
    names = histories[0]
    joined = {name: [value for history in histories for value in history[name]] for name in names}
    return {name: [[i, float(value)] for i, value in enumerate(values)] for name, values in joined.items()}


def fit(small: keras.Model, file: str, append: bool) -> dict[str, list[float]]:
    held = data(2, 40)
    calls = [
        keras.callbacks.ReduceLROnPlateau(patience=1),
        keras.callbacks.CSVLogger(file, append=append),
        keras.callbacks.TerminateOnNaN(),
    ]
    return small.fit(*data(1, 80), epochs=6, batch_size=8, validation_data=held, callbacks=calls, verbose=0).history


def main() -> None:
    once = fit(model(0.05), "log/training.csv", append=False)
    again = model(0.01)
    twice = [fit(again, "log/appended.csv", append=True) for _ in range(2)]
    plain = {name: [float(v) for v in values] for name, values in once.items()}
    Path("log/history.json").write_text(json.dumps(plain))
    pd.DataFrame(once).to_json("log/by_pandas.json")
    truth = {"training": points([once]), "appended": points(twice), "history": points([once])}
    Path("truth.json").write_text(json.dumps({**truth, "by_pandas": points([once])}))


if __name__ == "__main__":
    main()
