"""A language model without DataLoaders: one function estimates the loss of both splits, settings are globals."""
# ruff: noqa: PTH123

import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

learning_rate = 1e-2
block_size, batch_size = 8, 4
vocabulary = 11
compiled = "--compile" in sys.argv
data = {"train": torch.arange(400) % vocabulary, "val": torch.arange(100) * 3 % vocabulary}
torch.manual_seed(0)


def get_batch(split):
    at = torch.randint(len(data[split]) - block_size, (batch_size,))
    x = torch.stack([data[split][i : i + block_size] for i in at])
    return x, torch.stack([data[split][i + 1 : i + 1 + block_size] for i in at])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(vocabulary, 16), nn.Linear(16, vocabulary)

    def forward(self, x, y=None):
        logits = self.head(self.embedding(x))
        return logits, None if y is None else F.cross_entropy(logits.view(-1, vocabulary), y.view(-1))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
if compiled:
    model = torch.compile(model, backend="eager", fullgraph=True)


@torch.no_grad()
def estimate():
    model.eval()
    out = {}
    for split in ("train", "val"):
        losses = [model(*get_batch(split))[1].item() for _ in range(5)]
        out[split] = sum(losses) / len(losses)
    model.train()
    return out


expected = {"train": [], "val": [], "train_eval": []}
for step in range(20):
    if step % 5 == 0:
        losses = estimate()
        expected["val"].append(losses["val"])
        expected["train_eval"].append(losses["train"])
    loss = model(*get_batch("train"))[1]
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    expected["train"].append(loss.item())
with open(sys.argv[1], "w") as file:
    json.dump(expected, file)
