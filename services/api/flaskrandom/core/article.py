"""The article's draw: the same free draw as everything else, reached with no detour."""

from .formats import json_array
from .samplers import free_strings


def random_strings_json(alphabet: str, length: int, count: int) -> bytes | None:
    """The same as a JSON array; None where a list is as quick to encode."""
    return json_array(free_strings(alphabet, length), count) if length else None


def random_strings(alphabet: str, length: int, count: int) -> list[str]:
    """Return ``count`` independent strings of ``length`` characters, uniform over the alphabet.

    ``alphabet`` holds 1 to 128 ASCII characters, each once. Length 0 gives empty strings.
    """
    return free_strings(alphabet, length).rows(count)
