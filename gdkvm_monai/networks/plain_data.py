"""Checks that data read from a file are mere data, small, and free of what MONAI's config parser would execute."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["check_plain", "shorten"]

LARGEST_NUMBER = 1e9
LONGEST_LIST = 64
LONGEST_STRING = 1000
DEEPEST_NESTING = 3
PARSED_PREFIXES = ("$", "@", "%")
"""What strings begin with that MONAI's config parser evaluates, resolves or replaces by a file's content."""


def check_plain(value: object, name: str, depth: int = 0) -> None:
    """Refuse all but finite numbers, booleans, ``None``, short plain strings, and short lists or objects of them.

    Args:
        value: as ``json.loads`` returns it.
        name: of the value, for the error message.
        depth: how many lists and objects it lies in.

    Raises:
        ValueError: when it is anything else, or a string or key would mean something to MONAI's config parser.

    Example:
        >>> check_plain({"width": "$print(1)"}, "network_options")
        Traceback (most recent call last):
        ...
        ValueError: network_options.width is '$print(1)', expected data and no expression; remove it.
    """
    if isinstance(value, (Mapping, list, tuple)):
        if len(value) > LONGEST_LIST or depth == DEEPEST_NESTING:
            raise ValueError(
                f"{name} has {len(value)} entries, expected at most {LONGEST_LIST}, nested at most thrice."
            )
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, entry in entries:
            if isinstance(value, Mapping) and not (isinstance(key, str) and key.isidentifier() and key[0] != "_"):
                raise ValueError(f"{name} has a key {shorten(key)}, expected the plain name of an option; remove it.")
            check_plain(entry, f"{name}.{key}", depth + 1)
    elif isinstance(value, str):
        if value.lstrip().startswith(PARSED_PREFIXES):
            raise ValueError(f"{name} is {shorten(value)}, expected data and no expression; remove it.")
        if len(value) > LONGEST_STRING:
            raise ValueError(f"{name} has {len(value)} characters, expected at most {LONGEST_STRING}; shorten it.")
    elif isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
            raise ValueError(
                f"{name} is {shorten(value)}, expected a finite number up to {LARGEST_NUMBER:g}; correct it."
            )
    elif value is not None:
        raise ValueError(
            f"{name} is a {type(value).__name__}, expected a number, a string, a boolean or a list of them."
        )


def shorten(value: object) -> str:
    """``repr`` of a value, of at most 60 characters, for error messages."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
