"""How much a curve jumps from point to point, apart from where it is going."""

import numpy as np

from diagnostics.curve import Floats

ENOUGH = 20_000  # differences: they tell the noise to 1 %
MAD_TO_SD = 1.4826  # the median absolute deviation of a normal distribution is its standard deviation / 1.4826


def noise(values: Floats) -> float:
    """Standard deviation of the point-to-point noise of ``values`` [n], from second differences.

    Second differences cancel level and slope; their standard deviation is √6 times that of independent noise. The median
    absolute deviation ignores spikes. NaN and Inf are left out; fewer than four finite values give 0. Of more than
    ``ENOUGH``, every so many are taken.
    """
    finite = values[np.isfinite(values)]
    if finite.size < 4:
        return 0.0
    bends = np.diff(finite, n=2)[:: -(-finite.size // ENOUGH)]
    return float(MAD_TO_SD * np.median(np.abs(bends - np.median(bends))) / np.sqrt(6))
