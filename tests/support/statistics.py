"""Statistical checks for random output.

A check returns a p-value: how often truly uniform output would look at least this uneven. The
significance level is fixed at one in a million, so that a good build does not fail by chance,
and a generator that is really skewed still fails by orders of magnitude.
"""

from collections import Counter
from itertools import pairwise

from mpmath import gammainc, inf

ALPHA = 1e-6


def chi_square_p(statistic: float, degrees: int) -> float:
    """Return the chance of a chi-square value of at least ``statistic``: Q(degrees / 2, statistic / 2)."""
    return float(gammainc(degrees / 2, statistic / 2, inf, regularized=True))


def goodness(observed, expected) -> float:
    """p-value of Pearson's chi-square test: ``observed`` counts against ``expected`` ones, category by category.

    Both are mappings. Categories expected fewer than five times are combined. If
    anything was observed that was not expected at all, the result is 0.
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
    at_most = gammainc(observed + 1, mean, inf, regularized=True)
    at_least = gammainc(observed, 0, mean, regularized=True) if observed else 1
    return float(min(1, 2 * min(at_most, at_least)))


def holm(p_values, alpha=ALPHA) -> bool:
    """True if no p-value is significant, with Holm's correction for multiple tests (1979)."""
    ordered = sorted(p_values)
    return all(p > alpha / (len(ordered) - rank) for rank, p in enumerate(ordered))
