"""A regression on tensors held in memory: no DataLoader, no eval(), and evaluation in passing."""
# ruff: noqa: PTH123

import json
import sys

import torch

torch.manual_seed(0)
x_train, x_val = torch.randn(50, 2), torch.randn(20, 2)
y_train, y_val = x_train.sum(1, keepdim=True), x_val.sum(1, keepdim=True)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = torch.nn.MSELoss()
expected = {"train": [], "val": []}
for _ in range(12):
    loss = criterion(model(x_train), y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        val_loss = criterion(model(x_val), y_val)
    expected["train"].append(loss.item())
    expected["val"].append(val_loss.item())
with open(sys.argv[1], "w") as file:
    json.dump(expected, file)
