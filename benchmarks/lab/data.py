"""Real data sets that ship inside Python packages: nothing is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Data:
    """Train and validation tensors; ``classes`` is None for a regression."""

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor
    classes: int | None


def digits() -> Data:
    """scikit-learn's handwritten digits: 1,797 images of 8 × 8, pixels scaled to 0–1."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return _split(x / 16.0, y, 10)


def cancer() -> Data:
    """scikit-learn's breast cancer table: 569 rows, 30 standardised columns, 2 classes."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return _split(_standardised(x), y, 2)


def wine() -> Data:
    """scikit-learn's wine table: 178 rows, 13 standardised columns, 3 classes."""
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    return _split(_standardised(x), y, 3)


def diabetes() -> Data:
    """scikit-learn's diabetes table: 442 rows, 10 standardised columns, one standardised target."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return _split(_standardised(x), _standardised(y[:, None])[:, 0], None)


def photo() -> Data:
    """scikit-learn's photograph of a temple: colour (3) of a pixel from Fourier features (34) of its position, thinned by 8."""
    from sklearn.datasets import load_sample_image

    image = load_sample_image("china.jpg")[::8, ::8] / 255.0
    rows, cols = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.shape[:2]), indexing="ij")
    place = np.stack([rows.ravel(), cols.ravel()], axis=1)
    waves = [f(place * np.pi * 2.0**k) for k in range(8) for f in (np.sin, np.cos)]
    return _split(np.concatenate([place, *waves], axis=1), image.reshape(-1, 3), None)


def chars() -> Data:
    """The text of Python's own help topics as windows of 16 characters and the character that follows each."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics))[:60_000]
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(c) for c in text])
    windows = np.lib.stride_tricks.sliding_window_view(codes, 17)[::3]
    return _split(windows[:, :16], windows[:, 16], len(alphabet))


DATA: dict[str, Callable[[], Data]] = {f.__name__: f for f in (digits, cancer, wine, diabetes, photo, chars)}


def _standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _split(x: np.ndarray, y: np.ndarray, classes: int | None) -> Data:
    """A fixed shuffle, then the last quarter as validation."""
    order = np.random.default_rng(0).permutation(len(x))
    cut = len(x) * 3 // 4
    inputs = torch.as_tensor(x[order], dtype=torch.long if x.dtype.kind == "i" else torch.float32)
    targets = torch.as_tensor(y[order], dtype=torch.float32 if classes is None else torch.long)
    return Data(inputs[:cut], targets[:cut], inputs[cut:], targets[cut:], classes)
