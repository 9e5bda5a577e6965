"""Validation of a model card: small plain data of the right types and ranges, without expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from gdkvm_monai.labels import UNLABELED, VIEWS

__all__ = ["FIELD_CHECKS", "check_plain", "shorten"]

STRIDE = 16  # pixels of a frame per token of the networks
LARGEST_FRAME = 2048
LARGEST_NUMBER = 1e9
LONGEST_LIST = 64
LONGEST_STRING = 1000
DEEPEST_NESTING = 3
PARSED_PREFIXES = ("$", "@", "%")
"""Prefixes of strings that MONAI's config parser evaluates, resolves, or replaces with the content of a file."""


def check_plain(value: object, name: str, depth: int = 0) -> None:
    """Accept only finite numbers, booleans, ``None``, short printable strings, and short lists or objects of these.

    Args:
        value: value as returned by ``json.loads``.
        name: name of the value, for the error message.
        depth: number of lists and objects that enclose the value.

    Raises:
        ValueError: if the value is anything else, or MONAI's config parser would interpret a string or key.

    Example:
        >>> check_plain({"width": "$print(1)"}, "network_options")
        Traceback (most recent call last):
        ...
        ValueError: network_options.width is '$print(1)', expected data, not an expression; remove it.
    """
    if isinstance(value, (Mapping, list, tuple)):
        if len(value) > LONGEST_LIST or depth == DEEPEST_NESTING:
            raise ValueError(
                f"{name} has {len(value)} entries, expected at most {LONGEST_LIST} and three levels; shorten it."
            )
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, entry in entries:
            if isinstance(value, Mapping) and not (isinstance(key, str) and key.isidentifier() and key[0] != "_"):
                raise ValueError(f"{name} has a key {shorten(key)}, expected the plain name of an option; remove it.")
            check_plain(entry, f"{name}.{key}", depth + 1)
    elif isinstance(value, str):
        if value.lstrip().startswith(PARSED_PREFIXES):
            raise ValueError(f"{name} is {shorten(value)}, expected data, not an expression; remove it.")
        if len(value) > LONGEST_STRING:
            raise ValueError(f"{name} has {len(value)} characters, expected at most {LONGEST_STRING}; shorten it.")
        if not value.isprintable():  # would control a terminal, or cannot be encoded
            raise ValueError(f"{name} is {shorten(value)}, expected printable characters in one line; correct it.")
    elif isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
            raise ValueError(
                f"{name} is {shorten(value)}, expected a finite number up to {LARGEST_NUMBER:g}; correct it."
            )
    elif value is not None:
        raise ValueError(
            f"{name} is a {type(value).__name__}, expected a number, a string, a boolean, or a list of these."
        )


def shorten(value: object) -> str:
    """Return the ``repr`` of a value, cut to 60 characters, for error messages."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_integer(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_frame_length(value: object) -> bool:
    return _is_integer(value, STRIDE, LARGEST_FRAME) and value % STRIDE == 0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_range(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


_TEXT = (lambda value: isinstance(value, str), "text")
_COUNT = (lambda value: _is_integer(value, 0, 10**9), "a whole number of at least 0")
_RANGE = (_is_range, "the lowest and the highest number")

FIELD_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(("network", "trained_on", "domain", "license", "citation", "command"), _TEXT),
    **dict.fromkeys(("imagenet_weights", "initial_weights", "gdkvm_version", "release"), _TEXT),
    **dict.fromkeys(("clips", "iterations"), _COUNT),
    **dict.fromkeys(("intensity_mean", "intensity_sd"), _RANGE),
    "network_options": (lambda value: isinstance(value, Mapping), "an object with the network's arguments"),
    "frame_size": (
        lambda value: isinstance(value, tuple) and [_is_frame_length(n) for n in value] == [True, True],
        f"two multiples of {STRIDE} up to {LARGEST_FRAME}",
    ),
    "num_classes": (lambda value: _is_integer(value, 2, UNLABELED - 1), f"a whole number from 2 to {UNLABELED - 1}"),
    "views": (
        lambda value: isinstance(value, tuple) and all(view in VIEWS for view in value),
        f"a list of {', '.join(VIEWS)}",
    ),
    "scores": (
        lambda value: isinstance(value, Mapping) and all(map(_is_number, value.values())),
        "an object with a number for each score",
    ),
    "weights_sha256": (
        lambda value: isinstance(value, tuple) and all(map(_is_sha256, value)),
        "a list of hashes of 64 hexadecimal digits",
    ),
}
"""For each field of a card, a function that checks a value, and a description of valid values."""
