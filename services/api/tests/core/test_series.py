"""Codes that never repeat: the permutation matches its standard, is uniform over keys, and never changes.

All keys are fixed, so every figure here is the same in each run.
"""

import re
import tracemalloc
from collections import Counter
from hashlib import sha256
from itertools import pairwise, permutations
from string import digits

import pytest
from costs import ALLOWED, cost
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from flaskrandom.core import MAX_CODES, Impossible, IntegerSpec, Invalid, NoSeriesKey, StringSpec, TooComplex, plan
from flaskrandom.core.samplers import Product, _written
from flaskrandom.core.series import FF1, SHUFFLED, permutation
from support.statistics import ALPHA, evenness

KEY = bytes(range(32))
NIST_KEY = "2B7E151628AED2A6ABF7158809CF4F3C EF4359D8D580AA4F 7F036D6F04FC6A94"


def key(number: int) -> bytes:
    return sha256(b"%d" % number).digest()


# FF1, exactly as in the standard.


def ff1(aes: bytes, radix: int, digits: list[int], tweak: bytes = b"") -> list[int]:
    """FF1.Encrypt of NIST SP 800-38G, step by step as in Algorithm 7."""
    encrypt = Cipher(algorithms.AES(aes), modes.ECB()).encryptor().update  # noqa: S305 - the standard's own building block

    def number(text):
        value = 0
        for digit in text:
            value = value * radix + digit
        return value

    def string(value, length):
        text = []
        for _ in range(length):
            value, digit = divmod(value, radix)
            text.insert(0, digit)
        return text

    def mac(data):
        value = bytes(16)
        for at in range(0, len(data), 16):
            value = encrypt(bytes(one ^ other for one, other in zip(value, data[at : at + 16], strict=True)))
        return value

    n, t = len(digits), len(tweak)
    u, v = n // 2, n - n // 2
    a, b = digits[:u], digits[u:]
    size = -(-(radix**v - 1).bit_length() // 8)
    d = 4 * -(-size // 4) + 4
    first = b"\1\2\1" + radix.to_bytes(3, "big") + bytes([10, u % 256]) + n.to_bytes(4, "big") + t.to_bytes(4, "big")
    for i in range(10):
        q = tweak + bytes((-t - size - 1) % 16) + bytes([i]) + number(b).to_bytes(size, "big")
        r = mac(first + q)
        s = r
        for j in range(1, -(-d // 16)):
            s += encrypt(bytes(one ^ other for one, other in zip(r, j.to_bytes(16, "big"), strict=True)))
        m = u if i % 2 == 0 else v
        c = string((number(a) + int.from_bytes(s[:d], "big")) % radix**m, m)
        a, b = b, c
    return a + b


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("length", "radix", "tweak", "plain", "cipher"),
    [
        (16, 10, "", "0123456789", "2433477484"),
        (16, 10, "39383736353433323130", "0123456789", "6124200773"),
        (16, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
        (24, 10, "", "0123456789", "2830668132"),
        (32, 10, "", "0123456789", "6657667009"),
    ],
)
def test_ff1_matches_the_samples_of_nist(length, radix, tweak, plain, cipher):
    """The samples that NIST publishes with SP 800-38G; the product's code is checked with those without a tweak."""
    aes = bytes.fromhex(NIST_KEY)[:length]
    digits = [DIGITS.index(char) for char in plain]
    assert "".join(DIGITS[digit] for digit in ff1(aes, radix, digits, bytes.fromhex(tweak))) == cipher
    if not tweak:
        product = FF1(aes, radix, len(plain) // 2)
        assert product.apply([int(plain, radix)]) == [int(cipher, radix)]
        assert product.invert([int(cipher, radix)]) == [int(plain, radix)]


@pytest.mark.parametrize(
    ("radix", "half"),
    [
        *[(2, 10), (1000, 1), (65536, 1), (65535, 2), (300, 2), (36, 7), (65536, 3), (10, 20), (65536, 4)],
        # One block and twelve bytes; one block and more output; two blocks; many.
        *[(65536, 6), (65536, 7), (65536, 8), (10, 60), (61111, 100)],
    ],
)
def test_the_product_s_ff1_matches_the_standard(radix, half):
    size = radix ** (2 * half)
    numbers = [0, 1, size - 1, *(int.from_bytes(key(place) * 200, "big") % size for place in range(9))]

    def digits(value):
        return [value // radix**place % radix for place in reversed(range(2 * half))]

    expected = [ff1(KEY, radix, digits(number)) for number in numbers]
    product = FF1(KEY, radix, half)
    assert [digits(image) for image in product.apply(numbers)] == expected
    assert product.apply(numbers[:3]) == product.apply(numbers)[:3], "a few numbers must give the same images as many"
    assert product.invert(product.apply(numbers)) == numbers


@pytest.mark.parametrize(
    "size", [65537, 999_999, 10**6, 10**6 + 1, 2**32, 2**32 + 1, 6_760_000, 62**20, 95**4096], ids=int.bit_length
)
def test_the_set_of_ff1_is_at_most_3_percent_too_large(size):
    product = permutation(KEY, size)
    whole = product._modulus**2
    assert max(size, 10**6) <= whole
    assert whole * 100 <= 103 * max(size, 10**6)


# A permutation.


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 101, 4099, SHUFFLED - 1, SHUFFLED])
def test_each_number_has_its_own_image(size):
    found = permutation(KEY, size)
    images = found.apply(range(size))
    assert sorted(images) == list(range(size))
    assert found.invert(images) == list(range(size))


@pytest.mark.parametrize(("radix", "half", "size"), [(3, 1, 7), (40, 1, 1599), (7, 2, 2001)])
def test_cycle_walking_gives_each_number_its_own_image(radix, half, size):
    """The sets are smaller than those for which the product uses FF1."""
    found = FF1(KEY, radix, half, size)
    images = found.apply(range(size))
    assert sorted(images) == list(range(size))
    assert found.invert(images) == list(range(size))


@pytest.mark.parametrize(
    "size", [SHUFFLED + 1, 100_003, 10**6, 6_760_000, 2**64 + 13, 2**128, 62**40, 95**4096], ids=int.bit_length
)
def test_invert_undoes_apply(size):
    found = permutation(KEY, size)
    numbers = [*range(20), size - 1]
    assert found.invert(found.apply(numbers)) == numbers
    assert max(found.apply(numbers)) < size


class Affine:
    """The control, which must fail: every image is uniform over keys, but one image reveals the next."""

    def __init__(self, key, size):
        self.size, number = size, int.from_bytes(key, "big")
        self.factor, self.offset = number // size % (size - 1) + 1, number % size

    def apply(self, numbers):
        return [(self.factor * number + self.offset) % self.size for number in numbers]


@pytest.mark.parametrize("size", [2, 3, 5, 6, 7, 10, 26])
def test_position_of_element_0_is_uniform_over_keys(size):
    images = [permutation(key(number), size).apply([0])[0] for number in range(8000)]
    assert evenness(images, range(size)) > ALPHA
    assert evenness([permutation(key(number), size).invert([0])[0] for number in range(8000)], range(size)) > ALPHA


def orders(make, size):
    """p-value: all orders of a small set are equally frequent over keys."""
    seen = [tuple(make(key(number), size).apply(range(size))) for number in range(12_000)]
    return evenness(seen, list(permutations(range(size))))


def test_every_order_of_five_is_equally_frequent():
    assert orders(permutation, 5) > ALPHA
    assert orders(Affine, 5) < ALPHA


def test_position_of_element_0_of_a_large_set_is_uniform_over_keys():
    size = 6_760_000
    images = [permutation(key(number), size).apply([0])[0] for number in range(6000)]
    assert evenness([image * 100 // size for image in images], range(100)) > ALPHA


@pytest.mark.parametrize("size", [65_521, 6_760_000, 2**64, 62**20])
def test_the_distance_between_neighbours_is_uniform(size):
    """The distance from one code to the next is spread evenly over all distances."""

    def distances(found):
        images = found.apply(range(4001))
        return evenness([(after - before) % size * 50 // size for before, after in pairwise(images)], range(50))

    assert distances(permutation(KEY, size)) > ALPHA
    assert distances(Affine(KEY, size)) < ALPHA


@pytest.mark.parametrize("bits", [64, 128])
def test_one_changed_bit_changes_half_of_the_bits(bits):
    """A changed bit in the number or the key changes each bit of the image in about half of the cases."""
    found = permutation(KEY, 2**bits)
    numbers = [int.from_bytes(key(place), "big") >> (256 - bits) for place in range(400)]
    other_key = permutation(bytes([KEY[0] ^ 1]) + KEY[1:], 2**bits)
    images = found.apply(numbers)
    changes = [found.apply([number ^ 1 << place % bits for place, number in enumerate(numbers)])]
    changes += [other_key.apply(numbers)]
    for changed in changes:
        flipped = Counter()
        for one, other in zip(images, changed, strict=True):
            flipped.update(place for place in range(bits) if (one ^ other) >> place & 1)
        # Each bit changes in 200 of 400 cases, plus or minus five standard deviations of 10.
        assert all(150 <= flipped[place] <= 250 for place in range(bits))


# Series.


def drawn(spec, secret=KEY):
    return plan(spec, series_key=secret).draw()


def test_a_series_drawn_in_pieces_is_the_same_series():
    fields = {"pattern": "?u?d", "series": "spring"}
    whole = drawn(StringSpec(**fields, count=260))
    assert len(set(whole)) == 260
    assert [value for start in (0, 7, 100) for value in drawn(StringSpec(**fields, offset=start, count=1))] == [
        whole[0],
        whole[7],
        whole[100],
    ]
    assert b"".join(plan(StringSpec(**fields), series_key=KEY).chunks(260)).decode().split() == whole


def test_names_keys_and_sets_each_have_their_own_order():
    asked = [
        StringSpec(length=8, series="a"),
        StringSpec(length=8, series="b"),
        StringSpec(length=8, series="a", prefix="X"),
        StringSpec(length=8, series="a", prefix="Y"),
        StringSpec(length=8, series="a", suffix="X"),
        StringSpec(length=8, lower=False, series="a"),
        StringSpec(length=8, lower=False, alphabet=None, min_digits=1, series="a"),
        StringSpec(length=8, lower=False, min_upper=1, series="a"),
    ]
    seen = [tuple(plan(spec, series_key=KEY)._permutation.apply(range(5))) for spec in asked]
    seen.append(tuple(plan(asked[0], series_key=key(1))._permutation.apply(range(5))))
    assert len(set(seen)) == len(seen)


def test_a_name_is_the_same_however_its_accents_are_encoded():
    one, other = (drawn(StringSpec(length=8, series=name, count=5)) for name in ("Fr\u00fchling", "Fru\u0308hling"))
    assert one == other


SAME = [
    # Different fields describe the same set.
    (StringSpec(length=6, lower=False, upper=False), StringSpec(pattern="?d?d?d?d?d?d"), StringSpec(regex=r"\d{6}")),
    (StringSpec(pattern="?u?u"), StringSpec(alphabet="ZYXWVUTSRQPONMLKJIHGFEDCBA", length=2)),
    (StringSpec(length=8, exclude="0123456789"), StringSpec(length=8, digits=False)),
    (StringSpec(length=16), StringSpec(), StringSpec(bits=90)),
    (StringSpec(length=8, min_digits=1, max_repeat=9), StringSpec(length=8, min_digits=1, count=3, unique=True)),
    (StringSpec(regex="a[bc]+", max_length=9), StringSpec(regex="a[bc]+", max_length=9, offset=0)),
    (StringSpec(length=8, exclude_words="Bad,ugly"), StringSpec(length=8, exclude_words="UGLY,bad")),
]


@pytest.mark.parametrize("specs", SAME)
def test_equal_sets_have_the_same_definition(specs):
    first, *others = (plan(spec)._source.definition for spec in specs)
    assert others == [first] * len(others)


def test_groups_do_not_change_the_series():
    plain = drawn(StringSpec(length=8, series="a", prefix="S-", count=5))
    assert drawn(StringSpec(length=8, series="a", prefix="S-", count=5, group=4)) == [
        f"{value[:6]}-{value[6:]}" for value in plain
    ]


def test_values_have_their_number_in_the_series():
    made = plan(StringSpec(length=4, series="a", group=2, count=900), series_key=KEY)
    values = made.draw()
    assert made.numbers(values) == list(range(900))
    assert made.numbers(["", "ab", "ab_cd", "ab-c", "ab-cde", "ab-c\u0661", values[7]]) == [None] * 6 + [7]


def test_integers_have_their_number_in_the_series():
    made = plan(IntegerSpec(min=-5, max=5, series="a", count=11), series_key=KEY)
    values = made.draw()
    assert sorted(values) == list(range(-5, 6))
    assert made.numbers([*values, -6, 6]) == [*range(11), None, None]


def test_code_numbers_of_a_huge_set_stay_exact_in_json():
    made = plan(StringSpec(length=40, series="a", offset=MAX_CODES - 3, count=3), series_key=KEY)
    assert made.codes == MAX_CODES == 2**53 - 1
    assert made.numbers(made.draw()) == [MAX_CODES - 3, MAX_CODES - 2, MAX_CODES - 1]
    # A guess almost always has a number beyond the limit.
    assert made.numbers(plan(StringSpec(length=40, count=50)).draw()) == [None] * 50
    with pytest.raises(Impossible, match="9007199254740991 values, of which 2 are left"):
        plan(StringSpec(length=40, series="a", offset=MAX_CODES - 2, count=3), series_key=KEY)


def test_more_codes_than_are_left_are_impossible():
    with pytest.raises(Impossible, match="the series has 10 values, of which 3 are left from offset 7 on") as refused:
        plan(StringSpec(pattern="?d", series="a", offset=7, count=4), series_key=KEY)
    assert [field for field, _ in refused.value.errors] == ["offset", "count"]


def test_wrong_series_requests_are_refused():
    with pytest.raises(NoSeriesKey, match="SERIES_KEY_FILE"):
        plan(StringSpec(series="a"))
    with pytest.raises(Invalid, match="offset: works only with series"):
        plan(IntegerSpec(offset=1))
    with pytest.raises(Invalid, match="series: must hold printable characters only"):
        plan(StringSpec(series="a\n"), series_key=KEY)
    with pytest.raises(TooComplex, match="takes too long to put all values in order"):
        plan(StringSpec(length=4096, min_digits=3, min_lower=3, min_upper=3, series="a"), series_key=KEY)


def test_an_order_that_needs_much_memory_is_refused_before_it_is_made():
    tracemalloc.start()
    try:
        with pytest.raises(TooComplex, match="takes too long to put all values in order"):
            plan(StringSpec(length=128, min_digits=20, min_lower=20, min_upper=20, series="a"), series_key=KEY)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_a_series_has_no_collisions_and_needs_no_memory():
    made = plan(StringSpec(pattern="?d?d", series="a", count=100, unique=True), series_key=KEY)
    assert made.collision_probability() == 0
    assert made.memory(100) == 0
    assert made.content_length(100, "text") == 300


WIDE = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
LONG = [
    {"length": 4096},
    {"length": 4096, "alphabet": WIDE},
    {"length": 4096, "group": 4, "prefix": "A"},
    {"length": 1000, "max_repeat": 2},
    {"length": 1000, "max_repeat": 2, "suffix": "A"},
    {"regex": "[a-z]+", "max_length": 700},
]


@pytest.mark.parametrize("fields", LONG, ids=range(len(LONG)))
def test_long_codes_are_listed_while_that_takes_about_a_second(fields):
    made = plan(StringSpec(**fields, series="a", count=1000), series_key=KEY)
    with pytest.raises(TooComplex, match="a smaller count, a shorter length, or a stream") as refused:
        made.draw()
    assert [field for field, _ in refused.value.errors] == ["count"]
    most = int(re.search(r"at most (\d+);", str(refused.value))[1])
    assert 20 <= most < 1000
    with pytest.raises(TooComplex):
        made.draw(most + 1)
    part = most // 10
    assert cost(lambda: made.draw(part), lambda: None) * ALLOWED < 0.3
    assert [value for chunk in made.chunks(part) for value in chunk.decode().split()] == made.draw(part)
    assert made.numbers(made.draw(part)) == list(range(part))


# The order never changes within version 1: printed codes must stay valid.

GOLDEN = [
    (StringSpec(pattern="?u?u?d?d?d?d"), 0),
    (StringSpec(pattern="SALE-?u?u?d?d-?d?d?d?d"), 1000),
    (StringSpec(length=12, exclude_similar=True, min_digits=2, group=4), 5),
    (StringSpec(length=16), 123_456_789),
    (StringSpec(alphabet="αβγδεζηθ", length=5, max_repeat=1), 0),
    (StringSpec(length=15, lower=False, upper=False, checksum="luhn", prefix="4"), 42),
    (StringSpec(regex="[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){1,2}", max_length=14), 7),
    (StringSpec(rules="minlength: 8; required: lower; required: digit; max-consecutive: 2"), 0),
    (StringSpec(length=10, upper=False, exclude_words="ass,tit", exclude_profanity=True), 3),
    (IntegerSpec(min=100_000, max=999_999), 0),
]
EXPECTED = [
    ["HQ2932", "HG3585", "FD6548"],
    ["SALE-UB48-4933", "SALE-MP98-6941", "SALE-VD75-4960"],
    ["vaJT-Ygis-593H", "DQh2-Wp9L-5dMd", "DztL-595u-kgVB"],
    ["McPDp9Hmgp3tfcXz", "2WGBnfjkdLFBrpt9", "YspmCdfuI7V4Mnzy"],
    ["αδαεθ", "βηγθα", "ηβεαγ"],
    ["45877925892950731", "43701947513028942", "48372573886905446"],
    ["QXPL-6JVG-N9GD", "S25G-2XUV-LF4Q", "RDKZ-DEX7-ZVH8"],
    ["38fbty547e741syqu2fd", "g2884z4zg2mi8hefzeav", "ysw6gh4ur9giosrz9ttm"],
    ["pyo8md2sd7", "j9xu7fzjk8", "cr3bylxzql"],
    [329075, 237107, 103794],
]


@pytest.mark.parametrize("place", range(len(GOLDEN)))
def test_a_series_never_changes(place):
    spec, offset = GOLDEN[place]
    fields = {name: getattr(spec, name) for name in spec.__struct_fields__} | {
        "series": "Frühling 2027",
        "offset": offset,
        "count": 3,
    }
    assert drawn(type(spec)(**fields)) == EXPECTED[place]


def test_the_texts_of_many_pieces_are_written_once():
    """Each piece was written again for each value when there were more pieces than a cache held."""
    made = Product([*[digits] * 4, *(char for place in range(40) for char in (chr(0x100 + place), "XY"))])
    values = [made.unrank(made.size // part) for part in (2, 3, 4)]
    before = _written.cache_info().misses
    assert [made.rank(value) for value in values] == [made.size // part for part in (2, 3, 4)]
    assert _written.cache_info().misses == before
