"""Two trainings into one CSVLogger folder: a rate monitor, a metric of both step and epoch, one that appears late."""

import json
from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

PACKAGES = ["torch==2.13.0", "lightning==2.6.6"]


class Recorded(CSVLogger):
    """Keeps what is logged, as it is logged."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.points: dict[str, list[list[float]]] = {}

    def log_metrics(self, metrics, step=None) -> None:
        for name, value in metrics.items():
            self.points.setdefault(name, []).append([step, float(value)])
        super().log_metrics(metrics, step)


class Small(LightningModule):
    def __init__(self, lr: float, hidden: int) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.body = nn.Sequential(nn.Linear(8, hidden), nn.Tanh(), nn.Linear(hidden, 3))

    def training_step(self, batch, index):
        x, y = batch
        loss = nn.functional.cross_entropy(self.body(x), y)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        if self.current_epoch > 0:
            self.log("late", loss * 2)
        return loss

    def validation_step(self, batch, index):
        x, y = batch
        logits = self.body(x)
        self.log("val_loss", nn.functional.cross_entropy(logits, y))
        self.log("val_acc", (logits.argmax(-1) == y).float().mean())

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), self.hparams.lr)
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)]


def data(seed: int, count: int) -> DataLoader:
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 8, generator=made)
    return DataLoader(TensorDataset(x, (x[:, :3] * 2).argmax(-1)), batch_size=8)


def main() -> None:
    truth = {}
    for lr in (0.01, 0.1):
        seed_everything(0)
        logger = Recorded("log", name="lightning_logs")
        trainer = Trainer(
            max_epochs=4, logger=logger, log_every_n_steps=2, accelerator="cpu", enable_checkpointing=False,
            enable_progress_bar=False, callbacks=[LearningRateMonitor("step")],
        )  # fmt: skip
        trainer.fit(Small(lr, 16), data(1, 80), data(2, 40))
        truth[f"version_{logger.version}"] = logger.points
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
