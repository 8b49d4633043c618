"""Collision probability of equally likely values."""

from math import expm1, fsum, log1p


def collision_probability(size: int, count: int) -> float:
    """Return the chance that ``count`` independent values out of ``size`` are not all different.

    1 - (1 - 1/N)(1 - 2/N) ... (1 - (n-1)/N), accurate near 0 and near 1: expm1 of the sum of the
    logarithms. From a few hundred values on, the Euler-Maclaurin formula up to the first derivative
    gives the sum to nine digits or more.
    """
    if count < 2:
        return 0.0
    if count > size:
        return 1.0
    pairs = count * (count - 1) // 2
    if size >> 60 > pairs:
        # The higher terms are below the precision of a float.
        return pairs / size
    if count * (count - 1) / (2 * size) > 40:
        # Each factor is at most exp(-i/N), so the product is below exp(-40): 1 in a float.
        return 1.0
    if count <= 200:
        return -expm1(fsum(log1p(-(place / size)) for place in range(1, count)))
    share = count / size  # below 0.4 here
    integral = -count * fsum(share ** (k - 1) / (k * (k - 1)) for k in range(2, 40))
    slope = -(share / (1 - share)) * (1 / size) / 12
    return -expm1(integral - log1p(-share) / 2 + slope)
