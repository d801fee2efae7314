"""What ``torch.utils.tensorboard`` writes: plain scalars, add_scalars, add_hparams, media beside, a restart that goes back."""

import json
import math
from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter

PACKAGES = ["torch==2.13.0", "tensorboard==2.21.0", "numpy<3"]
HERE = Path(__file__).parent
TRUTH: dict[str, dict[str, list[tuple[int, float]]]] = {}


def note(run: str, name: str, step: int, value: float) -> float:
    """Write down what is logged."""
    TRUTH.setdefault(run, {}).setdefault(name, []).append((step, value))
    return value


def everything() -> None:
    """One run with all kinds of data: only the scalars are curves."""
    run = "everything"
    with SummaryWriter(HERE / "log" / run) as writer:
        for step in range(40):
            loss = {7: math.nan, 8: math.inf, 9: -math.inf}.get(step, 2.5 * math.exp(-step / 20))
            writer.add_scalar("Loss/step", note(run, "Loss/step", step, loss), step)
            writer.add_scalar("lr", note(run, "lr", step, 0.1 * 0.9**step), step)
            if step % 10 == 9:
                both = {"train": 2.0 / step, "val": 3.0 / step}
                for key, value in both.items():
                    note(run, f"Accuracy/epoch/{key}", step, value)
                writer.add_scalars("Accuracy/epoch", both, step)
                writer.add_histogram("weights", torch.linspace(-1, 1, 50), step)
        writer.add_text("remark", "<b>bold</b> words", 0)
        writer.add_image("noise", torch.zeros(3, 4, 4), 0)
        metric = {"hparam/accuracy": note(run, "hparam/accuracy", 0, 0.875)}
        writer.add_hparams({"lr": 0.1, "batch_size": 32, "optimizer": "sgd", "nesterov": True}, metric)


def restarted() -> None:
    """Killed at step 60, resumed from a checkpoint at 45."""
    run = "restarted"
    for attempt, steps in enumerate((range(60), range(45, 90))):
        with SummaryWriter(HERE / "log" / run, purge_step=steps.start if attempt else None) as writer:
            for step in steps:
                writer.add_scalar("train/loss", note(run, "train/loss", step, 1 / (1 + step) + attempt), step)
                if step % 15 == 14:
                    writer.add_scalar("val/loss", note(run, "val/loss", step, 2 / (1 + step) + attempt), step)


def forms() -> None:
    """The other two forms of a scalar: a tensor of float32, and of float64."""
    run = "forms"
    with SummaryWriter(HERE / "log" / run) as writer:
        for step in range(0, 3000, 300):
            writer.add_scalar("new/loss", note(run, "new/loss", step, math.sin(step)), step, new_style=True)
            value = note(run, "precise/loss", step, 1 + math.sin(step) * 1e-12)
            writer.add_scalar("precise/loss", value, step, new_style=True, double_precision=True)


if __name__ == "__main__":
    everything(), restarted(), forms()
    SummaryWriter(HERE / "log" / "empty").close()
    (HERE / "truth.json").write_text(json.dumps(TRUTH))
