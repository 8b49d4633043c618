"""How fast the core is: `make bench ONLY=core`. Medians of interleaved rounds in one process and one thread.

Interleaving spreads the noise of the machine over all contestants, so compare ratios rather than times. An
unmeasured run comes before each measured one, so that no contestant pays for caches that another one emptied. The last
table shows CPU time.
"""

import functools
import gc
import os
import random
import secrets
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "services" / "api"))

from flaskrandom.core import Limits, StringSpec, TooComplex, plan
from flaskrandom.core.samplers import free_strings

ROUNDS = 25
ARTICLE = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$"
CACHES = [
    cache
    for cache in gc.get_objects()
    if isinstance(cache, functools._lru_cache_wrapper) and cache.__module__.startswith("flaskrandom.")
]
LIMITS = Limits(max_count=10_000_000)
EACH = {"special": True, "min_digits": 1, "min_lower": 1, "min_upper": 1, "min_special": 1}


def the_articles_way():
    chars = list(ARTICLE)
    strings = []
    for _ in range(1000):
        string = ""
        for _ in range(30):
            string += random.choice(chars)
        strings.append(string)
    return strings


def with_secrets():
    return ["".join(secrets.choice(ARTICLE) for _ in range(30)) for _ in range(1000)]


def with_choices():
    choices = random.SystemRandom().choices
    return ["".join(choices(ARTICLE, k=30)) for _ in range(1000)]


def strings(**fields):
    made = plan(StringSpec(**fields), LIMITS)
    return lambda: made.draw()


def stream(size, **fields):
    made = plan(StringSpec(count=size, **fields), LIMITS)

    def drain():
        return sum(map(len, made.chunks()))

    return drain


def estimate(kept=(), **fields):
    """From a spec to all figures, with only the caches in `kept` filled."""
    spec = StringSpec(**fields)

    def run():
        for cache in CACHES:
            if cache not in kept:
                cache.cache_clear()
        try:
            made = plan(spec, LIMITS)
        except TooComplex:
            return
        made.entropy_bits, made.collision_probability(1000)

    return run


def medians(contestants, rounds=ROUNDS, clock=time.perf_counter):
    """Median seconds of each. Every round runs all of them, after a warm-up."""
    taken = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            run()
            start = clock()
            run()
            taken[name].append(clock() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 8191)))
WIDE = HAN[:4096]

