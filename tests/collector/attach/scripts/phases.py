"""The loop of the transfer-learning tutorial, twice: two models are trained one after the other."""
# ruff: noqa: PTH123

import json
import sys

import torch
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(60, 4)
sets = {"train": TensorDataset(x[:40], (x[:40, 0] > 0).long()), "val": TensorDataset(x[40:], (x[40:, 0] > 0).long())}
loaders = {name: DataLoader(data, batch_size=12, shuffle=name == "train") for name, data in sets.items()}
criterion = torch.nn.CrossEntropyLoss()


def train(epochs):
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    found = {"train": [], "val": [], "accuracy": []}
    for _ in range(epochs):
        for phase in ["train", "val"]:
            model.train(phase == "train")
            running = right = 0.0
            for inputs, labels in loaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                        found["train"].append(loss.item())
                running += loss.item() * len(labels)
                right += (outputs.argmax(1) == labels).sum().item()
        found["val"].append(running / len(sets["val"]))
        found["accuracy"].append(right / len(sets["val"]))
    return model, found


first, found = train(3)
second, other = train(2)
with open(sys.argv[1], "w") as file:
    json.dump({"first": found, "second": other}, file)
