"""Micro-batches: their gradients accumulate; the loss is divided by their number, or not, or is a sum. GradScaler if asked."""
# ruff: noqa: PTH123

import json
import sys

import torch
import torch.nn.functional as F

way, out = sys.argv[1:]
steps, micro = 6, 4
torch.manual_seed(0)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu", enabled=way == "scaled", init_scale=1024.0)
expected = []
for step in range(steps):
    losses = []
    for _ in range(micro if step < steps - 1 else 3):  # the last window is cut short
        x = torch.randn(8, 3)
        loss = F.mse_loss(model(x), x.sum(1, keepdim=True), reduction="sum" if way == "summed" else "mean")
        losses.append(loss.item() / (8 if way == "summed" else 1))
        if way in ("divided", "scaled"):
            loss = loss / micro
        scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
    expected.append(sum(losses) / len(losses))
with open(out, "w") as file:
    json.dump({"train": expected}, file)
