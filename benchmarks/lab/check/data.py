"""The data sets of the part ``check``, which are in neither of the other parts."""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module

import numpy as np

from benchmarks.lab.shapes import Data, characters, codes, pixels, series, split, standardised, table, tiles

SIDE = 8  # pixels of a patch
LETTERS = 12  # of a name; a shorter one is filled up
COUNTRIES = ("de_DE", "es_ES", "fi_FI", "fr_FR", "ga_IE", "hr_HR", "it_IT", "nl_NL", "sk_SK", "sv_SE")
AT_MOST = 400  # names of a country


def segments() -> Data:
    """River's outdoor image segments: 2,310 rows, 18 columns, 7 classes."""
    from river.datasets import ImageSegments

    x, y = table(ImageSegments())
    keep = x.std(axis=0) > 0
    return split(standardised(x[:, keep]), y, 7)


def bananas() -> Data:
    """River's bananas: 5,300 points of a plane in 2 classes that overlap."""
    from river.datasets import Bananas

    x, y = table(Bananas())
    return split(x, y, 2)


def phishing() -> Data:
    """River's phishing sites: 1,250 rows of 9 answers, each one of two or three; 2 classes."""
    from river.datasets import Phishing

    x, y = table(Phishing())
    answers = np.column_stack([codes(column) for column in x.T])
    return split(answers + 3 * np.arange(answers.shape[1]), y, 2)


def flow() -> Data:
    """River's hourly flow of water through a pipe: the next hour from the day before it."""
    from river.datasets import WaterFlow

    return series(np.array([y for _, y in WaterFlow()], float))


def airports() -> Data:
    """vega_datasets' airports: which of the 12 states with most of them one is in from its place."""
    return _airports(12)


def states() -> Data:
    """The same of 40 states."""
    return _airports(40)


def weather() -> Data:
    """vega_datasets' days of Seattle: sun, fog, rain, drizzle or snow from rain, two temperatures, wind and season."""
    from vega_datasets import local_data

    table = local_data.seattle_weather()
    season = 2 * np.pi * table.date.dt.day_of_year / 365.25
    measured = table[["precipitation", "temp_max", "temp_min", "wind"]].to_numpy()
    x = np.column_stack([measured, np.sin(season), np.cos(season)])
    return split(standardised(x), codes(table.weather), 5)


def cars() -> Data:
    """mlxtend's 392 cars: miles a gallon from 7 columns."""
    from mlxtend.data import autompg_data

    x, y = autompg_data()
    return split(standardised(x[:, :7].astype(float)), standardised(y), None)


def textures() -> Data:
    """scikit-image's brick, grass and gravel: which of them a patch of 8 × 8 averaged pixels shows."""
    from skimage.data import brick, grass, gravel

    made = [tiles(picture(), SIDE, 2) for picture in (brick, grass, gravel)]
    return split(np.concatenate(made), np.repeat(range(3), [len(m) for m in made]), 3, (SIDE, SIDE))


def patches() -> Data:
    """scikit-image's photograph of a camera: each patch of 8 × 8 averaged pixels from itself."""
    from skimage.data import camera

    x = tiles(camera(), SIDE, 1)
    return split(x, x, None)


def horse() -> Data:
    """scikit-image's silhouette of a horse, thinned by 4: whether a pixel is inside from its bare place."""
    from skimage.data import horse as silhouette

    place, outside = pixels(silhouette()[:, :, None] * 255.0, 4)
    return split(place, (outside[:, 0] > 0.5).astype(int), 2)


def surnames() -> Data:
    """Faker's family names of ten countries, at most 400 each: the country from the letters."""
    found = [(name, k) for k, country in enumerate(COUNTRIES) for name in _family_names(country)]
    letters = sorted({letter for name, _ in found for letter in name})
    x = np.array([[letters.index(c) + 1 for c in name.ljust(LETTERS, name[-1])[:LETTERS]] for name, _ in found])
    return split(x, np.array([k for _, k in found]), len(COUNTRIES), (LETTERS, 1))


def code() -> Data:
    """Python's own argparse as text: the character after each window."""
    import argparse

    return characters(inspect.getsource(argparse)[:60_000])


CHECK_DATA: tuple[Callable[[], Data], ...] = (
    *(segments, bananas, phishing, flow, airports, states, weather),
    *(cars, textures, patches, horse, surnames, code),
)


def _airports(count: int) -> Data:
    from vega_datasets import local_data

    table = local_data.airports()
    table = table[table.state.isin(table.state.value_counts().index[:count])]
    return split(standardised(table[["latitude", "longitude"]].to_numpy()), codes(table.state), count)


def _family_names(country: str) -> Iterator[str]:
    names = sorted(set(import_module(f"faker.providers.person.{country}").Provider.last_names))
    order = np.random.default_rng(0).permutation(len(names))[:AT_MOST]
    return (names[k].lower() for k in order)
