"""Frame cache on disk, so that memory use does not depend on the length of a clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from monai.config import PathLike
from numpy.typing import DTypeLike

__all__ = ["FrameCache"]


class FrameCache:
    """A clip in a file of raw pixels, appended frame by frame and read in any order.

    The file holds ``(H, W, T)`` in Fortran order, the order of NIfTI.

    Args:
        path: file to write; an existing file is overwritten.
        shape: shape of every frame, ``(H, W)`` or with more axes.
        dtype: type of the pixels.

    Raises:
        ValueError: if an appended or replacing frame has another shape.
        IndexError: if a requested frame does not exist.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, FrameCache(folder + "/masks", (2, 3)) as cache:
        ...     cache.append(np.ones((2, 3)))
        ...     len(cache), int(cache[0].sum())
        (1, 6)
    """

    def __init__(self, path: PathLike, shape: tuple[int, ...], dtype: DTypeLike = np.uint8) -> None:
        self.path, self.shape, self.dtype = Path(path), tuple(shape), np.dtype(dtype)
        self._bytes = int(np.prod(self.shape)) * self.dtype.itemsize
        self._length = 0
        self._file = open(self.path, "w+b")  # closed by close()

    def append(self, frame: np.ndarray) -> None:
        """Append a frame."""
        self._write(self._length, frame)
        self._length += 1

    def __setitem__(self, frame: int, pixels: np.ndarray) -> None:
        """Replace one frame."""
        self._write(self._position(frame), pixels)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, frame: int) -> np.ndarray:
        """Read one frame of ``shape``."""
        offset = self._position(frame) * self._bytes  # not by seeking: forks of the process share the position
        return np.array(np.memmap(self._file, self.dtype, "r", offset, self.shape, order="F"))

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[frame] for frame in range(self._length))

    def stack(self) -> np.ndarray:
        """Read all frames as one array ``(H, W, T)``, which must fit into memory."""
        self._file.seek(0)
        pixels = np.frombuffer(self._file.read(self._length * self._bytes), self.dtype)
        return pixels.reshape((*self.shape, self._length), order="F")

    def _position(self, frame: int) -> int:
        if not -self._length <= frame < self._length:
            raise IndexError(f"frame {frame} does not exist, the clip has {self._length}.")
        return frame % self._length

    def _write(self, position: int, pixels: np.ndarray) -> None:
        if pixels.shape != self.shape:
            raise ValueError(f"frame {position} has shape {pixels.shape}, the clip's frames have {self.shape}.")
        self._file.seek(position * self._bytes)
        self._file.write(np.asarray(pixels, dtype=self.dtype).tobytes(order="F"))
        self._file.flush()

    def close(self) -> None:
        """Close the file without deleting it."""
        self._file.close()

    def __enter__(self) -> FrameCache:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
