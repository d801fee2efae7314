"""LBFGS: the closure is called several times a step."""
# ruff: noqa: PTH123

import json
import sys

import torch

torch.manual_seed(0)
x = torch.randn(30, 2)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.3, max_iter=3)


def closure():
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), x.prod(1, keepdim=True))
    loss.backward()
    return loss


expected = [optimizer.step(closure).item() for _ in range(5)]
with open(sys.argv[1], "w") as file:
    json.dump({"train": expected}, file)
