"""What tools print while they train: the terminal of transformers, Lightning, Keras, XGBoost and LightGBM, kept in files.

Each training runs in a process of its own whose output, errors included, is the log; callbacks write down what was logged.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

PACKAGES = [
    "torch==2.13.0", "transformers==5.23.0", "accelerate==1.15.0", "lightning==2.6.6", "keras==3.15.1",
    "xgboost-cpu==3.0.2", "lightgbm==4.6.0", "numpy",
]  # fmt: skip
Points = dict[str, list[list[float]]]
TRUTH = Path("told.json")
QUIET = {**os.environ, "PYTHONWARNINGS": "ignore"}  # warnings say where packages are installed


def tell(points: Points) -> None:
    """Leave what was logged for the process that collects it."""
    TRUTH.write_text(json.dumps(points))


def data(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(count, 8)).astype("float32")
    return x, (x[:, :3] * 2).argmax(-1)


def network():
    from torch import nn

    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))


def huggingface(bars: bool) -> None:
    import torch
    from torch import nn
    from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = network()

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            logits = self.body(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    points: Points = {}

    class Heard(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **kwargs) -> None:
            for name, value in (logs or {}).items():
                if name != "epoch" and "train_runtime" not in logs and "runtime" not in name and "second" not in name:
                    points.setdefault(name, []).append([state.global_step, float(value)])

    def examples(seed: int, count: int) -> list[dict[str, torch.Tensor]]:
        return [{"x": torch.tensor(x), "labels": torch.tensor(y)} for x, y in zip(*data(seed, count), strict=True)]

    set_seed(0)
    settings = TrainingArguments(
        output_dir="scratch", max_steps=60, per_device_train_batch_size=8, learning_rate=0.02, logging_steps=4,
        eval_strategy="steps", eval_steps=12, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=not bars,
    )  # fmt: skip
    Trainer(Small(), settings, train_dataset=examples(1, 64), eval_dataset=examples(2, 40), callbacks=[Heard()]).train()
    tell(points)


def lightning() -> None:
    import lightning
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    points: Points = {"train_loss": [], "val_loss": []}

    class Small(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.body = network()
            self.losses: list[float] = []

        def training_step(self, batch, index):
            loss = nn.functional.cross_entropy(self.body(batch[0]), batch[1])
            self.log("train_loss", loss, prog_bar=True)
            points["train_loss"].append([self.global_step + 1, float(loss.detach())])
            return loss

        def validation_step(self, batch, index):
            loss = nn.functional.cross_entropy(self.body(batch[0]), batch[1])
            self.log("val_loss", loss, prog_bar=True)

        def on_validation_epoch_end(self) -> None:
            if not self.trainer.sanity_checking:
                points["val_loss"].append([self.global_step, float(self.trainer.callback_metrics["val_loss"])])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.2)

    lightning.seed_everything(0)

    def loader(seed: int, count: int) -> DataLoader:
        return DataLoader(TensorDataset(*map(torch.tensor, data(seed, count))), batch_size=8)

    trainer = lightning.Trainer(
        max_epochs=4, accelerator="cpu", logger=False, enable_checkpointing=False, enable_model_summary=False,
        callbacks=[lightning.pytorch.callbacks.TQDMProgressBar(refresh_rate=1)],
    )  # fmt: skip
    trainer.fit(Small(), loader(1, 80), loader(2, 16))
    tell(points)


def keras(verbose: int) -> None:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.2), loss=loss, metrics=["accuracy"])
    (x, y), test = data(1, 96), data(2, 40)
    history = model.fit(x, y, validation_data=test, epochs=6, batch_size=8, verbose=verbose).history
    last = model.evaluate(*data(3, 40), verbose=verbose, return_dict=True)
    points = {name: [[float(12 * (i + 1)), v] for i, v in enumerate(values)] for name, values in history.items()}
    tell({**points, **{f"evaluate/{name}": [[72.0, value]] for name, value in last.items()}})


def xgboost() -> None:
    import xgboost

    heard: dict[str, dict[str, list[float]]] = {}
    train, test = (xgboost.DMatrix(*data(seed, 80)) for seed in (1, 2))
    settings = {"objective": "multi:softprob", "num_class": 3, "eta": 0.3, "max_depth": 2, "nthread": 1}
    xgboost.train(settings, train, 12, [(train, "train"), (test, "eval")], evals_result=heard)
    tell({f"{part}-mlogloss": [[float(i), v] for i, v in enumerate(heard[part]["mlogloss"])] for part in heard})


def lightgbm() -> None:
    import lightgbm

    heard: dict[str, dict[str, list[float]]] = {}
    train = lightgbm.Dataset(*data(1, 80))
    settings = {"objective": "multiclass", "num_class": 3, "num_threads": 1, "min_data_in_leaf": 4, "verbosity": -1}
    report = [lightgbm.record_evaluation(heard), lightgbm.log_evaluation(1)]
    lightgbm.train(settings, train, 12, [train, lightgbm.Dataset(*data(2, 80))], callbacks=report)
    tell(
        {
            f"{part}'s multi_logloss": [[float(i + 1), v] for i, v in enumerate(heard[part]["multi_logloss"])]
            for part in heard
        }
    )


TRAININGS = {
    "huggingface": lambda: huggingface(bars=True),
    "huggingface_quiet": lambda: huggingface(bars=False),
    "lightning": lightning,
    "keras": lambda: keras(verbose=1),
    "keras_lines": lambda: keras(verbose=2),
    "xgboost": xgboost,
    "lightgbm": lightgbm,
}


def main() -> None:
    truth: dict[str, Points] = {}
    for name in TRAININGS:
        told = subprocess.run(
            [sys.executable, Path(__file__).name, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
        )
        Path("log", f"{name}.log").write_bytes(
            told.stdout.replace(sys.prefix.encode(), b"site")
        )  # where packages are is nobody's business
        truth[name] = json.loads(TRUTH.read_text())
        TRUTH.unlink()
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    TRAININGS[sys.argv[1]]() if sys.argv[1:] else main()
