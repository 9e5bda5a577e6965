"""Config overrides of the form ``id=value``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

__all__ = ["parse_overrides"]


def parse_overrides(entries: Iterable[str]) -> dict[str, object]:
    """Parse overrides into values by ID; a value is a Python literal or, failing that, a string.

    Raises:
        ValueError: if an entry is not ``id=value``.

    Example:
        >>> parse_overrides(["frame_size=[96, 96]", "device=cpu"])
        {'frame_size': [96, 96], 'device': 'cpu'}
    """
    overrides = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise ValueError(f"override {entry!r} is not ID=VALUE; write for example network_def#width=8.")
        overrides[name] = _literal(value)
    return overrides


def _literal(value: str) -> object:
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value
