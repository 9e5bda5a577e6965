"""Two stills, end-diastole and end-systole, which are segmented as one clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Stills"]


@dataclass(frozen=True)
class Stills:
    """The files of two stills of one view.

    Attributes:
        ed: file of the end-diastolic frame.
        es: file of the end-systolic frame.
    """

    ed: Path
    es: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.ed, self.es))
