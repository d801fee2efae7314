"""What is asked of every number of a long array, block by block: what fits the processor's cache is seen several times as fast."""

from collections.abc import Iterator

import numpy as np

from diagnostics.curve import Numbers

BLOCK = 1 << 14  # numbers
MOST = 2.0**53  # from here on a float64 no longer counts by ones


def finite(values: Numbers) -> bool:
    """Whether all are numbers."""
    return values.dtype.kind == "i" or all(np.isfinite(b).all() for b in _blocks(values))


def whole(values: Numbers) -> bool:
    """Whether there are any, and all are whole numbers that a float64 can count."""
    return bool(values.size) and all(_whole(b) for b in _blocks(values))


def holds(values: Numbers, one: float) -> bool:
    """Whether ``one`` is among them."""
    return any((b == one).any() for b in _blocks(values))


def falls(values: Numbers) -> bool:
    """Whether any is lower than the one before it."""
    return any((b[1:] < b[:-1]).any() for b in _blocks(values))


def rises(values: Numbers) -> bool:
    """Whether each is higher than the one before it."""
    return all((b[1:] > b[:-1]).all() for b in _blocks(values))


def _blocks(values: Numbers) -> Iterator[Numbers]:
    """Blocks, each with the first number of the next."""
    return (values[at : at + BLOCK + 1] for at in range(0, values.size, BLOCK))


def _whole(block: Numbers) -> bool:
    bounded = bool((block > -MOST).all() and (block < MOST).all())
    return bounded and (block.dtype.kind == "i" or bool((block == np.floor(block)).all()))
