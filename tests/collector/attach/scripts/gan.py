"""Two networks against one another: two optimizers, two losses."""
# ruff: noqa: PTH123

import json
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(0)
generator, critic = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
for_generator, for_critic = torch.optim.Adam(generator.parameters()), torch.optim.Adam(critic.parameters())
criterion = nn.BCELoss()
expected = {"critic": [], "generator": []}
for real in DataLoader(torch.randn(80, 3), batch_size=8):
    critic.zero_grad()
    on_real = criterion(critic(real), torch.ones(8, 1))
    on_real.backward()
    fake = generator(torch.randn(8, 2))
    on_fake = criterion(critic(fake.detach()), torch.zeros(8, 1))
    on_fake.backward()
    for_critic.step()
    generator.zero_grad()
    loss = criterion(critic(fake), torch.ones(8, 1))
    loss.backward()
    for_generator.step()
    expected["critic"].append((on_real + on_fake).item())
    expected["generator"].append(loss.item())
with open(sys.argv[1], "w") as file:
    json.dump(expected, file)
