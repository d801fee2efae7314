"""A data set of the lab: three parts of the rows, and what makes rows of a photograph, a text, a series or a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

TRAIN_SHARE, VAL_SHARE = 0.6, 0.2  # of the rows; the rest is held out from training and from every choice
MOST_TRAIN, MOST_VAL = 8000, 300  # rows: what is worth the time of evaluating it
WINDOW = 16  # characters a network sees before the one it is to name
PAST = 24  # values of a series it sees before the next


@dataclass(frozen=True)
class Data:
    """Inputs and targets of three parts: one to train on, one to watch, and one that nobody watches.

    ``classes`` is None for a regression. ``tokens`` is (length, features) of an input that can be read in order, None for a table.
    """

    train: tuple[Tensor, Tensor]
    val: tuple[Tensor, Tensor]
    held: tuple[Tensor, Tensor]
    classes: int | None
    tokens: tuple[int, int] | None = None


def standardised(x: np.ndarray) -> np.ndarray:
    """Every column with mean 0 and deviation 1."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def photo(image: np.ndarray, thin: int) -> Data:
    """Three colours (0–1) from 22 Fourier features of a pixel's place."""
    place, colours = pixels(image, thin)
    waves = [f(place * np.pi * 2.0**k) for k in range(5) for f in (np.sin, np.cos)]
    return split(np.concatenate([place, *waves], axis=1), colours, None)


def pixels(image: np.ndarray, thin: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column (-1 to 1) of every pixel, and its colours (0–1)."""
    image = image[::thin, ::thin] / 255.0
    rows, cols = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.shape[:2]), indexing="ij")
    return np.stack([rows.ravel(), cols.ravel()], axis=1), image.reshape(-1, image.shape[-1])


def characters(text: str) -> Data:
    """The character after each window."""
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(c) for c in text])
    windows = np.lib.stride_tricks.sliding_window_view(codes, WINDOW + 1)[::3]
    return split(windows[:, :WINDOW], windows[:, WINDOW], len(alphabet), (WINDOW, 1))


def series(values: np.ndarray) -> Data:
    """The value after each window."""
    windows = np.lib.stride_tricks.sliding_window_view(standardised(values), PAST + 1)
    return split(windows[:, :PAST], windows[:, PAST], None, (PAST, 1))


def table(rows: Iterable[tuple[dict[str, Any], Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Columns and class numbers of a stream of River's."""
    inputs, targets = zip(*rows, strict=True)
    return np.array([list(row.values()) for row in inputs], float), codes(targets)


def codes(values: Iterable[Any]) -> np.ndarray:
    """A number from 0 on for each different value."""
    return np.unique(np.array(list(values)), return_inverse=True)[1]


def tiles(picture: np.ndarray, side: int, mean: int) -> np.ndarray:
    """Patches side by side of a grey ``picture``, of ``side`` × ``side`` means of ``mean`` × ``mean`` pixels, without their own mean."""
    rows, cols = (n // mean // side for n in picture.shape)
    small = picture[: rows * side * mean, : cols * side * mean].reshape(rows * side, mean, cols * side, mean)
    small = small.mean(axis=(1, 3)).reshape(rows, side, cols, side).swapaxes(1, 2).reshape(-1, side * side)
    small = small - small.mean(axis=1, keepdims=True)
    return small / small.std()


def split(x: np.ndarray, y: np.ndarray, classes: int | None, tokens: tuple[int, int] | None = None) -> Data:
    """A fixed shuffle, then the three parts."""
    order = np.random.default_rng(0).permutation(len(x))
    first, second = int(TRAIN_SHARE * len(x)), int((TRAIN_SHARE + VAL_SHARE) * len(x))
    inputs = torch.as_tensor(x[order], dtype=torch.long if x.dtype.kind == "i" else torch.float32)
    targets = torch.as_tensor(y[order], dtype=torch.float32 if classes is None else torch.long)
    parts = [
        (inputs[p], targets[p]) for p in (slice(min(first, MOST_TRAIN)), *_at(first, second), *_at(second, len(x)))
    ]
    return Data(parts[0], parts[1], parts[2], classes, tokens)


def _at(first: int, end: int) -> tuple[slice]:
    return (slice(first, min(end, first + MOST_VAL)),)
