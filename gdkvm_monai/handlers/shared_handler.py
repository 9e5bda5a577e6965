"""A handler that a config builds elsewhere, because other items need it too."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["shared_handler"]

T = TypeVar("T")


def shared_handler(handler: T) -> T:
    """Return the handler: a component for a list of handlers, where MONAI's property check takes no bare reference.

    Example:
        >>> shared_handler("a handler")
        'a handler'
    """
    return handler
