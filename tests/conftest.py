"""Data that several tests share: phantoms written once per session, and real data where they are at hand."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.data.frame_cache import FrameCache
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom

with suppress(ImportError):  # absl, which OpenVINO imports, would close the stream in which pytest captures
    from absl.logging import get_absl_handler

    get_absl_handler().python_handler.stream = sys.__stderr__

PHANTOM = PhantomSettings((3, 2, 1), size=(64, 64), frames=(4, 6), systole_first=0.5)


@pytest.fixture(scope="session")
def phantom_root(tmp_path_factory) -> Path:
    """Six phantom patients in CAMUS's layout, 64x64, clips in both directions; do not write here."""
    return write_camus_phantom(tmp_path_factory.mktemp("camus"), PHANTOM, progress=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with CAMUS pictures, ``GDKVM_TEST_DATA`` or ``../shared/data`` beside the repository."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(os.environ.get("GDKVM_TEST_DATA", default))
    if not (root / "camus").is_dir():
        pytest.skip(f"no real data: {root}/camus is absent; set GDKVM_TEST_DATA to a folder with camus and camus_mhd")
    return root


@pytest.fixture()
def masks() -> np.ndarray:
    """Three frames of random class indices, ``(5, 7, 3)``."""
    return np.random.default_rng(0).integers(0, 4, (5, 7, 3), dtype=np.uint8)


@pytest.fixture()
def mask_cache(masks, tmp_path):
    """A frame cache that holds the random masks."""
    with FrameCache(tmp_path / "masks", (5, 7)) as cache:
        for frame in np.moveaxis(masks, -1, 0):
            cache.append(frame)
        yield cache
