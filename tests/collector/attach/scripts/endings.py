"""What a script may rely on, and the ways it may end."""
# ruff: noqa: PTH100, PTH120, PTH121, T201, I001

import os
import pickle
import sys

import torch

from neighbour import HERE


class Thing:
    pass


def deeper():
    raise ValueError("no more data")


if __name__ == "__main__":
    assert sys.argv[1:] == [sys.argv[1], "--name", "its own"] and sys.argv[0].endswith("endings.py")
    assert (
        os.path.abspath(__file__) == __file__ and __spec__ is None and os.path.samefile(os.path.dirname(__file__), HERE)
    )
    assert type(pickle.loads(pickle.dumps(Thing()))) is Thing and sys.modules["__main__"].Thing is Thing
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.nn.functional.mse_loss(model(torch.ones(4, 2)), torch.ones(4, 1)).backward()
    optimizer.step()
    print("printed")
    way = sys.argv[1]
    if way == "raise":
        deeper()
    if way == "interrupt":
        raise KeyboardInterrupt
    if way == "exit":
        sys.exit(3)
    if way == "message":
        sys.exit("gone")
