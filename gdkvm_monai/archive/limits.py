"""Limits of what waits on this machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """How much may wait.

    Attributes:
        clips: clips that are not finished, or whose results are not sent.
        bytes: size of the clips that are not segmented.
        free_bytes: space that stays free on the disk.
        clip_bytes: size of one clip.
    """

    clips: int = 1000
    bytes: int = 20_000_000_000
    free_bytes: int = 2_000_000_000
    clip_bytes: int = 500_000_000
