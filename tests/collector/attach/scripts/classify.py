"""A classification in the usual shape: DataLoaders, a validation after every epoch, argparse."""
# ruff: noqa: PTH123

import argparse
import json

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--workers", type=int, default=0)
parser.add_argument("--spawn", action="store_true")
parser.add_argument("--out", required=True)
parser.add_argument("--api-key", default="sk-0123456789abcdef")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.1), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x):
        return self.layers(x)


def evaluate(model, loader, criterion):
    model.eval()
    total = right = seen = 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            total += criterion(out, y).item() * len(y)
            right += (out.argmax(1) == y).sum().item()
            seen += len(y)
    model.train()
    return total / seen, right / seen


def main():
    args = parser.parse_args()
    torch.manual_seed(0)
    x = torch.randn(100, 5)
    train, val = random_split(TensorDataset(x, (x @ torch.randn(5, 4)).argmax(1)), [70, 30])
    options = {"num_workers": args.workers, "multiprocessing_context": "spawn" if args.spawn else None}
    train_loader = DataLoader(train, batch_size=16, shuffle=True, **options)
    val_loader = DataLoader(val, batch_size=16, **options)
    model, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    expected = {"train": [], "val": [], "accuracy": []}
    for _ in range(args.epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            expected["train"].append(loss.item())
        loss, accuracy = evaluate(model, val_loader, criterion)
        expected["val"].append(loss)
        expected["accuracy"].append(accuracy)
    with open(args.out, "w") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main()
