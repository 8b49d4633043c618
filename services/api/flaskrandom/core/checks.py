"""Checks that several kinds share."""

from .errors import Problems


def is_int(value: object) -> bool:
    """True for an integer that is not a boolean: True is not a count of one."""
    return type(value) is int


def check_range(name: str, value: int, low: int, high: int, problems: Problems) -> None:
    if not (is_int(value) and low <= value <= high):
        problems.add(name, f"must be an integer from {low} to {high}")


def check_text(name: str, value: str, most: int, problems: Problems) -> None:
    if len(value) > most:
        problems.add(name, f"must be at most {most} characters long")
    elif not value.isprintable():
        problems.add(name, "must hold printable characters only")
