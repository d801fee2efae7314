"""The examples of docs/integrations.md, run as they stand there."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from diagnostics.readers.run_folder import read

PAGE = Path(__file__).parents[3] / "docs" / "integrations.md"
EXAMPLES = re.findall(r"^## ([^\n]+)\n\n```python\n(.+?)```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def lightning(digits):
    import lightning.pytorch as L

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Linear(64, 10)

        def training_step(self, batch, batch_idx):
            return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, batch_idx):
            self.log("val_loss", self.training_step(batch, batch_idx))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return {"module": Net(), "train_loader": digits.loader(), "val_loader": digits.loader()}


def trainer(digits):
    class Net(torch.nn.Linear):
        def forward(self, x, labels):
            logits = super().forward(x)
            return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}

    return {"model": Net(64, 10), "rows": [{"x": x, "labels": y} for x, y in zip(digits.x, digits.y, strict=True)]}


def accelerate(digits):
    model = torch.nn.Linear(64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return {"model": model, "optimizer": optimizer, "loader": digits.loader(), "criterion": torch.nn.CrossEntropyLoss()}


def keras(digits):
    import keras

    return {"model": keras.Sequential([keras.layers.Dense(10)]), "x": digits.x.numpy(), "y": digits.y.numpy()}


NAMES = {"Lightning": lightning, "Hugging Face Trainer": trainer, "Accelerate": accelerate, "Keras 3": keras}


@pytest.mark.filterwarnings("ignore:.*LeafSpec.*")
@pytest.mark.filterwarnings("ignore:.*does not have many workers")
@pytest.mark.filterwarnings("ignore:Starting from v1.9.0, `tensorboardX`")
@pytest.mark.filterwarnings("ignore:The number of training batches")
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
@pytest.mark.parametrize(("title", "code"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_the_example_records_a_run(title, code, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, title, "exec"), NAMES[title](digits))
    (folder,) = (tmp_path / "runs").iterdir()
    (found,) = read(folder)
    assert np.isfinite(found["train/loss"].values).all() and len(found["train/loss"]) >= 6
    assert (found["optim/update_ratio"].values > 0).all() and found.state == "finished"


def test_every_framework_has_its_example():
    assert [title for title, _ in EXAMPLES] == list(NAMES)
