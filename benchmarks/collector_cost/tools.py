"""The tools that are compared: how each is opened, and how it logs one step of named floats, in its default settings."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Log = Callable[..., Any]


@dataclass
class Opened:
    """A tool that is recording: ``log(loss=…, accuracy=…, …)`` stores one step, ``work()`` stands for the training."""

    log: Log
    close: Callable[[], Any]
    work: Callable[[], Any] | None = None


def nothing(folder: Path) -> Opened:
    """An empty call: what the timing itself costs."""

    def log(**scalars: float) -> None:
        pass

    return Opened(log, lambda: None)


def csv(folder: Path) -> Opened:
    """A line of text, flushed to the system: the plainest way that loses nothing when the process is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "log.csv").open("w")

    def log(**scalars: float) -> None:
        file.write(",".join(map(repr, scalars.values())) + "\n")
        file.flush()

    return Opened(log, file.close)


def curvewise(folder: Path) -> Opened:
    """Ours; a step is a call of ``log``."""
    from collector import Collector

    run = Collector(folder / "run")
    return Opened(run.log, run.close)


def curvewise_optimizer(folder: Path) -> Opened:
    """Ours with an optimizer attached: each row also holds what the hooks saw, and every tenth step is measured."""
    import torch

    from collector import Collector

    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 4))
    model(torch.randn(8, 16)).square().mean().backward()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    run = Collector(folder / "run", model=model, optimizer=optimizer)
    return Opened(run.log, run.close, optimizer.step)


def tensorboard(folder: Path) -> Opened:
    """One ``add_scalar`` a value."""
    from torch.utils.tensorboard import SummaryWriter

    writer, step = SummaryWriter(folder), 0

    def log(**scalars: float) -> None:
        nonlocal step
        for name, value in scalars.items():
            writer.add_scalar(name, value, step)
        step += 1

    return Opened(log, writer.close)


def trackio(folder: Path) -> Opened:
    """Local mode: no server, no Space; it writes where TRACKIO_DIR says."""
    import trackio

    trackio.init(project="bench", name="run", embed=False)

    def log(**scalars: float) -> None:
        trackio.log(scalars)

    return Opened(log, trackio.finish)


def wandb(folder: Path) -> Opened:
    """Offline mode."""
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    run = wandb.init(project="bench", mode="offline", dir=folder, settings=wandb.Settings(silent=True))

    def log(**scalars: float) -> None:
        run.log(scalars)

    return Opened(log, run.finish)


OURS, OURS_OPTIMIZER, TRACKIO = "curvewise", "curvewise, optimizer", "Trackio local"
TOOLS: dict[str, Callable[[Path], Opened]] = {
    "nothing": nothing,
    "csv + flush": csv,
    OURS: curvewise,
    OURS_OPTIMIZER: curvewise_optimizer,
    "TensorBoard": tensorboard,
    TRACKIO: trackio,
    "W&B offline": wandb,
}
PEERS = {"TensorBoard": "tensorboard", TRACKIO: "trackio", "W&B offline": "wandb"}  # tool → the package it needs


def missing() -> list[str]:
    """The peers that are not installed here."""
    return [tool for tool, package in PEERS.items() if importlib.util.find_spec(package) is None]
