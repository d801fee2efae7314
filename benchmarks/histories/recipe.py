"""What a history is trained with: drawn at random, so that no choice of ours decides which of them overfit."""

from dataclasses import dataclass

import numpy as np

from benchmarks.histories.data import Subject

STEPS = {"mlp": 5_000, "cnn": 1_500, "gru": 900}  # the most a network is trained, for the whole to take minutes
FREE = 0.65  # of the recipes: about half of all histories then overfit


@dataclass(frozen=True)
class Recipe:
    """One training. ``measured``: the training loss is taken afterwards, in evaluation mode; else while training."""

    data: str
    model: str
    width: int
    depth: int
    dropout: float
    optimizer: str
    lr: float
    schedule: str
    weight_decay: float
    label_noise: float
    augment: bool
    train_size: int
    val_size: int
    batch: int
    epochs: int
    measured: bool
    accuracy: str  # what is logged of it: "none", "fraction" or "per cent"
    log_lr: bool
    seed: int


def draw(data: str, subject: Subject, seed: int) -> Recipe:
    """A recipe for ``data``: some on little data and free, some on more or held back."""
    rng = np.random.default_rng([seed, *data.encode()])
    model = _model(subject, rng)
    free = rng.random() < FREE
    most = len(subject.x) * 2 // 5
    size = max(40, int(most * rng.choice([0.05, 0.1, 0.2, 0.5] if free else [0.3, 1.0, 1.0])))
    batch = int(rng.choice([16, 32, 64, 128]))
    epochs = int(rng.choice([30, 60, 100, 150, 200, 300] if free else [20, 30, 60, 100, 200]))
    epochs = max(20, min(epochs, STEPS[model] // max(1, size // batch)))
    adam = rng.random() < 0.6
    rates = (
        ([1e-3, 3e-3] if free else [3e-4, 1e-3, 3e-3, 1e-2]) if adam else ([1e-2, 3e-2] if free else [3e-3, 1e-2, 1e-1])
    )
    return Recipe(
        data=data,
        model=model,
        width=int(rng.choice([32, 64, 128] if free else [8, 16, 32, 64])),
        depth=int(rng.choice([1, 2, 3])) if model == "mlp" else 1,
        dropout=float(rng.choice([0.0, 0.0, 0.2] if free else [0.0, 0.2, 0.5])),
        optimizer="adamw" if adam else "momentum",
        lr=float(rng.choice(rates)),
        schedule=str(rng.choice(["constant", "constant", "cosine", "step"])),
        weight_decay=float(rng.choice([0.0, 0.0, 1e-3] if free else [0.0, 1e-2, 1e-1])) * (1.0 if adam else 0.1),
        label_noise=float(rng.choice([0.0, 0.0, 0.2])),
        augment=not free and not subject.symbols and bool(rng.random() < 0.4),
        train_size=size,
        val_size=int(rng.choice([100, 300, 1_000])),
        batch=batch,
        epochs=epochs,
        measured=bool(rng.random() < 0.3),
        accuracy=str(rng.choice(["none", "fraction", "per cent"])) if subject.classes else "none",
        log_lr=bool(rng.random() < 0.5),
        seed=seed,
    )


def _model(subject: Subject, rng: np.random.Generator) -> str:
    if subject.symbols:
        return str(rng.choice(["gru", "mlp"]))
    return str(rng.choice(["cnn", "mlp"])) if subject.x.ndim == 3 else "mlp"
