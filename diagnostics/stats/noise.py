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
    return float(MAD_TO_SD * median(np.abs(bends - median(bends))) / np.sqrt(6))


def median(values: Floats) -> float:
    """That of finite ``values`` [n], n > 0. NumPy's own looks for NaN first, which takes longer than a few hundred values do, and rules ask for dozens a run."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((low + high) / 2)
