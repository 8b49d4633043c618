"""The article's draw: unconstrained strings, without a spec."""

from .formats import json_array
from .samplers import free_strings


def random_strings_json(alphabet: str, length: int, count: int) -> bytes | None:
    """Return the strings as a JSON array; None if encoding a list is as fast."""
    return json_array(free_strings(alphabet, length), count) if length else None


def random_strings(alphabet: str, length: int, count: int) -> list[str]:
    """Return ``count`` independent strings of ``length`` characters, uniform over the alphabet.

    ``alphabet`` holds 1 to 128 ASCII characters, each once. Length 0 gives empty strings.
    """
    return free_strings(alphabet, length).rows(count)
