"""A Lightning module, trained with accumulation and validation."""
# ruff: noqa: PTH123

import json
import sys
import warnings

import lightning as L
import torch
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")
seen = {"train": [], "val": [], "accuracy": []}


class Module(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def training_step(self, batch, index):
        loss = torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])
        seen["train"].append(loss.item())
        return loss

    def validation_step(self, batch, index):
        logits = self.layer(batch[0])
        self.log("val_loss", torch.nn.functional.cross_entropy(logits, batch[1]))
        self.log("val_accuracy", (logits.argmax(1) == batch[1]).float().mean())

    def on_validation_epoch_end(self):
        seen["val"].append(self.trainer.callback_metrics["val_loss"].item())
        seen["accuracy"].append(self.trainer.callback_metrics["val_accuracy"].item())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


L.seed_everything(0, verbose=False)
x = torch.randn(100, 4)
y = x[:, :3].argmax(1)
trainer = L.Trainer(
    max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
    enable_model_summary=False, accumulate_grad_batches=2, num_sanity_val_steps=0,
)  # fmt: skip
trainer.fit(
    Module(),
    DataLoader(TensorDataset(x[:64], y[:64]), batch_size=16),
    DataLoader(TensorDataset(x[64:], y[64:]), batch_size=20),
)
seen["train"] = [(a + b) / 2 for a, b in zip(seen["train"][::2], seen["train"][1::2], strict=True)]
with open(sys.argv[1], "w") as file:
    json.dump(seen, file)
