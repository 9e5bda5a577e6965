"""Clips written to files, and what tests of several readers ask of them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError

AFFINE = np.diag([-0.3, -0.2, 1.0, 1.0])


def spacing_mm(affine: np.ndarray) -> np.ndarray:
    return np.linalg.norm(affine[:3, :2], axis=0)


def write_frames(folder, clip, name="frame{}.png"):
    """Write ``(H, W, T)`` as upright PNG frames 8, 9, 10, ... and give their folder."""
    folder.mkdir()
    for t in range(clip.shape[-1]):
        Image.fromarray(np.ascontiguousarray(clip[..., t].T)).save(folder / name.format(t + 8))
    return folder


def refused_with_little_memory(path: Path, message: str, **options) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ClipReadError, match=message):
            ClipReader(**options).read(path)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()
