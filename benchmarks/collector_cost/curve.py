"""The four numbers of each step that are logged: those of a real training, and noise that nothing compresses."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def job(folder: Path, steps: int) -> None:
    """Write ``curve.npy`` and ``noise.npy``, float64 [steps, 4], into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "curve.npy", trained(steps))
    np.save(folder / "noise.npy", np.random.default_rng(0).standard_normal((steps, 4)))


def trained(steps: int) -> NDArray[np.float64]:
    """Loss, batch accuracy, learning rate and gradient norm of a small network on scikit-learn's digits."""
    import torch
    from torch.nn import functional as F

    from benchmarks.collector_cost.networks import mlp

    torch.set_num_threads(1)
    model, optimizer, batches = mlp()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rows = np.empty((steps, 4))
    for i in range(steps):
        x, y = next(batches)
        output = model(x)
        loss = F.cross_entropy(output, y)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1e9)
        accuracy = (output.argmax(1) == y).float().mean()
        rows[i] = loss.item(), accuracy.item(), optimizer.param_groups[0]["lr"], norm.item()
        optimizer.step()
        schedule.step()
    return rows