# Requests that are expensive to estimate, or to draw a thousand of.
HARD = {
    "four minimums of 1, length 16": dict(length=16, **EACH),
    "four minimums of 32, length 128": dict(
        length=128, special=True, min_digits=32, min_lower=32, min_upper=32, min_special=32
    ),
    "four minimums of 20, first, length 128": dict(
        length=128, special=True, min_digits=20, min_lower=20, min_upper=20, min_special=20, first="lower,upper"
    ),
    "four minimums of 1, length 4096": dict(length=4096, **EACH),
    "four minimums of 4, length 4096": dict(
        length=4096, special=True, min_digits=4, min_lower=4, min_upper=4, min_special=4
    ),
    "min_digits 200, length 4096": dict(length=4096, min_digits=200),
    "max_repeat 1, digits, length 4096": dict(length=4096, lower=False, upper=False, max_repeat=1),
    "max_repeat 2, digits, length 1024": dict(length=1024, lower=False, upper=False, max_repeat=2),
    "max_repeat 2, three symbols, length 1024": dict(length=1024, alphabet="abc", max_repeat=2),
    "max_repeat 2, two symbols, length 1024": dict(length=1024, alphabet="ab", max_repeat=2),
    "max_repeat 2, two symbols, length 230": dict(length=230, alphabet="ab", max_repeat=2),
    "max_repeat 2, letters and digits, length 1024": dict(length=1024, max_repeat=2),
    "max_repeat 3, digits, length 1536": dict(length=1536, lower=False, upper=False, max_repeat=3),
    "max_repeat 30, two symbols, length 2048": dict(length=2048, alphabet="ab", max_repeat=30),
    "max_repeat 1, 129 symbols, length 4096": dict(length=4096, alphabet=WIDE[:129], max_repeat=1),
    "max_repeat 1, 4096 symbols, length 3000, group 1": dict(length=3000, alphabet=WIDE, max_repeat=1, group=1),
    "max_repeat 1, 4095 symbols, length 4096": dict(length=4096, alphabet=HAN[:4095], max_repeat=1),
    "four minimums of 4, length 4096, first": dict(
        length=4096, special=True, min_digits=4, min_lower=4, min_upper=4, min_special=4, first="lower,digits"
    ),
    "alphabet of 4096, exclude of 4096": dict(length=4096, alphabet=WIDE, exclude=HAN[4095:]),
    "alphabet of 4096, laid out one by one": dict(
        length=4096, alphabet=WIDE, group=1, separator="漢", prefix="漢" * 256, suffix="漢" * 256
    ),
    "mixed widths, groups of 16, separators of 16": dict(
        length=4096, alphabet="a" + WIDE[:400], group=16, separator="漢a" * 8
    ),
    "mask of 4096 places": dict(pattern="?d?l?u?s?h?H?a?d" * 512),
    "mask of 4096 places, half of them literals": dict(
        pattern="".join("?" + "dlushHa"[place % 7] + WIDE[place] for place in range(2048))
    ),
    "minimums of 1 and max_repeat 1, length 128": dict(length=128, max_repeat=1, **EACH),
    "minimums of 3 and max_repeat 2, length 32": dict(
        length=32, special=True, max_repeat=2, min_digits=3, min_lower=3, min_upper=3, min_special=3
    ),
    "minimums of 2 and max_repeat 1, length 8, first": dict(
        length=8, special=True, max_repeat=1, min_digits=2, min_lower=2, min_upper=2, min_special=2, first="lower"
    ),
    "alphabet of 3000, length 4096": dict(length=4096, alphabet="".join(map(chr, range(0x4E00, 0x4E00 + 3000)))),
    "iso7064 on length 4096": dict(length=4096, lower=False, checksum="iso7064", group=4),
    "verhoeff on length 4096": dict(length=4096, lower=False, upper=False, checksum="verhoeff"),
    "unique, length 3 of 10": dict(length=3, lower=False, upper=False, unique=True, count=1000),
}

# Strings that the engine draws, most of length 16. The mask is the baseline for a fixed shape.
ENGINE = {
    "mask ?u?u?u?u-?d?d?d?d-?d?d?d?d?d?d": dict(pattern="?u?u?u?u-?d?d?d?d-?d?d?d?d?d?d"),
    "regex [A-Z]{4}-\\d{4}-\\d{6}": dict(regex="[A-Z]{4}-\\d{4}-\\d{6}"),
    "regex (?=.*\\d)[a-z0-9-]+": dict(regex="(?=.*\\d)[a-z0-9-]+", length=16),
    "regex [a-z]+(-[a-z]+)*[0-9]?": dict(regex="[a-z]+(-[a-z]+)*[0-9]?", length=16),
    "regex (?:ab|c|de?)*": dict(regex="(?:ab|c|de?)*", length=16),
    "regex [a-z]+, max_repeat 1": dict(regex="[a-z]+(-[a-z]+)*", length=16, max_repeat=1),
    "rules": dict(rules="required: lower, upper; required: digit; required: [-_!]; max-consecutive: 2", length=16),
    "exclude_words ass,tit": dict(exclude_words="ass,tit", length=16),
    "exclude_profanity": dict(exclude_profanity=True, length=16),
    "exclude_profanity, lower and digits": dict(exclude_profanity=True, upper=False, length=16),
    "exclude_profanity, length 24": dict(exclude_profanity=True, length=24),
}

SERIES = {
    "?u?u?d?d?d?d": dict(pattern="?u?u?d?d?d?d"),
    "length 10 of 32, prefix, group": dict(length=10, lower=False, exclude_similar=True, prefix="SALE-", group=5),
    "length 16": dict(length=16),
    "length 12, min_digits 2": dict(length=12, exclude_similar=True, min_digits=2),
    "length 30": dict(length=30),
}


