"""Statistical checks for random output, with the standard library only.

A check returns a p-value: how often output as good as uniform would look at least this uneven. The
significance level is fixed at about one in a million, so that a good build does not fail by chance,
and a generator that is really skewed still fails by orders of magnitude.
"""

from collections import Counter
from itertools import pairwise
from math import exp, lgamma, log

ALPHA = 1e-6


def chi_square_p(statistic: float, degrees: int) -> float:
    """Return the chance of a chi-square value of at least ``statistic``.

    The upper regularised incomplete gamma function Q(degrees/2, statistic/2): its series below
    the mean, its continued fraction (modified Lentz) above.
    """
    if statistic <= 0:
        return 1.0
    a, x = degrees / 2, statistic / 2
    scale = exp(a * log(x) - x - lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        step = a
        while term > total * 1e-16:
            step += 1
            term *= x / step
            total += term
        return 1 - total * scale
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    value = d
    for index in range(1, 100_000):
        numerator = index * (a - index)
        b += 2
        d = 1 / (numerator * d + b or tiny)
        c = b + numerator / c or tiny
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value * scale


def goodness(observed, expected) -> float:
    """p-value of Pearson's chi-square test: ``observed`` counts against ``expected`` ones, category by category.

    Both are mappings. Categories expected fewer than five times are taken together. Anything
    observed that was not expected at all gives 0.
    """
    if any(observed[key] and not expected.get(key) for key in observed):
        return 0.0
    seen, wanted = [], []
    rare_seen = rare_wanted = 0
    for key, count in expected.items():
        if count < 5:
            rare_seen += observed.get(key, 0)
            rare_wanted += count
        else:
            seen.append(observed.get(key, 0))
            wanted.append(count)
    if rare_wanted:
        seen.append(rare_seen)
        wanted.append(rare_wanted)
    if len(wanted) < 2:
        return 1.0
    statistic = sum((count - mean) ** 2 / mean for count, mean in zip(seen, wanted, strict=True))
    return chi_square_p(statistic, len(wanted) - 1)


def evenness(values, categories) -> float:
    """p-value for the hypothesis that each value is uniform over the ``categories``."""
    values, categories = list(values), list(categories)
    mean = len(values) / len(categories)
    return goodness(Counter(values), dict.fromkeys(categories, mean))


def symbols(strings, alphabet) -> float:
    """p-value: every symbol equally often."""
    return evenness("".join(strings), alphabet)


def symbols_by_position(strings, alphabet) -> list[float]:
    """p-values: every symbol equally often, position by position."""
    return [evenness(column, alphabet) for column in zip(*strings, strict=True)]


def neighbours(strings, alphabet) -> float:
    """p-value: every pair of neighbours equally often (pairs that do not overlap)."""
    pairs = (pair for string in strings for pair in list(pairwise(string))[::2])
    return evenness(pairs, [(one, two) for one in alphabet for two in alphabet])


def poisson_p(observed: int, mean: float) -> float:
    """Two-sided p-value of a rare count, such as the pairs of equal values in a sample."""
    below = sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(observed + 1))
    above = 1 - below + exp(observed * log(mean) - mean - lgamma(observed + 1))
    return min(1.0, 2 * min(below, above))


def holm(p_values, alpha=ALPHA) -> bool:
    """True when no p-value is significant, counting that several were looked at (Holm, 1979)."""
    ordered = sorted(p_values)
    return all(p > alpha / (len(ordered) - rank) for rank, p in enumerate(ordered))
