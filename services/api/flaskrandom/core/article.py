"""The article's draw: the same free draw as everything else, reached with no detour."""

from functools import lru_cache

from .samplers import Product


@lru_cache(maxsize=512)
def _product(alphabet: str, length: int) -> Product:
    return Product([alphabet] * length)


def random_strings(alphabet: str, length: int, count: int) -> list[str]:
    """Return ``count`` independent strings of ``length`` characters, uniform over the alphabet.

    ``alphabet`` holds 1 to 128 ASCII characters, each once. Length 0 gives empty strings.
    """
    return _product(alphabet, length).rows(count)
