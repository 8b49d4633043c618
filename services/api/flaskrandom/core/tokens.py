"""Tokens: random bytes as text (RFC 4648).

Encoding random bytes is equivalent to drawing the characters, with zero padding bits in the last one.
So a token is drawn like any other string, and decodes to exactly the requested number of bytes.
"""

from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits

from .errors import Invalid, refuse, unprintable
from .samplers import Product
from .specs import DEFAULT_BYTES, Limits, TokenSpec

_BASE64 = ascii_uppercase + ascii_lowercase + digits

# Symbols, bits a symbol, and symbols to a padded block (1: no padding).
ENCODINGS = {
    "hex": ("0123456789abcdef", 4, 1),
    "base64": (_BASE64 + "+/", 6, 4),
    "base64url": (_BASE64 + "-_", 6, 1),
    "base32": (ascii_uppercase + "234567", 5, 8),
}


def source(spec: TokenSpec, limits: Limits) -> Product:
    """Return the source for a spec; Invalid for a prefix that is not printable, or two ways to give the length."""
    refuse(unprintable("prefix", spec.prefix))
    size = spec.bytes or DEFAULT_BYTES
    if spec.bits is not None:
        if spec.bytes:
            raise Invalid([("bytes", "cannot be combined with bits, which decide the length")])
        size = -(-spec.bits // 8)
    return _source(size, spec.encoding, spec.prefix)


@lru_cache(maxsize=64)
def _source(size: int, encoding: str, prefix: str) -> Product:
    symbols, bits, block = ENCODINGS[encoding]
    whole, left = divmod(8 * size, bits)
    places = [symbols] * whole
    if left:
        places.append(symbols[:: 1 << (bits - left)])
    return Product([*prefix, *places, *"=" * (-len(places) % block)])
