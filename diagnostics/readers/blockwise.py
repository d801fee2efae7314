"""What is asked of every number of a long array, block by block: what fits the processor's cache is seen several times as fast."""

from collections.abc import Iterator

import numpy as np

from diagnostics.curve import Numbers

BLOCK = 1 << 14  # numbers
MOST = 2**53  # from here on a float64 no longer counts by ones


def finite(values: Numbers) -> bool:
    """Whether all are numbers."""
    return values.dtype.kind == "i" or all(np.isfinite(b).all() for b in _blocks(values))


def within(values: Numbers, bound: float) -> bool:
    """Whether all are numbers nearer to 0 than ``bound``."""
    with np.errstate(invalid="ignore"):  # a damaged file may hold NaN of the kind that signals
        return not values.size or bool(values.min() > -bound and values.max() < bound)


def whole(values: Numbers) -> bool:
    """Whether there are any, and all are whole numbers that a float64 can count."""
    counted = bool(values.size) and within(values, MOST)
    return counted and (values.dtype.kind == "i" or all((b == np.floor(b)).all() for b in _blocks(values)))


def falls(values: Numbers) -> bool:
    """Whether any is lower than the one before it."""
    return any((b[1:] < b[:-1]).any() for b in _blocks(values))


def rises(values: Numbers) -> bool:
    """Whether each is higher than the one before it."""
    return all((b[1:] > b[:-1]).all() for b in _blocks(values))


def _blocks(values: Numbers) -> Iterator[Numbers]:
    """Blocks, each with the first number of the next."""
    return (values[at : at + BLOCK + 1] for at in range(0, values.size, BLOCK))