def hard():
    """The requests of HARD that take longest to draw."""
    print(f"\nSlowest of {len(HARD)} hard requests            estimate (median)      draw of 1000")
    taken = {}
    for name, fields in HARD.items():
        start = time.process_time()
        try:
            plan(StringSpec(**{"count": 1000, **fields}), LIMITS).draw()
        except TooComplex:
            continue
        taken[name] = time.process_time() - start
    for name in sorted(taken, key=taken.__getitem__, reverse=True)[:3]:
        figures = medians({"estimate": estimate(**HARD[name])}, clock=time.process_time)["estimate"]
        print(f"  {name:<52}{figures * 1e3:9.3f} ms   {taken[name] * 1e3:9.1f} ms")


def engine():
    """Estimates with only the words' automaton cached, as in a worker, and draws of 1,000."""
    print("\nThe engine, length 16                    estimate (median)            draws")
    kept = [cache for cache in CACHES if cache.__module__ == "flaskrandom.core.words"]
    draws = medians({name: strings(count=1000, **fields) for name, fields in ENGINE.items()}, clock=time.process_time)
    for name, fields in ENGINE.items():
        estimates = medians({"it": estimate(kept, **fields)}, clock=time.process_time)["it"]
        print(f"  {name:<46}{estimates * 1e3:9.3f} ms{1 / draws[name]:9,.0f},000 strings/s")


def series():
    """Codes of series, streamed and verified 1,000 at once, in CPU time."""
    print("\nSeries                                             stream          verified")
    for name, fields in SERIES.items():
        made = plan(StringSpec(series="bench", count=1000, **fields), LIMITS, bytes(32))
        values = made.draw()
        ways = {
            "stream": lambda made=made: sum(map(len, made.chunks())),
            "verified": functools.partial(made.numbers, values),
        }
        took = medians(ways, clock=time.process_time)
        print(f"  {name:<42}{1 / took['stream']:9,.0f},000/s {1 / took['verified']:9,.0f},000/s")


def main():
    free = {
        "random.choice, as the article does": the_articles_way,
        "secrets.choice": with_secrets,
        "random.SystemRandom().choices": with_choices,
        "core, 1000 x 30 of 66": lambda: free_strings(ARTICLE, 30).rows(1000),
        "core, through a plan": strings(length=30, count=1000, special=True),
    }
    took = medians(free)
    ours = took["core, 1000 x 30 of 66"]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs\n\n1000 strings of 30 characters out of 66")
    for name, seconds in took.items():
        print(f"  {name:<46}{seconds * 1e3:9.3f} ms{seconds / ours:9.1f} x")

    print("\nAt least one of each of four classes, 1000 strings, against the free draw")
    for length in (16, 8):
        pair = {
            "free": strings(length=length, count=1000, special=True),
            "each": strings(length=length, count=1000, **EACH),
        }
        took = medians(pair, 4 * ROUNDS)
        print(f"  length {length:<39}{took['each'] * 1e3:9.3f} ms{took['each'] / took['free']:9.1f} x")

    print("\nStreams, one thread")
    sizes = {
        "text, 16 of 62": (16, 500_000, {}),
        "text, 30 of 66": (30, 250_000, {"special": True}),
        "text, 64 of 16": (64, 125_000, {"alphabet": "0123456789abcdef"}),
    }
    for name, (length, count, fields) in sizes.items():
        seconds = medians({name: stream(count, length=length, **fields)}, 7)[name]
        print(f"  {name:<46}{(length + 1) * count / seconds / 1e6:9.0f} MB/s{count / seconds / 1e6:7.1f} M strings/s")

    print("\nUnique")
    codes = strings(length=4, lower=False, upper=False, unique=True, count=10_000)
    print(f"  {'all 10,000 four-digit codes':<46}{medians({'codes': codes})['codes'] * 1e3:9.3f} ms")
    seconds = medians({"codes": stream(1_000_000, length=10, unique=True)}, 1)["codes"]
    print(f"  {'1,000,000 of ten characters, streamed':<46}{seconds * 1e3:9.0f} ms")

    hard()
    engine()
    series()


if __name__ == "__main__":
    main()
