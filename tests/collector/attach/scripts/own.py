"""A script that records itself."""

import sys

import torch

from collector import Collector

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with Collector(sys.argv[1], model=model, optimizer=optimizer) as run:
    for _ in range(3):
        loss = torch.nn.functional.mse_loss(model(torch.ones(4, 2)), torch.ones(4, 1))
        loss.backward()
        optimizer.step()
        run.log(loss=loss)
