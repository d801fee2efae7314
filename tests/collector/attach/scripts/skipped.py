"""Mixed precision whose first scales are too large: GradScaler skips those steps."""
# ruff: noqa: PTH123

import json
import sys

import torch

torch.manual_seed(0)
model = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126, growth_interval=1000)
expected, skipped = [], 0
for _ in range(10):
    optimizer.zero_grad()
    x = torch.randn(16, 3) * 20
    with torch.autocast("cpu", torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(x), (x.sum(1) > 0).long())
    scale = scaler.get_scale()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    if scaler.get_scale() < scale:
        skipped += 1
    else:
        expected.append(loss.item())
assert skipped
with open(sys.argv[1], "w") as file:
    json.dump({"train": expected}, file)
