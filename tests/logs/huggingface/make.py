"""Trains a tiny network with transformers' ``Trainer``: three checkpoints, two evaluation sets, a rate that decays."""

import json
from pathlib import Path

import torch
from torch import nn
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

PACKAGES = ["torch==2.13.0", "transformers==5.23.0", "accelerate==1.15.0"]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.body(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class Heard(TrainerCallback):
    """What the trainer told its callbacks, with all digits."""

    def __init__(self) -> None:
        self.points: dict[str, list[list[float]]] = {}

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        if "train_runtime" in logs:
            return
        for name, value in logs.items():
            if name != "epoch":
                self.points.setdefault(name, []).append([state.global_step, float(value)])


def examples(seed: int, count: int) -> list[dict[str, torch.Tensor]]:
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 8, generator=made)
    return [{"x": row, "labels": (row[:3] * 2).argmax()} for row in x]


def accuracy(found) -> dict[str, float]:
    return {"accuracy": float((found.predictions.argmax(-1) == found.label_ids).mean())}


def main() -> None:
    set_seed(0)
    heard = Heard()
    settings = TrainingArguments(
        output_dir="log/output", max_steps=60, per_device_train_batch_size=8, learning_rate=0.02, warmup_steps=5,
        logging_steps=4, logging_first_step=True, eval_strategy="steps", eval_steps=10, save_steps=20, report_to=[],
        use_cpu=True, disable_tqdm=True, save_only_model=True,
    )  # fmt: skip
    sets = {"near": examples(2, 40), "far": examples(3, 40)}
    trainer = Trainer(
        Small(), settings, train_dataset=examples(1, 64), eval_dataset=sets, compute_metrics=accuracy, callbacks=[heard]
    )
    trainer.train()
    trainer.save_state()
    for weights in Path("log").rglob("*"):
        if weights.is_file() and weights.name != "trainer_state.json":
            weights.unlink()
    Path("truth.json").write_text(json.dumps({"output": heard.points}))


if __name__ == "__main__":
    main()
