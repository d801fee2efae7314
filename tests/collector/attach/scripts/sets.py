"""Validation, test and training data evaluated; halves of one dataset by samplers; teachers and metrics beside the training."""
# ruff: noqa: PTH123

import json
import sys

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

torch.manual_seed(0)
x = torch.randn(120, 4)
dataset = TensorDataset(x, (x.sum(1) > 0).long())
test = TensorDataset(x.neg(), (x.sum(1) < 0).long())
train_loader = DataLoader(dataset, batch_size=20, sampler=SubsetRandomSampler(list(range(80))))
val_loader = DataLoader(dataset, batch_size=20, sampler=SubsetRandomSampler(list(range(80, 120))))
test_loader = DataLoader(test, batch_size=50)
model, teacher = torch.nn.Linear(4, 2), torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)


def evaluate(loader):
    model.eval()
    with torch.inference_mode():
        pairs = [(F.cross_entropy(model(x), y, reduction="sum").item(), len(y)) for x, y in loader]
    model.train()
    return sum(loss for loss, _ in pairs) / sum(n for _, n in pairs)


expected = {"train": [], "val": [], "test": [], "train_eval": []}
for _ in range(4):
    for x, y in train_loader:
        with torch.no_grad():
            soft = teacher(x).softmax(1)
            F.cross_entropy(teacher(x), y)  # how good is the teacher?
        out = model(x)
        loss = F.cross_entropy(out, y) + F.kl_div(out.log_softmax(1), soft, reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            F.cross_entropy(out, y, label_smoothing=0.1)  # a metric
        optimizer.step()
        with torch.no_grad():
            F.cross_entropy(out.detach(), y)
        expected["train"].append(loss.item())
    expected["val"].append(evaluate(val_loader))
    expected["train_eval"].append(evaluate(train_loader))
expected["test"].append(evaluate(test_loader))
with open(sys.argv[1], "w") as file:
    json.dump(expected, file)
